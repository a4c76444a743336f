"""How a site stands on PostgreSQL: its indexes, what lacking them costs, its fixes, its transactions."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import frappe

from gigafibre_utils.postgres import query_reports
from gigafibre_utils.postgres.catalogue import Catalogue, Outcome
from gigafibre_utils.postgres.fix import WELL
from gigafibre_utils.postgres.indexes import Index, Lack, Wish
from gigafibre_utils.postgres.wishes import wishes

BIG = 10 << 20
"""Bytes from which an index that is never read is worth a word."""

ISOLATION = "read committed"
"""In any stricter one, the later of two parallel submits dies of a serialization failure."""

_DATABASE = """
	SELECT
		current_setting('server_version') AS version,
		current_setting('transaction_isolation') AS isolation,
		pg_database_size(current_database()) AS bytes,
		stats_reset::text AS counting_since
	FROM pg_stat_database WHERE datname = current_database()
"""

_SCANS = """
	SELECT
		s.relname AS table, relpages * current_setting('block_size')::bigint AS bytes, n_live_tup AS rows,
		seq_scan AS scans, seq_tup_read AS rows_read
	FROM pg_stat_user_tables s JOIN pg_class ON pg_class.oid = relid WHERE schemaname = %s
"""


@dataclass(frozen=True)
class Database:
	"""The server and its transactions; `counting_since` is when its statistics began, None for always."""

	version: str
	isolation: str
	bytes: int
	counting_since: str | None


@dataclass(frozen=True)
class LackingTable:
	"""A table that lacks indexes, and how often PostgreSQL read it from end to end."""

	table: str
	bytes: int
	rows: int
	scans: int
	rows_read: int
	lacks: list[dict[str, Any]]


@dataclass(frozen=True)
class UnusedIndex:
	"""A big index of ours that was never read; `is_asked_for` tells whether a DocType still wants it."""

	name: str
	table: str
	columns: tuple[str, ...]
	bytes: int
	is_asked_for: bool


@dataclass(frozen=True)
class Report:
	"""All that the doctor found; the tables that cost most come first."""

	database: Database
	tables: list[LackingTable]
	unused: list[UnusedIndex]
	fixes: list[dict[str, Any]]

	@property
	def is_healthy(self) -> bool:
		"""Whether nothing is lacking, every fix stands, and parallel submits do not kill each other."""
		fixed = all(fix["state"] in WELL for fix in self.fixes)
		return not self.tables and fixed and self.database.isolation == ISOLATION

	def as_json(self) -> dict[str, Any]:
		"""The report as JSON's types."""
		return {"is_healthy": self.is_healthy, **asdict(self)}


def is_postgres() -> bool:
	"""Whether there is anything for the doctor to do."""
	return frappe.db.db_type == "postgres"


def examine() -> Report:
	"""Look at everything and change nothing."""
	from gigafibre_utils.postgres.fixes import FIXES

	wanted = wishes()
	with _catalogue() as catalogue:
		lacks, indexes = catalogue.lacking(wanted), catalogue.indexes()
	return Report(
		database=Database(**frappe.db.sql(_DATABASE, as_dict=True)[0]),
		tables=_tables(lacks),
		unused=_unused(indexes, wanted),
		fixes=[asdict(state) for state in (*FIXES.states(), *query_reports.states())],
	)


def mend() -> list[Outcome]:
	"""Make, rebuild or rename what indexes are lacking. Commits first: what was written so far is kept.

	Raises ServiceUnavailable where another process does the same and does not end.
	"""
	wanted = wishes()
	# A snapshot of this transaction would keep CREATE INDEX CONCURRENTLY waiting.
	frappe.db.commit()
	with _catalogue() as catalogue:
		return catalogue.mend(wanted)


@contextmanager
def _catalogue() -> Iterator[Catalogue]:
	connection = frappe.db.get_connection()
	try:
		yield Catalogue(connection, frappe.db.db_schema)
	finally:
		connection.close()


def _tables(lacks: Iterable[Lack]) -> list[LackingTable]:
	by_table: dict[str, list[dict[str, Any]]] = {}
	for lack in lacks:
		found = {"columns": lack.wish.columns, "is_unique": lack.wish.is_unique, "kind": lack.kind}
		by_table.setdefault(lack.wish.table, []).append(found)
	rows = frappe.db.sql(_SCANS, (frappe.db.db_schema,), as_dict=True)
	tables = [LackingTable(**row, lacks=by_table[row.table]) for row in rows if row.table in by_table]
	return sorted(tables, key=lambda table: (-table.rows_read, table.table))


def _unused(indexes: Iterable[Index], wanted: set[Wish]) -> list[UnusedIndex]:
	unused = [
		UnusedIndex(index.name, index.of.table, index.of.columns, index.bytes, index.of in wanted)
		for index in indexes
		if index.is_ours and not index.of.is_unique and not index.scans and index.bytes >= BIG
	]
	return sorted(unused, key=lambda index: -index.bytes)
