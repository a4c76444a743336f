"""Frappe's door to the fixes."""

import frappe

from gigafibre_utils.postgres import query_reports
from gigafibre_utils.postgres.fixes import FIXES


def before_work() -> None:
	"""See that the fixes stand before a request or a job; commands of the bench have them from their start.

	A process's very first request comes here over a connection that was opened unmended. Its transaction has
	done nothing yet: ending it leaves the isolation level that the connection opened with.
	"""
	if FIXES.await_postgres() and frappe.conf.db_type == "postgres":
		frappe.db.commit()


def tell_of_fixes_aside() -> None:
	"""Put every fix that stepped aside into the site's Error Log, once for what moved."""
	for fix in (*FIXES.states(), *query_reports.states()):
		title = f"PostgreSQL fix stepped aside: {fix.target}"[:140]
		if fix.state == "stepped aside" and not frappe.db.exists("Error Log", {"method": title}):
			frappe.log_error(title, f"{fix.because}\n{fix.detail}")
