"""Stock, buying and budgets on PostgreSQL."""

from types import ModuleType

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without

BUNDLE = "erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle"


@pytest.fixture
def warehouse(frappe: ModuleType) -> str:
	return frappe.get_all("Warehouse", {"is_group": 0, "company": documents.COMPANY}, pluck="name")[0]


@pytest.fixture
def modem(frappe: ModuleType) -> str:
	item = {"doctype": "Item", "item_code": "TEST-MODEM", "item_group": "All Item Groups", "is_stock_item": 1}
	return frappe.get_doc(item | {"stock_uom": "Nos"}).insert().name


def received(frappe: ModuleType, item: str, warehouse: str, qty: int):
	return (
		frappe.get_doc(
			{
				"doctype": "Stock Entry",
				"stock_entry_type": "Material Receipt",
				"company": documents.COMPANY,
				"items": [{"item_code": item, "t_warehouse": warehouse, "qty": qty, "basic_rate": 10}],
			}
		)
		.insert()
		.submit()
	)


def ordered(frappe: ModuleType, item: str, warehouse: str, qty: int):
	return (
		frappe.get_doc(
			{
				"doctype": "Sales Order",
				"customer": documents.customer().name,
				"company": documents.COMPANY,
				"delivery_date": frappe.utils.today(),
				"items": [{"item_code": item, "qty": qty, "rate": 5, "warehouse": warehouse}],
			}
		)
		.insert()
		.submit()
	)


def test_an_order_reserves_what_it_has_not_delivered(
	frappe: ModuleType, refused_without: Without, warehouse: str, modem: str
):
	from erpnext.stock.stock_balance import get_reserved_qty

	with refused_without("erpnext.stock.stock_balance:get_reserved_qty"):
		get_reserved_qty(modem, warehouse)
	made = ordered(frappe, modem, warehouse, 5)
	assert get_reserved_qty(modem, warehouse) == 5
	frappe.db.sql(
		'UPDATE "tabSales Order Item" SET delivered_qty = 2, returned_qty = 1 WHERE parent = %s', made.name
	)
	assert get_reserved_qty(modem, warehouse) == 3


def test_a_sale_from_stock_is_submitted_and_cancelled(frappe: ModuleType, warehouse: str, modem: str):
	received(frappe, modem, warehouse, 10)
	invoice = documents.invoice(
		documents.customer().name,
		items=[{"item_code": modem, "qty": 4, "rate": 25, "warehouse": warehouse}],
		update_stock=1,
	)
	left = frappe.db.get_value("Bin", {"item_code": modem, "warehouse": warehouse}, "actual_qty")
	assert left == 6
	invoice.reload().cancel()
	assert frappe.db.get_value("Bin", {"item_code": modem, "warehouse": warehouse}, "actual_qty") == 10


def test_landed_cost_is_summed_over_its_vouchers(
	frappe: ModuleType, refused_without: Without, warehouse: str, modem: str
):
	entry = received(frappe, modem, warehouse, 10)
	cost_center = entry.items[0].cost_center
	for number, charge in enumerate((7, 5)):
		frappe.db.sql(
			'INSERT INTO "tabLanded Cost Item"'
			" (name, docstatus, receipt_document, stock_entry_item, applicable_charges, cost_center)"
			" VALUES (%s, 1, %s, %s, %s, %s)",
			(f"test-{number}", entry.name, entry.items[0].name, charge, cost_center),
		)
	with refused_without(
		"erpnext.controllers.stock_controller:StockController.set_landed_cost_voucher_amount"
	):
		entry.set_landed_cost_voucher_amount()
	entry.set_landed_cost_voucher_amount()
	assert entry.items[0].landed_cost_voucher_amount == 12


