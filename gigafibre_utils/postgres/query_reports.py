"""Query Reports that speak MariaDB only: their statements are kept in the database, not in code."""

import frappe

from gigafibre_utils.postgres.fix import FixState, is_mended

BECAUSE = "The statement of this report is written for MariaDB."

CHANGES = {
	"Items To Be Requested": (
		("tabBin, tabItem", "`tabBin`, `tabItem`"),
		("tabBin.", "`tabBin`."),
		("tabItem.", "`tabItem`."),
	),
	"Material Requests for which Supplier Quotations are not created": (
		('"Purchase"', "'Purchase'"),
		('"Stopped"', "'Stopped'"),
	),
	"Requested Items To Be Transferred": (
		('("Material Transfer", "Material Issue")', "('Material Transfer', 'Material Issue')"),
		('"Stopped"', "'Stopped'"),
	),
	"Sales Partners Commission": (
		("/ sum(amount_eligible_for_commission)", "/ nullif(sum(amount_eligible_for_commission), 0)"),
		('"Total Commission:Currency:120"', '"Total Commission:Currency:170"'),
	),
	"Trial Balance (Simple)": (
		("posting_date, account\norder", "posting_date, account, finance_book\norder"),
	),
}
"""The fragments of each report's statement that PostgreSQL refuses, and what takes their place."""


def mended(report: str, statement: str) -> str:
	"""The statement of a Query Report as PostgreSQL takes it; one that is not as known stays as it is."""
	changes = CHANGES.get(report, ())
	if not _is_known(statement, changes):
		return statement
	for old, new in changes:
		statement = statement.replace(old, new)
	return statement


def states() -> list[FixState]:
	"""How the statement of every such report stands on this site."""
	return [_state(report) for report in CHANGES]


def _state(report: str) -> FixState:
	target, changes = f"Report: {report}", CHANGES[report]
	statement = frappe.db.get_value("Report", report, "query")
	if not statement:
		return FixState(target, BECAUSE, "stepped aside", "There is no such report.")
	if _is_known(statement, changes):
		return FixState(target, BECAUSE, "applied")
	if is_mended(statement, changes):
		return FixState(target, BECAUSE, "mended upstream")
	return FixState(target, BECAUSE, "stepped aside", "Its statement is not as it was known.")


def _is_known(statement: str, changes: tuple[tuple[str, str], ...]) -> bool:
	return all(old in statement for old, _ in changes)
