"""Batches, serial numbers and their valuation on PostgreSQL."""

from collections import defaultdict
from types import ModuleType

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without
from tests.bench.inside.documents import STORES, row

BUNDLE = "erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle"


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


def test_batches_are_taken_by_their_expiry(frappe: ModuleType, refused_without: Without):
	from erpnext.stock.doctype.batch.batch import get_batches

	for batch, expiry, quantity in (
		("B-1", "2030-02-01", 4),
		("B-2", "2030-01-01", 3),
		("B-3", "2020-01-01", 2),
	):
		row("Batch", name=f"TEST-{batch}", batch_id=f"TEST-{batch}", expiry_date=expiry)
		entry = {"item_code": "TEST-ITEM", "warehouse": STORES, "batch_no": f"TEST-{batch}"}
		row("Stock Ledger Entry", actual_qty=quantity, **entry)
	with refused_without("erpnext.stock.doctype.batch.batch:get_batches"):
		get_batches("TEST-ITEM", STORES)
	found = [(batch.batch_id, batch.qty) for batch in get_batches("TEST-ITEM", STORES)]
	assert found == [("TEST-B-2", 3), ("TEST-B-1", 4)]


def test_a_batch_of_which_nothing_is_left_has_the_value_of_its_item(
	frappe: ModuleType, refused_without: Without
):
	from erpnext.stock.stock_ledger import get_valuation_rate

	row("Batch", name="TEST-B", use_batchwise_valuation=1)
	entry = {"item_code": "TEST-ITEM", "warehouse": STORES, "voucher_type": "T", "voucher_no": "V"}
	for quantity, value in ((2, 20), (-2, -20)):
		moved = {"actual_qty": quantity, "stock_value_difference": value, "valuation_rate": 7}
		row("Stock Ledger Entry", batch_no="TEST-B", posting_datetime="2026-05-05", **entry, **moved)
	asked = ("TEST-ITEM", STORES, "T", "OTHER")
	with refused_without("erpnext.stock.stock_ledger:get_valuation_rate"):
		get_valuation_rate(*asked, batch_no="TEST-B")
	assert get_valuation_rate(*asked, batch_no="TEST-B") == 7
	row("Stock Ledger Entry", batch_no="TEST-B", actual_qty=4, stock_value_difference=10, **entry)
	assert get_valuation_rate(*asked, batch_no="TEST-B") == 2.5


@pytest.mark.parametrize("source", ["sl_entries", "bundle"])
def test_batches_without_a_value_of_their_own_are_counted(
	frappe: ModuleType, refused_without: Without, source: str
):
	from erpnext.stock.deprecated_serial_batch import DeprecatedBatchNoValuation as Valuation

	item = documents.stock_item().name
	place = {"item_code": item, "warehouse": STORES}
	row("Batch", name="TEST-B")
	for quantity, day in ((4, "2026-01-01"), (3, "2026-01-02"), (9, "2026-03-01")):
		row("Stock Ledger Entry", batch_no="TEST-B", actual_qty=quantity, posting_datetime=day, **place)
		bundle = {"docstatus": 1, "type_of_transaction": "Inward", "voucher_type": "Stock Entry"}
		parent = row("Serial and Batch Bundle", posting_datetime=day, **place, **bundle).name
		row("Serial and Batch Entry", parent=parent, batch_no="TEST-B", qty=quantity)

	def counted() -> dict[str, float]:
		valuation = Valuation()
		valuation.sle = frappe._dict(place, posting_datetime="2026-02-01", creation="2026-02-01")
		valuation.sle.company = documents.COMPANY
		valuation.non_batchwise_valuation_batches = ["TEST-B"]
		valuation.available_qty, valuation.last_sle = defaultdict(float), frappe._dict()
		valuation.non_batchwise_balance_qty = defaultdict(float)
		valuation.non_batchwise_balance_value = defaultdict(float)
		getattr(valuation, f"set_balance_value_from_{source}")()
		return dict(valuation.available_qty)

	target = "erpnext.stock.deprecated_serial_batch:DeprecatedBatchNoValuation"
	with refused_without(f"{target}.set_balance_value_from_{source}"):
		counted()
	assert counted() == {"TEST-B": 7}
