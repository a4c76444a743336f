"""Closing a period, budgets, registers and the sales pipeline on PostgreSQL."""

from types import ModuleType
from typing import Any

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without
from tests.bench.inside.test_reports import REPORT, run

TODAY = "2026-11-20"
CLOSING = "erpnext.accounts.doctype.process_period_closing_voucher.process_period_closing_voucher"
PIPELINE = "erpnext.crm.report.sales_pipeline_analytics.sales_pipeline_analytics:SalesPipelineAnalytics"
CENTRE = "Main - T"


@pytest.fixture
def customer(frappe: ModuleType) -> str:
	return documents.customer().name


def test_a_day_that_is_closed_has_the_sums_of_its_accounts(
	frappe: ModuleType, refused_without: Without, customer: str, monkeypatch: pytest.MonkeyPatch
):
	module = frappe.get_module(CLOSING)
	# The next day would be worked on by a job.
	monkeypatch.setattr(module, "schedule_next_date", lambda name: None)
	documents.invoice(customer, 100)
	day = frappe.utils.getdate()
	closing = documents.row("Period Closing Voucher", company=documents.COMPANY)
	process = documents.row("Process Period Closing Voucher", parent_pcv=closing.name)
	what = {"report_type": "Balance Sheet", "parentfield": "normal_balances"}
	detail = documents.row(
		"Process Period Closing Voucher Detail",
		parent=process.name,
		processing_date=day,
		status="Running",
		**what,
	)
	with refused_without(f"{CLOSING}:process_individual_date"):
		module.process_individual_date(process.name, day, **what)
	module.process_individual_date(process.name, day, **what)
	detail.reload()
	assert detail.status == "Completed"
	found = [row for row in frappe.parse_json(detail.closing_balance) if row["account"] == documents.DEBTORS]
	booked = frappe.db.sql(
		'SELECT sum(debit), sum(credit) FROM "tabGL Entry"'
		" WHERE account = %s AND posting_date = %s AND is_cancelled = 0",
		(documents.DEBTORS, day),
	)[0]
	assert (sum(row["debit"] for row in found), sum(row["credit"] for row in found)) == pytest.approx(
		tuple(map(float, booked))
	)
	assert {row["account_currency"] for row in found} == {"CAD"}


def test_what_was_spent_stands_beside_its_budget(frappe: ModuleType, refused_without: Without):
	name = f"{REPORT}.budget_variance_report.budget_variance_report"
	documents.row("Budget", docstatus=1, account="Test - T", cost_center=CENTRE)
	booked = {"account": "Test - T", "cost_center": CENTRE, "fiscal_year": "2026", "company": "TARGO"}
	documents.row("GL Entry", posting_date=TODAY, debit=70, **booked)
	documents.row("GL Entry", posting_date="2026-02-01", debit=5, **booked)
	filters = frappe._dict(budget_against="Cost Center", from_fiscal_year="2026", to_fiscal_year="2026")
	module = frappe.get_module(name)
	with refused_without(f"{name}:get_actual_transactions"):
		module.get_actual_transactions(CENTRE, filters)
	found = module.get_actual_transactions(CENTRE, filters)["Test - T"]
	assert {row.month_name: row.debit for row in found} == {"November": 70, "February": 5}


def test_taxes_that_are_deducted_lessen_a_purchase(frappe: ModuleType, refused_without: Without):
	name = f"{REPORT}.purchase_register.purchase_register"
	for account, sign, amount in (
		("GST - T", "Add", 5),
		("GST - T", "Add", 2),
		("Tax held - T", "Deduct", 3),
	):
		documents.row(
			"Purchase Taxes and Charges",
			parent="PINV-T",
			parenttype="Purchase Invoice",
			category="Total",
			account_head=account,
			add_deduct_tax=sign,
			base_tax_amount_after_discount_amount=amount,
		)
	module = frappe.get_module(name)
	invoices = [frappe._dict(name="PINV-T")]
	with refused_without(f"{name}:get_invoice_tax_map"):
		module.get_invoice_tax_map(invoices, {}, [])
	taxes = module.get_invoice_tax_map(invoices, {}, [])[1]
	assert taxes == {"PINV-T": {"GST - T": 7, "Tax held - T": -3}}


