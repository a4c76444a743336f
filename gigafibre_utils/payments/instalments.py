"""What of an invoice is due by arrangement: all instalments due until today together, else the next one."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from gigafibre_utils import site
from gigafibre_utils.invoice.model import Invoice
from gigafibre_utils.money import rounded
from gigafibre_utils.payments import arrangements, minimum


@dataclass(frozen=True)
class Due:
	"""One or more instalments to be paid together.

	`name` and `due_date` are those of the first; `amount` is what is missing of them, in the invoice's
	currency and no more than the invoice has outstanding.
	"""

	name: str
	due_date: date | None
	amount: Decimal
	count: int
	is_late: bool


def due(invoice: Invoice) -> Due | None:
	"""What is to be paid of the invoice by arrangement.

	None where no instalment waits for it, or less is missing than can be paid online.
	"""
	if not invoice.is_payable:
		return None
	today = site.current().now().date()
	missing = arrangements.missing_on(invoice, today)
	parts = arrangements.asked_together(missing, today)
	amount = rounded(sum((part["missing"] for part in parts), Decimal(0)), invoice.currency)
	amount = min(amount, invoice.outstanding)
	if amount < minimum.least(invoice.currency):
		return None
	first = parts[0]
	is_late = bool(first["due_date"]) and first["due_date"] < today
	return Due(first["name"], first["due_date"], amount, len(parts), is_late)


def choice(invoice: Invoice) -> Due | None:
	"""The same where it is less than the whole, so that the customer has a choice."""
	found = due(invoice)
	return found if found and found.amount < invoice.outstanding else None
