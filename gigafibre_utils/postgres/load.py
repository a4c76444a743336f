"""Frappe's door to the fixes."""

import frappe

from gigafibre_utils.postgres.fixes import FIXES


def before_work() -> None:
	"""See that the fixes stand before a request or a job; commands of the bench have them from their start.

	A process's very first request comes here over a connection that was opened unmended. Its transaction has
	done nothing yet: ending it leaves the isolation level that the connection opened with.
	"""
	if FIXES.await_postgres() and frappe.conf.db_type == "postgres":
		frappe.db.commit()
