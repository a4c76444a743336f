"""The desk of ERPNext on PostgreSQL: what searches find, and what trees, timelines and the digest tell."""

import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without
from tests.bench.inside.documents import COMPANY, row

QUERIES = "erpnext.controllers.queries"
COMPANIES = "erpnext.setup.doctype.company.company"
PROJECT = "erpnext.projects.doctype.project.project"
DIGEST = "erpnext.setup.doctype.email_digest.email_digest:EmailDigest"

Search = Callable[..., list]


@pytest.fixture
def search(frappe: ModuleType) -> Search:
	"""`search(function, text, filters)` — the rows that a link field would be offered."""

	def found(
		function: str, text: str = "", filters: Any = None, start: int = 0, count: int = 20, **more: Any
	):
		doctype = more.pop("doctype", "DocType")
		wanted = {} if filters is None else filters
		return frappe.get_attr(function)(doctype, text, "name", start, count, wanted, **more)

	return found


def item(frappe: ModuleType, code: str, **more: Any) -> Any:
	values = {"item_code": code, "item_name": code, "item_group": "All Item Groups", "stock_uom": "Nos"}
	return frappe.get_doc({"doctype": "Item", "is_stock_item": 0} | values | more).insert()


def test_items_are_found(frappe: ModuleType, refused_without: Without, search: Search):
	token = secrets.token_hex(4)
	last = item(frappe, f"ZZ {token}", item_name=f"Fibre {token}", description=f"{token} " + "x" * 80).name
	first = item(frappe, f"{token} AA", item_name="Borne").name
	coded = item(frappe, f"Borne {secrets.token_hex(4)}", barcodes=[{"barcode": f"B-{token}"}]).name
	item(frappe, f"{token} over", end_of_life=date.today() - timedelta(days=1))
	item(frappe, f"{token} off", disabled=1)

	def names(text: str, filters: Any = None, **more: Any) -> list[str]:
		return [found[0] for found in search(f"{QUERIES}.item_query", text, filters, **more)]

	with refused_without(f"{QUERIES}:item_query"):
		names(token)
	assert names(token) == names(token.upper()) == [first, last, coded]
	assert names(token, start=1, count=1) == [last]
	assert names(token, {"item_name": ["like", "fibre%"]}) == [last]
	assert names(token, {"name": ["not in", [first]], "is_stock_item": 0}) == [last, coded]
	(found,) = search(f"{QUERIES}.item_query", f"fibre {token}", as_dict=True)
	assert (found.name, found.description) == (last, f"{token} {'x' * 31}...")


def test_only_permitted_items_are_found(frappe: ModuleType, search: Search):
	token = secrets.token_hex(4)
	item(frappe, f"{token} hidden")
	allowed = item(frappe, f"{token} allowed").name
	user = "comptes@targo.ca"
	permission = {"user": user, "allow": "Item", "for_value": allowed, "apply_to_all_doctypes": 1}
	frappe.get_doc({"doctype": "User Permission", **permission}).insert()
	frappe.set_user(user)
	assert [found[0] for found in search(f"{QUERIES}.item_query", token)] == [allowed]


def test_projects_are_found(frappe: ModuleType, refused_without: Without, search: Search):
	token = secrets.token_hex(4)
	customers = [documents.customer().name for _ in range(2)]
	titles = {f"Nord {token}": customers[0], f"{token} Sud": None, f"Est de {token}": customers[1]}
	names = {}
	for title, customer in titles.items():
		project = {"project_name": title, "company": COMPANY, "customer": customer}
		names[title] = frappe.get_doc({"doctype": "Project", **project}).insert().name
	function = f"{QUERIES}.get_project_name"
	with refused_without(f"{QUERIES}:get_project_name"):
		search(function, token, doctype="Project")
	nord, sud, est = names.values()
	assert [found[0] for found in search(function, token.upper(), doctype="Project")] == [sud, nord, est]
	filters = {"customer": customers[0], "company": COMPANY}
	assert [found[0] for found in search(function, token, filters, doctype="Project")] == [sud, nord]
	assert [found[0] for found in search(function, token, start=2, count=1, doctype="Project")] == [est]


