"""ERPNext's reports on PostgreSQL: run, and tell what the ledger says."""

from datetime import timedelta
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without

REPORT = "erpnext.accounts.report"
SELLING = "erpnext.selling.report"
TRENDS = "erpnext.controllers.trends"
RECEIVABLE = f"{REPORT}.accounts_receivable.accounts_receivable:ReceivablePayableReport"
STATEMENTS = f"{REPORT}.financial_statements:get_accounting_entries"
YEAR = {
	"fiscal_year": "2026",
	"from_fiscal_year": "2026",
	"to_fiscal_year": "2026",
	"from_date": "2026-01-01",
	"to_date": "2026-12-31",
	"period_start_date": "2026-01-01",
	"period_end_date": "2026-12-31",
	"filter_based_on": "Fiscal Year",
	"periodicity": "Yearly",
	"period": "Quarterly",
	"with_period_closing_entry_for_opening": 1,
}


def run(frappe: ModuleType, report: str, **filters: Any) -> list:
	"""The rows of a report."""
	values = frappe._dict({"company": documents.COMPANY} | filters)
	return frappe.get_doc("Report", report).execute_module(values)[1]


def ledger(frappe: ModuleType, account: str) -> float:
	rows = frappe.db.sql(
		'SELECT coalesce(sum(debit - credit), 0) FROM "tabGL Entry" WHERE account = %s AND is_cancelled = 0'
		" AND posting_date BETWEEN '2026-01-01' AND '2026-12-31'",
		account,
	)
	return float(rows[0][0])


@pytest.fixture
def customer(frappe: ModuleType) -> str:
	return documents.customer().name


@pytest.fixture
def traded(frappe: ModuleType, customer: str) -> str:
	"""A customer with an invoice partly paid, one paid by journal entry, and a cancelled payment."""
	invoice = documents.invoice(customer, 100)
	documents.payment(invoice, 40)
	documents.payment(invoice, 10).reload().cancel()
	other = documents.invoice(customer, 30)
	documents.journal_entry(customer, 30, reference_type="Sales Invoice", reference_name=other.name)
	return customer


def order(frappe: ModuleType, customer: str, rate: float = 100, submit: bool = True, **more: Any) -> Any:
	made = frappe.get_doc(
		{
			"doctype": "Sales Order",
			"customer": customer,
			"company": documents.COMPANY,
			"delivery_date": frappe.utils.today(),
			"items": [{"item_code": documents.SERVICE, "qty": 2, "rate": rate}],
			**more,
		}
	).insert()
	return made.submit() if submit else made


@pytest.mark.parametrize("opening", ["No", "Yes"])
def test_the_trial_balance_is_the_ledger(
	frappe: ModuleType, refused_without: Without, traded: str, opening: str
):
	frappe.db.sql('UPDATE "tabGL Entry" SET is_opening = %s WHERE party = %s', (opening, traded))
	for target in (f"{REPORT}.trial_balance.trial_balance:get_opening_balance", STATEMENTS):
		with refused_without(target):
			run(frappe, "Trial Balance", **YEAR)
	rows = {row.get("account"): row for row in run(frappe, "Trial Balance", **YEAR) if row}
	for account in (documents.DEBTORS, documents.BANK, documents.SALES):
		moved = rows[account]["closing_debit"] - rows[account]["closing_credit"]
		assert moved == pytest.approx(ledger(frappe, account)), account
	total = rows["'Total'"]
	assert total["closing_debit"] == pytest.approx(total["closing_credit"])


def test_the_balance_sheet_and_the_profit_are_the_ledger(frappe: ModuleType, traded: str):
	sheet = {row.get("account"): row for row in run(frappe, "Balance Sheet", **YEAR) if row}
	profit = {row.get("account"): row for row in run(frappe, "Profit and Loss Statement", **YEAR) if row}
	assert sheet[documents.DEBTORS]["total"] == pytest.approx(ledger(frappe, documents.DEBTORS))
	assert profit[documents.SALES]["total"] == pytest.approx(-ledger(frappe, documents.SALES))


