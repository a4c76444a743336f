"""The columns that ERPNext's reports on receivables read: none may be empty where a report needs it.

By the sources of Accounts Receivable, General Ledger, Trial Balance and Customer Ledger Summary.
"""

from collections.abc import Iterator

from gigafibre_utils.migration.reconcile.ledger_rules import GL, PLE
from gigafibre_utils.migration.reconcile.rules import Invariant

_GL_TEXTS = (
	"account company account_currency voucher_type voucher_no voucher_subtype fiscal_year cost_center "
	"against transaction_currency is_opening is_advance"
)
_PLE_TEXTS = (
	"account account_type company party_type party voucher_type voucher_no against_voucher_type "
	"against_voucher_no account_currency cost_center"
)
_INVOICE_TEXTS = (
	"customer customer_name company currency party_account_currency debit_to territory customer_group "
	"cost_center status language naming_series against_income_account"
)
_PAYMENT_TEXTS = (
	"party_type party party_name company paid_from paid_to paid_from_account_currency "
	"paid_to_account_currency mode_of_payment payment_type status reference_no remarks title"
)
_ITEM_TEXTS = "item_code item_name description income_account cost_center uom stock_uom"
_TAX_TEXTS = "charge_type account_head description cost_center"
_CUSTOMER_TEXTS = "customer_name customer_group customer_type territory language"

_OF_INVOICE = """
	public."tab{}" AS entry
	JOIN migrated_voucher AS voucher ON voucher.doctype = 'Sales Invoice' AND voucher.name = entry.{}
"""


def complete() -> Iterator[Invariant]:
	"""A rule for each table."""
	payments = _OF_INVOICE.format("Payment Entry", "name").replace("'Sales Invoice'", "'Payment Entry'")
	tables = (
		("GL Entry", GL, _GL_TEXTS, "posting_date creation debit credit"),
		("Payment Ledger Entry", PLE, _PLE_TEXTS, "posting_date creation amount"),
		(
			"Sales Invoice",
			_OF_INVOICE.format("Sales Invoice", "name"),
			_INVOICE_TEXTS,
			"posting_date posting_time due_date creation conversion_rate",
		),
		("Payment Entry", payments, _PAYMENT_TEXTS, "posting_date reference_date creation"),
		("Sales Invoice Item", _OF_INVOICE.format("Sales Invoice Item", "parent"), _ITEM_TEXTS, "creation"),
		("Sales Taxes and Charges", _OF_INVOICE.format("Sales Taxes and Charges", "parent"), _TAX_TEXTS, ""),
		("Customer", """public."tabCustomer" AS entry""", _CUSTOMER_TEXTS, "creation"),
	)
	for doctype, source, texts, others in tables:
		empty = [f"coalesce(entry.{column}, '') = ''" for column in texts.split()]
		empty += [f"entry.{column} IS NULL" for column in others.split()]
		told = [
			f"CASE WHEN {condition} THEN '{column}' END"
			for column, condition in zip([*texts.split(), *others.split()], empty, strict=True)
		]
		own = "entry.legacy_id <> '' AND " if doctype == "Customer" else ""
		yield Invariant(
			f"complete_{doctype.lower().replace(' ', '_')}",
			f"No column of {doctype} that reports read is empty.",
			f"""
			SELECT entry.name || ': ' || concat_ws(', ', {", ".join(told)}) AS name FROM {source}
			WHERE {own}({" OR ".join(empty)})
			""",
		)
