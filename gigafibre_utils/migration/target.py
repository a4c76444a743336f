"""The site that a migration writes to: ERPNext's tables on PostgreSQL."""

import logging
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import Composable

from gigafibre_utils import signals
from gigafibre_utils.errors import GigafibreError, InvalidInput, ServiceUnavailable
from gigafibre_utils.migration import waiting
from gigafibre_utils.migration.staging import SCHEMA

SQL_FILES = Path(__file__).with_name("sql")
APP_TABLES = (
	"tabMigration Run",
	"tabMigration Run Step",
	"tabMigration Finding",
	"tabService Location",
	"tabStored Payment Method",
	"tabPayment Arrangement",
	"tabPayment Arrangement Instalment",
)
ERPNEXT_TABLES = (
	"tabSales Invoice",
	"tabPayment Entry",
	"tabGL Entry",
	"tabPayment Ledger Entry",
	"tabCompany",
)
# A killed migration must not go on inside the server; what is lost with a crash of the server is one step.
SESSION = """
	SET client_connection_check_interval = '2s';
	SET synchronous_commit = off;
	SET work_mem = '256MB';
	SET maintenance_work_mem = '256MB';
	SET timezone = 'UTC';
	SET datestyle = 'ISO, YMD';
"""
CONNECT_SECONDS = 10
# A server that is switched off says nothing more: that is noticed within a minute.
SETTINGS = {
	"keepalives_idle": 30,
	"keepalives_interval": 10,
	"keepalives_count": 3,
	"client_encoding": "UTF8",
}
FORM = (
	"The site's database must be given as postgresql://user:password@host:5432/database, with signs such as "
	"@ # / % in the password as %40 %23 %2F %25."
)
PATIENCE = 5
"""Seconds to wait for a migration that was just ended: its server process is some moments behind it."""

log = logging.getLogger("gigafibre.migration")

_LOCK = int.from_bytes(b"migrate")
_CANCEL_OTHERS = """
	SELECT pg_cancel_backend(pid) FROM pg_stat_activity
	WHERE application_name = %s AND datname = current_database() AND pid <> pg_backend_pid()
"""


class Target:
	"""A site's database by its URL, `postgresql://user:password@host:5432/database`."""

	def __init__(self, url: str):
		try:
			parts = urlsplit(url)
			is_whole = parts.port != 0 and bool(parts.path.strip("/")) and not parts.fragment
			is_whole &= "@" not in parts.path
		except ValueError:
			raise InvalidInput(FORM) from None  # its words may hold the password
		if parts.scheme not in ("postgresql", "postgres") or not is_whole:
			raise InvalidInput(FORM)
		self._url = url
		self.name = f"{parts.hostname or 'localhost'}/{parts.path.lstrip('/')}"
		self._application = f"gigafibre migrate {secrets.token_hex(4)}"

	def connect(self) -> Connection:
		"""A connection for one thread.

		Raises ServiceUnavailable where the server does not answer, InvalidInput where it refuses.
		"""
		try:
			connection = psycopg2.connect(
				self._url, connect_timeout=CONNECT_SECONDS, application_name=self._application, **SETTINGS
			)
			with connection, connection.cursor() as cursor:
				cursor.execute(SESSION)
			return connection
		except psycopg2.OperationalError as error:
			if "authentication" in str(error) or "does not exist" in str(error):
				told = "refuses the user: the user, the password or the name of the database is wrong"
				raise InvalidInput(f"The site's database {self.name} {told}.") from None
			raise ServiceUnavailable(f"The site's database {self.name} does not answer.") from None
		except psycopg2.ProgrammingError:
			raise InvalidInput(FORM) from None

	@contextmanager
	def alone(self) -> Iterator[Connection]:
		"""A connection that holds the migration's lock on this site, committing each statement by itself.

		Raises InvalidInput where another migration runs.
		"""
		connection = self.connect()
		connection.autocommit = True
		try:
			deadline = time.monotonic() + PATIENCE
			while not one(connection, "SELECT pg_try_advisory_lock(%s)", _LOCK):
				if time.monotonic() > deadline:
					raise InvalidInput(f"Another migration into {self.name} is running.")
				time.sleep(0.1)
			with self.attended():
				yield connection
		finally:
			connection.close()

	@contextmanager
	def attended(self) -> Iterator[None]:
		"""While within, who keeps its connections waiting is told, and Ctrl-C ends what they are doing."""
		with waiting.told(self.connect, self._application), signals.heard(self._cancel_all):
			yield

	def _cancel_all(self) -> None:
		try:
			with closing(self.connect()) as connection:
				self.cancel_others(connection)
		except (psycopg2.Error, GigafibreError):
			# Then nothing is waited for either.
			log.debug("Nobody could cancel what the migration is doing.")

	def cancel_others(self, connection: Connection) -> None:
		"""Cancel what every other connection that was made here is doing."""
		with connection.cursor() as cursor:
			cursor.execute(_CANCEL_OTHERS, [self._application])

	def check(self, connection: Connection) -> None:
		"""See that this is a site of ERPNext with the app. Raises InvalidInput with one sentence."""
		for name in ERPNEXT_TABLES:
			if not table_exists(connection, name):
				raise InvalidInput(f"{self.name} is no ERPNext site on PostgreSQL: it has no table {name}.")
		for name in APP_TABLES:
			if not table_exists(connection, name):
				told = f"is not installed on {self.name}, or not migrated to this version"
				raise InvalidInput(f"The app gigafibre_utils {told}: no table {name}.")


def table_exists(connection: Connection, name: str) -> bool:
	"""Whether the site has that table."""
	return one(connection, "SELECT to_regclass('public.' || quote_ident(%s)) IS NOT NULL", name)


def has_column(connection: Connection, table: str, column: str) -> bool:
	"""Whether that table of the site has that column."""
	query = """
		SELECT EXISTS (
			SELECT FROM information_schema.columns
			WHERE table_schema = 'public' AND table_name = %s AND column_name = %s
		)
	"""
	return one(connection, query, table, column)


def rows(connection: Connection, query: str | Composable, *values: Any) -> Sequence[tuple]:
	"""The rows of a query."""
	with connection.cursor() as cursor:
		cursor.execute(query, values or None)
		return cursor.fetchall()


def one(connection: Connection, query: str | Composable, *values: Any) -> Any:
	"""The first value of the first row, or None."""
	found = rows(connection, query, *values)
	return found[0][0] if found else None


def run_file(cursor: Cursor, name: str) -> None:
	"""Run one of our numbered files in the cursor's transaction."""
	cursor.execute((SQL_FILES / name).read_text(encoding="utf-8"))


def set_path(cursor: Cursor) -> None:
	"""Until the transaction ends, bare names are staged tables first, then ERPNext's."""
	cursor.execute(f"SET LOCAL search_path = {SCHEMA}, public")
