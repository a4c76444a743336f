"""Receivables and the general ledger with the filters that people set: they tell what the ledger says."""

from types import ModuleType
from typing import Any

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without
from tests.bench.inside.test_reports import REPORT, YEAR, ledger, run

RECEIVABLE = f"{REPORT}.accounts_receivable.accounts_receivable:ReceivablePayableReport"
AGES = {"ageing_based_on": "Due Date", "range": "30, 60, 90, 120", "party_type": "Customer"}
METHODS = "Buffered Cursor", "UnBuffered Cursor", "Raw SQL"
CENTRE = "Main - T"


@pytest.fixture
def customer(frappe: ModuleType) -> str:
	"""A customer with an invoice partly paid, one with a credit note, and a payment for nothing yet."""
	name = documents.customer(customer_group="Individual", territory="Canada").name
	documents.payment(documents.invoice(name, 100), 40)
	documents.credit_note(documents.invoice(name, 30))
	documents.payment(documents.invoice(name, 70)).reload().cancel()
	documents.advance(name, 15)
	for table in ("GL Entry", "Payment Ledger Entry"):
		frappe.db.sql(f'UPDATE "tab{table}" SET cost_center = %s WHERE party = %s', (CENTRE, name))
	return name


def owed(frappe: ModuleType, customer: str) -> dict[str, float]:
	"""What each voucher of a customer has open, by the Payment Ledger."""
	rows = frappe.db.sql(
		'SELECT against_voucher_no, sum(amount) FROM "tabPayment Ledger Entry"'
		" WHERE party = %s AND delinked = 0 GROUP BY against_voucher_no HAVING sum(amount) <> 0",
		customer,
	)
	return {name: float(amount) for name, amount in rows}


def receivables(frappe: ModuleType, customer: str, **filters: Any) -> dict[str, float]:
	filters = AGES | {"report_date": frappe.utils.today()} | filters
	rows = run(frappe, "Accounts Receivable", **filters)
	found = [row for row in rows if row.get("party") == customer and row.get("voucher_no")]
	return {row["voucher_no"]: row["outstanding"] for row in found if not row.get("bold")}


@pytest.mark.parametrize(
	("filters", "are_shown"),
	[
		({"ageing_based_on": "Posting Date"}, True),
		({"calculate_ageing_with": "Today Date"}, True),
		({"cost_center": [CENTRE]}, True),
		({"party_account": documents.DEBTORS}, True),
		({"customer_group": ["All Customer Groups"]}, True),
		({"territory": ["All Territories"]}, True),
		({"group_by_party": 1}, True),
		({"based_on_payment_terms": 1}, True),
		({"show_future_payments": 1, "show_delivery_notes": 1, "show_sales_person": 1}, True),
		({"show_remarks": 1, "in_party_currency": 1, "ignore_accounts": 1}, True),
		({"for_revaluation_journals": 1}, True),
		({"finance_book": "no such book"}, False),
		({"project": ["no such project"]}, False),
		({"payment_terms_template": "no such terms"}, False),
		({"sales_partner": "nobody"}, False),
		({"sales_person": "Sales Team"}, False),
	],
	ids=str,
)
def test_receivables_by_any_filter_are_those_of_the_payment_ledger(
	frappe: ModuleType, customer: str, filters: dict[str, Any], are_shown: bool
):
	expected = owed(frappe, customer) if are_shown else {}
	assert receivables(frappe, customer, **filters) == expected
	if "party_account" in filters or "group_by_party" in filters:
		return
	dated = AGES | {"report_date": frappe.utils.today()} | filters
	rows = run(frappe, "Accounts Receivable Summary", **dated)
	told = sum(row["outstanding"] for row in rows if row.get("party") == customer)
	assert told == pytest.approx(sum(expected.values()))


@pytest.mark.parametrize("method", METHODS)
def test_receivables_are_the_same_however_they_are_fetched(
	frappe: ModuleType, customer: str, refused_without: Without, method: str
):
	frappe.db.set_single_value("Accounts Settings", "receivable_payable_fetch_method", method)
	if method == "Raw SQL":
		with refused_without(f"{RECEIVABLE}.get_data"):
			receivables(frappe, customer)
	assert receivables(frappe, customer, party=[customer]) == owed(frappe, customer)