def test_receivables_show_what_each_invoice_owes(frappe: ModuleType, traded: str):
	found = run(
		frappe,
		"Accounts Receivable",
		report_date=frappe.utils.today(),
		ageing_based_on="Due Date",
		range="30, 60, 90, 120",
		party_type="Customer",
		party=[traded],
	)
	owed = frappe.db.sql(
		'SELECT against_voucher_no, sum(amount) FROM "tabPayment Ledger Entry"'
		" WHERE party = %s AND delinked = 0 GROUP BY against_voucher_no HAVING sum(amount) <> 0",
		traded,
	)
	assert {row.voucher_no: row.outstanding for row in found} == {name: amount for name, amount in owed}


@pytest.mark.parametrize("party", [False, True])
def test_receivables_show_payments_that_are_dated_ahead(
	frappe: ModuleType, refused_without: Without, customer: str, party: bool
):
	tomorrow = frappe.utils.getdate() + timedelta(days=1)
	invoice, other = documents.invoice(customer, 100), documents.invoice(customer, 70)
	documents.payment(invoice, 40, posting_date=tomorrow)
	for amount, paid in ((20, invoice), (5, invoice), (30, other)):
		documents.journal_entry(
			customer, amount, on=tomorrow, reference_type="Sales Invoice", reference_name=paid.name
		)
	filters = {
		"report_date": frappe.utils.today(),
		"ageing_based_on": "Due Date",
		"range": "30, 60, 90, 120",
		"party_type": "Customer",
		"show_future_payments": 1,
	} | ({"party": [customer]} if party else {})

	def future() -> dict:
		rows = run(frappe, "Accounts Receivable", **filters)
		return {row.voucher_no: row.future_amount for row in rows if row.party == customer}

	for method in ("get_future_payments_from_payment_entry", "get_future_payments_from_journal_entry"):
		with refused_without(f"{RECEIVABLE}.{method}"):
			future()
	assert future() == {invoice.name: 65, other.name: 30}


def test_a_voucher_that_does_not_balance_is_found_by_its_kind_and_number(
	frappe: ModuleType, refused_without: Without, customer: str
):
	with refused_without(f"{REPORT}.voucher_wise_balance.voucher_wise_balance:get_data"):
		run(frappe, "Voucher-wise Balance")
	invoice = documents.invoice(customer, 100)
	frappe.db.sql('UPDATE "tabGL Entry" SET debit = 99 WHERE voucher_no = %s AND debit > 0', invoice.name)
	found = [row for row in run(frappe, "Voucher-wise Balance") if row.voucher_no == invoice.name]
	assert [(row.voucher_type, row.debit, row.credit) for row in found] == [("Sales Invoice", 99, 100)]


def test_payments_cleared_before_their_date_are_found_with_the_amount_of_the_account(
	frappe: ModuleType, refused_without: Without, customer: str
):
	today = frappe.utils.getdate()
	entry = documents.payment(documents.invoice(customer, 80), posting_date=today + timedelta(days=5))
	frappe.db.set_value("Payment Entry", entry.name, "clearance_date", today)
	filters = {"account": documents.BANK, "report_date": today}
	name = "cheques_and_deposits_incorrectly_cleared"
	target = f"{REPORT}.{name}.{name}:get_amounts_not_reflected_in_system_for_bank_reconciliation_statement"
	with refused_without(target):
		run(frappe, "Cheques and Deposits Incorrectly cleared", **filters)
	found = run(frappe, "Cheques and Deposits Incorrectly cleared", **filters)
	(row,) = [row for row in found if row["payment_entry"] == entry.name]
	assert (row["debit"], row["credit"]) == (80, 0)