@pytest.mark.parametrize(
	"way", ["get_batches_from_stock_ledger_entries", "get_batches_from_serial_and_batch_bundle"]
)
def test_batches_are_found_with_what_is_left(
	frappe: ModuleType, refused_without: Without, search: Search, way: str
):
	token = secrets.token_hex(4).upper()
	code, day = f"test-{token}", date.today() + timedelta(days=30)
	dated = row("Batch", batch_id=f"{token}-1", item=code, expiry_date=day, manufacturing_date="2026-01-15")
	plain = row("Batch", batch_id=f"{token}-2", item=code)
	moves = [(dated, 5, "A"), (dated, -2, "A"), (dated, 4, "B"), (plain, 1, "A"), (plain, -1, "A")]
	for batch, quantity, warehouse in [*moves, (plain, 7, "B")]:
		entry = {"item_code": code, "warehouse": warehouse, "is_cancelled": 0}
		if way.endswith("entries"):
			row("Stock Ledger Entry", **entry, batch_no=batch.name, actual_qty=quantity)
		else:
			bundle = f"bundle-{secrets.token_hex(4)}"
			row("Stock Ledger Entry", **entry, serial_and_batch_bundle=bundle)
			row(
				"Serial and Batch Entry",
				parent=bundle,
				batch_no=batch.name,
				qty=quantity,
				warehouse=warehouse,
			)

	def found(text: str = "", **filters: Any) -> list[tuple]:
		rows = search(f"{QUERIES}.get_batch_no", text, {"item_code": code} | filters, doctype="Batch")
		return sorted((name, quantity, made, ends) for name, quantity, made, ends, *_ in rows)

	with refused_without(f"{QUERIES}:{way}"):
		found()
	both = [(dated.name, 7, "MFG-2026-01-15", f"EXP-{day}"), (plain.name, 7, None, None)]
	assert found() == sorted(both)
	assert found(warehouse="A") == [(dated.name, 3, "MFG-2026-01-15", f"EXP-{day}")]
	assert found(dated.name.upper()) == both[:1]
	assert found(posting_date=day + timedelta(days=1)) == both[1:]


def test_lines_are_found_by_number_or_code(frappe: ModuleType, refused_without: Without, search: Search):
	lines = [{"item_code": documents.SERVICE, "qty": 1, "rate": rate} for rate in (1, 2)]
	invoice = documents.invoice(documents.customer().name, items=lines, submit=False)

	def found(text: str) -> list[str]:
		function, filters = f"{QUERIES}.get_filtered_child_rows", {"parent": invoice.name}
		return [name for name, _ in search(function, text, filters, doctype="Sales Invoice Item")]

	with refused_without(f"{QUERIES}:get_filtered_child_rows"):
		found("#2")
	first, second = (line.name for line in invoice.items)
	assert found("#2") == [second]
	assert found(documents.SERVICE.lower()) == [first, second]


def test_members_of_a_project_are_found(frappe: ModuleType, refused_without: Without, search: Search):
	function = f"{PROJECT}.get_users_for_project"
	with refused_without(f"{PROJECT}:get_users_for_project"):
		search(function, doctype="User")
	assert [found[0] for found in search(function, "COMPTES@", doctype="User")] == ["comptes@targo.ca"]
	assert not {"Guest", "Administrator"} & {
		found[0] for found in search(function, count=1000, doctype="User")
	}


def test_items_of_a_delivery_note_are_found(frappe: ModuleType, refused_without: Without, search: Search):
	module = "erpnext.stock.doctype.packing_slip.packing_slip"
	note = row("Delivery Note", company=COMPANY)
	row("Delivery Note Item", parent=note.name, item_code=documents.SERVICE)
	filters = {"delivery_note": note.name}
	with refused_without(f"{module}:item_details"):
		search(f"{module}.item_details", "", filters, doctype="Item")
	for text in ("", documents.SERVICE.lower()):
		found = search(f"{module}.item_details", text, filters, doctype="Item")
		assert [name for name, *_ in found] == [documents.SERVICE]
	assert search(f"{module}.item_details", "nothing", filters, doctype="Item") == ()


