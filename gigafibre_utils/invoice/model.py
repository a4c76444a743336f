"""An invoice as the app reasons about it, read in one query from ERPNext's Sales Invoice."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from gigafibre_utils import site
from gigafibre_utils.money import rounded
from gigafibre_utils.site import Document
from gigafibre_utils.translation import LANGUAGES, supported

DRAFT, SUBMITTED, CANCELLED = 0, 1, 2

FIELDS = (
	"name",
	"docstatus",
	"is_return",
	"return_against",
	"company",
	"customer",
	"customer_name",
	"posting_date",
	"due_date",
	"currency",
	"party_account_currency",
	"grand_total",
	"rounded_total",
	"base_grand_total",
	"base_rounded_total",
	"outstanding_amount",
	"debit_to",
	"language",
	"pay_links_revoked_at",
)


@dataclass(frozen=True)
class Invoice:
	"""A Sales Invoice.

	`total` and `outstanding` are in `currency`, the one the receivable account is kept in.
	"""

	name: str
	docstatus: int
	is_return: bool
	return_against: str | None
	company: str
	customer: str
	customer_name: str
	posting_date: date
	due_date: date | None
	currency: str
	total: Decimal
	outstanding: Decimal
	receivable_account: str
	language: str
	links_revoked_at: datetime | None

	@property
	def paid(self) -> Decimal:
		"""What payments and credits have taken off the total."""
		return self.total - self.outstanding

	@property
	def is_overdue(self) -> bool:
		"""Whether something is owed past the due date, by the site's calendar."""
		return self.outstanding > 0 and bool(self.due_date) and self.due_date < site.current().now().date()

	@property
	def is_payable(self) -> bool:
		"""Whether a customer can be asked for money on it."""
		return self.docstatus == SUBMITTED and not self.is_return and self.outstanding > 0


def find(name: str) -> Invoice | None:
	"""The invoice of that name, or None."""
	row = site.current().get("Sales Invoice", name, FIELDS)
	return _invoice(row) if row else None


def find_locked(name: str) -> Invoice | None:
	"""The same, with its row locked until the transaction ends."""
	row = site.current().lock("Sales Invoice", name, FIELDS)
	return _invoice(row) if row else None


def reader_language(invoice: Invoice) -> str:
	"""`fr` or `en`: what the customer reads, else what the invoice was written in."""
	customer = site.current().get("Customer", invoice.customer, ["language"]) or {}
	return supported(customer.get("language") or invoice.language)


def caller_language(invoice: Invoice) -> str:
	"""`fr` or `en` for a sentence to who asks right now: the language of his page, else the customer's."""
	asked = site.current().request.headers.get("Accept-Language")
	return asked if asked in LANGUAGES else reader_language(invoice)


def _invoice(row: Document) -> Invoice:
	currency = row["party_account_currency"] or row["currency"]
	in_own_currency = currency == row["currency"]
	total = row["rounded_total"] or row["grand_total"]
	base_total = row["base_rounded_total"] or row["base_grand_total"]
	return Invoice(
		name=row["name"],
		docstatus=row["docstatus"],
		is_return=bool(row["is_return"]),
		return_against=row["return_against"],
		company=row["company"],
		customer=row["customer"],
		customer_name=row["customer_name"] or row["customer"],
		posting_date=row["posting_date"],
		due_date=row["due_date"],
		currency=currency,
		total=rounded(total if in_own_currency else base_total, currency),
		outstanding=rounded(row["outstanding_amount"], currency),
		receivable_account=row["debit_to"],
		language=row["language"] or "",
		links_revoked_at=row["pay_links_revoked_at"],
	)
