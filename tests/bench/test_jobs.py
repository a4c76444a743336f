"""What runs in the background: scheduled jobs, and printing in a forked worker."""

import io
import json
from urllib.parse import urlsplit

import psutil
import pytest
from pypdf import PdfReader

from tests.acceptance.site import Client, Site


def chromiums(beside: set[int] = frozenset()) -> set[int]:
	"""The browsers' processes on this machine, by id, but for what those of others began."""
	return {
		process.pid
		for process in psutil.process_iter(["name", "ppid"])
		if "chrom" in (process.info["name"] or "") and process.info["ppid"] not in beside
	}


@pytest.fixture
def here(bench: Site) -> Site:
	"""The bench, where its processes can be seen from here."""
	if urlsplit(bench.url).hostname not in ("127.0.0.1", "localhost"):
		pytest.skip("needs a bench on this machine")
	return bench


def test_printing_in_a_job_leaves_no_browser_behind(here: Site):
	invoices = [here.invoice("unpaid")["name"], here.invoice("unpaid-english")["name"]]
	before = chromiums()
	answer = here.accountant.post(
		f"{here.url}/api/method/frappe.utils.print_format.download_multi_pdf_async",
		json={"doctype": "Sales Invoice", "name": json.dumps(invoices), "format": "Facture TARGO"},
		timeout=60,
	)
	assert answer.status_code == 201, answer.text[-500:]
	task = answer.json()["message"]["task_id"]
	(file,) = here.until(
		lambda: here.sql('SELECT file_url FROM "tabFile" WHERE file_name = %s', f"Sales Invoice_{task}.pdf"),
		lambda rows: rows,
	)
	content = here.accountant.get(f"{here.url}{file['file_url']}", timeout=60).content
	text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
	assert all(name in text for name in invoices)
	here.until(lambda: chromiums(before) - before, lambda left: not left)


@pytest.mark.parametrize(
	"method",
	[
		"gigafibre_utils.payments.sweep.run",
		"gigafibre_utils.payments.arrangements.run",
		"gigafibre_utils.paylink.referral.give_codes",
	],
)
def test_what_is_scheduled_runs_to_its_end(bench: Site, administrator: Client, method: str):
	(job,) = bench.sql('SELECT name FROM "tabScheduled Job Type" WHERE method = %s', method)
	bench.sql('UPDATE "tabScheduled Job Type" SET create_log = 1 WHERE name = %s', job["name"])

	def logs() -> dict[str, dict]:
		statement = 'SELECT name, status, details FROM "tabScheduled Job Log" WHERE scheduled_job_type = %s'
		return {row["name"]: row for row in bench.sql(statement, job["name"])}

	before = logs()
	answer = administrator.post(
		f"{bench.url}/api/method/frappe.core.doctype.scheduled_job_type.scheduled_job_type.execute_event",
		json={"doc": json.dumps({"name": job["name"]})},
		timeout=60,
	)
	assert answer.status_code == 200, answer.text[-500:]
	((_, done),) = bench.until(
		lambda: [row for row in logs().items() if row[0] not in before],
		lambda new: new and new[0][1]["status"] in ("Complete", "Failed"),
	)
	assert done["status"] == "Complete", done["details"]
