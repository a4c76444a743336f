"""Buying, and the reports over stock and buying, on PostgreSQL."""

from datetime import date, timedelta
from types import ModuleType
from typing import Any

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without
from tests.bench.inside.documents import COMPANY, STORES, purchase_order, received, row

STOCK, BUYING = "erpnext.stock.report", "erpnext.buying.report"
SCORECARD = "erpnext.buying.doctype.supplier_scorecard_variable.supplier_scorecard_variable"


@pytest.fixture
def modem(frappe: ModuleType) -> str:
	return documents.stock_item().name


def test_what_is_bought_is_received_billed_and_paid_and_all_is_undone(frappe: ModuleType, modem: str):
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry
	from erpnext.buying.doctype.purchase_order.purchase_order import make_purchase_receipt
	from erpnext.controllers.sales_and_purchase_return import make_return_doc
	from erpnext.stock.doctype.purchase_receipt.purchase_receipt import make_purchase_invoice

	def stock() -> float:
		return frappe.db.get_value("Bin", {"item_code": modem, "warehouse": STORES}, "actual_qty")

	order = purchase_order(modem, 5)
	receipt = make_purchase_receipt(order.name).insert().submit()
	bill = make_purchase_invoice(receipt.name).update({"bill_no": "TEST-1"}).insert().submit()
	assert (stock(), order.reload().status, order.per_billed) == (5, "Completed", 100)
	payment = get_payment_entry("Purchase Invoice", bill.name)
	payment.update({"reference_no": "TEST", "reference_date": date.today()}).insert().submit()
	assert bill.reload().status == "Paid"
	payment.reload().cancel()
	back = make_return_doc("Purchase Receipt", receipt.name)
	back.items[0].update({"qty": -2, "received_qty": -2})
	back.insert().submit()
	assert stock() == 3
	for document in (back, bill, receipt):
		document.reload().cancel()
	assert (stock(), order.reload().status) == (0, "To Receive and Bill")
	order.update_status("Closed")
	assert order.reload().status == "Closed"


def test_landed_costs_are_added_to_what_was_received(frappe: ModuleType, modem: str):
	from erpnext.buying.doctype.purchase_order.purchase_order import make_purchase_receipt

	receipt = make_purchase_receipt(purchase_order(modem, 4).name).insert().submit()
	freight = {"description": "Freight", "expense_account": "Freight and Forwarding Charges - T", "amount": 8}
	source = {"receipt_document_type": receipt.doctype, "receipt_document": receipt.name}
	source |= {"supplier": receipt.supplier, "grand_total": receipt.grand_total}
	voucher = frappe.get_doc(
		{
			"doctype": "Landed Cost Voucher",
			"company": COMPANY,
			"purchase_receipts": [source],
			"taxes": [freight],
		}
	)
	voucher.get_items_from_purchase_receipts()
	voucher.insert().submit()
	place = {"item_code": modem, "warehouse": STORES}
	assert frappe.db.get_value("Bin", place, "valuation_rate") == 12
	voucher.reload().cancel()
	assert frappe.db.get_value("Bin", place, "valuation_rate") == 10


def test_requests_are_taken_from_the_items_of_a_supplier(frappe: ModuleType, refused_without: Without):
	from erpnext.buying.doctype.request_for_quotation.request_for_quotation import (
		get_item_from_material_requests_based_on_supplier as requested,
	)

	supplier = documents.inserted("Supplier", supplier_name="Test supplier").name
	item = documents.stock_item(supplier_items=[{"supplier": supplier}]).name
	documents.material_request(item, 3)
	documents.material_request(item, 5, material_request_type="Material Transfer")
	documents.material_request(documents.stock_item().name, 7)
	target = "erpnext.buying.doctype.request_for_quotation.request_for_quotation"
	with refused_without(f"{target}:get_item_from_material_requests_based_on_supplier"):
		requested(supplier)
	assert [(line.item_code, line.qty) for line in requested(supplier).items] == [(item, 3)]


@pytest.fixture
def scorecard(frappe: ModuleType) -> Any:
	"""A period of a supplier whose deliveries are late."""
	supplier = documents.inserted("Supplier", supplier_name="Test supplier").name
	order, quoted = row("Purchase Order", supplier=supplier).name, "2026-05-02"
	receipt = row("Purchase Receipt", posting_date="2026-05-15").name
	for due, quantity, done in (("2026-05-10", 10, 4), ("2026-05-20", 2, 0), ("2026-07-01", 9, 0)):
		values = {"schedule_date": due, "qty": quantity, "received_qty": done}
		line = row("Purchase Order Item", parent=order, **values).name
		if done:
			row("Purchase Receipt Item", parent=receipt, docstatus=1, qty=done, purchase_order_item=line)
	asked = row("Request for Quotation", transaction_date=quoted).name
	row("Request for Quotation Supplier", parent=asked, supplier=supplier)
	line = row("Request for Quotation Item", parent=asked, docstatus=1).name
	answer = row("Supplier Quotation", supplier=supplier, transaction_date="2026-05-06").name
	row("Supplier Quotation Item", parent=answer, docstatus=1, request_for_quotation_item=line)
	return frappe._dict(supplier=supplier, start_date="2026-05-01", end_date="2026-05-31")


