"""Invoice lines that lack their Service Location get it, whichever way is taken, and nothing else changes."""

from collections.abc import Iterator

import pytest

from gigafibre_utils.migration import backfill
from gigafibre_utils.migration.target import set_path
from gigafibre_utils.migration.undo import _undo
from tests.migration.by_hand import Migrated, Sites
from tests.migration.money import Books, migrate

LINES = """
	SELECT name, service_location FROM "tabSales Invoice Item" ORDER BY name
"""
OTHERS_LINE = """
	INSERT INTO "tabSales Invoice Item" (name, parent, parenttype, parentfield, service_location)
	VALUES ('a1b2c3d4e5', 'ACC-SINV-1', 'Sales Invoice', 'items', NULL)
"""
VIEW = """CREATE VIEW served AS SELECT name, service_location FROM public."tabSales Invoice Item" """
WHERE_IT_LIES = """SELECT pg_relation_filenode('public."tabSales Invoice Item"') AS node"""


@pytest.fixture
def billed(databases: Sites) -> Iterator[Migrated]:
	"""A site with lines of two places, one of a service that is gone, and one that staff made."""
	with databases.site() as site:
		books = Books()
		books.add("delivery", customer_id=1)
		books.add("delivery", id=40, customer_id=1)
		for place in (1, 40):
			books.add("service", delivery_id=place, product_id=1, status="active")
		id = books.invoice("0.00", number="1")
		for amount, service in (("1.00", 1), ("2.00", 2), ("-3.00", 9)):
			books.item(id, amount, service_id=service)
		books.item(id, "0.00", id=1234, service_id=2)
		migrate(site, books)
		site.run(OTHERS_LINE)
		yield site


def fill(site: Migrated) -> bool:
	"""Run the step; gives whether the table was written anew."""
	(before,) = site.rows(WHERE_IT_LIES)
	with site.connection.cursor() as cursor:
		set_path(cursor)
		cursor.execute(
			"SELECT set_config('gigafibre.run', '1', true), set_config('gigafibre.step', 'fill', true)"
		)
		backfill.service_locations(cursor)
	site.connection.commit()
	(after,) = site.rows(WHERE_IT_LIES)
	return before != after


def empty(site: Migrated, where: str = "true") -> None:
	site.run(f'UPDATE "tabSales Invoice Item" SET service_location = NULL WHERE {where}')


def test_where_next_to_no_line_has_one_the_table_is_written_anew(billed: Migrated) -> None:
	lines, checksum = billed.rows(LINES), billed.checksum()
	assert {line["service_location"] for line in lines} == {None, "SL-0000001", "SL-0000040"}
	empty(billed)
	assert fill(billed)
	assert billed.rows(LINES) == lines
	assert billed.checksum() == checksum


def test_where_others_have_one_those_that_lack_it_are_updated(billed: Migrated) -> None:
	lines = billed.rows(LINES)
	empty(billed, "name = 'LI-0001234'")
	assert not fill(billed)
	assert billed.rows(LINES) == lines


@pytest.mark.parametrize("cause", ("a view", "sparse ids"))
def test_what_keeps_the_table_from_being_written_anew_leaves_the_update(
	billed: Migrated, monkeypatch: pytest.MonkeyPatch, cause: str
) -> None:
	lines = billed.rows(LINES)
	if cause == "a view":
		billed.run(VIEW)
	else:
		monkeypatch.setattr(backfill, "LARGEST_ID", 1000)
	empty(billed)
	assert not fill(billed)
	assert billed.rows(LINES) == lines


def test_lines_that_a_later_run_brought_in_keep_their_place_when_the_table_was_written_anew(
	billed: Migrated,
) -> None:
	lines = billed.rows(LINES)
	empty(billed)
	assert fill(billed)
	billed.run("UPDATE gigafibre_migration.added SET run = 2")
	with billed.connection.cursor() as cursor:
		set_path(cursor)
		_undo(cursor, 1)
	billed.connection.commit()
	assert billed.rows(LINES) == lines


def test_what_the_table_is_written_anew_by_keeps_a_place_that_was_set_by_hand(billed: Migrated) -> None:
	"""The first line is the invoice's own, of no service: staff set its place."""
	empty(billed)
	billed.run(
		"""UPDATE "tabSales Invoice Item" SET service_location = 'SL-0000040' WHERE name = 'LI-0000001'"""
	)
	billed.step("351_rewrite_service_location.sql")
	(line,) = (line for line in billed.rows(LINES) if line["name"] == "LI-0000001")
	assert line["service_location"] == "SL-0000040"
