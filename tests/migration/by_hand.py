"""Legacy rows written by hand, staged as a run stages them, and single SQL files run on them."""

import itertools
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import psycopg2
from psycopg2.extensions import connection as Connection

from gigafibre_utils.embedded import schema
from gigafibre_utils.embedded.database import Database
from gigafibre_utils.embedded.postgres import PostgresServer
from gigafibre_utils.migration.books import Books, Resolved
from gigafibre_utils.migration.staging import stage
from gigafibre_utils.migration.tables import TABLES, Column, Table
from gigafibre_utils.migration.target import run_file, set_path

TORONTO = ZoneInfo("America/Toronto")
AS_OF = date(2026, 11, 21)
BOOKS = Books(
	run=1,
	company="TARGO",
	abbr="T",
	currency="CAD",
	country="Canada",
	time_zone="America/Toronto",
	cost_center="Main - T",
	receivable="Debtors - T",
	default_income="Sales - T",
	round_off="Round Off - T",
	round_off_cost_center="Main - T",
	owner="Administrator",
	territory="Canada",
	language="fr",
	uom="Nos",
	as_of=AS_OF,
	since=None,
)
INCOME = {"": "Sales - T", "internet": "Internet - T"}
PLAN = ("010_party.sql", "020_place.sql", "030_sold.sql", "035_issue.sql")
# As a run makes it for each step.
FINDING = """
	CREATE TEMP TABLE finding (
		outcome text NOT NULL, legacy_table text NOT NULL, legacy_id bigint NOT NULL, reason text NOT NULL,
		detail text, legacy_row jsonb
	) ON COMMIT DROP
"""
TABLES_ONLY = "tables_only"
_EMPTY = {"int": b"0", "number": b"0", "number?": None, "date": b"0000-00-00"}
_STATUS = {
	"customer": b"active",
	"service": b"active",
	"invoice": b"open",
	"payment": b"ok",
	"payment_arrangement": b"active",
	"ticket": b"open",
}


def seconds(*moment: int) -> int:
	"""Unix seconds of a moment in Montréal."""
	return int(datetime(*moment, tzinfo=TORONTO).timestamp())


class Snapshot:
	"""A legacy database that holds these rows; what a row does not say is as the schema's default has it."""

	def __init__(self, **tables: list[dict[str, Any]]):
		self._tables = tables

	def table(self, table: Table) -> Iterator[tuple[bytes | None, ...]]:
		"""The rows of a table, as bytes."""
		for row in self._tables.get(table.name, []):
			yield tuple(
				_raw(row[column.name]) if column.name in row else _unsaid(table.name, column)
				for column in table.columns
			)


def _unsaid(table: str, column: Column) -> bytes | None:
	return _STATUS[table] if column.name == "status" else _EMPTY.get(column.kind, b"")


def _raw(value: Any) -> bytes | None:
	return value if value is None or isinstance(value, bytes) else str(value).encode()


class Migrated:
	"""A site of its own with the plan made from the rows; files are run one by one."""

	def __init__(self, connection: Connection):
		self.connection = connection
		self.number = 1
		"""Of the run that the steps are."""

	def plan(self, since: date | None = None, **tables: list[dict[str, Any]]) -> None:
		"""Stage the rows, and make the plan of parties, places, items and issues."""
		snapshot = Snapshot(**tables)
		with self.connection.cursor() as cursor:
			run_file(cursor, "000_schema.sql")
			set_path(cursor)
			for table in TABLES.values():
				stage(snapshot, self.connection, table)
			Resolved(replace(BOOKS, since=since), income=INCOME).write(cursor)
			for name in PLAN:
				run_file(cursor, name)
		self.connection.commit()

	def step(self, *files: str) -> list[tuple[str, str, int, str]]:
		"""Run files as one step; gives outcome, table, id and reason of its findings."""
		with self.connection.cursor() as cursor:
			set_path(cursor)
			cursor.execute("SELECT set_config('gigafibre.run', %s, true)", [str(self.number)])
			cursor.execute("SELECT set_config('gigafibre.step', 'by_hand', true)")
			cursor.execute(FINDING)
			for name in files:
				run_file(cursor, name)
			cursor.execute("SELECT outcome, legacy_table, legacy_id, reason FROM finding ORDER BY 2, 3, 4")
			found = cursor.fetchall()
		self.connection.commit()
		return found

	def rows(self, query: str, *values: Any) -> list[dict[str, Any]]:
		"""The rows of a query as dictionaries."""
		with self.connection.cursor() as cursor:
			set_path(cursor)
			cursor.execute(query, values)
			names = [column.name for column in cursor.description]
			found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
		self.connection.rollback()
		return found

	def row(self, doctype: str, name: str) -> dict[str, Any]:
		"""The one document of that name."""
		(found,) = self.rows(f'SELECT * FROM "tab{doctype}" WHERE name = %s', name)
		return found

	def checksum(self) -> dict[str, str]:
		"""One value for the rows of every table of the site that has any."""
		tables = self.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
		sums = {}
		for table in (row["tablename"] for row in tables):
			(found,) = self.rows(
				f"SELECT count(*) AS rows, md5(string_agg(t::text, ',' ORDER BY t::text)) AS sum "
				f'FROM public."{table}" t'
			)
			if found["rows"]:
				sums[table] = found["sum"]
		return sums

	def run(self, statement: str) -> None:
		"""A statement, committed."""
		with self.connection.cursor() as cursor:
			cursor.execute(statement)
		self.connection.commit()


class Sites:
	"""An embedded PostgreSQL with ERPNext's empty tables, of which each site is a copy."""

	def __init__(self, server: PostgresServer):
		self._server = server
		self._numbers = itertools.count(1)
		database = Database(server.new_database(TABLES_ONLY))
		connection = database.connection()
		schema.create(connection)
		connection.commit()
		connection.release()
		database.close()

	@contextmanager
	def site(self) -> Iterator[Migrated]:
		"""A site that nobody else has."""
		url = self._server.new_database(f"by_hand_{next(self._numbers)}", TABLES_ONLY)
		with closing(psycopg2.connect(url)) as connection:
			yield Migrated(connection)


@contextmanager
def sites() -> Iterator[Sites]:
	"""Sites of one server, which ends with them."""
	with TemporaryDirectory() as directory:
		# Where there are no user namespaces, PostgreSQL runs as nobody, who must be able to pass.
		Path(directory).chmod(0o711)
		server = PostgresServer(Path(directory) / "cluster")
		server.start()
		try:
			yield Sites(server)
		finally:
			server.stop()
