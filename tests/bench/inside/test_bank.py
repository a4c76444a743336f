"""The bank on PostgreSQL: cleared, reconciled, revalued; deferred revenue and the closing of a year."""

from datetime import timedelta
from types import ModuleType

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without

DOCTYPE = "erpnext.accounts.doctype"


@pytest.fixture
def customer(frappe: ModuleType) -> str:
	return documents.customer().name


def test_what_the_bank_has_not_cleared_is_listed_voucher_by_voucher(
	frappe: ModuleType, refused_without: Without, customer: str
):
	paid, cleared = (documents.payment(documents.invoice(customer, amount)) for amount in (70, 80))
	frappe.db.set_value("Payment Entry", cleared.name, "clearance_date", frappe.utils.today())
	journal = documents.journal_entry(customer, 25)
	frappe.db.sql("UPDATE \"tabJournal Entry\" SET is_opening = 'No' WHERE name = %s", journal.name)

	def listed() -> dict:
		tool = frappe.get_doc("Bank Clearance")
		tool.update(
			{"account": documents.BANK, "from_date": frappe.utils.today(), "to_date": frappe.utils.today()}
		)
		tool.get_payment_entries()
		return {row.payment_entry: row.amount for row in tool.payment_entries}

	with refused_without(f"{DOCTYPE}.bank_clearance.bank_clearance:get_payment_entries_for_bank_clearance"):
		listed()
	found = listed()
	assert found[paid.name].startswith("$ 70.00")
	assert found[journal.name].startswith("$ 25.00")
	assert cleared.name not in found


def test_a_bank_transaction_finds_the_journal_entry_of_its_amount(
	frappe: ModuleType, refused_without: Without, customer: str
):
	from erpnext.accounts.doctype.bank_reconciliation_tool import bank_reconciliation_tool as tool

	journal = documents.journal_entry(customer, 25)
	day = frappe.utils.today()
	transaction = frappe._dict(withdrawal=0.0, deposit=25.0, unallocated_amount=25, reference_number="X")
	filters = frappe._dict(bank_account=documents.BANK)

	def found() -> list:
		query = tool.get_je_matching_query(True, transaction, day, day, None, None, None, filters)
		return [(row.name, row.paid_amount, row.currency) for row in query.run(as_dict=True)]

	with refused_without(
		f"{DOCTYPE}.bank_reconciliation_tool.bank_reconciliation_tool:get_je_matching_query"
	):
		found()
	assert (journal.name, 25, "CAD") in found()


def test_balances_in_another_currency_are_told_by_party(frappe: ModuleType, refused_without: Without):
	from erpnext.accounts.doctype.exchange_rate_revaluation.exchange_rate_revaluation import (
		ExchangeRateRevaluation,
	)

	account = frappe.get_doc(
		{
			"doctype": "Account",
			"account_name": "Debtors USD",
			"parent_account": frappe.db.get_value("Account", documents.DEBTORS, "parent_account"),
			"company": documents.COMPANY,
			"account_type": "Receivable",
			"account_currency": "USD",
		}
	).insert()
	posted = [("A", 135, 100), ("A", -67.5, -50), ("B", 10, 0), ("C", 50, 40), ("C", -50, -40)]
	for number, (party, amount, foreign) in enumerate(posted):
		frappe.db.sql(
			'INSERT INTO "tabGL Entry" (name, account, account_currency, party_type, party, debit,'
			" debit_in_account_currency, posting_date, is_cancelled, company)"
			" VALUES (%s, %s, 'USD', 'Customer', %s, %s, %s, current_date, 0, %s)",
			(f"test-{number}", account.name, party, amount, foreign, documents.COMPANY),
		)

	def balances() -> dict:
		rows = ExchangeRateRevaluation.get_account_balance_from_gle(
			documents.COMPANY, frappe.utils.today(), account.name, None, None, 0
		)
		return {row.party: (row.balance_in_account_currency, row.balance, row.zero_balance) for row in rows}

	target = f"{DOCTYPE}.exchange_rate_revaluation.exchange_rate_revaluation"
	with refused_without(f"{target}:ExchangeRateRevaluation.get_account_balance_from_gle"):
		balances()
	assert balances() == {"A": (50, 67.5, False), "B": (0, 10, True)}


def test_deferred_revenue_is_reported_with_what_was_posted(
	frappe: ModuleType, refused_without: Without, customer: str
):
	invoice = documents.invoice(customer, 120)
	frappe.db.sql(
		'UPDATE "tabSales Invoice Item" SET enable_deferred_revenue = 1, deferred_revenue_account = %s,'
		" service_start_date = '2026-01-01', service_end_date = '2026-12-31' WHERE parent = %s",
		(documents.SALES, invoice.name),
	)
	report = frappe.get_doc("Report", "Deferred Revenue and Expense")
	filters = frappe._dict(
		company=documents.COMPANY,
		from_fiscal_year="2026",
		to_fiscal_year="2026",
		filter_based_on="Fiscal Year",
		periodicity="Yearly",
		type="Revenue",
		with_upcoming_postings=0,
	)
	name = "deferred_revenue_and_expense"
	target = f"erpnext.accounts.report.{name}.{name}:Deferred_Revenue_and_Expense_Report.get_invoices"
	with refused_without(target):
		report.execute_module(filters)
	rows = report.execute_module(filters)[1]
	assert any(invoice.name in str(row.get("name")) for row in rows)


def test_a_year_closes_where_the_one_before_it_is_closed(
	frappe: ModuleType, refused_without: Without, customer: str
):
	"""The check asks for the year before from its first day; upstream asks from a letter of its name."""
	frappe.db.sql("DELETE FROM \"tabGL Entry\" WHERE posting_date < '2026-01-01'")
	voucher = frappe.get_doc(
		{"doctype": "Period Closing Voucher", "company": documents.COMPANY, "fy_start_date": "2026-01-01"}
	)
	target = f"{DOCTYPE}.period_closing_voucher.period_closing_voucher"
	with refused_without(f"{target}:PeriodClosingVoucher.check_if_previous_year_closed"):
		voucher.check_if_previous_year_closed()
	voucher.check_if_previous_year_closed()
	frappe.db.sql(
		"INSERT INTO \"tabGL Entry\" (name, company, posting_date, is_cancelled) VALUES ('t', %s, %s, 0)",
		(documents.COMPANY, frappe.utils.getdate("2026-01-01") - timedelta(days=1)),
	)
	with pytest.raises(frappe.ValidationError):
		voucher.check_if_previous_year_closed()
