"""What is reserved and picked on PostgreSQL."""

from types import ModuleType

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without
from tests.bench.inside.documents import STORES, received, row, sales_order

RESERVATIONS = "erpnext.stock.doctype.stock_reservation_entry.stock_reservation_entry"
PICKING = "erpnext.stock.doctype.pick_list.pick_list"


@pytest.fixture
def modem(frappe: ModuleType) -> str:
	return documents.stock_item().name


def reserved(item: str, quantity: int, delivered: int = 0, **more) -> str:
	place = {"item_code": item, "warehouse": STORES, "docstatus": 1}
	return row(
		"Stock Reservation Entry", reserved_qty=quantity, delivered_qty=delivered, **place, **more
	).name


def test_what_is_reserved_is_not_reserved_again(frappe: ModuleType, refused_without: Without, modem: str):
	from erpnext.stock.doctype.stock_reservation_entry.stock_reservation_entry import (
		get_available_qty_to_reserve as available,
	)

	received(modem, 10)
	assert available(modem, STORES) == 10
	own = reserved(modem, 4, delivered=1)
	reserved(modem, 2)
	with refused_without(f"{RESERVATIONS}:get_available_qty_to_reserve"):
		available(modem, STORES)
	assert available(modem, STORES) == 10 - 3 - 2
	assert available(modem, STORES, ignore_sre=own) == 10 - 2


def test_reserved_batches_come_in_the_order_of_reserving(frappe: ModuleType, refused_without: Without):
	from erpnext.stock.doctype.stock_reservation_entry.stock_reservation_entry import (
		get_sre_reserved_batch_nos_details as batches,
	)

	entry = reserved("TEST-ITEM", 9, reservation_based_on="Serial and Batch")
	for batch, quantity, day in (("B-2", 2, 1), ("B-1", 3, 2), ("B-2", 4, 3)):
		made = row("Serial and Batch Entry", parent=entry, batch_no=batch, qty=quantity)
		frappe.db.set_value(made.doctype, made.name, "creation", f"2026-01-0{day}", update_modified=False)
	with refused_without(f"{RESERVATIONS}:get_sre_reserved_batch_nos_details"):
		batches("TEST-ITEM", STORES)
	assert list(batches("TEST-ITEM", STORES).items()) == [("B-2", 6), ("B-1", 3)]


def test_an_order_is_reserved_and_freed(frappe: ModuleType, modem: str):
	frappe.db.set_single_value("Stock Settings", "enable_stock_reservation", 1)
	frappe.clear_document_cache("Stock Settings")
	received(modem, 10)
	order = sales_order(modem, 4)
	order.create_stock_reservation_entries()
	bin = {"item_code": modem, "warehouse": STORES}
	assert frappe.db.get_value("Bin", bin, "reserved_stock") == 4
	order.reload().cancel_stock_reservation_entries()
	assert frappe.db.get_value("Bin", bin, "reserved_stock") == 0


def may_be_counted_elsewhere(frappe: ModuleType, line: str) -> bool:
	"""Whether another connection may count what was picked for a line of an order."""
	from frappe.database import get_db

	from gigafibre_utils.postgres.locks import lock_picking

	conf, ours = frappe.local.conf, frappe.local.db
	place = {"host": conf.db_host, "port": conf.db_port, "cur_db_name": conf.db_name}
	theirs = frappe.local.db = get_db(user=conf.db_user, password=conf.db_password, **place)
	try:
		theirs.sql("SET LOCAL lock_timeout = '100ms'")
		lock_picking([line])
	except frappe.QueryTimeoutError:
		return False
	finally:
		theirs.close()
		frappe.local.db = ours
	return True


def test_what_was_picked_is_summed_for_each_line_of_an_order(frappe: ModuleType, refused_without: Without):
	from erpnext.stock.doctype.pick_list.pick_list import get_picked_items_qty

	line = {"docstatus": 1, "item_code": "TEST-ITEM", "sales_order": "SO"}
	for part, bundle, quantity in (("L-1", None, 2), ("L-1", None, 3), ("L-2", None, 4), ("L-3", "P-1", 5)):
		of = {"sales_order_item": part, "product_bundle_item": bundle}
		row("Pick List Item", stock_qty=quantity, picked_qty=quantity - 1, **of, **line)
	with refused_without(f"{PICKING}:get_picked_items_qty"):
		get_picked_items_qty(["L-1"])
	found = {
		part.sales_order_item: (part.stock_qty, part.picked_qty)
		for part in get_picked_items_qty(["L-1", "L-2"])
	}
	assert found == {"L-1": (5, 3), "L-2": (4, 3)}
	assert not may_be_counted_elsewhere(frappe, "L-1")
	assert may_be_counted_elsewhere(frappe, "L-3")
	(bundle,) = get_picked_items_qty(["P-1"], contains_packed_items=True)
	assert (bundle.product_bundle_item, bundle.sales_order, bundle.picked_qty) == ("P-1", "SO", 4)


def test_pick_lists_are_found_with_their_orders(frappe: ModuleType, refused_without: Without):
	from erpnext.stock.doctype.pick_list.pick_list import get_pick_list_query

	customer = documents.customer().name
	orders = [row("Sales Order", customer=customer).name for _ in range(2)]
	made = row("Pick List", docstatus=1, status="Open", company=documents.COMPANY)
	for order in (orders[1], orders[0], orders[1]):
		row("Pick List Item", parent=made.name, sales_order=order)
	asked = {"company": documents.COMPANY, "customer": customer}

	def found(text: str):
		return get_pick_list_query("Pick List", text, "name", 0, 20, asked)

	with refused_without(f"{PICKING}:get_pick_list_query"):
		found("")
	for text in ("", made.name.upper()):
		((name, buyer, of_orders),) = [tuple(line.values()) for line in found(text)]
		assert (name, buyer, of_orders) == (made.name, customer, "<br>".join(sorted(orders)))


def test_what_is_ordered_is_picked_and_delivered(frappe: ModuleType, modem: str):
	from erpnext.selling.doctype.sales_order.sales_order import create_pick_list
	from erpnext.stock.doctype.pick_list.pick_list import create_delivery_note

	received(modem, 10)
	order = sales_order(modem, 3)
	picked = create_pick_list(order.name).insert().submit()
	assert order.reload().per_picked == 100
	create_delivery_note(picked.name).submit()
	assert order.reload().per_delivered == 100