@pytest.mark.parametrize(
	("variable", "days"),
	[
		("get_item_workdays", 21 * 10 + 11 * 2),
		("get_total_days_late", 5 * 4 + 21 * 6 + 11 * 2),
		("get_rfq_response_days", 4),
	],
)
def test_days_of_a_supplier_are_counted(
	frappe: ModuleType, refused_without: Without, scorecard: Any, variable: str, days: int
):
	count = frappe.get_attr(f"{SCORECARD}.{variable}")
	with refused_without(f"{SCORECARD}:{variable}"):
		count(scorecard)
	assert count(scorecard) == days


def test_every_line_of_an_order_is_tracked(frappe: ModuleType, refused_without: Without):
	from erpnext.buying.report.procurement_tracker.procurement_tracker import get_po_entries

	items = [documents.stock_item().name for _ in range(2)]
	lines = [{"item_code": item, "qty": 1, "rate": 10, "warehouse": STORES} for item in items]
	order = purchase_order(items[0], 1, items=lines)
	asked = frappe._dict(company=COMPANY)
	with refused_without(f"{BUYING}.procurement_tracker.procurement_tracker:get_po_entries"):
		get_po_entries(asked)
	found = [line.item_code for line in get_po_entries(asked) if line.parent == order.name]
	assert sorted(found) == sorted(items)


def test_orders_are_shown_with_what_was_billed_of_them(
	frappe: ModuleType, refused_without: Without, modem: str
):
	from erpnext.buying.doctype.purchase_order.purchase_order import make_purchase_invoice
	from erpnext.buying.report.purchase_order_analysis.purchase_order_analysis import get_data

	order = purchase_order(modem, 5)
	for number, quantity in enumerate((1, 2)):
		bill = make_purchase_invoice(order.name).update({"bill_no": f"TEST-{number}"})
		bill.items[0].qty = quantity
		bill.insert().submit()
	asked = frappe._dict(name=[order.name])
	with refused_without(f"{BUYING}.purchase_order_analysis.purchase_order_analysis:get_data"):
		get_data(asked)
	(line,) = get_data(asked)
	assert (line.purchase_order, line.qty, line.billed_qty, line.billed_amount) == (order.name, 5, 3, 30)


def test_a_request_shows_each_item_once_and_when_it_is_first_needed(
	frappe: ModuleType, refused_without: Without, modem: str
):
	from erpnext.buying.report.requested_items_to_order_and_receive import (
		requested_items_to_order_and_receive as report,
	)

	days = [date.today() + timedelta(days=more) for more in (5, 2)]
	lines = [{"item_code": modem, "qty": 3, "warehouse": STORES, "schedule_date": day} for day in days]
	request = documents.material_request(modem, 3, items=lines)
	asked = frappe._dict(material_request=request.name)
	with refused_without(f"{report.__name__}:get_data"):
		report.get_data(asked)
	(line,) = report.get_data(asked)
	assert (line.item_code, line.required_date, line.qty, line.qty_to_order) == (modem, days[1], 6, 6)
	assert (line.uom, line.item_name) == ("Nos", modem)


@pytest.fixture
def batches(frappe: ModuleType) -> str:
	"""Movements of two batches of an item: one in entries of the ledger, one in bundles beside them."""
	item = documents.stock_item().name
	for batch in ("TEST-B1", "TEST-B2"):
		row("Batch", name=batch, expiry_date="2030-01-01")
	for number, (day, quantity) in enumerate((("2026-01-05", 5), ("2026-02-05", 4), ("2026-02-06", -3))):
		place = {"item_code": item, "warehouse": STORES, "company": COMPANY, "docstatus": 1}
		place |= {"posting_date": day, "posting_datetime": day, "voucher_no": f"TEST-{number}"}
		row("Stock Ledger Entry", batch_no="TEST-B1", actual_qty=quantity, **place)
		row("Stock Ledger Entry", serial_and_batch_bundle=f"TEST-{number}", has_batch_no=1, **place)
		of = {"batch_no": "TEST-B2", "warehouse": STORES, "qty": quantity * 10}
		row("Serial and Batch Entry", parent=f"TEST-{number}", **of)
	return item


@pytest.mark.parametrize(
	"part", ["get_batchwise_data_from_stock_ledger", "get_batchwise_data_from_serial_batch_bundle"]
)
def test_batches_are_shown_with_what_is_left_of_them(
	frappe: ModuleType, refused_without: Without, batches: str, part: str
):
	from erpnext.stock.report.available_batch_report.available_batch_report import get_data

	asked = frappe._dict(item_code=batches, to_date="2026-02-05")
	with refused_without(f"{STOCK}.available_batch_report.available_batch_report:{part}"):
		get_data(asked)
	found = {line.batch_no: (line.balance_qty, line.expiry_date.year) for line in get_data(asked)}
	assert found == {"TEST-B1": (9, 2030), "TEST-B2": (90, 2030)}


