"""Connections to the embedded host's PostgreSQL, and rows in and out of it as dictionaries."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import psycopg2
from psycopg2.extras import execute_values
from psycopg2.pool import ThreadedConnectionPool
from psycopg2.sql import SQL, Composable, Identifier

from gigafibre_utils.errors import DuplicateDocument, ServiceUnavailable

POOL_SIZE, KEPT = 24, 8


def table(doctype: str) -> Identifier:
	"""The table of a DocType."""
	return Identifier(f"tab{doctype}")


class Database:
	"""A pool of connections. A connection serves one request or job at a time."""

	def __init__(self, url: str):
		self.url = url
		# As many as psycopg2 keeps when they come back; it closes those above.
		self._pool = ThreadedConnectionPool(KEPT, POOL_SIZE, url)
		self._free = threading.BoundedSemaphore(POOL_SIZE)

	def connection(self) -> "Connection":
		"""A connection of one's own until `release`; waits for one where all are busy.

		Raises ServiceUnavailable where PostgreSQL does not answer.
		"""
		if not self._free.acquire(timeout=30):
			raise ServiceUnavailable("The database is busy.")
		try:
			return Connection(self._living(), self._give_back)
		except psycopg2.OperationalError as error:
			self._free.release()
			raise ServiceUnavailable("The database does not answer.") from error

	def close(self) -> None:
		"""Close every connection."""
		self._pool.closeall()

	def _living(self) -> Any:
		# After a restart of PostgreSQL the pool holds connections that are dead and do not know it yet.
		while True:
			raw = self._pool.getconn()
			try:
				with raw.cursor() as cursor:
					cursor.execute("SELECT 1")
				raw.rollback()
				return raw
			except (psycopg2.OperationalError, psycopg2.InterfaceError):
				self._pool.putconn(raw, close=True)

	def _give_back(self, raw: Any) -> None:
		try:
			self._pool.putconn(raw, close=bool(raw.closed))
		finally:
			self._free.release()


class Connection:
	"""Statements in one transaction at a time, and what is to happen once it is committed."""

	def __init__(self, raw: Any, give_back: Callable[[Any], None]):
		self._raw = raw
		self._give_back = give_back
		self._after_commit: list[Callable[[], None]] = []
		self.statements = 0

	def run(self, statement: str | Composable, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
		"""One statement; its rows, or an empty list."""
		with self._raw.cursor() as cursor:
			self._execute(lambda: cursor.execute(statement, values))
			if not cursor.description:
				return []
			names = [column.name for column in cursor.description]
			return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

	def insert(self, doctype: str, rows: Iterable[dict[str, Any]]) -> None:
		"""Rows of one DocType, all with the same keys, in one statement."""
		rows = list(rows)
		columns = list(rows[0])
		statement = SQL("INSERT INTO {} ({}) VALUES %s").format(
			table(doctype), SQL(", ").join(map(Identifier, columns))
		)
		with self._raw.cursor() as cursor:
			values = [[row[column] for column in columns] for row in rows]
			self._execute(lambda: execute_values(cursor, statement, values, page_size=len(values)))

	def after_commit(self, action: Callable[[], None]) -> None:
		"""Do this once the transaction is committed, and never if it is not."""
		self._after_commit.append(action)

	def commit(self) -> None:
		"""Commit, then do what waited for it."""
		actions, self._after_commit = self._after_commit, []
		self._guarded(self._raw.commit)
		for action in actions:
			action()

	def rollback(self) -> None:
		"""Undo the transaction; a connection that is lost has nothing left to undo."""
		self._after_commit.clear()
		if not self._raw.closed:
			self._guarded(self._raw.rollback)

	def release(self) -> None:
		"""Give the connection back; what was not committed is undone."""
		try:
			self.rollback()
		finally:
			self._give_back(self._raw)

	def _execute(self, statement: Callable[[], Any]) -> None:
		self.statements += 1
		self._guarded(statement)

	def _guarded(self, action: Callable[[], Any]) -> None:
		try:
			action()
		except psycopg2.errors.UniqueViolation as error:
			raise DuplicateDocument(f"{error.diag.constraint_name} holds that value already.") from error
		except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
			raise ServiceUnavailable("The database does not answer.") from error
