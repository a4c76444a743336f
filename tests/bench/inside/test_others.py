"""Query Reports, quotations, support, the point of sale and projects on PostgreSQL."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from types import ModuleType
from typing import Any

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without
from tests.bench.inside.documents import COMPANY, STORES, inserted, row

SUPPORT = "erpnext.support.doctype"
POS = "erpnext.accounts.doctype"
YEAR = {"company": COMPANY, "from_date": "2026-01-01", "to_date": "2026-12-31"}

Report = Callable[[str], list[list]]


@pytest.fixture
def query_report(frappe: ModuleType, refused_without: Without) -> Report:
	"""`query_report(name)` — its rows, once PostgreSQL has refused its statement as upstream wrote it."""

	def rows(name: str) -> list[list]:
		report = frappe.get_doc("Report", name)
		with refused_without("frappe.core.doctype.report.report:Report.execute_query_report"):
			report.execute_query_report(YEAR)
		return report.execute_query_report(YEAR)[1]

	return rows


def test_what_is_short_is_listed(query_report: Report):
	item = documents.stock_item().name
	documents.sales_order(item, 4)
	assert [line[-1] for line in query_report("Items To Be Requested") if line[0] == item] == [-4]


def test_requests_that_no_supplier_was_asked_for_are_listed(query_report: Report):
	item = documents.stock_item().name
	waiting, asked = (documents.material_request(item, 3).name for _ in range(2))
	row("Supplier Quotation Item", material_request=asked)
	found = query_report("Material Requests for which Supplier Quotations are not created")
	assert [line[0] for line in found if line[2] == item] == [waiting]


def test_requests_to_move_stock_are_listed(frappe: ModuleType, query_report: Report):
	item = documents.stock_item().name
	wanted = {"docstatus": 1, "item_code": item, "qty": 5}
	for kind, moved in (("Material Transfer", 2), ("Material Issue", 5), ("Purchase", 0)):
		request = row("Material Request", docstatus=1, material_request_type=kind, status="Pending").name
		row("Material Request Item", parent=request, ordered_qty=moved, **wanted)
	found = query_report("Requested Items To Be Transferred")
	assert [line[5] for line in found if line[2] == item] == [3]


def test_commissions_are_summed_and_ordered(query_report: Report):
	for partner, sold, earned in (("B", 100, 30), ("A", 100, 20), ("A", 100, 15), ("C", 0, 40)):
		of = {"sales_partner": f"Partner {partner}", "base_net_total": 200, "total_commission": earned}
		row("Sales Invoice", docstatus=1, amount_eligible_for_commission=sold, **of)
	found = [line for line in query_report("Sales Partners Commission") if line[0].startswith("Partner")]
	assert [(line[0], line[3], line[4]) for line in found] == [
		("Partner B", 30, 30),
		("Partner A", 35, 17.5),
		("Partner C", 40, None),
	]


def test_the_simple_trial_balance_is_that_of_the_ledger(frappe: ModuleType, query_report: Report):
	book = inserted("Finance Book", finance_book_name="Test book").name
	entry = {
		"company": COMPANY,
		"posting_date": "2026-05-05",
		"account": documents.BANK,
		"fiscal_year": "2026",
	}
	row("GL Entry", debit=7, finance_book=book, **entry)
	rows = query_report("Trial Balance (Simple)")
	assert [line[4] for line in rows if line[6] == book] == [7]
	ledger = frappe.get_all(
		"GL Entry",
		{"company": COMPANY, "is_cancelled": 0},
		[{"SUM": "debit", "as": "debit"}, {"SUM": "credit", "as": "credit"}],
	)
	assert sum(line[4] for line in rows) == pytest.approx(ledger[0].debit)
	assert sum(line[5] for line in rows) == pytest.approx(ledger[0].credit)


def test_a_query_report_that_is_not_known_is_left_alone(frappe: ModuleType):
	from gigafibre_utils.postgres.query_reports import mended

	assert mended("Of somebody else", 'select "Purchase"') == 'select "Purchase"'


def test_a_query_report_that_moved_is_told_and_one_that_upstream_mended_is_well(frappe: ModuleType):
	from gigafibre_utils.postgres import query_reports

	def state() -> str:
		(found,) = [fix.state for fix in query_reports.states() if fix.target == f"Report: {name}"]
		return found

	name = "Items To Be Requested"
	assert {fix.state for fix in query_reports.states()} == {"applied"}
	statement = frappe.db.get_value("Report", name, "query")
	frappe.db.set_value("Report", name, "query", query_reports.mended(name, statement))
	assert state() == "mended upstream"
	frappe.db.set_value("Report", name, "query", "select bin from something_else")
	assert state() == "stepped aside"
	frappe.db.set_value("Report", name, "query", None)
	assert state() == "stepped aside"


def test_quotations_expire_where_nothing_was_ever_ordered(frappe: ModuleType, as_upstream: Without):
	from erpnext.selling.doctype.quotation.quotation import set_expired_status

	values = {"docstatus": 1, "status": "Open"}
	old = row("Quotation", valid_till="2020-01-01", **values)
	taken, new = row("Quotation", valid_till="2020-01-01", **values), row("Quotation", **values)
	frappe.db.set_value("Quotation", new.name, "valid_till", "2099-01-01")
	frappe.db.delete("Sales Order Item")
	with as_upstream("erpnext.selling.doctype.quotation.quotation:set_expired_status"):
		set_expired_status()
		assert old.reload().status == "Open"
	order = row("Sales Order", docstatus=1).name
	row("Sales Order Item", docstatus=1, parent=order, prevdoc_docname=taken.name)
	set_expired_status()
	assert [made.reload().status for made in (old, taken, new)] == ["Expired", "Open", "Open"]


def test_shares_of_lost_quotations_are_not_rounded_to_nothing(frappe: ModuleType, as_upstream: Without):
	from erpnext.selling.report.lost_quotations.lost_quotations import get_data

	for number, reason in enumerate(("Price", "Price", "Speed")):
		of = {"docstatus": 1, "status": "Lost", "company": COMPANY, "transaction_date": "1999-05-05"}
		quotation = row("Quotation", base_net_total=10 * number, **of).name
		row("Quotation Lost Reason Detail", parent=quotation, lost_reason=reason)
	asked = (COMPANY, "1999-01-01", "1999-12-31", "Lost Reason")
	with as_upstream("erpnext.selling.report.lost_quotations.lost_quotations:get_data"):
		assert {line[2] for line in get_data(*asked)} == {0}
	assert sorted(get_data(*asked)) == [("Price", 2, 66.67, 10, 33.33), ("Speed", 1, 33.33, 20, 66.67)]


def test_sales_are_analysed_by_the_type_of_order(frappe: ModuleType, refused_without: Without):
	from erpnext.selling.report.sales_analytics.sales_analytics import execute

	order = documents.sales_order(documents.stock_item().name, 4, order_type="Maintenance")
	today = order.transaction_date
	asked = frappe._dict(company=COMPANY, doc_type="Sales Order", tree_type="Order Type", range="Yearly")
	asked.update(from_date=today, to_date=today, value_quantity="Quantity", curves="select")
	with refused_without("erpnext.selling.report.sales_analytics.sales_analytics:Analytics.get_teams"):
		execute(asked)
	found = {line["entity"]: (line["indent"], line["total"]) for line in execute(asked)[1]}
	assert found["Maintenance"] == (1, 4)
	assert found["Order Types"] == (0, sum(total for indent, total in found.values() if indent))


def test_messages_reach_the_sales_persons_who_have_a_number(frappe: ModuleType, refused_without: Without):
	employee = row("Employee", cell_number="514-555-0101").name
	row("Sales Person", sales_person_name="Luc", employee=employee)
	row("Sales Person", sales_person_name="Ève", employee=row("Employee").name)
	center = frappe.get_doc({"doctype": "SMS Center", "send_to": "All Sales Person"})
	with refused_without("erpnext.selling.doctype.sms_center.sms_center:SMSCenter.create_receiver_list"):
		center.create_receiver_list()
	center.create_receiver_list()
	assert center.receiver_list.splitlines() == ["Luc - 514-555-0101"]


@pytest.fixture
def promised(frappe: ModuleType) -> str:
	"""An agreement that promises an answer within four hours and a solution within twenty."""
	frappe.db.set_single_value("Support Settings", "track_service_level_agreement", 1)
	frappe.clear_document_cache("Support Settings")
	if not frappe.db.exists("Issue Priority", "Medium"):
		inserted("Issue Priority", name="Medium")
	holidays = inserted(
		"Holiday List", holiday_list_name="Test", from_date="2026-01-01", to_date="2026-12-31"
	).name
	days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
	hours = {"start_time": "08:00:00", "end_time": "18:00:00"}
	times = {"response_time": 4 * 3600, "resolution_time": 20 * 3600}
	return inserted(
		"Service Level Agreement",
		document_type="Issue",
		service_level="Test",
		default_service_level_agreement=1,
		enabled=1,
		holiday_list=holidays,
		apply_sla_for_resolution=1,
		priorities=[{"priority": "Medium", "default_priority": 1} | times],
		support_and_resolution=[{"workday": day} | hours for day in days],
		sla_fulfilled_on=[{"status": "Resolved"}],
	).name


def test_an_issue_is_promised_an_answer_within_working_hours(
	frappe: ModuleType, as_upstream: Without, promised: str
):
	friday = datetime(2026, 5, 8, 16, 30)

	def reported() -> Any:
		issue = {"doctype": "Issue", "subject": "No signal", "creation": friday, "raised_by": "a@example.com"}
		return frappe.get_doc(issue | {"service_level_agreement_creation": friday}).insert()

	target = f"{SUPPORT}.service_level_agreement.service_level_agreement:get_support_days"
	with as_upstream(target), pytest.raises(TypeError):
		reported()
	issue = reported()
	assert issue.service_level_agreement == promised
	assert issue.response_by == datetime(2026, 5, 11, 10, 30)
	assert issue.sla_resolution_by == datetime(2026, 5, 12, 16, 30)
	issue.reload().status = "Resolved"
	issue.save()
	assert issue.reload().sla_resolution_date


def test_the_first_answer_is_timed_within_working_hours(frappe: ModuleType, as_upstream: Without):
	from erpnext.support.doctype.issue.issue import calculate_first_response_time, get_working_hours

	hours = {"start_time": time(8), "end_time": time(18)}
	agreement = row("Service Level Agreement").name
	for day in ("Friday", "Monday"):
		of = {"parenttype": "Service Level Agreement", "parentfield": "support_and_resolution"}
		row("Service Day", parent=agreement, workday=day, **of, **hours)
	friday, monday = datetime(2026, 5, 8, 16, 30), datetime(2026, 5, 11, 9, 15)
	issue = frappe._dict(service_level_agreement=agreement, service_level_agreement_creation=friday)
	with as_upstream(f"{SUPPORT}.issue.issue:get_working_hours"), pytest.raises(TypeError):
		calculate_first_response_time(issue, monday)
	assert calculate_first_response_time(issue, monday) == (90 + 75) * 60
	days = [frappe._dict(workday="Friday", **hours)]
	assert get_working_hours(friday, days) == (timedelta(hours=8), timedelta(hours=18))


def test_modes_of_payment_have_their_accounts(frappe: ModuleType, refused_without: Without):
	from erpnext.accounts.doctype.sales_invoice.sales_invoice import get_mode_of_payments_info

	accounts = [{"company": COMPANY, "default_account": documents.BANK}]
	off = {"enabled": 0, "accounts": accounts}
	for name, values in (("Test on", {"accounts": accounts}), ("Test off", off), ("Test none", {})):
		inserted("Mode of Payment", mode_of_payment=name, type="Bank", **values)
	asked = (["Test on", "Test off", "Test none"], COMPANY)
	with refused_without(f"{POS}.sales_invoice.sales_invoice:get_mode_of_payments_info"):
		get_mode_of_payments_info(*asked)
	found = get_mode_of_payments_info(*asked)
	assert {name: (mode.default_account, mode.type) for name, mode in found.items()} == {
		"Test on": (documents.BANK, "Bank")
	}


@pytest.fixture
def till(frappe: ModuleType) -> str:
	"""A profile of the point of sale."""
	paid = [{"mode_of_payment": "Cash", "default": 1}]
	accounts = {"write_off_account": documents.ROUND_OFF, "write_off_cost_center": "Main - T"}
	place = {"company": COMPANY, "warehouse": STORES, "currency": "CAD"}
	return inserted(
		"POS Profile",
		name="Test till",
		selling_price_list="Standard Selling",
		payments=paid,
		**accounts,
		**place,
	).name


@pytest.mark.parametrize("part", ["build_invoice_query", "get_payments"])
def test_a_till_is_closed_over_its_invoices(
	frappe: ModuleType, refused_without: Without, till: str, part: str
):
	from erpnext.accounts.doctype.pos_closing_entry.pos_closing_entry import get_invoices

	frappe.db.set_single_value("POS Settings", "invoice_type", "POS Invoice")
	sold = {"docstatus": 1, "is_pos": 1, "pos_profile": till, "posting_date": "2026-05-05", "customer": "X"}
	for hour, kind in (("11:00", "POS Invoice"), ("10:00", "Sales Invoice"), ("19:00", "POS Invoice")):
		made = row(kind, posting_time=hour, is_created_using_pos=1, owner="Administrator", **sold)
		payment = {"parenttype": kind, "account": "Cash - T", "amount": 25}
		row("Sales Invoice Payment", parent=made.name, mode_of_payment="Cash", **payment)
	asked = ("2026-05-05 09:00:00", "2026-05-05 18:00:00", till, "Administrator")
	with refused_without(f"{POS}.pos_closing_entry.pos_closing_entry:{part}"):
		get_invoices(*asked)
	found = get_invoices(*asked)
	assert [invoice.doctype for invoice in found["invoices"]] == ["Sales Invoice", "POS Invoice"]
	assert [(mode.mode_of_payment, mode.account, mode.amount) for mode in found["payments"]] == [
		("Cash", "Cash - T", 50)
	]


def test_sales_of_tills_are_listed_by_how_they_were_paid(
	frappe: ModuleType, refused_without: Without, till: str
):
	from erpnext.accounts.report.pos_register.pos_register import get_pos_entries

	sold = {"docstatus": 1, "company": COMPANY, "posting_date": "1999-05-05", "change_amount": 4}
	made = row("POS Invoice", pos_profile=till, **sold).name
	for mode, kind, amount in (("Cash", "Cash", 30), ("Card", "Bank", 20), ("None", "Cash", 4)):
		row("Sales Invoice Payment", parent=made, mode_of_payment=mode, type=kind, base_amount=amount)
	asked = frappe._dict(company=COMPANY, from_date="1999-01-01", to_date="1999-12-31")
	with refused_without("erpnext.accounts.report.pos_register.pos_register:get_pos_entries"):
		get_pos_entries(asked, "mode_of_payment")
	found = [(line.mode_of_payment, line.paid_amount) for line in get_pos_entries(asked, "mode_of_payment")]
	assert found == [("Card", 20), ("Cash", 26)]


def test_a_user_has_one_till_by_default(
	frappe: ModuleType, refused_without: Without, till: str, monkeypatch: pytest.MonkeyPatch
):
	from erpnext.accounts.doctype.pos_profile.pos_profile import set_default_profile

	frappe.db.delete("POS Profile User", {"user": "Administrator"})
	other = row("POS Profile", company=COMPANY, modified="2020-01-01").name
	users = {
		name: row("POS Profile User", parent=name, user="Administrator", default=is_default)
		for name, is_default in ((till, 0), (other, 1))
	}
	monkeypatch.setattr(frappe.db, "_disable_transaction_control", 1)  # its statements commit
	with refused_without(f"{POS}.pos_profile.pos_profile:set_default_profile"):
		set_default_profile(till, COMPANY)
	set_default_profile(till, COMPANY)
	assert {name: user.reload().default for name, user in users.items()} == {till: 1, other: 0}
	assert frappe.db.get_value("POS Profile", other, "modified").year > 2020


def test_hours_worked_are_listed_by_day(frappe: ModuleType, refused_without: Without):
	from erpnext.projects.report.daily_timesheet_summary.daily_timesheet_summary import execute

	sheet = row("Timesheet", docstatus=1).name
	for start, end in (("05 08:00", "05 09:00"), ("06 22:00", "07 00:00"), ("07 08:00", "07 09:00")):
		row("Timesheet Detail", parent=sheet, from_time=f"1999-05-{start}", to_time=f"1999-05-{end}")
	asked = frappe._dict(from_date="1999-05-05", to_date="1999-05-06")
	target = "erpnext.projects.report.daily_timesheet_summary.daily_timesheet_summary"
	with refused_without(f"{target}:get_conditions"):
		execute(asked)
	assert [line[3].day for line in execute(asked)[1]] == [5, 6]


def test_the_upkeep_of_an_asset_is_counted(frappe: ModuleType, refused_without: Without):
	from erpnext.assets.doctype.asset_maintenance.asset_maintenance import get_maintenance_log

	for status in ("Planned", "Completed", "Planned"):
		row("Asset Maintenance Log", asset_name="OLT", maintenance_status=status)
	with refused_without("erpnext.assets.doctype.asset_maintenance.asset_maintenance:get_maintenance_log"):
		get_maintenance_log("OLT")
	found = {line.maintenance_status: line["count"] for line in get_maintenance_log("OLT")}
	assert found == {"Planned": 2, "Completed": 1}