def test_a_voucher_is_reposted_once_for_each_item_and_warehouse(frappe: ModuleType, refused_without: Without):
	from erpnext.stock.stock_ledger import get_items_to_be_repost

	for number, (item, day) in enumerate((("A", 2), ("A", 1), ("B", 3))):
		frappe.db.sql(
			'INSERT INTO "tabStock Ledger Entry"'
			" (name, voucher_type, voucher_no, item_code, warehouse, posting_date, creation)"
			" VALUES (%s, 'Stock Entry', 'TEST-SE', %s, 'W', %s, %s)",
			(f"test-{number}", item, f"2026-01-0{day}", f"2026-01-0{day}"),
		)
	with refused_without("erpnext.stock.stock_ledger:get_items_to_be_repost"):
		get_items_to_be_repost("Stock Entry", "TEST-SE")
	found = {
		row.item_code: row.posting_date.isoformat()
		for row in get_items_to_be_repost("Stock Entry", "TEST-SE")
	}
	assert found == {"A": "2026-01-01", "B": "2026-01-03"}


def test_batches_are_offered_with_what_is_left_of_them(frappe: ModuleType, refused_without: Without):
	from erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle import get_available_batches

	for batch, day in (("B-1", "2026-01-01"), ("B-2", "2026-02-01")):
		frappe.db.sql(
			'INSERT INTO "tabBatch" (name, disabled, creation) VALUES (%s, 0, %s)', (f"TEST-{batch}", day)
		)
	for number, (batch, qty) in enumerate((("B-2", 4), ("B-1", 9), ("B-1", -2))):
		frappe.db.sql(
			'INSERT INTO "tabStock Ledger Entry" (name, is_cancelled, item_code, serial_and_batch_bundle)'
			" VALUES (%s, 0, 'TEST-ITEM', %s)",
			(f"test-{number}", f"bundle-{number}"),
		)
		frappe.db.sql(
			'INSERT INTO "tabSerial and Batch Entry" (name, parent, batch_no, warehouse, qty)'
			" VALUES (%s, %s, %s, 'W', %s)",
			(f"test-{number}", f"bundle-{number}", f"TEST-{batch}", qty),
		)
	asked = frappe._dict(item_code="TEST-ITEM")
	with refused_without(f"{BUNDLE}:get_available_batches"):
		get_available_batches(asked)
	found = [(row.batch_no, row.qty) for row in get_available_batches(asked)]
	assert found == [("TEST-B-1", 7), ("TEST-B-2", 4)]


def requested(frappe: ModuleType) -> None:
	"""Material requested at two rates, one line ordered in part."""
	frappe.db.sql(
		'INSERT INTO "tabMaterial Request" (name, company, docstatus, material_request_type, status,'
		" transaction_date, schedule_date)"
		" VALUES ('TEST-MR', %s, 1, 'Purchase', 'Pending', '2026-05-05', '2026-05-05')",
		documents.COMPANY,
	)
	for number, (qty, done, rate) in enumerate(((10, 4, 2), (3, 0, 5))):
		frappe.db.sql(
			'INSERT INTO "tabMaterial Request Item" (name, parent, item_code, stock_qty, ordered_qty, rate,'
			" expense_account, cost_center, docstatus, schedule_date)"
			" VALUES (%s, 'TEST-MR', 'TEST-ITEM', %s, %s, %s, 'EXPENSE', 'CENTER', 1, '2026-05-05')",
			(f"test-{number}", qty, done, rate),
		)


def test_a_budget_counts_each_request_at_its_own_rate(frappe: ModuleType, refused_without: Without):
	from erpnext.controllers.budget_controller import BudgetValidation

	requested(frappe)
	key = ("cost_center", "CENTER", "EXPENSE")
	validation = BudgetValidation.__new__(BudgetValidation)
	validation.company, validation.document_type = documents.COMPANY, "Purchase Invoice"
	validation.fy_start_date, validation.fy_end_date = "2026-01-01", "2026-12-31"
	validation.to_validate = {key: frappe._dict()}
	with refused_without("erpnext.controllers.budget_controller:BudgetValidation.get_requested_amount"):
		validation.get_requested_amount(key)
	validation.get_requested_amount(key)
	assert validation.to_validate[key].requested_amount == 6 * 2 + 3 * 5


