"""Orders on PostgreSQL: what they reserve, how they go on and are closed, and what is ordered again."""

from types import ModuleType

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without
from tests.bench.inside.documents import STORES, received, row, sales_order


@pytest.fixture
def modem(frappe: ModuleType) -> str:
	return documents.stock_item().name


def test_an_order_reserves_what_it_has_not_delivered(
	frappe: ModuleType, refused_without: Without, modem: str
):
	from erpnext.stock.stock_balance import get_reserved_qty

	with refused_without("erpnext.stock.stock_balance:get_reserved_qty"):
		get_reserved_qty(modem, STORES)
	made = sales_order(modem, 5)
	assert get_reserved_qty(modem, STORES) == 5
	frappe.db.sql(
		'UPDATE "tabSales Order Item" SET delivered_qty = 2, returned_qty = 1 WHERE parent = %s', made.name
	)
	assert get_reserved_qty(modem, STORES) == 3


def test_an_order_of_nothing_reserves_nothing(frappe: ModuleType, refused_without: Without, modem: str):
	from erpnext.stock.stock_balance import get_reserved_qty

	empty = sales_order(modem, 2)
	sales_order(modem, 5)
	frappe.db.set_value("Sales Order Item", empty.items[0].name, "qty", 0)
	with refused_without("erpnext.stock.stock_balance:get_reserved_qty"):
		get_reserved_qty(modem, STORES)
	assert get_reserved_qty(modem, STORES) == 5


def test_warehouses_that_hold_reservations_come_in_the_order_of_reserving(
	frappe: ModuleType, refused_without: Without
):
	from erpnext.stock.doctype.stock_reservation_entry.stock_reservation_entry import (
		get_sre_reserved_warehouses_for_voucher as reserved_warehouses,
	)

	for number, (place, day) in enumerate((("W-2", 1), ("W-1", 2), ("W-2", 3))):
		frappe.db.sql(
			'INSERT INTO "tabStock Reservation Entry" (name, warehouse, voucher_type, voucher_no, docstatus,'
			" delivered_qty, reserved_qty, creation) VALUES (%s, %s, 'Sales Order', 'TEST-SO', 1, 0, 1, %s)",
			(f"test-{number}", place, f"2026-01-0{day}"),
		)
	target = "erpnext.stock.doctype.stock_reservation_entry.stock_reservation_entry"
	with refused_without(f"{target}:get_sre_reserved_warehouses_for_voucher"):
		reserved_warehouses("Sales Order", "TEST-SO")
	assert reserved_warehouses("Sales Order", "TEST-SO") == ["W-2", "W-1"]


def test_an_order_is_delivered_and_billed(frappe: ModuleType, modem: str):
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note, make_sales_invoice

	received(modem, 10)
	made = sales_order(modem, 3)
	make_delivery_note(made.name).insert().submit()
	assert made.reload().per_delivered == 100
	make_sales_invoice(made.name).insert().submit()
	assert (made.reload().per_billed, made.status) == (100, "Completed")


@pytest.mark.parametrize(
	("doctype", "target"),
	[
		("Sales Order", "erpnext.selling.doctype.sales_order.sales_order:SalesOrder.check_modified_date"),
		(
			"Purchase Order",
			"erpnext.buying.doctype.purchase_order.purchase_order:PurchaseOrder.check_modified_date",
		),
		(
			"Material Request",
			"erpnext.stock.doctype.material_request.material_request:MaterialRequest.check_modified_date",
		),
	],
)
def test_what_somebody_else_changed_meanwhile_is_not_closed(
	frappe: ModuleType, refused_without: Without, doctype: str, target: str
):
	document = documents.row(doctype, modified="2026-05-05 10:00:00.000001")
	with refused_without(target):
		document.check_modified_date()
	document.check_modified_date()
	frappe.db.set_value(
		doctype, document.name, "modified", "2026-05-05 10:00:00.000002", update_modified=False
	)
	with pytest.raises(frappe.ValidationError, match="modified"):
		document.check_modified_date()


def test_an_order_can_be_closed_and_opened_again(frappe: ModuleType, modem: str):
	made = sales_order(modem, 3)
	made.reload().update_status("Closed")
	made.reload().update_status("Draft")
	assert made.reload().status == "To Deliver and Bill"


def test_what_is_below_its_level_is_asked_for(frappe: ModuleType, refused_without: Without):
	from erpnext.stock.reorder_item import _reorder_item, get_items_for_reorder

	level = {"warehouse": STORES, "warehouse_reorder_level": 10, "warehouse_reorder_qty": 7}
	levels = [level | {"material_request_type": "Purchase"}]
	low = documents.stock_item(reorder_levels=levels).name
	enough = documents.stock_item(reorder_levels=levels).name
	ended = documents.stock_item(reorder_levels=levels, end_of_life="2020-01-01").name
	for item, quantity in ((low, 3), (enough, 20)):
		received(item, quantity)
	for name in ("get_items_for_reorder", "get_reorder_levels_for_variants"):
		with refused_without(f"erpnext.stock.reorder_item:{name}"):
			get_items_for_reorder()
	asked = {line.item_code: line.qty for request in _reorder_item() for line in request.items}
	assert asked[low] == 7 and enough not in asked
	variant = row("Item", variant_of=low, is_stock_item=1).name
	found = get_items_for_reorder()
	assert low in found and enough in found and ended not in found
	assert [part.warehouse_reorder_qty for part in found[variant]] == [7]
