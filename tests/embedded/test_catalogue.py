"""Indexes made in a real PostgreSQL: by several at once, over data that refuses them, beside who writes."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from gigafibre_utils.embedded.postgres import PostgresServer
from gigafibre_utils.errors import ServiceUnavailable
from gigafibre_utils.postgres import catalogue as module
from gigafibre_utils.postgres.catalogue import Catalogue, Outcome
from gigafibre_utils.postgres.indexes import Wish
from tests.patience import PATIENCE

INVOICE, ITEM = "tabSales Invoice", "tabSales Invoice Item"
CUSTOMER = Wish(INVOICE, ("customer",))
PARENT = Wish(ITEM, ("parent",))
EMAIL = Wish(INVOICE, ("email",), is_unique=True)
WIDE = Wish(ITEM, ("item_code", "warehouse"), is_unique=True)


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
	with TemporaryDirectory() as directory:
		# Where there are no user namespaces, PostgreSQL runs as nobody, who must be able to pass.
		Path(directory).chmod(0o711)
		server = PostgresServer(Path(directory) / "cluster")
		server.start()
		yield server
		server.stop()


@pytest.fixture
def url(server: PostgresServer) -> str:
	"""A database with two tables of a site, and a few rows."""
	with closing(psycopg2.connect(server.url)) as connection:
		run(
			connection,
			f"""
			DROP SCHEMA public CASCADE;
			CREATE SCHEMA public;
			CREATE TABLE "{INVOICE}" (
				name varchar PRIMARY KEY, customer varchar(140), email varchar(140), remarks text, extra json
			);
			CREATE TABLE "{ITEM}" (
				name varchar PRIMARY KEY, parent varchar(140), item_code varchar(140), warehouse varchar(140)
			);
			INSERT INTO "{INVOICE}" SELECT i, 'C' || i % 7, 'e' || i FROM generate_series(1, 200) i;
			INSERT INTO "{ITEM}" SELECT i, i % 50, 'I' || i % 9, 'W' || i FROM generate_series(1, 500) i;
			""",
		)
	return server.url


def run(connection: Connection, statement: str) -> list[tuple[Any, ...]]:
	connection.autocommit = True
	with connection.cursor() as cursor:
		cursor.execute(statement)
		return cursor.fetchall() if cursor.description else []


@contextmanager
def connected(url: str) -> Iterator[Connection]:
	with closing(psycopg2.connect(url)) as connection:
		yield connection


def mend(url: str, *wishes: Wish) -> list[Outcome]:
	with connected(url) as connection:
		return Catalogue(connection).mend(wishes)


def names(url: str, table: str = "%") -> set[str]:
	"""The indexes that are no primary keys, all valid."""
	with connected(url) as connection:
		rows = run(
			connection,
			f"""
			SELECT i.relname, indisvalid FROM pg_index JOIN pg_class i ON i.oid = indexrelid
			JOIN pg_class t ON t.oid = indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
			WHERE n.nspname = 'public' AND NOT indisprimary AND t.relname LIKE '{table}'
			""",
		)
	assert all(is_valid for _, is_valid in rows)
	return {name for name, _ in rows}


def execute(url: str, statement: str) -> None:
	with connected(url) as connection:
		run(connection, statement)


@pytest.fixture(params=["small", "large"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
	"""Tables that are small, or so large that their writers must not wait."""
	if request.param == "large":
		monkeypatch.setattr(module, "LARGE", 0)
	return request.param


def test_all_is_made_and_made_once(url: str, size: str):
	wishes = (CUSTOMER, PARENT, EMAIL, WIDE, Wish(ITEM, ("item_code",)))
	outcomes = mend(url, *wishes)
	assert [outcome.refusal for outcome in outcomes] == [None] * 4
	assert names(url) == {
		"tabSales Invoice_customer_idx",
		"tabSales Invoice_email_key",
		"tabSales Invoice Item_parent_idx",
		"tabSales Invoice Item_item_code_warehouse_key",
	}
	assert mend(url, *wishes) == []


def test_columns_that_cannot_have_an_index_are_left_aside(url: str):
	nowhere = [
		*(Wish(INVOICE, ("remarks",)), Wish(INVOICE, ("extra",)), Wish(INVOICE, ("customer", "remarks"))),
		*(Wish(INVOICE, ("no_such_column",)), Wish("tabNo Such Table", ("name",))),
	]
	assert mend(url, *nowhere) == []
	assert names(url) == set()


def test_frappes_drop_of_a_bare_name_hits_nothing(url: str, size: str):
	execute(url, f'CREATE INDEX "customer" ON "{INVOICE}" (customer)')
	execute(url, f'CREATE UNIQUE INDEX "unique_email" ON "{INVOICE}" (email)')
	assert [outcome.lack.kind for outcome in mend(url, CUSTOMER, EMAIL)] == ["in danger", "in danger"]
	execute(url, 'DROP INDEX IF EXISTS "customer"; DROP INDEX IF EXISTS "unique_email"')
	assert names(url) == {"tabSales Invoice_customer_idx", "tabSales Invoice_email_key"}
	assert mend(url, CUSTOMER, EMAIL) == []


def test_what_strangers_made_serves_where_it_can_and_stays_where_it_cannot(url: str, size: str):
	execute(
		url,
		f"""
		CREATE INDEX wide ON "{INVOICE}" (customer, email);
		CREATE INDEX partial ON "{ITEM}" (parent) WHERE warehouse = 'W1';
		CREATE INDEX expression ON "{ITEM}" (lower(parent));
		CREATE INDEX hashed ON "{ITEM}" USING hash (parent);
		CREATE INDEX pattern ON "{ITEM}" (parent varchar_pattern_ops);
		CREATE INDEX turned ON "{ITEM}" (warehouse, parent);
		""",
	)
	strangers = names(url)
	assert [outcome.lack.wish for outcome in mend(url, CUSTOMER, PARENT)] == [PARENT]
	assert names(url) - strangers == {"tabSales Invoice Item_parent_idx"}
	assert strangers <= names(url)


def test_a_name_that_another_table_holds_keeps_no_index_away(url: str):
	execute(url, f'CREATE INDEX "tabSales Invoice_customer_idx" ON "{ITEM}" (warehouse)')
	(outcome,) = mend(url, CUSTOMER)
	assert outcome.lack.name in names(url, INVOICE)
	assert "tabSales Invoice_customer_idx" in names(url, ITEM)


def test_a_quote_in_a_name_is_part_of_it(url: str):
	execute(url, 'CREATE TABLE "tabO\'""Brien %s" ("order" varchar(140), "a%b" int)')
	wish = Wish("tabO'\"Brien %s", ("order", "a%b"))
	assert [outcome.refusal for outcome in mend(url, wish)] == [None]
	assert mend(url, wish) == []


def test_duplicates_refuse_a_unique_index_and_nothing_else(url: str, size: str):
	execute(url, f"""UPDATE "{ITEM}" SET item_code = 'same', warehouse = 'same', parent = 'secret'""")
	outcomes = mend(url, WIDE, PARENT, Wish(ITEM, ("item_code",)))
	refused = {outcome.lack.wish: outcome.refusal for outcome in outcomes if outcome.refusal}
	assert refused == {WIDE: module.DUPLICATES}
	# What it would have served has one of its own.
	assert names(url) == {"tabSales Invoice Item_parent_idx", "tabSales Invoice Item_item_code_idx"}


def test_a_build_that_was_interrupted_is_found_and_done_again(url: str, size: str):
	with connected(url) as writer, connected(url) as builder:
		with writer.cursor() as cursor:
			cursor.execute(f"""UPDATE "{INVOICE}" SET remarks = 'not committed'""")
		builder.autocommit = True
		statement = f'CREATE INDEX CONCURRENTLY "{CUSTOMER.names[0]}" ON "{INVOICE}" (customer)'
		with builder.cursor() as cursor, pytest.raises(psycopg2.errors.LockNotAvailable):
			cursor.execute("SET lock_timeout = '200ms'")
			cursor.execute(statement)
		writer.rollback()
	with connected(url) as connection:
		assert [index.is_valid for index in Catalogue(connection).indexes() if index.of == CUSTOMER] == [
			False
		]
	assert [outcome.lack.kind for outcome in mend(url, CUSTOMER)] == ["broken"]
	assert names(url) == {"tabSales Invoice_customer_idx"}


def test_a_strangers_broken_index_is_left_to_him(url: str):
	execute(url, f"""UPDATE "{INVOICE}" SET email = 'same'""")
	with connected(url) as connection, pytest.raises(psycopg2.errors.UniqueViolation):
		run(connection, f'CREATE UNIQUE INDEX CONCURRENTLY stranger ON "{INVOICE}" (email)')
	execute(url, f'UPDATE "{INVOICE}" SET email = name')
	assert [outcome.refusal for outcome in mend(url, EMAIL)] == [None]
	with connected(url) as connection:
		valid = {index.name: index.is_valid for index in Catalogue(connection).indexes()}
	assert (valid["stranger"], valid[EMAIL.names[0]]) == (False, True)


# By its size where PostgreSQL has lost count of its rows.
@pytest.mark.parametrize("measure", ["LARGE", "LARGE_BYTES"])
def test_writers_of_a_large_table_do_not_wait_while_its_index_is_made(
	url: str, measure: str, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(module, measure, 0)
	with connected(url) as older, connected(url) as writer, ThreadPoolExecutor(1) as pool:
		with older.cursor() as cursor:
			cursor.execute(f"""UPDATE "{INVOICE}" SET remarks = 'x' WHERE name = '1'""")
		mending = pool.submit(mend, url, CUSTOMER)
		until_somebody_waits(url)
		run(writer, "SET lock_timeout = '1s'")
		run(writer, f"""INSERT INTO "{INVOICE}" (name, customer) VALUES ('new', 'C1')""")
		assert not mending.done()
		older.commit()
		assert [outcome.refusal for outcome in mending.result()] == [None]


def test_writers_that_do_not_end_are_left_in_peace(url: str, size: str, monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(module, "WRITERS", "100ms")
	monkeypatch.setattr(module, "TRANSACTIONS", "100ms")
	with connected(url) as writer:
		with writer.cursor() as cursor:
			cursor.execute(f"""UPDATE "{INVOICE}" SET remarks = 'x'""")
		started = time.monotonic()
		outcomes = mend(url, CUSTOMER, Wish(INVOICE, ("email",)), Wish(INVOICE, ("name", "email")))
		assert time.monotonic() - started < PATIENCE / 2
		writer.commit()
	assert {outcome.refusal for outcome in outcomes} == {"canceling statement due to lock timeout"}
	assert [outcome.refusal for outcome in mend(url, CUSTOMER)] == [None]


def test_a_table_that_nobody_may_read_is_left_in_peace(url: str, monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(module, "WRITERS", "100ms")
	monkeypatch.setattr(module, "TRANSACTIONS", "100ms")
	with connected(url) as owner:
		with owner.cursor() as cursor:
			cursor.execute(f'LOCK TABLE "{INVOICE}" IN ACCESS EXCLUSIVE MODE')
		started = time.monotonic()
		outcomes = {outcome.lack.wish: outcome.refusal for outcome in mend(url, CUSTOMER, PARENT)}
		assert time.monotonic() - started < PATIENCE / 2
	assert outcomes == {CUSTOMER: "canceling statement due to lock timeout", PARENT: None}


def test_several_at_once_do_each_others_work(url: str, size: str):
	wishes = [CUSTOMER, PARENT, EMAIL, WIDE]
	start = threading.Barrier(4)

	def together() -> list[Outcome]:
		start.wait()
		return mend(url, *wishes)

	with ThreadPoolExecutor(4) as pool:
		done = [future.result() for future in [pool.submit(together) for _ in range(4)]]
	outcomes = [outcome for outcomes in done for outcome in outcomes]
	assert sorted(outcome.lack.wish.columns for outcome in outcomes) == sorted(w.columns for w in wishes)
	assert not any(outcome.refusal for outcome in outcomes)
	assert len(names(url)) == len(wishes)


def test_who_waits_too_long_for_another_is_told(url: str, monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(module, "PATIENCE", 0.1)
	with connected(url) as other:
		run(other, f"SELECT pg_advisory_lock({module._LOCK})")
		with pytest.raises(ServiceUnavailable):
			mend(url, CUSTOMER)
	assert [outcome.refusal for outcome in mend(url, CUSTOMER)] == [None]


def until_somebody_waits(url: str) -> None:
	deadline = time.monotonic() + PATIENCE
	with connected(url) as connection:
		query = (
			"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'CREATE I%'"
		)
		while not run(connection, query)[0][0]:
			assert time.monotonic() < deadline
			time.sleep(0.02)
