"""The indexes of a site: what its DocTypes ask for, and that Frappe leaves them alone."""

from collections.abc import Iterator
from types import ModuleType

import pytest

from benchmarks.erpnext_indexes import asked
from gigafibre_utils.postgres.indexes import Wish

CUSTOMER = Wish("tabSales Invoice", ("customer",))


@pytest.fixture
def mended(frappe: ModuleType) -> Iterator[None]:
	"""The site has all its indexes, before the test and after it."""
	from gigafibre_utils.postgres import doctor

	doctor.mend()
	yield
	frappe.db.rollback()
	doctor.mend()


def run(frappe: ModuleType, statement: str) -> None:
	"""A change of the schema, for every connection to see."""
	frappe.db.sql_ddl(statement)
	frappe.db.commit()


def standing() -> set[str]:
	from gigafibre_utils.postgres import doctor

	with doctor._catalogue() as catalogue:
		return {index.name for index in catalogue.indexes() if index.is_valid}


def wishes() -> set[Wish]:
	from gigafibre_utils.postgres.wishes import wishes

	return wishes()


def set_property(frappe: ModuleType, doctype: str, field: str | None, name: str, value: str) -> None:
	from frappe.custom.doctype.property_setter.property_setter import make_property_setter

	kind = {"search_index": "Check", "unique": "Check"}.get(name, "Select")
	make_property_setter(doctype, field, name, value, kind, for_doctype=not field)


@pytest.mark.parametrize(
	"wish",
	[
		Wish("tabSales Invoice Item", ("parent",)),
		Wish("tabSales Invoice", ("creation",)),
		Wish("tabGL Entry", ("posting_date", "company")),
		Wish("tabEmail Queue", ("message_id",)),
		Wish("tabBin", ("item_code", "warehouse"), is_unique=True),
		Wish("tabPayment Entry", ("stripe_payment_intent",), is_unique=True),
	],
)
def test_it_is_asked_for(frappe: ModuleType, wish: Wish):
	assert wish in wishes()


def test_children_are_not_sorted_by_their_own_age(frappe: ModuleType):
	of_items = {wish.columns for wish in wishes() if wish.table == "tabSales Invoice Item"}
	assert not of_items & {("creation",), ("modified",)}


def test_a_property_setter_asks_and_takes_back(frappe: ModuleType):
	remarks, modified = Wish("tabSales Invoice", ("po_no",)), Wish("tabSales Invoice", ("modified",))
	assert not {remarks, modified} & wishes()
	set_property(frappe, "Sales Invoice", "po_no", "search_index", "1")
	set_property(frappe, "Sales Invoice", "customer", "search_index", "0")
	set_property(frappe, "Sales Invoice", None, "sort_field", "modified")
	assert {remarks, modified} <= wishes()
	assert CUSTOMER not in wishes()


def test_the_benchmark_knows_what_erpnext_asks_for(frappe: ModuleType):
	tables = {wish.table for wish in asked()}
	custom = {
		Wish(f"tab{row.dt}", (row.fieldname,), bool(row.unique))
		for row in frappe.get_all("Custom Field", fields=["dt", "fieldname", "unique"], limit=0)
	}
	assert {wish for wish in wishes() if wish.table in tables} - custom == asked()


def test_a_strangers_controller_can_do_nothing_and_silences_nobody(
	frappe: ModuleType, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
	from erpnext.accounts.doctype.account import account

	def ask() -> None:
		frappe.db.add_index("Account", ["company(10)", "root_type"])
		frappe.db.sql("DELETE FROM tabAccount")

	monkeypatch.setattr(account, "on_doctype_update", ask)
	before, database = frappe.db.count("Account"), frappe.local.db
	found = wishes()
	assert frappe.local.db is database
	assert frappe.db.count("Account") == before > 0
	assert Wish("tabAccount", ("company", "root_type")) in found
	assert Wish("tabGL Entry", ("party_type", "party")) in found
	assert "Account asks for" in caplog.text


def test_nothing_is_lacking_once_it_was_mended(frappe: ModuleType, mended: None):
	from gigafibre_utils.postgres import doctor

	assert doctor.mend() == []


def test_an_index_that_was_lost_is_back_after_a_migrate(
	frappe: ModuleType, mended: None, capsys: pytest.CaptureFixture[str]
):
	from gigafibre_utils.install import make_indexes

	run(frappe, f'DROP INDEX "{CUSTOMER.names[0]}"')
	assert CUSTOMER.names[0] not in standing()
	make_indexes()
	assert "1 made" in capsys.readouterr().out
	assert CUSTOMER.names[0] in standing()


def test_frappes_sync_drops_bare_names_of_other_tables_and_none_of_ours(frappe: ModuleType, mended: None):
	from gigafibre_utils.postgres.fixes import FIXES

	run(frappe, 'ALTER INDEX "tabGL Entry_company_idx" RENAME TO "company"')
	before = standing()
	FIXES.states()
	with FIXES.without("frappe.database.postgres.schema:PostgresTable.alter"):
		for doctype in ("Sales Invoice", "Communication", "Packed Item", "Customer", "Company"):
			frappe.db.updatedb(doctype)
	after = standing()
	assert "company" in before - after
	assert {name for name in before - after if name.startswith("tab")} == set()
	assert after <= before


def test_a_new_field_of_one_doctype_takes_no_index_from_another(frappe: ModuleType, mended: None):
	"""On a stock site, a Custom Field on Sales Invoice dropped the `company` index of GL Entry."""
	from frappe.custom.doctype.custom_field.custom_field import create_custom_field

	before = standing()
	field = {"fieldname": "test_of_indexes", "fieldtype": "Data", "insert_after": "po_no", "search_index": 1}
	try:
		create_custom_field("Sales Invoice", field)
		assert before <= standing()
	finally:
		frappe.delete_doc("Custom Field", "Sales Invoice-test_of_indexes")
		run(frappe, 'ALTER TABLE "tabSales Invoice" DROP COLUMN test_of_indexes')
		frappe.clear_cache(doctype="Sales Invoice")


def test_without_postgresql_nothing_is_done(frappe: ModuleType, monkeypatch: pytest.MonkeyPatch):
	from gigafibre_utils.install import make_indexes

	monkeypatch.setattr(frappe.local.db, "db_type", "mariadb")
	monkeypatch.setattr(frappe.local.db, "get_connection", lambda: pytest.fail("it connected"))
	make_indexes()
