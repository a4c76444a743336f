"""The Frappe host's side of the seam: ERPNext v16."""

import base64
import mimetypes
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import frappe
import frappe.utils
from erpnext.controllers.website_list_for_contact import get_parents_for_user
from frappe.core.doctype.file.utils import find_file_by_url

from gigafibre_utils.errors import (
	ConfigurationError,
	DuplicateDocument,
	InvalidInput,
	NotFound,
	NotPermitted,
	TooManyRequests,
)
from gigafibre_utils.site.protocol import Document, Filters, IncomingPayment

# Frappe's tables keep amounts as numeric(21,9).
DECIMALS = 9
# What a print view refers to. No segment of an asset's path may hold a dot, and so lead elsewhere.
STYLE_SHEET = re.compile(r'<link\b[^>]*\bhref="/(assets/(?:[\w-]+/)*[\w.-]+\.css)"[^>]*>')
PICTURE = re.compile(r'(<img\b[^>]*\bsrc=")(/(?:private/)?files/[^"]+)')


@dataclass(frozen=True)
class Request:
	"""What a request brought; a job has none of it."""

	client_ip: str = ""
	body: bytes = b""
	headers: Mapping[str, str] = field(default_factory=dict)


class FrappeSite:
	"""The site that Frappe has bound to this thread."""

	@property
	def ledger(self) -> "FrappeLedger":
		"""See `Site.ledger`."""
		return FrappeLedger()

	@property
	def request(self) -> Request:
		"""See `Site.request`."""
		request = getattr(frappe.local, "request", None)
		if not request:
			return Request()
		return Request(frappe.local.request_ip or "", request.get_data(), request.headers)

	def get(self, doctype: str, name: str, fields: Sequence[str]) -> Document | None:
		"""See `Site.get`."""
		return _read(frappe.db.get_value(doctype, {"name": name}, list(fields), as_dict=True))

	def get_all(
		self,
		doctype: str,
		filters: Filters,
		fields: Sequence[str],
		order_by: str | None = None,
		limit: int | None = None,
	) -> list[Document]:
		"""See `Site.get_all`."""
		order = {"order_by": order_by} if order_by else {}
		rows = frappe.get_all(doctype, filters=dict(filters), fields=list(fields), limit=limit, **order)
		return [_read(row) for row in rows]

	def insert(self, doctype: str, values: Document) -> str:
		"""See `Site.insert`."""
		document = frappe.get_doc({**_written(values), "doctype": doctype})
		with self.savepoint(), _naming_duplicates():
			document.insert(ignore_permissions=True)
		return document.name

	def set_value(self, doctype: str, name: str, values: Document) -> None:
		"""See `Site.set_value`."""
		with _naming_duplicates():
			frappe.db.set_value(doctype, name, _written(values))

	def lock(self, doctype: str, name: str, fields: Sequence[str]) -> Document | None:
		"""See `Site.lock`."""
		return _read(
			frappe.db.get_value(doctype, {"name": name}, list(fields), as_dict=True, for_update=True)
		)

	def exists(self, doctype: str, filters: Filters) -> str | None:
		"""See `Site.exists`."""
		return frappe.db.get_value(doctype, dict(filters), "name")

	@contextmanager
	def atomic(self) -> Iterator[None]:
		"""See `Site.atomic`. A request begins at REPEATABLE READ; after a commit it is READ COMMITTED."""
		frappe.db.commit()
		try:
			yield
		except BaseException:
			frappe.db.rollback()
			raise
		frappe.db.commit()

	@contextmanager
	def savepoint(self) -> Iterator[None]:
		"""See `Site.savepoint`."""
		name = f"s{frappe.generate_hash(length=10)}"
		frappe.db.savepoint(name)
		try:
			yield
		except Exception:
			frappe.db.rollback(save_point=name)
			raise
		frappe.db.release_savepoint(name)

	def user(self) -> str:
		"""See `Site.user`."""
		return frappe.session.user

	def roles(self) -> set[str]:
		"""See `Site.roles`."""
		return set(frappe.get_roles())

	def can_read(self, doctype: str, name: str) -> bool:
		"""As staff by roles and user permissions, or as a customer in ERPNext's portal."""
		if self.user() == "Guest" or not self.exists(doctype, {"name": name}):
			return False
		with _silence():
			by_role = frappe.has_permission(doctype, "read", doc=name)
			return bool(by_role or frappe.has_website_permission(doctype=doctype, doc=name))

	def customers_of_user(self) -> set[str]:
		"""Customers whose portal users name this user.

		Not those of his contacts: who signed up may write a Contact of his own and link it to any customer.
		"""
		return set(get_parents_for_user("Customer"))

	def enqueue(self, function: str, **arguments: Any) -> None:
		"""See `Site.enqueue`."""
		frappe.enqueue(function, queue="short", enqueue_after_commit=True, **arguments)

	def rate_limit(self, key: str, limit: int, seconds: int) -> None:
		"""See `Site.rate_limit`. Frappe's own counts all of `/api/v2` as one, and names no time to wait."""
		counter = frappe.cache.make_key(f"gigafibre:used:{key}")
		counting = frappe.cache.pipeline()
		counting.set(counter, 0, ex=seconds, nx=True)
		counting.incr(counter)
		counting.ttl(counter)
		_, used, left = counting.execute()
		if used > limit:
			raise TooManyRequests("Too many requests; please wait a moment.", retry_after=max(1, left))

	def send_email(self, recipient: str, subject: str, text: str, html: str) -> bool:
		"""See `Site.send_email`. `frappe.sendmail` leaves the links out of the text."""
		# With it comes half of Frappe; the job of a payment has no use for that.
		from frappe.email.doctype.email_queue.email_queue import QueueBuilder

		message = QueueBuilder(recipients=[recipient], subject=subject, message=html, text_content=text)
		try:
			queued = message.process()
		except frappe.OutgoingEmailError as error:
			raise ConfigurationError("The site has no outgoing e-mail account.") from error
		if not queued:
			raise InvalidInput("This address unsubscribed from all e-mail of the site.")
		frappe.db.commit()
		if not queued.can_send_now():
			return False
		try:
			queued.send()
		except Exception:
			# Frappe would try again, long after the caller was told that nothing was sent.
			queued.update_status("Error", commit=True)
			raise
		return True

	def log_error(self, title: str, detail: str) -> None:
		"""Keep it in the Error Log whatever becomes of the transaction: the scheduler brings it there.

		`frappe.log_error` would keep the request's form with it, and so the token of a link.
		"""
		frappe.get_doc({"doctype": "Error Log", "method": title, "error": detail}).deferred_insert()

	def conf(self, key: str) -> Any:
		"""See `Site.conf`. Without a word of the site's configuration, Gigafibre Settings have theirs."""
		value = frappe.conf.get(key)
		return frappe.get_cached_doc("Gigafibre Settings").configured(key) if value is None else value

	def now(self) -> datetime:
		"""See `Site.now`."""
		return frappe.utils.now_datetime()

	def local_time(self, moment: float) -> datetime:
		"""See `Site.local_time`."""
		zone = ZoneInfo(frappe.utils.get_system_timezone())
		return datetime.fromtimestamp(moment, zone).replace(tzinfo=None)

	def print_html(self, invoice: str, print_format: str) -> str:
		"""See `Site.print_html`. Who may print is for the caller to decide.

		Raises NotPermitted for a draft or a cancelled invoice that the site's Print Settings keep from print.
		"""
		wanted = {"name": print_format, "doc_type": "Sales Invoice", "disabled": 0}
		if not self.exists("Print Format", wanted):
			raise NotFound(f"There is no print format {print_format}.")
		frappe.flags.ignore_print_permissions = True
		try:
			return self_contained(frappe.get_print("Sales Invoice", invoice, print_format))
		except frappe.PermissionError as error:
			raise NotPermitted(_told(error)) from error
		finally:
			frappe.flags.ignore_print_permissions = False


