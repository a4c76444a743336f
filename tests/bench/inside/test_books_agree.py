"""ERPNext's own books agree after payments, cancellations, credit notes and refunds."""

from types import ModuleType
from typing import Any

import pytest

from tests.bench.inside import documents


@pytest.fixture
def customer(frappe: ModuleType) -> str:
	"""A customer to whom all of it happened."""
	name = documents.customer().name
	paid, partly, cancelled, credited, overpaid = (
		documents.invoice(name, amount) for amount in (50, 60, 70, 80, 90)
	)
	documents.payment(paid)
	documents.payment(partly, 25)
	documents.payment(cancelled).reload().cancel()
	documents.payment(credited)
	documents.credit_note(credited)
	documents.payment(overpaid, 100)
	documents.advance(name, 40)
	refund(frappe, name, 30)
	documents.invoice(name, 11).cancel()
	return name


def refund(frappe: ModuleType, customer: str, amount: float) -> Any:
	entry = frappe.get_doc(
		{
			"doctype": "Payment Entry",
			"payment_type": "Pay",
			"company": documents.COMPANY,
			"party_type": "Customer",
			"party": customer,
			"paid_from": documents.BANK,
			"paid_to": documents.DEBTORS,
			"paid_amount": amount,
			"received_amount": amount,
			"reference_no": "refund",
			"reference_date": frappe.utils.today(),
		}
	)
	return entry.insert().submit()


def run(frappe: ModuleType, report: str, **filters: Any) -> list:
	values = frappe._dict({"company": documents.COMPANY} | filters)
	return frappe.get_doc("Report", report).execute_module(values)[1]


def receivables(frappe: ModuleType, customer: str) -> list:
	return run(
		frappe,
		"Accounts Receivable",
		report_date=frappe.utils.today(),
		ageing_based_on="Due Date",
		range="30, 60, 90, 120",
		party_type="Customer",
		party=[customer],
	)


def test_receivables_agree_with_each_invoice(frappe: ModuleType, customer: str):
	told = {row.voucher_no: row.outstanding for row in receivables(frappe, customer)}
	open_invoices = frappe.get_all(
		"Sales Invoice",
		{"customer": customer, "docstatus": 1, "outstanding_amount": ["!=", 0]},
		["name", "outstanding_amount"],
	)
	assert len(open_invoices) > 1
	assert {row.name: told[row.name] for row in open_invoices} == {
		row.name: row.outstanding_amount for row in open_invoices
	}


def test_receivables_the_general_ledger_and_the_payment_ledger_agree(frappe: ModuleType, customer: str):
	owed = sum(row.outstanding for row in receivables(frappe, customer))
	ledger = frappe.db.sql(
		'SELECT sum(amount) FROM "tabPayment Ledger Entry" WHERE party = %s AND delinked = 0', customer
	)[0][0]
	entries = run(
		frappe,
		"General Ledger",
		from_date=frappe.utils.today(),
		to_date=frappe.utils.today(),
		party_type="Customer",
		party=[customer],
		categorize_by="Categorize by Voucher (Consolidated)",
	)
	balance = sum(row.debit - row.credit for row in entries if row.get("voucher_no"))
	# 50 + 60 + 70 + 80 - 80 + 90 billed, 50 + 25 + 80 + 100 + 40 paid, 30 given back.
	assert owed == ledger == balance == 270 - 295 + 30


def test_the_summary_agrees_with_receivables(frappe: ModuleType, customer: str):
	(summary,) = run(
		frappe,
		"Accounts Receivable Summary",
		report_date=frappe.utils.today(),
		ageing_based_on="Due Date",
		range="30, 60, 90, 120",
		party_type="Customer",
		party=[customer],
	)
	assert summary.outstanding == sum(row.outstanding for row in receivables(frappe, customer))


def test_the_trial_balance_balances_and_agrees_with_the_general_ledger(frappe: ModuleType, customer: str):
	year = {"fiscal_year": "2026", "from_date": "2026-01-01", "to_date": "2026-12-31"}
	rows = {
		row["account"]: row
		for row in run(frappe, "Trial Balance", **year, with_period_closing_entry_for_opening=1)
		if row
	}
	assert rows["'Total'"]["closing_debit"] == pytest.approx(rows["'Total'"]["closing_credit"])
	entries = run(
		frappe,
		"General Ledger",
		**year,
		account=[documents.DEBTORS],
		categorize_by="Categorize by Voucher (Consolidated)",
	)
	moved = sum(row.debit - row.credit for row in entries if row.get("voucher_no"))
	debtors = rows[documents.DEBTORS]
	assert debtors["debit"] - debtors["credit"] == pytest.approx(moved)


def test_the_customers_own_ledger_agrees(frappe: ModuleType, customer: str):
	(row,) = run(
		frappe,
		"Customer Ledger Summary",
		from_date=frappe.utils.today(),
		to_date=frappe.utils.today(),
		party=customer,
	)
	assert row.closing_balance == sum(line.outstanding for line in receivables(frappe, customer))