def test_a_budget_of_an_item_counts_each_request_at_its_own_rate(
	frappe: ModuleType, refused_without: Without
):
	from erpnext.accounts.doctype.budget.budget import get_requested_amount

	requested(frappe)
	asked = frappe._dict(
		item_code="TEST-ITEM", expense_account="EXPENSE", from_fiscal_year="2026", to_fiscal_year="2026"
	)
	with refused_without("erpnext.accounts.doctype.budget.budget:get_requested_amount"):
		get_requested_amount(asked)
	assert get_requested_amount(asked) == 6 * 2 + 3 * 5


def test_variants_are_found_by_all_their_attributes(frappe: ModuleType, refused_without: Without):
	from erpnext.utilities.product import get_item_codes_by_attributes

	for item, size, colour in (("V-1", "S", "Red"), ("V-2", "M", "Red")):
		frappe.db.sql("INSERT INTO \"tabItem\" (name, variant_of) VALUES (%s, 'TEST-T')", item)
		for attribute, value in (("Size", size), ("Colour", colour)):
			frappe.db.sql(
				'INSERT INTO "tabItem Variant Attribute" (name, parent, attribute, attribute_value)'
				" VALUES (%s, %s, %s, %s)",
				(f"{item}-{attribute}", item, attribute, value),
			)
	asked = ({"Size": ["M"], "Colour": ["Red"]}, "TEST-T")
	with refused_without("erpnext.utilities.product:get_item_codes_by_attributes"):
		get_item_codes_by_attributes(*asked)
	assert get_item_codes_by_attributes(*asked) == ["V-2"]


def test_later_vouchers_come_in_the_order_of_their_posting(frappe: ModuleType, refused_without: Without):
	from erpnext.accounts.utils import get_future_stock_vouchers

	rows = (("V-1", "08:00"), ("V-2", "10:00"), ("V-3", "09:00"), ("V-2", "09:30"), ("V-4", "11:00"))
	for number, (voucher, time) in enumerate(rows):
		frappe.db.sql(
			'INSERT INTO "tabStock Ledger Entry" (name, voucher_type, voucher_no, item_code, posting_date,'
			" posting_time, creation, is_cancelled)"
			" VALUES (%s, 'T', %s, 'TEST-ITEM', '2026-05-05', %s, now(), 0)",
			(f"test-{number}", voucher, time),
		)
	asked = ("2026-05-05", "09:00", None, ["TEST-ITEM"])
	with refused_without("erpnext.accounts.utils:get_future_stock_vouchers"):
		get_future_stock_vouchers(*asked)
	assert [name for _, name in get_future_stock_vouchers(*asked)] == ["V-3", "V-2", "V-4"]


def test_nothing_is_posted_before_the_last_entry_but_by_who_may(
	frappe: ModuleType, refused_without: Without, warehouse: str, modem: str
):
	received(frappe, modem, warehouse, 1)
	frappe.db.set_single_value(
		"Stock Settings", "role_allowed_to_create_edit_back_dated_transactions", "Stock Manager"
	)
	frappe.db.sql('DELETE FROM "tabHas Role" WHERE role = %s', "Stock Manager")
	other = {"role": "Stock Manager", "parent": "Guest", "parenttype": "User", "parentfield": "roles"}
	frappe.get_doc({"doctype": "Has Role", **other}).db_insert()
	entry = frappe.get_last_doc("Stock Ledger Entry", {"item_code": modem})
	entry.posting_date = frappe.utils.add_days(entry.posting_date, -1)
	entry.posting_time = str(entry.posting_time)
	target = "erpnext.stock.doctype.stock_ledger_entry.stock_ledger_entry"
	frappe.clear_document_cache("Stock Settings")
	with refused_without(f"{target}:StockLedgerEntry.validate_with_last_transaction_posting_time"):
		entry.validate_with_last_transaction_posting_time()
	with pytest.raises(frappe.ValidationError):
		entry.validate_with_last_transaction_posting_time()