@pytest.mark.parametrize(("based_on", "day"), [("Sales Invoice", "posting_date"), ("Sales Order", None)])
def test_items_that_sell_no_more_are_told_by_their_last_day(
	frappe: ModuleType, refused_without: Without, customer: str, based_on: str, day: str | None
):
	name = f"{REPORT}.inactive_sales_items.inactive_sales_items"
	item, place = "ITEM-OF-THE-TEST", "Nowhere"
	for days in (30, 12):
		sold = {"docstatus": 1, "territory": place, "customer": customer}
		on = frappe.utils.add_days(frappe.utils.today(), -days)
		made = documents.row(based_on, **{day or "transaction_date": on}, **sold)
		documents.row(f"{based_on} Item", parent=made.name, item_code=item, qty=2)
	module = frappe.get_module(name)
	with refused_without(f"{name}:get_sales_details"):
		module.get_sales_details({"based_on": based_on})
	assert module.get_sales_details({"based_on": based_on})[place, item].days_since_last_order == 12


def test_an_invoice_of_goods_to_come_is_found_by_its_name(frappe: ModuleType, refused_without: Without):
	name = f"{REPORT}.billed_items_to_be_received.billed_items_to_be_received"
	billed = {"docstatus": 1, "company": documents.COMPANY, "posting_date": TODAY, "is_opening": "No"}
	one, other = (documents.row("Purchase Invoice", per_received=50, **billed) for _ in range(2))
	for invoice in (one, other):
		documents.row(
			"Purchase Invoice Item", parent=invoice.name, parenttype="Purchase Invoice", item_code="X"
		)
	filters = {"posting_date": TODAY, "purchase_invoice": one.name}
	with refused_without(f"{name}:get_report_filters"):
		run(frappe, "Billed Items To Be Received", **filters)
	found = run(frappe, "Billed Items To Be Received", **filters)
	assert {row.name for row in found} == {one.name}


def test_change_is_no_payment_at_the_till(frappe: ModuleType, refused_without: Without, customer: str):
	name = f"{REPORT}.pos_register.pos_register"
	sold = {"docstatus": 1, "company": documents.COMPANY, "posting_date": TODAY, "customer": customer}
	invoice = documents.row("POS Invoice", base_grand_total=60, change_amount=5, **sold)
	for kind, amount in (("Cash", 25), ("Bank", 40), ("Phone", 0)):
		documents.row(
			"Sales Invoice Payment",
			parent=invoice.name,
			parenttype="POS Invoice",
			mode_of_payment=kind,
			type=kind,
			base_amount=amount,
		)
	filters = frappe._dict(company=documents.COMPANY, from_date=TODAY, to_date=TODAY, customer=customer)
	module = frappe.get_module(name)
	with refused_without(f"{name}:get_pos_entries"):
		module.get_pos_entries(filters, "mode_of_payment")
	found = module.get_pos_entries(filters, "mode_of_payment")
	assert {row.mode_of_payment: row.paid_amount for row in found} == {"Cash": 20, "Bank": 40}


@pytest.mark.parametrize(("spacing", "column"), [("Monthly", "November"), ("Quarterly", "Q4")])
@pytest.mark.parametrize("based_on", ["Number", "Amount"])
def test_the_pipeline_is_told_by_stage_and_period(
	frappe: ModuleType, refused_without: Without, spacing: str, column: str, based_on: str
):
	stage = "Stage of the test"
	for amount in (100, 50):
		documents.row(
			"Opportunity",
			sales_stage=stage,
			company=documents.COMPANY,
			expected_closing=TODAY,
			opportunity_amount=amount,
			currency="CAD",
		)
	filters: dict[str, Any] = {
		"pipeline_by": "Sales Stage",
		"range": spacing,
		"based_on": based_on,
		"from_date": "2026-11-01",
		"to_date": "2026-12-01",
	}
	with refused_without(f"{PIPELINE}.get_fields"):
		run(frappe, "Sales Pipeline Analytics", **filters)
	if based_on == "Number":
		with refused_without(f"{PIPELINE}.get_data"):
			run(frappe, "Sales Pipeline Analytics", **filters)
	rows = run(frappe, "Sales Pipeline Analytics", **filters)
	(row,) = [row for row in rows if row["sales_stage"] == stage]
	assert row[column] == {"Number": 2, "Amount": 150}[based_on]