class FrappeLedger:
	"""The books, kept by ERPNext."""

	def post_payment(self, payment: IncomingPayment) -> str:
		"""See `Ledger.post_payment`. InvalidInput also where ERPNext refuses, with its own sentence."""
		entry = frappe.get_doc(_payment_entry(payment, _bank_account(payment)))
		with (
			FrappeSite().savepoint(),
			_as_administrator(),
			_from_closed_customers_too(),
			_telling_refusals(),
			_naming_duplicates(),
		):
			entry.insert()
			entry.submit()
		return entry.name


@contextmanager
def _from_closed_customers_too() -> Iterator[None]:
	"""Money that arrived is booked, also when its customer was disabled since: ERPNext would refuse it."""
	before = frappe.flags.ignore_party_validation
	frappe.flags.ignore_party_validation = True
	try:
		yield
	finally:
		frappe.flags.ignore_party_validation = before


def self_contained(document: str) -> str:
	"""A print with the site's style sheets and pictures inside it; the PDF engine loads nothing."""
	document = STYLE_SHEET.sub(lambda link: f"<style>{_asset(link[1])}</style>", document)
	return PICTURE.sub(lambda image: image[1] + _data_uri(image[2]), document)


def _read(row: Mapping[str, Any] | None) -> Document | None:
	"""A row with its amounts as Decimal; Frappe reads them as float."""
	if row is None:
		return None
	return {
		key: round(Decimal(repr(value)), DECIMALS) if isinstance(value, float) else value
		for key, value in row.items()
	}


