"""What the work needs of the site it runs on, whichever host that is."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Protocol

Filters = Mapping[str, Any]
Document = dict[str, Any]


@dataclass(frozen=True)
class IncomingPayment:
	"""Money that arrived, ready to be posted.

	`allocated` goes to `invoice`, the rest stays the customer's credit.
	"""

	company: str
	customer: str
	customer_name: str
	receivable_account: str
	mode_of_payment: str
	currency: str
	amount: Decimal
	invoice: str | None
	allocated: Decimal
	reference: str
	received_on: date
	remarks: str
	payment_intent: str | None = None

	@property
	def unallocated(self) -> Decimal:
		"""What no invoice takes."""
		return self.amount - self.allocated


class Ledger(Protocol):
	"""The books, kept as ERPNext keeps them."""

	def post_payment(self, payment: IncomingPayment) -> str:
		"""Submit a Payment Entry with its ledger entries inside the current transaction; gives its name.

		Raises DuplicateDocument where the payment intent was posted already, InvalidInput where an account is
		missing.
		"""


class Request(Protocol):
	"""The HTTP request being answered."""

	client_ip: str
	body: bytes
	headers: Mapping[str, str]


class Site(Protocol):
	"""Documents, transactions, identity and services of a site.

	Amounts are Decimal; times are the site's, naive.
	"""

	ledger: Ledger
	request: Request

	def get(self, doctype: str, name: str, fields: Sequence[str]) -> Document | None:
		"""The named fields of one document, without a permission check; None where there is none."""

	def get_all(
		self,
		doctype: str,
		filters: Filters,
		fields: Sequence[str],
		order_by: str | None = None,
		limit: int | None = None,
	) -> list[Document]:
		"""Fields of all documents that match; a filter's value is a value, or `[operator, value]` as in
		Frappe.
		"""

	def insert(self, doctype: str, values: Document) -> str:
		"""Insert a document of one of our own DocTypes; gives its name. Raises DuplicateDocument; the
		transaction goes on."""

	def set_value(self, doctype: str, name: str, values: Document) -> None:
		"""Write fields of one document."""

	def lock(self, doctype: str, name: str, fields: Sequence[str]) -> Document | None:
		"""Lock one row until the transaction ends and give its fields as they are now."""

	def exists(self, doctype: str, filters: Filters) -> str | None:
		"""The name of one document that matches, or None."""

	def atomic(self) -> AbstractContextManager[None]:
		"""A fresh transaction: committed at the end, rolled back on an error. Not to be nested."""

	def savepoint(self) -> AbstractContextManager[None]:
		"""Undo what was done inside on an error, and let the error out; the transaction goes on."""

	def user(self) -> str:
		"""The signed-in user's name, an e-mail address, or `Guest`."""

	def roles(self) -> set[str]:
		"""Roles of the signed-in user."""

	def can_read(self, doctype: str, name: str) -> bool:
		"""Whether the signed-in user may read the document."""

	def customers_of_user(self) -> set[str]:
		"""Customers that the signed-in user stands for in the portal."""

	def enqueue(self, function: str, **arguments: Any) -> None:
		"""Call a dotted function in the background once the transaction is committed."""

	def rate_limit(self, key: str, limit: int, seconds: int) -> None:
		"""Count one use of `key`; raises TooManyRequests beyond `limit` in a window of `seconds`."""

	def send_email(self, recipient: str, subject: str, text: str, html: str) -> bool:
		"""Send one message at once, in a transaction of its own; what cannot be sent is not tried again.

		Whether it went out: it may wait in a mail queue that the site holds back.
		"""

	def log_error(self, title: str, detail: str) -> None:
		"""Keep an error where staff look for errors. Never give it a secret or a customer's data."""

	def conf(self, key: str) -> Any:
		"""A key of the site's configuration, or None."""

	def now(self) -> datetime:
		"""The site's wall clock, naive, in the site's time zone."""

	def local_time(self, moment: float) -> datetime:
		"""Seconds since 1970 as the site's wall clock shows them, naive."""

	def print_html(self, invoice: str, print_format: str) -> str:
		"""A Sales Invoice in one of the site's own print formats.

		Raises NotFound where there is no such format.
		"""