def test_gross_profit_takes_the_first_delivery_of_an_invoice(
	frappe: ModuleType, refused_without: Without, customer: str
):
	from erpnext.accounts.report.gross_profit.gross_profit import GrossProfitGenerator

	invoice = documents.invoice(customer, 100)
	for number, day in ((2, "2026-02-02"), (1, "2026-01-01")):
		frappe.db.sql(
			'INSERT INTO "tabDelivery Note Item"'
			" (name, parent, against_sales_invoice, item_code, docstatus, creation)"
			" VALUES (%s, %s, %s, 'X', 1, %s)",
			(f"test-{number}", f"DN-{number}", invoice.name, day),
		)
	generator = GrossProfitGenerator.__new__(GrossProfitGenerator)
	generator.si_list = [frappe._dict(parent=invoice.name)]
	with refused_without(f"{REPORT}.gross_profit.gross_profit:GrossProfitGenerator.get_delivery_notes"):
		generator.get_delivery_notes()
	generator.get_delivery_notes()
	assert generator.delivery_notes[invoice.name, "X"].delivery_note == "DN-1"
	assert run(frappe, "Gross Profit", **YEAR, group_by="Invoice")


def test_payments_by_mode_count_those_of_journal_entries(
	frappe: ModuleType, refused_without: Without, traded: str
):
	from erpnext.accounts.report.sales_payment_summary import sales_payment_summary

	filters = frappe._dict(company=documents.COMPANY, customer=traded)
	target = f"{REPORT}.sales_payment_summary.sales_payment_summary:get_mode_of_payment_details"
	with refused_without(target):
		sales_payment_summary.get_mode_of_payment_details(filters)
	(found,) = sales_payment_summary.get_mode_of_payment_details(filters).values()
	assert dict(found)["Journal Entry"] == 30


def test_sales_of_the_till_are_summed_by_warehouse(
	frappe: ModuleType, refused_without: Without, customer: str
):
	invoice = documents.invoice(customer, 100)
	frappe.db.sql('UPDATE "tabSales Invoice" SET is_pos = 1 WHERE name = %s', invoice.name)
	filters = {"is_pos": 1, "from_date": frappe.utils.today(), "to_date": frappe.utils.today()}
	with refused_without(f"{REPORT}.sales_payment_summary.sales_payment_summary:get_pos_invoice_data"):
		run(frappe, "Sales Payment Summary", **filters)
	(row,) = run(frappe, "Sales Payment Summary", **filters)
	assert Decimal(str(row["net_total"] if isinstance(row, dict) else row[3])) == 100


@pytest.mark.parametrize("target", ["get_period_wise_query", "based_wise_columns_query"])
def test_trends_are_sums_by_period(frappe: ModuleType, refused_without: Without, customer: str, target: str):
	documents.invoice(customer, 100)
	documents.invoice(customer, 50)
	filters = YEAR | {"based_on": "Customer", "period_based_on": "posting_date"}
	with refused_without(f"{TRENDS}:{target}"):
		run(frappe, "Sales Invoice Trends", **filters)
	(row,) = [row for row in run(frappe, "Sales Invoice Trends", **filters) if row[0] == customer]
	assert row[1] == frappe.db.get_value("Customer", customer, "customer_name")
	assert row[3] == "CAD"
	assert row[-2:] == [2, 150]
	assert sum(filter(None, row[5:-2:2])) == 150


def test_trends_are_split_by_a_second_group(frappe: ModuleType, refused_without: Without, customer: str):
	documents.invoice(customer, 100)
	filters = YEAR | {"based_on": "Customer", "group_by": "Item", "period_based_on": "posting_date"}
	with refused_without(f"{TRENDS}:get_data"):
		run(frappe, "Sales Invoice Trends", **filters)
	rows = run(frappe, "Sales Invoice Trends", **filters)
	place = next(number for number, row in enumerate(rows) if row[0] == customer)
	assert documents.SERVICE in rows[place + 1]
	assert rows[place + 1][-1] == rows[place][-1] == 100