@pytest.mark.parametrize(
	"filters",
	[
		{},
		{"categorize_by": "Categorize by Voucher"},
		{"categorize_by": "Categorize by Voucher (Consolidated)", "include_dimensions": 1},
		{"categorize_by": "Categorize by Account"},
		{"categorize_by": "Categorize by Party"},
		{"account": [documents.DEBTORS]},
		{"account": [documents.DEBTORS], "show_net_values_in_party_account": 1},
		{"presentation_currency": "CAD"},
		{"cost_center": [CENTRE]},
		{"show_opening_entries": 1, "include_default_book_entries": 1},
		{"show_cancelled_entries": 1},
		{"show_amount_in_company_currency": 1, "add_values_in_transaction_currency": 1},
		{"show_remarks": 1, "ignore_err": 1, "ignore_cr_dr_notes": 1},
	],
	ids=str,
)
def test_the_general_ledger_by_any_filter_is_the_ledger(
	frappe: ModuleType, customer: str, filters: dict[str, Any]
):
	rows = run(frappe, "General Ledger", **YEAR, party_type="Customer", party=[customer], **filters)
	told = sum(row["debit"] - row["credit"] for row in rows if row.get("voucher_no"))
	assert told == pytest.approx(sum(owed(frappe, customer).values()))


def test_remarks_are_cut_to_the_length_of_the_settings(
	frappe: ModuleType, customer: str, refused_without: Without
):
	frappe.db.set_single_value("Accounts Settings", "general_ledger_remarks_length", 5)
	filters = YEAR | {"party_type": "Customer", "party": [customer], "show_remarks": 1}
	with refused_without(f"{REPORT}.general_ledger.general_ledger:get_gl_entries"):
		run(frappe, "General Ledger", **filters)
	remarks = [row["remarks"] for row in run(frappe, "General Ledger", **filters) if row.get("voucher_no")]
	assert any(remarks)
	assert all(len(remark or "") <= 5 for remark in remarks)


def test_what_a_filter_leaves_out_stays_out(frappe: ModuleType, as_upstream: Without):
	"""A report looks at its filters again after it gave them to a statement, where they became text."""
	from erpnext.accounts.report.general_ledger.general_ledger import get_gl_entries

	def given() -> dict[str, Any]:
		filters = frappe._dict(company=documents.COMPANY, **YEAR, show_net_values_in_party_account=0)
		get_gl_entries(filters, [])
		return filters

	with as_upstream("frappe.database.postgres.database:PostgresDatabase.sql"):
		assert given().show_net_values_in_party_account == "0"
	assert given().show_net_values_in_party_account == 0


@pytest.mark.parametrize(
	"filters",
	[
		{"show_net_values": 1},
		{"show_zero_values": 1, "show_unclosed_fy_pl_balances": 1},
		{"show_group_accounts": 1, "include_default_book_entries": 1},
		{"presentation_currency": "CAD"},
		{"with_period_closing_entry_for_opening": 0, "with_period_closing_entry_for_current_period": 1},
		{"from_date": "2026-06-01"},
	],
	ids=str,
)
def test_the_trial_balance_by_any_filter_is_the_ledger(
	frappe: ModuleType, customer: str, filters: dict[str, Any]
):
	rows = run(frappe, "Trial Balance", **YEAR | filters)
	(row,) = [row for row in rows if row and row.get("account") == documents.DEBTORS]
	closing = row["closing_debit"] - row["closing_credit"]
	assert closing == pytest.approx(ledger(frappe, documents.DEBTORS))


def test_the_trial_balance_of_a_cost_centre_is_what_was_booked_on_it(frappe: ModuleType, customer: str):
	booked = frappe.db.sql(
		'SELECT sum(debit - credit) FROM "tabGL Entry"'
		" WHERE account = %s AND cost_center = %s AND is_cancelled = 0",
		(documents.DEBTORS, CENTRE),
	)[0][0]
	rows = run(frappe, "Trial Balance", **YEAR, cost_center=[CENTRE])
	(row,) = [row for row in rows if row and row.get("account") == documents.DEBTORS]
	assert row["closing_debit"] - row["closing_credit"] == pytest.approx(float(booked))


@pytest.mark.parametrize(
	("filters", "is_shown"),
	[
		({}, True),
		({"customer_group": "All Customer Groups"}, True),
		({"territory": ["All Territories"]}, True),
		({"cost_center": [CENTRE]}, True),
		({"ignore_cr_dr_notes": 1}, True),
		({"finance_book": "no such book"}, False),
		({"project": ["no such project"]}, False),
		({"payment_terms_template": "no such terms"}, False),
		({"sales_person": "Sales Team"}, False),
	],
	ids=str,
)
def test_a_customers_balance_by_any_filter_is_that_of_the_ledger(
	frappe: ModuleType, customer: str, filters: dict[str, Any], is_shown: bool
):
	rows = run(frappe, "Customer Ledger Summary", **YEAR | filters)
	told = [row["closing_balance"] for row in rows if row["party"] == customer]
	assert told == ([pytest.approx(sum(owed(frappe, customer).values()))] if is_shown else [])
	(row,) = run(frappe, "Customer Ledger Summary", **YEAR, party=customer)
	assert row["invoiced_amount"] == 200
