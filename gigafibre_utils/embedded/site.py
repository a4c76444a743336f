"""The embedded host's side of the seam."""

import importlib
import logging
import secrets
import smtplib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from psycopg2.sql import SQL, Composed, Identifier

from gigafibre_utils import config, site
from gigafibre_utils.embedded.database import Connection, table
from gigafibre_utils.embedded.ledger import EmbeddedLedger
from gigafibre_utils.errors import NotFound
from gigafibre_utils.site.protocol import Document, Filters

if TYPE_CHECKING:
	from gigafibre_utils.embedded.host import Host

TIME_ZONE = ZoneInfo("America/Toronto")
STAFF_ROLES = {"Accounts User", "Accounts Manager", "System Manager"}
OPERATORS = {"=", "!=", "<", ">", "<=", ">="}

log = logging.getLogger("gigafibre")


@dataclass(frozen=True)
class Request:
	"""What a request brought; a job has none of it."""

	client_ip: str = ""
	body: bytes = b""
	headers: Mapping[str, str] = field(default_factory=dict)


class EmbeddedSite:
	"""One request's, or one job's, view of the host.

	Use as a context manager: it is then the current site.
	"""

	def __init__(self, host: "Host", request: Request | None = None, user: str = "Guest"):
		self.host = host
		self.request = request or Request()
		self.ledger = EmbeddedLedger(self)
		self._user = user

	def __enter__(self) -> "EmbeddedSite":
		self._binding = site.bound(self)
		self._binding.__enter__()
		return self

	def __exit__(self, *error: Any) -> None:
		self._binding.__exit__(*error)
		if "connection" in self.__dict__:
			self.connection.release()

	@cached_property
	def connection(self) -> Connection:
		"""The connection of this request or job."""
		return self.host.database.connection()

	def get(self, doctype: str, name: str, fields: Sequence[str]) -> Document | None:
		"""See `Site.get`."""
		return next(iter(self.get_all(doctype, {"name": name}, fields)), None)

	def get_all(
		self,
		doctype: str,
		filters: Filters,
		fields: Sequence[str],
		order_by: str | None = None,
		limit: int | None = None,
	) -> list[Document]:
		"""See `Site.get_all`."""
		where, values = _where(filters)
		statement = SQL("SELECT {} FROM {} WHERE {}").format(_columns(fields), table(doctype), where)
		if order_by:
			statement += SQL(" ORDER BY {}").format(_order(order_by))
		if limit:
			statement += SQL(" LIMIT {}").format(SQL(str(int(limit))))
		return self.connection.run(statement, values)

	def insert(self, doctype: str, values: Document) -> str:
		"""See `Site.insert`."""
		now = self.now()
		name = values.get("name") or secrets.token_hex(5)
		standard = {
			"name": name,
			"creation": now,
			"modified": now,
			"owner": self._user,
			"modified_by": self._user,
		}
		with self.savepoint():
			self.connection.insert(doctype, [standard | values])
		return name

	def set_value(self, doctype: str, name: str, values: Document) -> None:
		"""See `Site.set_value`."""
		changes = values | {"modified": self.now(), "modified_by": self._user}
		assignments = SQL(", ").join(SQL("{} = %s").format(Identifier(column)) for column in changes)
		statement = SQL("UPDATE {} SET {} WHERE name = %s").format(table(doctype), assignments)
		self.connection.run(statement, [*changes.values(), name])

	def lock(self, doctype: str, name: str, fields: Sequence[str]) -> Document | None:
		"""See `Site.lock`."""
		statement = SQL("SELECT {} FROM {} WHERE name = %s FOR UPDATE").format(
			_columns(fields), table(doctype)
		)
		return next(iter(self.connection.run(statement, [name])), None)

	def exists(self, doctype: str, filters: Filters) -> str | None:
		"""See `Site.exists`."""
		found = self.get_all(doctype, filters, ["name"], limit=1)
		return found[0]["name"] if found else None

	@contextmanager
	def atomic(self) -> Iterator[None]:
		"""See `Site.atomic`."""
		self.connection.commit()
		try:
			yield
		except BaseException:
			self.connection.rollback()
			raise
		self.connection.commit()

	@contextmanager
	def savepoint(self) -> Iterator[None]:
		"""See `Site.savepoint`."""
		name = Identifier(f"s{secrets.token_hex(4)}")
		self.connection.run(SQL("SAVEPOINT {}").format(name))
		try:
			yield
		except Exception:
			self.connection.run(SQL("ROLLBACK TO SAVEPOINT {}").format(name))
			raise
		self.connection.run(SQL("RELEASE SAVEPOINT {}").format(name))

	def sign_in(self, user: str) -> None:
		"""Answer this request as that user."""
		self._user = user

	def user(self) -> str:
		"""See `Site.user`."""
		return self._user

	def roles(self) -> set[str]:
		"""See `Site.roles`."""
		return {row["role"] for row in self.get_all("Has Role", {"parent": self._user}, ["role"])}

	def can_read(self, doctype: str, name: str) -> bool:
		"""Staff read everything; a customer's user reads that customer's invoices."""
		if self._user == "Guest":
			return False
		if self.roles() & STAFF_ROLES:
			return True
		owner = self.get(doctype, name, ["customer"]) if doctype == "Sales Invoice" else None
		return bool(owner) and owner["customer"] in self.customers_of_user()

	def customers_of_user(self) -> set[str]:
		"""Customers whose portal users name this user, as ERPNext's portal has it."""
		wanted = {"user": self._user, "parenttype": "Customer"}
		return {row["parent"] for row in self.get_all("Portal User", wanted, ["parent"])}

	def enqueue(self, function: str, **arguments: Any) -> None:
		"""See `Site.enqueue`."""
		self.connection.after_commit(lambda: self.host.run_job(function, arguments))

	def rate_limit(self, key: str, limit: int, seconds: int) -> None:
		"""See `Site.rate_limit`."""
		self.host.memory.count(key, limit, seconds)

	def send_email(self, recipient: str, subject: str, text: str, html: str) -> bool:
		"""Speak SMTP to `mail_server` at once; the host keeps no queue."""
		message = EmailMessage()
		message["From"] = config.required("auto_email_id")
		message["To"] = recipient
		message["Subject"] = subject
		message.set_content(text)
		message.add_alternative(html, subtype="html")
		with smtplib.SMTP(
			config.required("mail_server"), int(self.conf("mail_port") or 25), timeout=10
		) as server:
			server.send_message(message)
		return True

	def log_error(self, title: str, detail: str) -> None:
		"""See `Site.log_error`."""
		log.error("%s: %s", title, detail)

	def conf(self, key: str) -> Any:
		"""See `Site.conf`."""
		return self.host.configuration.get(key)

	def now(self) -> datetime:
		"""See `Site.now`."""
		return datetime.now(TIME_ZONE).replace(tzinfo=None)

	def local_time(self, moment: float) -> datetime:
		"""See `Site.local_time`."""
		return datetime.fromtimestamp(moment, TIME_ZONE).replace(tzinfo=None)

	def print_html(self, invoice: str, print_format: str) -> str:
		"""The host has no print formats but the app's own."""
		raise NotFound(f"There is no print format {print_format}.")