@pytest.mark.parametrize("doctype", ["Sales Invoice", "Sales Order"])
def test_customers_who_buy_no_more_are_told_by_their_last_order(
	frappe: ModuleType, refused_without: Without, customer: str, doctype: str
):
	if doctype == "Sales Order":
		made = order(frappe, customer)
		frappe.db.sql(
			'UPDATE "tabSales Order" SET transaction_date = current_date - 90 WHERE name = %s', made.name
		)
	else:
		made = documents.invoice(customer, 200)
		frappe.db.sql(
			'UPDATE "tabSales Invoice" SET posting_date = current_date - 90 WHERE name = %s', made.name
		)
	filters = {"days_since_last_order": 60, "doctype": doctype}
	with refused_without(f"{SELLING}.inactive_customers.inactive_customers:get_sales_details"):
		run(frappe, "Inactive Customers", **filters)
	(row,) = [row for row in run(frappe, "Inactive Customers", **filters) if row[0] == customer]
	assert row[4:8] == [1, 200, 200, 200]
	assert row[9] == 90


def test_payment_terms_of_an_order_are_overdue_after_their_day(
	frappe: ModuleType, refused_without: Without, customer: str
):
	made = order(frappe, customer)
	if not made.payment_schedule:
		frappe.db.sql(
			'INSERT INTO "tabPayment Schedule"'
			" (name, parent, parenttype, due_date, base_payment_amount, docstatus)"
			" VALUES ('test-term', %s, 'Sales Order', current_date, 200, 1)",
			made.name,
		)
	frappe.db.sql('UPDATE "tabPayment Schedule" SET due_date = current_date - 1 WHERE parent = %s', made.name)
	frappe.db.sql("UPDATE \"tabSales Order\" SET status = 'To Bill' WHERE name = %s", made.name)
	name = "payment_terms_status_for_sales_order"
	filters = {"period_start_date": frappe.utils.today(), "period_end_date": frappe.utils.today()}
	with refused_without(f"{SELLING}.{name}.{name}:get_so_with_invoices"):
		run(frappe, "Payment Terms Status for Sales Order", **filters)
	found = run(frappe, "Payment Terms Status for Sales Order", **filters)
	(row,) = [row for row in found if row.name == made.name]
	assert row.status == "Overdue"


def test_orders_are_analysed_line_by_line(frappe: ModuleType, refused_without: Without, customer: str):
	made = order(frappe, customer)
	frappe.db.sql(
		'UPDATE "tabSales Order Item" SET delivery_date = current_date - 3 WHERE parent = %s', made.name
	)
	filters = {"from_date": frappe.utils.today(), "to_date": frappe.utils.today()}
	target = f"{SELLING}.sales_order_analysis.sales_order_analysis"
	for function in ("get_data", "get_so_elapsed_time"):
		with refused_without(f"{target}:{function}"):
			run(frappe, "Sales Order Analysis", **filters)
	(row,) = [
		row for row in run(frappe, "Sales Order Analysis", **filters) if row["sales_order"] == made.name
	]
	assert (row["delay"], row["qty"], row["billed_qty"], row["amount"]) == (3, 2, 0, 200)


def test_the_time_until_delivery_is_told_in_seconds(frappe: ModuleType, customer: str):
	from erpnext.selling.report.sales_order_analysis.sales_order_analysis import get_so_elapsed_time

	made = order(frappe, customer)
	frappe.db.sql(
		"INSERT INTO \"tabDelivery Note\" (name, docstatus, posting_date) VALUES ('DN-T', 1, %s)",
		made.transaction_date,
	)
	frappe.db.sql("UPDATE \"tabDelivery Note\" SET posting_date = posting_date + 2 WHERE name = 'DN-T'")
	frappe.db.sql(
		'INSERT INTO "tabDelivery Note Item" (name, parent, so_detail, docstatus)'
		" VALUES ('DNI-T', 'DN-T', %s, 1)",
		made.items[0].name,
	)
	elapsed = get_so_elapsed_time([frappe._dict(sales_order=made.name)])
	assert elapsed == {(made.name, documents.SERVICE): 2 * 24 * 60 * 60}