@pytest.mark.parametrize(
	"part", ["get_stock_ledger_entries_for_batch_no", "get_stock_ledger_entries_for_batch_bundle"]
)
def test_movements_of_batches_are_shown_by_period(
	frappe: ModuleType, refused_without: Without, batches: str, part: str
):
	from erpnext.stock.report.batch_wise_balance_history.batch_wise_balance_history import execute

	asked = frappe._dict(
		item_code=batches, company=COMPANY, from_date=date(2026, 2, 1), to_date=date(2026, 2, 28)
	)
	with refused_without(f"{STOCK}.batch_wise_balance_history.batch_wise_balance_history:{part}"):
		execute(asked)
	found = {line[4]: line[5:9] for line in execute(asked)[1]}
	assert found == {"TEST-B1": [5, 4, 3, 6], "TEST-B2": [50, 40, 30, 60]}


def test_bundles_are_shown_with_what_can_be_made_of_them(
	frappe: ModuleType, refused_without: Without, modem: str
):
	from erpnext.stock.report.product_bundle_balance.product_bundle_balance import execute

	box = documents.stock_item(is_stock_item=0).name
	documents.inserted("Product Bundle", new_item_code=box, items=[{"item_code": modem, "qty": 2}])
	received(modem, 3)
	received(modem, 4)
	target = f"{STOCK}.product_bundle_balance.product_bundle_balance"
	with refused_without(f"{target}:get_item_wise_max_posting_datetime"):
		execute(frappe._dict(item_code=box))
	bundle, part = execute(frappe._dict(item_code=box))[1]
	assert (bundle["item_code"], bundle["bundle_qty"]) == (box, 3)
	assert (part["item_code"], part["actual_qty"]) == (modem, 7)


def test_the_age_of_stock_is_shown_for_a_warehouse(frappe: ModuleType, refused_without: Without, modem: str):
	from erpnext.stock.report.stock_ageing.stock_ageing import FIFOSlots

	received(modem, 3)
	received(modem, 4)
	received(modem, 9, t_warehouse="Finished Goods - T")
	asked = frappe._dict(
		company=COMPANY, item_code=modem, warehouse=STORES, to_date=date.today().isoformat(), ranges=["30"]
	)
	with refused_without(f"{STOCK}.stock_ageing.stock_ageing:FIFOSlots.generate"):
		FIFOSlots(asked).generate()
	(found,) = FIFOSlots(asked).generate().values()
	assert found["total_qty"] == 7
	assert [slot[0] for slot in found["fifo_queue"]] == [3, 4]


@pytest.mark.parametrize("part", ["get_stock_ledger_data", "get_gl_data"])
def test_vouchers_are_compared_between_stock_and_accounts(
	frappe: ModuleType, refused_without: Without, modem: str, part: str
):
	from erpnext.stock.report.stock_and_account_value_comparison import (
		stock_and_account_value_comparison as report,
	)

	good, bad = received(modem, 3), received(modem, 4)
	entry = {"voucher_no": bad.name, "account": "Stock In Hand - T"}
	frappe.db.set_value("GL Entry", entry, {"debit": 15, "debit_in_account_currency": 15})
	asked = frappe._dict(company=COMPANY, as_on_date=date.today())
	with refused_without(f"{report.__name__}:{part}"):
		report.execute(asked)
	found = {line.voucher_no: line for line in report.execute(asked)[1]}
	assert good.name not in found
	assert (found[bad.name].stock_value, found[bad.name].account_value) == (40, 15)
	assert found[bad.name].posting_date == date.today()


def test_projected_quantities_are_shown(frappe: ModuleType, refused_without: Without, modem: str):
	from erpnext.stock.report.stock_projected_qty.stock_projected_qty import execute

	received(modem, 3)
	purchase_order(modem, 4)
	asked = frappe._dict(item_code=modem, company=COMPANY)
	with refused_without(f"{STOCK}.stock_projected_qty.stock_projected_qty:get_item_map"):
		execute(asked)
	columns, rows, *_ = execute(asked)
	fields = [column["fieldname"] for column in columns]
	(found,) = [dict(zip(fields, line, strict=False)) for line in rows]
	assert (found["actual_qty"], found["ordered_qty"], found["projected_qty"]) == (3, 4, 7)
	frappe.db.set_value("Item", modem, "end_of_life", "2020-01-01")
	assert execute(asked)[1] == []


@pytest.mark.parametrize("by", ["Warehouse", "Company"])
def test_stock_is_summed(frappe: ModuleType, refused_without: Without, modem: str, by: str):
	from erpnext.stock.report.total_stock_summary.total_stock_summary import get_total_stock

	received(modem, 3)
	received(modem, 9, t_warehouse="Finished Goods - T")
	asked = {"group_by": by, "company": COMPANY}
	with refused_without(f"{STOCK}.total_stock_summary.total_stock_summary:get_total_stock"):
		get_total_stock(asked)
	found = {line[0]: line[3] for line in get_total_stock(asked) if line[1] == modem}
	assert found == ({STORES: 3, "Finished Goods - T": 9} if by == "Warehouse" else {COMPANY: 12})
