"""Stock and its ledger on PostgreSQL."""

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without
from tests.bench.inside.documents import STORES, received, row


@pytest.fixture
def modem(frappe: ModuleType) -> str:
	return documents.stock_item().name


def test_a_sale_from_stock_is_submitted_and_cancelled(frappe: ModuleType, modem: str):
	received(modem, 10)
	invoice = documents.invoice(
		documents.customer().name,
		items=[{"item_code": modem, "qty": 4, "rate": 25, "warehouse": STORES}],
		update_stock=1,
	)
	left = frappe.db.get_value("Bin", {"item_code": modem, "warehouse": STORES}, "actual_qty")
	assert left == 6
	invoice.reload().cancel()
	assert frappe.db.get_value("Bin", {"item_code": modem, "warehouse": STORES}, "actual_qty") == 10


def test_landed_cost_is_summed_over_its_vouchers(frappe: ModuleType, refused_without: Without, modem: str):
	entry = received(modem, 10)
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
	assert get_item_codes_by_attributes({"Size": [2.5]}, "TEST-T") == []


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
	frappe: ModuleType, refused_without: Without, modem: str
):
	received(modem, 1)
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


def test_what_later_reposts_would_do_again_is_skipped(frappe: ModuleType, refused_without: Without):
	def queued(day: str, hour: str, item: str = "TEST-ITEM") -> Any:
		place = {"item_code": item, "warehouse": STORES, "based_on": "Item and Warehouse"}
		times = {"posting_date": day, "posting_time": hour}
		return row("Repost Item Valuation", docstatus=1, status="Queued", **place, **times)

	first, earlier = queued("2026-05-05", "10:00:00"), queued("2026-05-05", "09:00:00")
	later, other = queued("2026-05-05", "11:00:00"), queued("2026-05-06", "11:00:00", "OTHER")
	target = "erpnext.stock.doctype.repost_item_valuation.repost_item_valuation"
	with refused_without(f"{target}:RepostItemValuation.deduplicate_similar_repost"):
		first.deduplicate_similar_repost()
	first.deduplicate_similar_repost()
	found = [made.reload().status for made in (first, earlier, later, other)]
	assert found == ["Queued", "Queued", "Skipped", "Queued"]


def test_stock_is_summed_over_the_warehouses_of_a_group(
	frappe: ModuleType, refused_without: Without, modem: str
):
	from erpnext.stock.utils import get_latest_stock_qty

	received(modem, 4)
	received(modem, 3, t_warehouse="Finished Goods - T")
	with refused_without("erpnext.stock.utils:get_latest_stock_qty"):
		get_latest_stock_qty(modem, "All Warehouses - T")
	assert get_latest_stock_qty(modem, "All Warehouses - T") == 7
	assert get_latest_stock_qty(modem, STORES) == 4


def test_what_was_bought_and_given_back_has_no_value(frappe: ModuleType, refused_without: Without):
	from erpnext.stock.get_item_details import get_valuation_rate

	service = documents.stock_item(is_stock_item=0).name

	def bought(quantity: int, amount: int) -> None:
		line = {"qty": quantity, "conversion_factor": 1, "base_net_amount": amount}
		row("Purchase Invoice Item", item_code=service, docstatus=1, **line)

	bought(1, 10)
	bought(-1, -10)
	with refused_without("erpnext.stock.get_item_details:get_valuation_rate"):
		get_valuation_rate(service, documents.COMPANY)
	assert get_valuation_rate(service, documents.COMPANY) == {"valuation_rate": 0}
	bought(2, 50)
	assert get_valuation_rate(service, documents.COMPANY) == {"valuation_rate": 25}


def test_items_that_one_reconciliation_counts_apart_are_not_merged(
	frappe: ModuleType, refused_without: Without, modem: str
):
	item = frappe.get_doc("Item", modem)
	target = "erpnext.stock.doctype.item.item:Item.validate_duplicate_item_in_stock_reconciliation"
	line = {"docstatus": 1, "warehouse": STORES, "parent": "TEST-SR", "item_code": modem}
	row("Stock Reconciliation Item", **line)
	row("Stock Reconciliation Item", **line | {"parent": "TEST-SR-2"})
	with refused_without(target):
		item.validate_duplicate_item_in_stock_reconciliation("OLD", modem)
	item.validate_duplicate_item_in_stock_reconciliation("OLD", modem)
	row("Stock Reconciliation Item", **line)
	with pytest.raises(frappe.ValidationError, match="TEST-SR<"):
		item.validate_duplicate_item_in_stock_reconciliation("OLD", modem)


