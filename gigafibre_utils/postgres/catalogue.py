"""The indexes of one database: reading them from PostgreSQL's catalogue, and making what is lacking.

Free of Frappe, as `indexes.py` is.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import psycopg2
from psycopg2.errors import LockNotAvailable, UniqueViolation
from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Composable, Identifier

from gigafibre_utils.errors import ServiceUnavailable
from gigafibre_utils.postgres.indexes import Index, Lack, Wish, create_statement, lacking

LARGE = 100_000
"""Rows of a table from which its writers are not kept waiting while an index is made."""

LARGE_BYTES = 32 << 20
"""The same in bytes, for what PostgreSQL does not know: statistics can be lost, a table's size cannot."""

WRITERS = "5s"
"""How long to wait for a table's writers; others wait behind as long."""

TRANSACTIONS = "60s"
"""How long CREATE INDEX CONCURRENTLY waits for older transactions; nobody waits behind it."""

PATIENCE = 60
"""Seconds to wait for another process that makes indexes."""

DUPLICATES = "There are rows with equal values."
"""Why a unique index cannot be made."""

_LOCK = int.from_bytes(b"indexes")
"""The key of the advisory lock under which indexes are made: one process at a time."""

# These read the catalogue alone: functions that measure an index would wait for whoever has it locked.
_INDEXES = """
	SELECT
		i.relname, t.relname, x.indisunique,
		ARRAY(
			SELECT a.attname::text
			FROM unnest((x.indkey::int2[])[0:x.indnkeyatts - 1]) WITH ORDINALITY k(number, place)
			JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.number
			ORDER BY place
		),
		x.indisvalid, EXISTS (SELECT FROM pg_constraint WHERE conindid = i.oid),
		i.relpages * current_setting('block_size')::bigint, coalesce(s.idx_scan, 0)
	FROM pg_index x
	JOIN pg_class i ON i.oid = x.indexrelid
	JOIN pg_class t ON t.oid = x.indrelid
	JOIN pg_am ON pg_am.oid = i.relam
	LEFT JOIN pg_stat_user_indexes s ON s.indexrelid = i.oid
	WHERE t.relnamespace = to_regnamespace(quote_ident(%s)) AND pg_am.amname = 'btree'
		AND x.indpred IS NULL AND x.indexprs IS NULL
		AND (SELECT bool_and(opcdefault) FROM pg_opclass WHERE oid = ANY (x.indclass))
"""

# A B-tree refuses a row of more than 2.7 kB, and so would the document be; JSON it does not know at all.
_COLUMNS = """
	SELECT t.relname, a.attname
	FROM pg_attribute a JOIN pg_class t ON t.oid = a.attrelid
	WHERE t.relnamespace = to_regnamespace(quote_ident(%s)) AND t.relkind IN ('r', 'p')
		AND a.attnum > 0 AND NOT a.attisdropped
		AND a.atttypid NOT IN ('text'::regtype, 'json'::regtype, 'jsonb'::regtype)
"""

_ROWS = """
	SELECT greatest(reltuples, pg_stat_get_live_tuples(oid)) FROM pg_class
	WHERE relnamespace = to_regnamespace(quote_ident(%s)) AND relname = %s
"""

_BYTES = "SELECT pg_relation_size(to_regclass(format('%%I.%%I', %s, %s)))"

_NAMES = "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(quote_ident(%s))"


@dataclass(frozen=True)
class Outcome:
	"""What became of a lack: mended, or refused with a sentence, mostly PostgreSQL's own."""

	lack: Lack
	refusal: str | None = None


