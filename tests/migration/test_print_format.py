"""Which print format Sales Invoices get, on sites where somebody chose one and where nobody did."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from psycopg2.extensions import connection as Connection

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration import print_format
from gigafibre_utils.migration.books import Resolved
from tests.migration.by_hand import BOOKS, Migrated, Sites
from tests.migration.one_step import run, undone

OTHER = "Ma facture"


@pytest.fixture
def fresh(databases: Sites) -> Iterator[Migrated]:
	with databases.site() as found:
		found.run(
			'INSERT INTO public."tabPrint Format" (name, doc_type, disabled) VALUES '
			"('Facture TARGO', 'Sales Invoice', 0)"
		)
		yield found


def set_up(site: Migrated, **asked: Any) -> tuple[str, list[tuple]]:
	def work(connection: Connection) -> str:
		with connection.cursor() as cursor:
			Resolved(BOOKS).write(cursor)
		return print_format.set_up(connection, **asked)

	return run(site, work)


def choose(site: Migrated, value: str, property_type: str = "Data") -> None:
	site.run(f"""
		INSERT INTO public."tabProperty Setter" (
			name, doctype_or_field, doc_type, property, property_type, value
		)
		VALUES (
			'{print_format.NAME}', 'DocType', 'Sales Invoice', 'default_print_format', '{property_type}',
			{value}
		)
	""")


def chosen(site: Migrated) -> dict[str, Any]:
	return site.row("Property Setter", print_format.NAME)


def test_it_is_chosen_where_there_is_none(fresh: Migrated):
	assert set_up(fresh) == ("Facture TARGO", [])
	row = chosen(fresh)
	assert (row["value"], row["doctype_or_field"], row["doc_type"]) == (
		"Facture TARGO",
		"DocType",
		"Sales Invoice",
	)
	assert (row["property"], row["property_type"], row["field_name"]) == (
		"default_print_format",
		"Data",
		None,
	)
	assert row["creation"] == row["modified"] == datetime(2026, 11, 21)


def test_a_second_run_changes_nothing(fresh: Migrated):
	set_up(fresh)
	before = fresh.checksum()
	assert set_up(fresh, replace=True) == ("Facture TARGO", [])
	assert fresh.checksum() == before


def test_what_staff_chose_stays_and_is_told(fresh: Migrated):
	choose(fresh, f"'{OTHER}'")
	before = fresh.checksum()
	given, findings = set_up(fresh)
	assert given == OTHER
	assert findings == [("Rejected", "Print Format", 0, "another_is_chosen")]
	assert fresh.checksum() == before


@pytest.mark.parametrize(
	("value", "property_type", "asked"),
	[
		(f"'{OTHER}'", "Data", {"replace": True}),
		("'Sales Invoice with Item Image'", "Link", {}),
		("NULL", "Data", {}),
		("''", "Data", {}),
	],
	ids=["asked for", "set by ERPNext itself", "nothing", "empty"],
)
def test_what_nobody_chose_or_was_to_be_replaced_is_changed_and_comes_back(
	value: str, property_type: str, asked: dict[str, bool], fresh: Migrated
):
	choose(fresh, value, property_type)
	before = fresh.checksum()
	assert set_up(fresh, **asked) == ("Facture TARGO", [])
	assert chosen(fresh)["value"] == "Facture TARGO"
	undone(fresh)
	assert fresh.checksum() == before


def test_what_was_added_goes_with_its_run(fresh: Migrated):
	before = fresh.checksum()
	set_up(fresh)
	undone(fresh)
	assert fresh.checksum() == before


def test_erpnexts_own_that_staff_chose_themselves_stays(fresh: Migrated):
	choose(fresh, "'Sales Invoice with Item Image'")
	assert set_up(fresh)[0] == "Sales Invoice with Item Image"


@pytest.mark.parametrize("change", ["name = 'Facture'", "disabled = 1", "doc_type = 'Quotation'"])
def test_a_site_without_the_print_format_is_told(change: str, fresh: Migrated):
	fresh.run(f'UPDATE public."tabPrint Format" SET {change}')
	before = fresh.checksum()
	with pytest.raises(InvalidInput, match="no print format Facture TARGO"):
		set_up(fresh)
	assert fresh.checksum() == before