def call(function: str, arguments: dict[str, Any]) -> Any:
	"""Import a dotted function and call it."""
	module, _, name = function.rpartition(".")
	return getattr(importlib.import_module(module), name)(**arguments)


def _columns(fields: Sequence[str]) -> Composed:
	return SQL(", ").join(map(Identifier, fields))


def _order(order_by: str) -> Composed:
	terms = []
	for term in order_by.split(","):
		column, _, direction = term.strip().partition(" ")
		terms.append(Identifier(column) + SQL(" DESC" if direction.lower() == "desc" else " ASC"))
	return SQL(", ").join(terms)


def _where(filters: Filters) -> tuple[Composed, list[Any]]:
	conditions, values = [SQL("true")], []
	for column, wanted in filters.items():
		operator, value = wanted if isinstance(wanted, list | tuple) else ("=", wanted)
		if operator == "in":
			conditions.append(SQL("{} = ANY(%s)").format(Identifier(column)))
			values.append(list(value))
		elif (operator, value) == ("is", "not set"):
			conditions.append(SQL("coalesce({}, '') = ''").format(Identifier(column)))
		elif operator in OPERATORS:
			conditions.append(SQL("{} {} %s").format(Identifier(column), SQL(operator)))
			values.append(value)
		else:
			raise ValueError(f"unknown filter operator {operator}")
	return SQL(" AND ").join(conditions), values