class Catalogue:
	"""The tables and indexes of a schema, over a connection of one's own."""

	def __init__(self, connection: Connection, schema: str = "public"):
		connection.autocommit = True
		self._connection = connection
		self._schema = schema
		self._blocked: str | None = None

	def indexes(self) -> list[Index]:
		"""Every B-tree over whole columns and all rows; what else there is serves no wish."""
		return [
			Index(name, Wish(table, tuple(columns), is_unique), *state)
			for name, table, is_unique, columns, *state in self._read(_INDEXES, self._schema)
		]

	def lacking(self, wishes: Iterable[Wish]) -> list[Lack]:
		"""What must be made, rebuilt or renamed; a wish for columns that cannot have one is left aside."""
		columns = set(self._read(_COLUMNS, self._schema))
		possible = {
			wish for wish in wishes if columns.issuperset((wish.table, name) for name in wish.columns)
		}
		return lacking(possible, self.indexes(), (name for (name,) in self._read(_NAMES, self._schema)))

	def mend(self, wishes: Iterable[Wish]) -> list[Outcome]:
		"""Make, rebuild or rename what is lacking; a table that is large stays open to its writers meanwhile.

		Nothing else is dropped or changed. No transaction of the caller may hold a snapshot or a lock. Raises
		ServiceUnavailable where another process does the same and does not end.
		"""
		with self._alone():
			return self._mend(set(wishes))

	def _mend(self, wishes: set[Wish]) -> list[Outcome]:
		outcomes: list[Outcome] = []
		for table, lacks in groupby(self.lacking(wishes), lambda lack: lack.wish.table):
			outcomes += self._mend_table(table, list(lacks))
		refused = {outcome.lack.wish for outcome in outcomes if outcome.refusal}
		# What is refused serves no other wish either: what it would have served is then made for itself.
		return outcomes + self._mend(wishes - refused) if refused else outcomes

	def _mend_table(self, table: str, lacks: list[Lack]) -> Iterator[Outcome]:
		if self._is_large(table):
			return (self._while_written(lack) for lack in lacks)
		return self._at_once(lacks)

	def _at_once(self, lacks: list[Lack]) -> Iterator[Outcome]:
		"""All in one transaction; where one of them is refused, each by itself."""
		error = self._try(WRITERS, [part for lack in lacks for part in self._statements(lack)])
		if error and len(lacks) > 1 and not isinstance(error, LockNotAvailable):
			for lack in lacks:
				yield from self._at_once([lack])
		else:
			yield from (Outcome(lack, _words(error)) for lack in lacks)

	def _while_written(self, lack: Lack) -> Outcome:
		"""Without keeping writers waiting."""
		if self._blocked:
			# A transaction that does not end stands in the way of every further index too.
			return Outcome(lack, self._blocked)
		for statement in self._statements(lack, concurrently=True):
			if error := self._try(TRANSACTIONS, [statement]):
				if isinstance(error, LockNotAvailable):
					self._blocked = _words(error)
				if lack.kind != "in danger":
					# What is half made would be kept up with every write, and a unique one even enforced.
					self._try(TRANSACTIONS, [self._drop(lack.name, concurrently=True)])
				return Outcome(lack, _words(error))
		return Outcome(lack)

	def _statements(self, lack: Lack, concurrently: bool = False) -> list[Composable]:
		create = create_statement(lack.wish, lack.name, self._schema, concurrently)
		if lack.kind == "missing":
			return [create]
		if lack.kind == "broken":
			return [self._drop(lack.name, concurrently), create]
		there = Identifier(self._schema, lack.stands.name)
		return [SQL("ALTER INDEX {} RENAME TO {}").format(there, Identifier(lack.name))]

	def _drop(self, name: str, concurrently: bool) -> Composable:
		how = SQL("CONCURRENTLY " if concurrently else "")
		return SQL("DROP INDEX {}IF EXISTS {}").format(how, Identifier(self._schema, name))

	def _try(self, patience: str, statements: list[Composable]) -> psycopg2.Error | None:
		"""Run statements together; what PostgreSQL refuses them with."""
		with self._connection.cursor() as cursor:
			try:
				cursor.execute("SET lock_timeout = %s", [patience])
				cursor.execute(SQL("; ").join(statements))
			except psycopg2.Error as error:
				if self._connection.closed:
					raise
				return error
		return None

	@contextmanager
	def _alone(self) -> Iterator[None]:
		# Asked for again and again, not waited for: who waits in a statement holds a snapshot, and
		# CREATE INDEX CONCURRENTLY of the other process would wait for that.
		deadline = time.monotonic() + PATIENCE
		while not self._read("SELECT pg_try_advisory_lock(%s)", _LOCK)[0][0]:
			if time.monotonic() > deadline:
				raise ServiceUnavailable("Another process is making the indexes of this site.")
			time.sleep(0.5)
		try:
			yield
		finally:
			if not self._connection.closed:
				self._read("SELECT pg_advisory_unlock(%s)", _LOCK)

	def _is_large(self, table: str) -> bool:
		if self._read(_ROWS, self._schema, table)[0][0] > LARGE:
			return True
		try:
			self._read("SET lock_timeout = %s", WRITERS)
			return self._read(_BYTES, self._schema, table)[0][0] > LARGE_BYTES
		except LockNotAvailable:
			# Whoever keeps even readers out would be waited for with all writers behind.
			return True

	def _read(self, query: str, *values: Any) -> list[tuple]:
		with self._connection.cursor() as cursor:
			cursor.execute(query, values)
			return cursor.fetchall() if cursor.description else []


def _words(error: psycopg2.Error | None) -> str | None:
	"""PostgreSQL's own, without its details: they hold values of rows."""
	if isinstance(error, UniqueViolation):
		return DUPLICATES
	return error.diag.message_primary if error else None