def test_batches_of_old_entries_are_summed_by_item_and_warehouse(
	frappe: ModuleType, refused_without: Without
):
	from erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle import (
		get_stock_ledgers_batches,
	)

	frappe.db.sql("INSERT INTO \"tabBatch\" (name) VALUES ('TEST-B')")
	for number, qty in enumerate((5, -2)):
		frappe.db.sql(
			'INSERT INTO "tabStock Ledger Entry"'
			" (name, item_code, warehouse, batch_no, actual_qty, is_cancelled)"
			" VALUES (%s, 'TEST-ITEM', 'W', 'TEST-B', %s, 0)",
			(f"test-{number}", qty),
		)
	asked = frappe._dict(item_code="TEST-ITEM")
	with refused_without(f"{BUNDLE}:get_stock_ledgers_batches"):
		get_stock_ledgers_batches(asked)
	assert [row.qty for row in get_stock_ledgers_batches(asked).values()] == [3]


def test_entries_of_a_serial_number_come_once_and_in_order(frappe: ModuleType, refused_without: Without):
	from erpnext.stock.doctype.serial_and_batch_bundle import serial_and_batch_bundle as module

	for number, day in ((1, "2026-02-02"), (2, "2026-01-01")):
		frappe.db.sql(
			'INSERT INTO "tabStock Ledger Entry"'
			" (name, item_code, actual_qty, serial_no, posting_datetime, creation, is_cancelled)"
			" VALUES (%s, 'TEST-ITEM', %s, 'SN-1', %s, now(), 0)",
			(f"test-{number}", number, day),
		)
	asked = frappe._dict(item_code="TEST-ITEM", serial_nos=["SN-1"])
	with refused_without(f"{BUNDLE}:get_stock_ledgers_for_serial_nos"):
		module.get_stock_ledgers_for_serial_nos(asked)
	assert [row.actual_qty for row in module.get_stock_ledgers_for_serial_nos(asked)] == [2, 1]


def test_the_stock_of_a_batch_before_a_date_is_summed(frappe: ModuleType, refused_without: Without):
	from erpnext.stock.serial_batch_bundle import BatchNoValuation

	for number, (day, qty) in enumerate((("2026-01-01", 4), ("2026-01-02", 3), ("2026-03-01", 9))):
		frappe.db.sql(
			'INSERT INTO "tabSerial and Batch Entry" (name, item_code, warehouse, batch_no, qty, docstatus,'
			" stock_value_difference, type_of_transaction, posting_datetime, voucher_type)"
			" VALUES (%s, 'TEST-ITEM', 'W', 'TEST-B', %s, 1, %s, 'Inward', %s, 'Stock Entry')",
			(f"test-{number}", qty, qty * 10, day),
		)
	valuation = BatchNoValuation.__new__(BatchNoValuation)
	valuation.batchwise_valuation_batches = ["TEST-B"]
	valuation.sle = frappe._dict(item_code="TEST-ITEM", warehouse="W", posting_datetime="2026-02-01")
	target = "erpnext.stock.serial_batch_bundle:BatchNoValuation.get_batch_stock_before_date"
	with refused_without(target):
		valuation.get_batch_stock_before_date()
	(row,) = valuation.get_batch_stock_before_date()
	assert (row.batch_no, row.qty, row.incoming_rate) == ("TEST-B", 7, 70)


def test_assets_to_depreciate_are_found_with_their_rows(frappe: ModuleType, refused_without: Without):
	from erpnext.assets.doctype.asset.depreciation import get_depreciable_assets_data

	frappe.db.sql(
		'INSERT INTO "tabAsset" (name, calculate_depreciation, docstatus, status, company)'
		" VALUES ('TEST-A', 1, 1, 'Submitted', %s)",
		documents.COMPANY,
	)
	frappe.db.sql(
		'INSERT INTO "tabAsset Depreciation Schedule" (name, asset, docstatus)'
		" VALUES ('TEST-S', 'TEST-A', 1)"
	)
	for number, day in ((1, "2026-01-31"), (2, "2026-02-28"), (3, "2027-01-31")):
		frappe.db.sql(
			'INSERT INTO "tabDepreciation Schedule" (name, parent, idx, schedule_date)'
			" VALUES (%s, 'TEST-S', %s, %s)",
			(f"test-{number}", number, day),
		)
	with refused_without("erpnext.assets.doctype.asset.depreciation:get_depreciable_assets_data"):
		get_depreciable_assets_data("2026-12-31")
	assert ("TEST-S", "TEST-A", 0, 2) in get_depreciable_assets_data("2026-12-31")


