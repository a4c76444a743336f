"""The MariaDB that a sample is written to: tables, made where they are missing, and rows by the thousand."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import MySQLdb

from gigafibre_utils.errors import InvalidInput, ServiceUnavailable
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.sample.records import Record

SCHEMA = Path(__file__).parent / "legacy_schema.sql"
BATCH_BYTES = 1 << 19
"""Bytes of one INSERT at least; with a message of a megabyte still well under MariaDB's usual 16 MB."""

Progress = Callable[[str, int], None]


class LegacyDatabase:
	"""Writes rows in batches, all in one transaction."""

	def __init__(self, connection: Any, progress: Progress | None):
		self._connection = connection
		self._progress = progress
		self._rows: defaultdict[str, list[bytes]] = defaultdict(list)
		self._bytes: Counter[str] = Counter()
		self.counts: Counter[str] = Counter()

	def put(self, record: Record) -> None:
		"""Write a row, sooner or later."""
		table, row = record.table, record.sql()
		self._rows[table].append(row)
		self._bytes[table] += len(row)
		if self._bytes[table] > BATCH_BYTES:
			self._write(table)

	def close(self) -> None:
		"""Write what is left, and commit."""
		for table in list(self._rows):
			self._write(table)
		self._connection.commit()

	def _write(self, table: str) -> None:
		rows, self._rows[table] = self._rows[table], []
		self._bytes[table] = 0
		if not rows:
			return
		with self._connection.cursor() as cursor:
			cursor.execute(b"INSERT INTO %b VALUES %b" % (table.encode(), b",".join(rows)))
		self.counts[table] += len(rows)
		if self._progress:
			self._progress(table, self.counts[table])


@contextmanager
def opened(url: str, progress: Progress | None) -> Iterator[LegacyDatabase]:
	"""The database with its tables, made where they are missing; what is written is committed at the end.

	Raises InvalidInput where one of the tables holds rows, and what `Legacy` raises that cannot be reached.
	"""
	connection = Legacy(url).connect()
	try:
		with connection.cursor() as cursor:
			# Bytes go into the tables as they are, zero dates pass, and InnoDB may load in bulk.
			cursor.execute("SET NAMES latin1")
			cursor.execute("SET SESSION sql_mode = '', unique_checks = 0, foreign_key_checks = 0")
			_see_that_it_is_empty(cursor)
			for statement in statements().values():
				cursor.execute(statement.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1))
		database = LegacyDatabase(connection, progress)
		yield database
		database.close()
	except MySQLdb.Error as error:
		raise ServiceUnavailable(f"The sample could not be written: {error.args[-1]}.") from error
	finally:
		connection.close()


def _see_that_it_is_empty(cursor: Any) -> None:
	cursor.execute("SHOW TABLES")
	there = {name.decode() if isinstance(name, bytes) else name for (name,) in cursor.fetchall()}
	for name in filter(there.__contains__, statements()):
		cursor.execute(f"SELECT 1 FROM {name} LIMIT 1")
		if cursor.fetchone():
			raise InvalidInput(
				f"The table {name} holds rows already: a sample is written into an empty database only."
			)


def statements() -> dict[str, str]:
	"""The CREATE TABLE of each legacy table by its name."""
	bare = re.sub(r"--.*", "", SCHEMA.read_text(encoding="utf-8"))
	found = (statement.strip() for statement in bare.split(";"))
	return {statement.split()[2]: statement for statement in found if statement}
