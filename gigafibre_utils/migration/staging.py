"""Legacy rows on their way: streamed out of MariaDB, cleaned, and copied into a schema of our own.

The tables are unlogged: they are written once and can be had again from the legacy database.
"""

import io
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import SQL, Identifier

from gigafibre_utils.migration import clean, tables
from gigafibre_utils.migration.legacy import Snapshot
from gigafibre_utils.migration.tables import Table

SCHEMA = "gigafibre_migration"
CHUNK = 1 << 18
"""Bytes handed to PostgreSQL at a time."""

READ_BY = crc32(b"".join(Path(module.__file__ or "").read_bytes() for module in (clean, tables))) >> 1
"""Changes with how rows are read and cleaned: after that, what was staged before is no longer good."""

Progress = Callable[[int], None]

_REACH = ("emails text[]", "bad_emails text[]", "home_e164 text", "cell_e164 text", "bad_phones text[]")


def stage(snapshot: Snapshot, connection: Connection, table: Table, progress: Progress | None = None) -> int:
	"""Copy a legacy table into staging, in place of what is there; gives its number of rows.

	The caller commits.
	"""
	name = Identifier(SCHEMA, table.name)
	with connection.cursor() as cursor:
		cursor.execute(SQL("DROP TABLE IF EXISTS {} CASCADE").format(name))
		cursor.execute(
			SQL("CREATE UNLOGGED TABLE {} ({}) WITH (autovacuum_enabled = off)").format(
				name, SQL(_columns(table))
			)
		)
		lines = Lines(_lines(table, snapshot.table(table)), progress)
		try:
			cursor.copy_expert(SQL("COPY {} FROM STDIN").format(name), lines, size=CHUNK)
		except psycopg2.Error:
			if lines.error:
				raise lines.error from None
			raise
		cursor.execute(SQL("ALTER TABLE {} ADD PRIMARY KEY (id)").format(name))
		cursor.execute(SQL("ANALYZE {}").format(name))
	return lines.rows


class Lines(io.RawIOBase):
	"""Lines of COPY as the file that psycopg2 reads; no more than a chunk of them is ever held."""

	def __init__(self, lines: Iterable[bytes], progress: Progress | None = None):
		self._lines = iter(lines)
		self._rest = b""
		self._progress = progress
		self.rows = 0
		self.error: Exception | None = None

	def readable(self) -> bool:
		"""Always."""
		return True

	def read(self, size: int = -1) -> bytes:
		"""As many bytes as are asked for while there are so many. What the lines raise is kept in `error`."""
		try:
			return self._read(size if size > 0 else CHUNK)
		except Exception as error:
			# psycopg2 tells the server of it, and its caller only what the server then says.
			self.error = error
			raise

	def _read(self, wanted: int) -> bytes:
		held, parts = len(self._rest), [self._rest]
		while held < wanted and (line := next(self._lines, None)) is not None:
			parts.append(line)
			held += len(line)
			self.rows += 1
		if self._progress and len(parts) > 1:
			self._progress(self.rows)
		data = b"".join(parts)
		self._rest = data[wanted:]
		return data[:wanted]


def _columns(table: Table) -> str:
	columns = [f"{column.name} {column.postgres_type} NOT NULL" for column in table.columns]
	columns = [
		column.removesuffix(" NOT NULL") if described.kind in ("date", "number?") else column
		for column, described in zip(columns, table.columns, strict=True)
	]
	return ", ".join([*columns, *(_REACH if table.name == "customer" else ())])


def _lines(table: Table, rows: Iterable[tuple[bytes | None, ...]]) -> Iterator[bytes]:
	cleaners = table.cleaners()
	reach = _reach(table) if table.name == "customer" else None
	for row in rows:
		values: list[Any] = list(row)
		for place, cleaned in cleaners:
			values[place] = cleaned(values[place])
		if reach:
			values += reach(row)
		yield b"\t".join(values) + b"\n"


def _reach(table: Table) -> Callable[[tuple[bytes | None, ...]], list[bytes]]:
	"""What a customer can be reached by, and what looked like it and is none."""
	names = [column.name for column in table.columns]
	email, home, cell = (names.index(name) for name in ("email", "phone_home", "phone_cell"))

	def reach(row: tuple[bytes | None, ...]) -> list[bytes]:
		valid, invalid = clean.emails(clean.line(row[email] or b""))
		written = [clean.line(row[place] or b"") for place in (home, cell)]
		phones = [clean.phone(number) for number in written]
		unusable = [number for number, phone in zip(written, phones, strict=True) if number and not phone]
		return [
			_array(valid),
			_array(invalid),
			*(phone.encode() if phone else rb"\N" for phone in phones),
			_array(unusable),
		]

	return reach


def _array(values: list[str]) -> bytes:
	quoted = ('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values)
	return clean.copied("{" + ",".join(quoted) + "}")


def standing(cursor: Cursor, legacy: str, table: Table, checksum: int) -> int | None:
	"""The rows of a table that stands in staging as the legacy database has it; None where it does not."""
	name = Identifier(SCHEMA, table.name)
	cursor.execute(
		"SELECT rows FROM staged WHERE table_name = %s AND legacy = %s AND checksum = %s "
		"AND to_regclass(%s) IS NOT NULL",
		[table.name, legacy, _marked(checksum), f"{SCHEMA}.{table.name}"],
	)
	if not (known := cursor.fetchone()):
		return None
	# After a crash of the server an unlogged table is there and empty.
	cursor.execute(SQL("SELECT count(*) FROM {}").format(name))
	return known[0] if cursor.fetchone() == known else None


def remember(cursor: Cursor, legacy: str, table: Table, checksum: int, rows: int) -> None:
	"""Say what stands in staging now."""
	cursor.execute(
		"INSERT INTO staged VALUES (%s, %s, %s, %s) ON CONFLICT (table_name) DO UPDATE "
		"SET legacy = excluded.legacy, checksum = excluded.checksum, rows = excluded.rows",
		[table.name, legacy, _marked(checksum), rows],
	)


def _marked(checksum: int) -> int:
	"""A table's checksum, of 32 bits, and how it was read."""
	return checksum << 31 | READ_BY
