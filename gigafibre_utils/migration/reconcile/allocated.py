"""What payments can have paid, worked out anew from the legacy rows, customer by customer.

No payment gives more than it has, and no invoice takes more than it wants. Of a payment, what was allocated
first comes first; on an invoice, the payment that came in first, and after those the payments of a later run,
whatever their dates. A payment that was taken back has only the rest to give, one that bounced has nothing,
and nothing is paid out of a credit note that its invoice took in.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from gigafibre_utils.migration.legacy import Snapshot
from gigafibre_utils.migration.reconcile.figures import NOTHING, Calendar
from gigafibre_utils.migration.reconcile.legacy_side import DRAFT, TAKEN_BACK, VOID, LegacySide, texts
from gigafibre_utils.migration.reconcile.runs import Runs
from gigafibre_utils.migration.reconcile.wording import word

_INVOICE, _PAYMENT, _ALLOCATION = "invoice", "payment", "allocation"

# A customer's rows follow each other, those of a kind by their ids. An allocation is its payer's; its payment
# and invoice stand where a document has its moment and what it reverses.
_BY_CUSTOMER = f"""
	SELECT customer_id, '{_INVOICE}', id, total, issued_at, status, reversal_of FROM invoice
	UNION ALL
	SELECT customer_id, '{_PAYMENT}', id, amount, paid_at, status, reversal_of FROM payment
	UNION ALL
	SELECT payment.customer_id, '{_ALLOCATION}', paid.id, paid.amount, payment_id, '', invoice_id
	FROM payment_invoice AS paid
	JOIN payment ON payment.id = paid.payment_id
	ORDER BY 1, 3
"""


@dataclass
class _Document:
	"""An invoice or a payment. `left` is what it has still to take or to give."""

	id: int
	amount: Decimal
	moment: datetime
	status: str
	reversal_of: int
	left: Decimal = field(init=False)

	def __post_init__(self) -> None:
		self.left = abs(self.amount)

	def up_to(self, wanted: Decimal) -> Decimal:
		"""As much of that as is left, which then is gone."""
		part = min(wanted, self.left)
		self.left -= part
		return part


class _Allocation(NamedTuple):
	id: int
	amount: Decimal
	payment: int
	invoice: int


class _Offer(NamedTuple):
	"""What a payment has to give to an invoice."""

	allocation: _Allocation
	payment: _Document
	invoice: _Document
	amount: Decimal
	run: int

	@property
	def turn(self) -> tuple[int, datetime, int, int]:
		"""By what the offers to an invoice come one after the other."""
		return self.run, self.payment.moment, self.payment.id, self.allocation.id


def cut(
	snapshot: Snapshot, calendar: Calendar, side: LegacySide, since: date | None, runs: Runs
) -> dict[int, Decimal]:
	"""The allocations that cannot have been as they were, by id, and what is left of each: often nothing.

	`since` is the first day of the payments and invoices that were brought in.
	"""
	first = calendar.starts(since)
	found: dict[int, Decimal] = {}
	for _, its in groupby(texts(snapshot, _BY_CUSTOMER), key=itemgetter(0)):
		found |= _Account(its, calendar, side, first, runs).cut()
	return found


class _Account:
	"""What one customer was billed and paid, as far as it was brought over, and what was paid by what."""

	def __init__(
		self,
		rows: Iterable[tuple[str, ...]],
		calendar: Calendar,
		side: LegacySide,
		first: int,
		runs: Runs,
	) -> None:
		self._runs = runs
		self._invoices: dict[int, _Document] = {}
		self._payments: dict[int, _Document] = {}
		self._allocations: list[_Allocation] = []
		undated = {_INVOICE: side.undated_invoices, _PAYMENT: side.undated_payments}
		for _, kind, id_, amount, second, status, other in rows:
			number = int(id_)
			if kind == _ALLOCATION:
				self._allocations.append(_Allocation(number, Decimal(amount), int(second), int(other)))
				continue
			dated, stands = undated[kind].get(number, int(second)), word(status)
			if dated < first or (kind == _INVOICE and stands in (VOID, DRAFT)):
				continue
			documents = self._invoices if kind == _INVOICE else self._payments
			documents[number] = _Document(number, Decimal(amount), calendar.moment(dated), stands, int(other))
		self._notes: defaultdict[int, list[_Document]] = defaultdict(list)
		for note in map(self._invoices.get, runs.notes.keys() & self._invoices):
			self._notes[note.reversal_of].append(note)

	def cut(self) -> dict[int, Decimal]:
		"""What is left of each allocation that cannot have been as it was."""
		self._take_back()
		# Every payment offers before any invoice takes: what one invoice does not want, no other gets.
		taken: dict[int, Decimal] = {}
		used: set[int] = set()
		for offer in sorted(self._offers(), key=lambda offer: offer.turn):
			used.update(self._taken_off(offer.invoice, offer.run))
			taken[offer.allocation.id] = offer.invoice.up_to(offer.amount)
		used |= set(self._credit_used(used))
		found = {}
		for allocation in self._allocations:
			part = NOTHING if allocation.invoice in used else taken.get(allocation.id, NOTHING)
			if not part or part < abs(allocation.amount):
				found[allocation.id] = part.copy_sign(allocation.amount)
		return found

	def _take_back(self) -> None:
		"""What one payment takes back of another, neither has to give any more."""
		taken_back = set()
		for back in self._payments.values():
			original = self._payments.get(back.reversal_of)
			if original and back.amount < 0 < original.amount:
				back.left -= original.up_to(back.left)
				taken_back.add(original.id)
		for payment in self._payments.values():
			if payment.status in TAKEN_BACK and payment.amount > 0 and payment.id not in taken_back:
				payment.left = NOTHING

	def _offers(self) -> Iterator[_Offer]:
		"""What came in is offered to the customer's own invoices, what was paid out to his credit notes."""
		for allocation in self._allocations:
			payment = self._payments.get(allocation.payment)
			invoice = self._invoices.get(allocation.invoice)
			if not payment or not invoice:
				continue
			if (payment.amount > 0) == (allocation.amount > 0) == (invoice.amount >= 0):
				part = payment.up_to(abs(allocation.amount))
				yield _Offer(
					allocation, payment, invoice, part, self._runs.payments.get(payment.id, self._runs.usual)
				)

	def _taken_off(self, invoice: _Document, run: int) -> Iterator[int]:
		"""Take off an invoice the credit notes that were so before that run, each once."""
		for note in self._notes[invoice.id]:
			if self._runs.notes[note.id] < run:
				invoice.up_to(note.up_to(-note.amount))
				yield note.id

	def _credit_used(self, before: set[int]) -> Iterator[int]:
		"""The credit notes that fit into what those before have left of the invoice that they reverse."""
		credited: defaultdict[int, Decimal] = defaultdict(Decimal)
		for note in self._invoices.values():
			original = self._invoices.get(note.reversal_of)
			if original and note.amount < 0 <= original.amount and note.id not in before:
				credited[original.id] -= note.amount
				if credited[original.id] <= original.left:
					yield note.id