def test_vouchers_are_sorted_by_their_first_posting(frappe: ModuleType, refused_without: Without):
	from erpnext.accounts.utils import sort_stock_vouchers_by_posting_date

	rows = (("V-1", "2026-03-03"), ("V-2", "2026-01-01"), ("V-1", "2026-02-02"), ("V-2", "2026-04-04"))
	for number, (voucher, day) in enumerate(rows):
		frappe.db.sql(
			'INSERT INTO "tabStock Ledger Entry"'
			" (name, voucher_type, voucher_no, posting_datetime, creation, is_cancelled)"
			" VALUES (%s, 'T', %s, %s, now(), 0)",
			(f"test-{number}", voucher, day),
		)
	vouchers = [("T", "V-1"), ("T", "V-2"), ("T", "V-3")]
	with refused_without("erpnext.accounts.utils:sort_stock_vouchers_by_posting_date"):
		sort_stock_vouchers_by_posting_date(vouchers)
	assert sort_stock_vouchers_by_posting_date(vouchers) == [("T", "V-2"), ("T", "V-1"), ("T", "V-3")]


def test_the_value_of_a_batch_in_old_entries_is_summed(frappe: ModuleType, refused_without: Without):
	from erpnext.stock.deprecated_serial_batch import DeprecatedBatchNoValuation

	for number, (day, qty) in enumerate((("2026-01-01", 4), ("2026-01-02", 3), ("2026-03-01", 9))):
		frappe.db.sql(
			'INSERT INTO "tabStock Ledger Entry" (name, item_code, warehouse, batch_no, actual_qty,'
			" stock_value_difference, posting_datetime, creation, is_cancelled)"
			" VALUES (%s, 'TEST-ITEM', 'W', 'TEST-B', %s, %s, %s, now(), 0)",
			(f"test-{number}", qty, qty * 10, day),
		)
	valuation = DeprecatedBatchNoValuation()
	valuation.batchwise_valuation_batches = ["TEST-B"]
	valuation.sle = frappe._dict(
		item_code="TEST-ITEM", warehouse="W", posting_datetime="2026-02-01", creation="2026-02-01"
	)
	with refused_without(
		"erpnext.stock.deprecated_serial_batch:DeprecatedBatchNoValuation.get_sle_for_batches"
	):
		valuation.get_sle_for_batches()
	(row,) = valuation.get_sle_for_batches()
	assert (row.batch_no, row.batch_qty, row.batch_value) == ("TEST-B", 7, 70)


def test_an_order_is_delivered_and_billed(frappe: ModuleType, warehouse: str, modem: str):
	from erpnext.selling.doctype.sales_order.sales_order import make_delivery_note, make_sales_invoice

	received(frappe, modem, warehouse, 10)
	made = ordered(frappe, modem, warehouse, 3)
	make_delivery_note(made.name).insert().submit()
	assert made.reload().per_delivered == 100
	make_sales_invoice(made.name).insert().submit()
	assert (made.reload().per_billed, made.status) == (100, "Completed")


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


@pytest.mark.parametrize(
	("doctype", "target"),
	[
		("Sales Order", "erpnext.selling.doctype.sales_order.sales_order:SalesOrder.check_modified_date"),
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


def test_an_order_can_be_closed_and_opened_again(frappe: ModuleType, warehouse: str, modem: str):
	made = ordered(frappe, modem, warehouse, 3)
	made.reload().update_status("Closed")
	made.reload().update_status("Draft")
	assert made.reload().status == "To Deliver and Bill"
