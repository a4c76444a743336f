"""The legacy database: MariaDB, only ever read, in one snapshot of it for each connection."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import MySQLdb
from MySQLdb.cursors import SSCursor

from gigafibre_utils import signals
from gigafibre_utils.errors import GigafibreError, InvalidInput, ServiceUnavailable
from gigafibre_utils.migration.tables import TABLES, Table

BATCH = 5_000
"""Rows fetched at a time; the rest waits at the server."""

CONNECT_SECONDS = 10
FORM = (
	"The legacy database must be given as mysql://user:password@host:3306/database, with signs such as "
	"@ # / % in the password as %40 %23 %2F %25."
)
LOCK_SECONDS = 30
"""How long somebody may keep a table from being read; MariaDB itself would wait for a day."""

SILENT_SECONDS = 900
"""After so long without a word the server is taken for gone."""

REFUSED, NO_DATABASE, NO_RIGHT, LOCKED = 1045, 1049, 1044, 1205
GONE = (1053, 1927, 2003, 2006, 2013, 2055)


class Legacy:
	"""A legacy database by its URL: `mysql://user:password@host/gestionclient`, `?unix_socket=` allowed."""

	def __init__(self, url: str):
		try:
			parts = urlsplit(url)
			port = parts.port or 3306
		except ValueError:
			raise InvalidInput(FORM) from None  # its words may hold the password
		database = unquote(parts.path.lstrip("/"))
		if parts.scheme not in ("mysql", "mariadb") or not database or parts.fragment:
			raise InvalidInput(FORM)
		self._place = {"host": parts.hostname or "localhost", "port": port, "database": database}
		self._user = {"user": unquote(parts.username or ""), "password": unquote(parts.password or "")}
		if unix_socket := parse_qs(parts.query).get("unix_socket"):
			self._place |= {"unix_socket": unix_socket[0]}
		self._lines: set[socket.socket] = set()

	@property
	def name(self) -> str:
		"""What the database is called in reports: without user and password."""
		return f"{self._place['host']}:{self._place['port']}/{self._place['database']}"

	@contextmanager
	def snapshot(self) -> Iterator["Snapshot"]:
		"""The database as it is now, however long it is read.

		Raises ServiceUnavailable where the server does not answer, InvalidInput where it refuses the user, a
		query or has no such database.
		"""
		connection = self.connect()
		try:
			with self._on_line(connection):
				with connection.cursor() as cursor:
					# No conversion: what stands in the tables comes as it stands.
					cursor.execute("SET SESSION character_set_results = NULL")
					cursor.execute("SET SESSION sql_mode = '', net_write_timeout = 3600")
					cursor.execute(f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}")
					cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
					cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
				yield Snapshot(connection)
		except MySQLdb.Error as error:
			raise self._in_one_sentence(error) from error
		finally:
			connection.close()

	@contextmanager
	def attended(self) -> Iterator[None]:
		"""While within, Ctrl-C ends what the server is waited for."""
		with signals.heard(self.hang_up):
			yield

	def hang_up(self) -> None:
		"""End what any thread waits for: to it the server went away.

		The sockets are shut here rather than the queries killed there: that needs no further connection, of
		which the server may have none left, and no answer of a server that gives none.
		"""
		for line in tuple(self._lines):
			with suppress(OSError):  # it is shut already
				line.shutdown(socket.SHUT_RDWR)

	@contextmanager
	def _on_line(self, connection: Any) -> Iterator[None]:
		"""While within, `hang_up` reaches the connection, by a descriptor of our own of its socket."""
		with socket.socket(fileno=os.dup(connection.fileno())) as line:
			self._lines.add(line)
			try:
				yield
			finally:
				self._lines.discard(line)

	def _in_one_sentence(self, error: MySQLdb.Error) -> GigafibreError:
		code, told = error.args[0], error.args[-1]
		if code == LOCKED:
			somebody = f"somebody has kept a table locked for {LOCK_SECONDS} seconds"
			return ServiceUnavailable(f"The legacy database {self.name} cannot be read: {somebody}.")
		if code in GONE:
			return ServiceUnavailable(f"The legacy database {self.name} went away: {told}.")
		return InvalidInput(f"The legacy database {self.name} cannot be read: {told}.")

	def check(self) -> None:
		"""See that all that is read is there, and that ERPNext has room for it.

		Raises InvalidInput with a sentence that names what is not.
		"""
		with self.snapshot() as snapshot:
			there = snapshot.columns()
			for table in TABLES.values():
				if table.name not in there:
					told = f"has no table {table.name} that its user may read"
					raise InvalidInput(f"The legacy database {self.name} {told}.")
				for column in table.columns:
					kind, length = there[table.name].get(column.name, (None, 0))
					_check_column(table.name, column.name, kind, column.mariadb_types)
					if column.room and length > column.room:
						_check_room(snapshot, table.name, column.name, column.room)

	def connect(self) -> Any:
		"""A connection that converts nothing; raises as `snapshot` does."""
		try:
			return MySQLdb.connect(
				**self._place,
				**self._user,
				conv={},
				use_unicode=False,
				connect_timeout=CONNECT_SECONDS,
				read_timeout=SILENT_SECONDS,
			)
		except MySQLdb.Error as error:
			code = error.args[0]
			if code in (REFUSED, NO_RIGHT):
				told = f"refuses the user {self._user['user']}: the password is wrong, or a right is missing"
				raise InvalidInput(f"The legacy database {self.name} {told}.") from None
			if code == NO_DATABASE:
				raise InvalidInput(f"There is no legacy database {self.name}.") from None
			raise ServiceUnavailable(f"The legacy database {self.name} does not answer.") from None


class Snapshot:
	"""One connection, reading what was committed when it was made."""

	def __init__(self, connection: Any):
		self._connection = connection

	def rows(self, query: str, values: Sequence[Any] = ()) -> Iterator[tuple[bytes | None, ...]]:
		"""The rows of a query as bytes, fetched batch by batch; one query at a time."""
		cursor = self._connection.cursor(SSCursor)
		cursor.execute(query, values or None)
		while batch := cursor.fetchmany(BATCH):
			yield from batch
		cursor.close()

	def table(self, table: Table) -> Iterator[tuple[bytes | None, ...]]:
		"""Every row of a table, by its id."""
		names = ", ".join(f"`{column.name}`" for column in table.columns)
		return self.rows(f"SELECT {names} FROM `{table.name}` ORDER BY id")

	def values(self, query: str) -> list[str]:
		"""The one column of a query, as text."""
		return [(value or b"").decode("utf-8", "replace") for (value,) in self.rows(query)]

	def columns(self) -> dict[str, dict[str, tuple[str, int]]]:
		"""The type of every column by table and name, and how many characters it holds, if it is text."""
		found: dict[str, dict[str, tuple[str, int]]] = {}
		query = (
			"SELECT table_name, column_name, data_type, coalesce(character_maximum_length, 0) "
			"FROM information_schema.columns WHERE table_schema = database()"
		)
		for row in self.rows(query):
			table, column, kind, length = (value.decode() for value in row)
			found.setdefault(table, {})[column] = (kind, int(length))
		return found

	def checksum(self, table: str) -> int:
		"""A number that changes with any row of the table."""
		((_, checksum),) = self.rows(f"CHECKSUM TABLE `{table}`")
		if checksum is None:  # MariaDB's way to say that it is gone or damaged
			raise InvalidInput(f"The legacy table {table} cannot be read: it is gone or damaged.")
		return int(checksum)

	def version(self) -> str:
		"""The server's own."""
		return self.values("SELECT version()")[0]


def _check_column(table: str, column: str, there: str | None, types: tuple[str, ...]) -> None:
	if there is None:
		told = f"has no column {column} that its user may read"
		raise InvalidInput(f"The legacy table {table} {told}: another version of its schema?")
	if there not in types:
		raise InvalidInput(
			f"The legacy column {table}.{column} is of type {there}, where {' or '.join(types)} is expected: "
			"another version of its schema?"
		)


def _check_room(snapshot: Snapshot, table: str, column: str, room: int) -> None:
	query = (
		f"SELECT id, char_length(`{column}`) FROM `{table}` WHERE char_length(`{column}`) > %s "
		"ORDER BY id LIMIT 1"
	)
	for id_, length in snapshot.rows(query, (room,)):
		raise InvalidInput(
			f"The legacy column {table}.{column} of id {int(id_)} is {int(length)} characters long, "
			f"where ERPNext has room for {room}: another version of its schema?"
		)