def test_sales_are_told_by_person(frappe: ModuleType, refused_without: Without, customer: str):
	name = "sales_person_wise_transaction_summary"
	person = frappe.get_doc({"doctype": "Sales Person", "sales_person_name": "Test Person"}).insert()
	invoice = documents.invoice(
		customer, 100, sales_team=[{"sales_person": person.name, "allocated_percentage": 100}]
	)
	filters = {
		"doc_type": "Sales Invoice",
		"from_date": frappe.utils.today(),
		"to_date": frappe.utils.today(),
	}
	with refused_without(f"{SELLING}.{name}.{name}:get_entries"):
		run(frappe, "Sales Person-wise Transaction Summary", **filters)
	found = run(frappe, "Sales Person-wise Transaction Summary", **filters)
	(row,) = [row for row in found if row[0] == invoice.name]
	assert 100 in row


def test_what_orders_lack_is_summed_by_item(frappe: ModuleType, refused_without: Without, customer: str):
	name = "pending_so_items_for_purchase_request"
	made = order(frappe, customer)
	with refused_without(f"{SELLING}.{name}.{name}:get_data"):
		run(frappe, "Pending SO Items For Purchase Request")
	found = run(frappe, "Pending SO Items For Purchase Request")
	(row,) = [row for row in found if row["sales_order_no"] == made.name]
	assert (row["item_code"], row["so_qty"], row["pending_qty"]) == (documents.SERVICE, 2, 2)


def test_packing_items_in_stock_are_found(frappe: ModuleType, refused_without: Without):
	name = "available_stock_for_packing_items"
	with refused_without(f"{SELLING}.{name}.{name}:get_item_warehouse_quantity_map"):
		run(frappe, "Available Stock for Packing Items")
	run(frappe, "Available Stock for Packing Items")
	frappe.db.sql("INSERT INTO \"tabProduct Bundle\" (name, new_item_code) VALUES ('PB-T', 'PB-T')")
	frappe.db.sql(
		'INSERT INTO "tabProduct Bundle Item" (name, parent, item_code, qty)'
		" VALUES ('t1', 'PB-T', 'PART-1', 2), ('t2', 'PB-T', 'PART-2', 1)"
	)
	warehouse = frappe.get_all("Warehouse", {"is_group": 0}, pluck="name")[0]
	for part, left in (("PART-1", 10), ("PART-2", 3)):
		frappe.db.sql(
			'INSERT INTO "tabBin" (name, item_code, warehouse, projected_qty) VALUES (%s, %s, %s, %s)',
			(part, part, warehouse, left),
		)
	module = frappe.get_module(f"{SELLING}.{name}.{name}")
	assert module.get_item_warehouse_quantity_map()["PB-T"] == {warehouse: 3}


def test_lost_opportunities_show_all_their_reasons(frappe: ModuleType, refused_without: Without):
	today = frappe.utils.today()
	frappe.db.sql(
		'INSERT INTO "tabOpportunity" (name, status, company, modified, creation)'
		" VALUES ('OPP-T', 'Lost', %s, now(), now())",
		documents.COMPANY,
	)
	frappe.db.sql(
		'INSERT INTO "tabOpportunity Lost Reason Detail" (name, parent, parenttype, lost_reason)'
		" VALUES ('r1', 'OPP-T', 'Opportunity', 'Price'), ('r2', 'OPP-T', 'Opportunity', 'Time')"
	)
	filters = {"from_date": frappe.utils.add_days(today, -1), "to_date": frappe.utils.add_days(today, 1)}
	with refused_without("erpnext.crm.report.lost_opportunity.lost_opportunity:get_data"):
		run(frappe, "Lost Opportunity", **filters)
	(row,) = [row for row in run(frappe, "Lost Opportunity", **filters) if row.name == "OPP-T"]
	assert sorted(row.lost_reason.split(", ")) == ["Price", "Time"]


def test_orders_stand_in_the_calendar_on_the_day_of_their_delivery(
	frappe: ModuleType, refused_without: Without, customer: str
):
	from erpnext.selling.doctype.sales_order.sales_order import get_events

	made = order(frappe, customer)
	day = frappe.utils.today()
	with refused_without("erpnext.selling.doctype.sales_order.sales_order:get_events"):
		get_events(day, day)
	assert made.name in [row.name for row in get_events(day, day)]
