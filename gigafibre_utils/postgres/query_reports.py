"""Query Reports that speak MariaDB only: their statements are kept in the database, not in code."""

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
	if any(old not in statement for old, _ in changes):
		return statement
	for old, new in changes:
		statement = statement.replace(old, new)
	return statement