def test_a_count_of_a_warehouse_begins_with_what_belongs_there(frappe: ModuleType, refused_without: Without):
	from erpnext.stock.doctype.stock_reconciliation.stock_reconciliation import get_items_for_stock_reco

	default = [{"company": documents.COMPANY, "default_warehouse": STORES}]
	empty, here = documents.stock_item(item_defaults=default).name, documents.stock_item().name
	both = documents.stock_item(item_defaults=default).name
	other = {"company": documents.COMPANY, "default_warehouse": "Finished Goods - T"}
	elsewhere = documents.stock_item(item_defaults=[other]).name
	for item in (here, both):
		received(item, 1)
	asked = (STORES, documents.COMPANY)
	target = "erpnext.stock.doctype.stock_reconciliation.stock_reconciliation"
	with refused_without(f"{target}:get_items_for_stock_reco"):
		get_items_for_stock_reco(*asked)
	found = [line.item_code for line in get_items_for_stock_reco(*asked)]
	assert [found.count(item) for item in (empty, here, both, elsewhere)] == [1, 1, 1, 0]


def test_variants_of_a_number_are_named_by_it(frappe: ModuleType, refused_without: Without):
	from erpnext.controllers.item_variant import make_variant_item_code

	attribute = row("Item Attribute", numeric_values=1).name
	variant = frappe._dict(attributes=[frappe._dict(attribute=attribute, attribute_value=2.5)])
	with refused_without("erpnext.controllers.item_variant:make_variant_item_code"):
		make_variant_item_code("CABLE", "Cable", variant)
	make_variant_item_code("CABLE", "Cable", variant)
	assert variant.item_code == "CABLE-2.5"


@pytest.fixture
def others_may_post(frappe: ModuleType) -> Iterator[Callable[[str], bool]]:
	"""`others_may_post(item)` — whether another connection can lock the item in the stores."""
	from frappe.database import get_db

	from gigafibre_utils.postgres.locks import lock_stock

	conf, ours = frappe.local.conf, frappe.local.db
	place = {"host": conf.db_host, "port": conf.db_port, "cur_db_name": conf.db_name}
	theirs = get_db(user=conf.db_user, password=conf.db_password, **place)

	def may(item: str) -> bool:
		frappe.local.db = theirs
		try:
			theirs.sql("SET LOCAL lock_timeout = '100ms'")
			lock_stock([{"item_code": item, "warehouse": STORES}])
		except frappe.QueryTimeoutError:
			return False
		finally:
			theirs.rollback()
			frappe.local.db = ours
		return True

	yield may
	theirs.close()


def test_two_who_post_the_same_item_do_so_one_after_the_other(
	frappe: ModuleType, as_upstream: Without, others_may_post: Callable[[str], bool], modem: str
):
	with as_upstream("erpnext.stock.stock_ledger:make_sl_entries"):
		received(modem, 1)
		assert others_may_post(modem)
	received(modem, 1)
	assert not others_may_post(modem)
	assert others_may_post("OTHER")


def test_nothing_is_posted_while_the_value_of_its_item_is_reckoned(
	frappe: ModuleType,
	as_upstream: Without,
	others_may_post: Callable[[str], bool],
	monkeypatch: pytest.MonkeyPatch,
):
	from erpnext.stock.stock_ledger import repost_future_sle

	monkeypatch.setattr(frappe, "in_test", True)  # or else it commits
	item = documents.stock_item().name
	frappe.db.set_value("Item", item, "valuation_rate", 3)
	place = {"item_code": item, "warehouse": STORES, "posting_date": "2026-05-05", "posting_time": "10:00"}

	def repost() -> None:
		document = row("Repost Item Valuation", based_on="Item and Warehouse", **place)
		repost_future_sle([frappe._dict(place)], doc=document)

	with as_upstream("erpnext.stock.stock_ledger:repost_future_sle"):
		repost()
		assert others_may_post(item)
	repost()
	assert not others_may_post(item)