def test_invoices_for_landed_costs_are_found(frappe: ModuleType, refused_without: Without, search: Search):
	module = "erpnext.stock.doctype.landed_cost_voucher.landed_cost_voucher"
	for claimed in (40, 100):
		invoice = row(
			"Purchase Invoice",
			docstatus=1,
			company=COMPANY,
			base_total=100,
			claimed_landed_cost_amount=claimed,
		)
		row("Purchase Invoice Item", parent=invoice.name, item_code=documents.SERVICE)

	def found() -> list:
		function, filters = f"{module}.get_vendor_invoices", {"company": COMPANY}
		return [amount for _, amount in search(function, "test-", filters, doctype="Purchase Invoice")]

	with refused_without(f"{module}:get_vendor_invoice_query"):
		found()
	assert found() == [60]


@pytest.mark.parametrize(
	("function", "doctype", "values", "filters"),
	[
		("employee_query", "Employee", {"employee_name": "Gaëlle", "status": "Active"}, {}),
		("lead_query", "Lead", {"lead_name": "Gaëlle", "company_name": "Fibre"}, {}),
		(
			"tax_account_query",
			"Account",
			{"account_type": "Tax"},
			{"company": COMPANY, "account_type": ["Tax"]},
		),
		("get_income_account", "Account", {"report_type": "Profit and Loss"}, {"company": COMPANY}),
		("get_expense_account", "Account", {"report_type": "Profit and Loss"}, {"company": COMPANY}),
		("warehouse_query", "Warehouse", {}, [["Warehouse", "company", "=", COMPANY]]),
		("get_delivery_notes_to_be_billed", "Delivery Note", {"docstatus": 1, "status": "To Bill"}, {}),
	],
)
def test_capitals_make_no_difference(
	as_upstream: Without, search: Search, function: str, doctype: str, values: dict[str, Any], filters: Any
):
	token = secrets.token_hex(4)
	made = row(doctype, **{"name": f"Été {token}", "company": COMPANY} | values)
	for text in ("été", "ÉTÉ"):
		with as_upstream(f"{QUERIES}:{function}"):
			assert not search(f"{QUERIES}.{function}", f"{text} {token}", filters, doctype=doctype)
		found = search(f"{QUERIES}.{function}", f"{text} {token}", filters, doctype=doctype)
		assert [name for name, *_ in found] == [made.name]


def test_companies_are_a_tree(frappe: ModuleType, refused_without: Without):
	from erpnext.setup.doctype.company.company import get_children

	child = row("Company", company_name="Child", parent_company=COMPANY).name
	with refused_without(f"{COMPANIES}:get_children"):
		get_children("Company")
	assert COMPANY in {node.value for node in get_children("Company", parent="All Companies", is_root=True)}
	assert [node.value for node in get_children("Company", parent=COMPANY)] == [child]


def test_a_company_knows_the_days_of_its_year(frappe: ModuleType, refused_without: Without):
	from erpnext.setup.doctype.company.company import get_all_transactions_annual_history

	company = row("Company", company_name="Test").name
	today = frappe.utils.getdate()
	for days in (0, 0, 40, 300, 400):
		row("Sales Invoice", company=company, posting_date=today - timedelta(days=days))
	row("Quotation", company=company, transaction_date=today)
	with refused_without(f"{COMPANIES}:get_all_transactions_annual_history"):
		get_all_transactions_annual_history(company)
	told = {
		date.fromtimestamp(day): count for day, count in get_all_transactions_annual_history(company).items()
	}
	assert told == {today: 3, today - timedelta(days=40): 1, today - timedelta(days=300): 1}


def test_a_project_knows_its_days(frappe: ModuleType, refused_without: Without):
	from erpnext.projects.doctype.project.project import get_timeline_data

	today = datetime.combine(frappe.utils.getdate(), datetime.min.time())
	for hours in (1, 2, 30, 24 * 400):
		row("Timesheet Detail", project="test-project", from_time=today + timedelta(hours=23 - hours))
	with refused_without(f"{PROJECT}:get_timeline_data"):
		get_timeline_data("Project", "test-project")
	assert list(get_timeline_data("Project", "test-project").values()) in ([2, 1], [1, 2])


def test_an_item_knows_its_days(frappe: ModuleType, refused_without: Without):
	from erpnext.stock.doctype.item.item import get_timeline_data

	for days in (0, 0, 3, 400):
		day = frappe.utils.getdate() - timedelta(days=days)
		row("Stock Ledger Entry", item_code="test-item", posting_date=day)
	with refused_without("pypika.functions:CurDate.__init__"):
		get_timeline_data("Item", "test-item")
	assert sorted(get_timeline_data("Item", "test-item").values()) == [1, 2]


