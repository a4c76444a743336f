"""What the page asks of the doctor, for System Managers."""

from collections import Counter
from typing import Any

import frappe
from frappe import _
from frappe.utils.background_jobs import is_job_enqueued

from gigafibre_utils.errors import ServiceUnavailable
from gigafibre_utils.postgres import doctor
from gigafibre_utils.postgres.catalogue import DUPLICATES, Outcome

JOB = "gigafibre-postgres-doctor"
ANSWER = "gigafibre_postgres_doctor"
DAY = 24 * 3600


@frappe.whitelist()
def report() -> dict[str, Any] | None:
	"""How the site stands, whether it is being mended and what became of that; None without PostgreSQL."""
	frappe.only_for("System Manager")
	if not doctor.is_postgres():
		return None
	mended = frappe.cache.get_value(ANSWER)
	for lack in mended["refused"] if mended else ():
		if lack["refusal"] == DUPLICATES:
			lack["refusal"] = _("There are rows with equal values.")
	return doctor.examine().as_json() | {"is_mending": is_job_enqueued(JOB), "mended": mended}


@frappe.whitelist(methods=["POST"])
def mend() -> None:
	"""Mend in the background: on large tables it takes minutes. `report` tells how far it is."""
	frappe.only_for("System Manager")
	frappe.cache.delete_value(ANSWER)
	frappe.enqueue(mend_now, queue="long", timeout=DAY, job_id=JOB, deduplicate=True)


def mend_now() -> None:
	"""The job: mend, and keep for a day what was done and refused, or that another process was at it."""
	try:
		outcomes, is_busy = doctor.mend(), False
	except ServiceUnavailable:
		outcomes, is_busy = [], True
	answer = {
		"done": Counter(outcome.lack.kind for outcome in outcomes if not outcome.refusal),
		"refused": [_refused(outcome) for outcome in outcomes if outcome.refusal],
		"is_busy": is_busy,
	}
	frappe.cache.set_value(ANSWER, answer, expires_in_sec=DAY)


def _refused(outcome: Outcome) -> dict[str, Any]:
	wish = outcome.lack.wish
	return {"table": wish.table, "columns": wish.columns, "refusal": outcome.refusal}