def _written(values: Document) -> Document:
	"""Values with booleans as 1 and 0: PostgreSQL takes no boolean into a Check."""
	return {key: int(value) if isinstance(value, bool) else value for key, value in values.items()}


@contextmanager
def _naming_duplicates() -> Iterator[None]:
	"""DuplicateDocument for each of the three ways in which Frappe tells it."""
	try:
		with _silence():
			yield
	except Exception as error:
		told = isinstance(error, frappe.DuplicateEntryError | frappe.UniqueValidationError)
		# The database's own error is another class on each database; Frappe knows it by its code.
		if not told and not (error.args and frappe.db.is_duplicate_entry(error)):
			raise
		raise DuplicateDocument("There is a document of that name, or with that value, already.") from error


@contextmanager
def _telling_refusals() -> Iterator[None]:
	"""InvalidInput for what ERPNext's validations throw."""
	try:
		with _silence():
			yield
	except frappe.ValidationError as error:
		raise InvalidInput(_told(error)) from error


@contextmanager
def _silence() -> Iterator[None]:
	"""Nothing of what Frappe has to say inside reaches the caller: neither its messages, nor what it lays
	beside the answer, as ERPNext does with the Payment Requests that a payment matches.
	"""
	told, answer = list(frappe.local.message_log), dict(frappe.local.response)
	try:
		yield
	finally:
		frappe.local.message_log = told
		frappe.local.response = frappe._dict(answer)


@contextmanager
def _as_administrator() -> Iterator[None]:
	"""ERPNext asks for permissions in the midst of a Payment Entry; the site itself posts what arrived."""
	before, form = dict(frappe.local.session), frappe.local.form_dict
	frappe.set_user("Administrator")
	try:
		yield
	finally:
		frappe.set_user(before["user"])
		frappe.local.session.update(before)
		frappe.local.form_dict = form


def _asset(path: str) -> str:
	return Path(frappe.local.sites_path, path).read_text(encoding="utf-8")


def _data_uri(url: str) -> str:
	"""The file's content, where the user may have it."""
	file = find_file_by_url(url)
	if not file:
		return "data:,"
	content = file.get_content()
	content = content.encode() if isinstance(content, str) else content
	return f"data:{mimetypes.guess_type(url)[0]};base64,{base64.b64encode(content).decode()}"


def _told(error: Exception) -> str:
	return frappe.utils.strip_html(str(error)) or type(error).__name__


def _bank_account(payment: IncomingPayment) -> str:
	account = frappe.db.get_value(
		"Mode of Payment Account",
		{"parent": payment.mode_of_payment, "company": payment.company},
		"default_account",
	)
	if not account:
		raise InvalidInput(f"Mode of Payment {payment.mode_of_payment} has no account for {payment.company}.")
	currency = frappe.db.get_value("Account", account, "account_currency")
	if currency != payment.currency:
		raise InvalidInput(
			f"Account {account} is kept in {currency} and takes no payment in {payment.currency}."
		)
	return account


def _payment_entry(payment: IncomingPayment, bank_account: str) -> Document:
	"""In floats, as ERPNext reckons; it rounds to the currency's precision at every step."""
	reference = {
		"reference_doctype": "Sales Invoice",
		"reference_name": payment.invoice,
		"allocated_amount": float(payment.allocated),
	}
	return {
		"doctype": "Payment Entry",
		"payment_type": "Receive",
		"posting_date": payment.received_on,
		"company": payment.company,
		"mode_of_payment": payment.mode_of_payment,
		"party_type": "Customer",
		"party": payment.customer,
		"paid_from": payment.receivable_account,
		"paid_to": bank_account,
		"paid_amount": float(payment.amount),
		"received_amount": float(payment.amount),
		"references": [reference] if payment.invoice and payment.allocated else [],
		"reference_no": payment.reference,
		"reference_date": payment.received_on,
		"custom_remarks": 1,
		"remarks": payment.remarks,
		"stripe_payment_intent": payment.payment_intent,
	}