def test_the_sales_funnel_counts(frappe: ModuleType, refused_without: Without):
	from erpnext.selling.page.sales_funnel.sales_funnel import get_funnel_data

	company = row("Company", company_name="Test").name
	for values in (
		{"quotation_to": "Lead"},
		{"opportunity": "X"},
		{"quotation_to": "Customer", "opportunity": ""},
	):
		row("Quotation", company=company, docstatus=1, creation=frappe.utils.now(), **values)
	row("Lead", company=company, creation=frappe.utils.now())
	days = (str(date.today() - timedelta(days=1)), str(date.today()))
	with refused_without("erpnext.selling.page.sales_funnel.sales_funnel:get_funnel_data"):
		get_funnel_data(*days, company)
	assert [stage["value"] for stage in get_funnel_data(*days, company)] == [1, 0, 2, 0]


@pytest.fixture
def digest(frappe: ModuleType) -> Any:
	"""The e-mail digest of a company without other orders."""
	company = row("Company", company_name="Test", default_currency="CAD").name
	made = frappe.get_doc({"doctype": "Email Digest", "company": company, "frequency": "Weekly"})
	made.future_to_date = frappe.utils.getdate()
	return made


def test_the_digest_lists_open_issues(frappe: ModuleType, refused_without: Without, digest: Any):
	frappe.db.sql('DELETE FROM "tabIssue"')
	names = [
		row("Issue", status=status, creation=f"2026-01-0{day}").name
		for day, status in enumerate(("Open", "Closed", "Replied"), 1)
	]
	with refused_without(f"{DIGEST}.get_issue_list"):
		digest.get_issue_list()
	assert [issue.name for issue in digest.get_issue_list()] == [names[0], names[2]]


def test_the_digest_lists_what_is_most_urgent_first(
	frappe: ModuleType, refused_without: Without, digest: Any
):
	user = "comptes@targo.ca"
	for priority in ("Low", "High", "Medium"):
		row("ToDo", assigned_by=user, status="Open", priority=priority, date=date.today())
	with refused_without(f"{DIGEST}.get_todo_list"):
		digest.get_todo_list(user)
	assert [todo.priority for todo in digest.get_todo_list(user)] == ["High", "Medium", "Low"]


@pytest.mark.parametrize(
	("kind", "share", "done"),
	[
		("bill", "per_billed", {"billing_status": "Fully Billed"}),
		("deliver", "per_delivered", {"delivery_status": "Fully Delivered"}),
	],
)
def test_the_digest_sums_open_orders(
	frappe: ModuleType, refused_without: Without, digest: Any, kind: str, share: str, done: dict[str, str]
):
	opened = {status: f"Not {text.split()[1]}" for status, text in done.items()}
	common = {"company": digest.company, "transaction_date": digest.future_to_date, "grand_total": 200}
	for values in ({share: 25, **opened}, {share: 0, **opened}, {share: 100, **done}):
		row("Sales Order", status="To Deliver and Bill", **common, **values)
	tell = getattr(digest, f"get_sales_orders_to_{kind}")
	with refused_without(f"{DIGEST}.get_sales_orders_to_{kind}"):
		tell()
	assert (tell()["value"], tell()["count"]) == (350, 2)


def test_the_digest_lists_overdue_purchase_orders(frappe: ModuleType, refused_without: Without, digest: Any):
	frappe.db.sql('DELETE FROM "tabPurchase Order"')
	for name in ("test-1", "test-2"):
		row("Purchase Order", name=name, status="To Receive", currency="CAD")
		for days in (1, 2):
			day = date.today() - timedelta(days=days)
			row("Purchase Order Item", parent=name, docstatus=1, qty=1, schedule_date=day)
	with refused_without(f"{DIGEST}.get_purchase_orders_items_overdue_list"):
		digest.get_purchase_orders_items_overdue_list()
	orders, lines = digest.get_purchase_orders_items_overdue_list()
	assert [order.po for order in orders] == ["test-2", "test-1"]
	assert len(lines) == 4
