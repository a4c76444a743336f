"""The legacy side, read from MariaDB itself: neither staging nor the migration's SQL has a part in it.

Billed is what invoices come to that are neither void nor a draft, credit notes with their sign, and each tax
what their lines of it come to. Paid are all payments, less what bounced or was reversed and has nothing that
takes it back. Owed is what was billed and not paid.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from gigafibre_utils.migration.legacy import Snapshot
from gigafibre_utils.migration.reconcile.figures import NOTHING, ONE, UNDATED, Calendar, Tally
from gigafibre_utils.migration.reconcile.wording import word

VOID, DRAFT, NEVER_RECEIVED = "void", "draft", "never received"
TAKEN_BACK = ("nsf", "reversed")
NAMELESS_TAX = "Taxe"
"""What a tax without a code is called."""

_INVOICES = "SELECT id, customer_id, issued_at, total, balance, status FROM invoice ORDER BY id"
_TAXES = """
	SELECT invoice.id, invoice.customer_id, invoice.issued_at, invoice.status, tax.code, tax.rate, tax.amount
	FROM invoice_tax AS tax JOIN invoice ON invoice.id = tax.invoice_id
"""
_PAYMENTS = "SELECT id, customer_id, paid_at, amount, status, reversal_of FROM payment ORDER BY id"
_FIRST = "SELECT {0} FROM {1} WHERE {0} BETWEEN %s AND %s ORDER BY id LIMIT 1"


NO_ID = "0"


class Payment(NamedTuple):
	"""A payment in scope."""

	id: str
	customer: str
	year: str
	amount: Decimal
	status: str
	reversal_of: str


@dataclass
class Rejected:
	"""Ids of legacy documents that findings say were left out."""

	invoices: set[int] = field(default_factory=set)
	payments: set[int] = field(default_factory=set)


@dataclass
class Apart:
	"""Documents that count for nothing."""

	count: int = 0
	amount: Decimal = NOTHING


@dataclass
class LegacySide:
	"""What the legacy database says.

	`undated_…` are the documents without a usable date, each with the second of the one that it counts with.
	"""

	tally: Tally = field(default_factory=Tally)
	left_out: Tally = field(default_factory=Tally)
	apart: defaultdict[str, Apart] = field(default_factory=lambda: defaultdict(Apart))
	undated_invoices: dict[int, int] = field(default_factory=dict)
	undated_payments: dict[int, int] = field(default_factory=dict)
	never_received: set[int] = field(default_factory=set)
	balances: defaultdict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
	"""By customer, what the column `balance` of his invoices comes to, drafts left aside."""

	def set_apart(self, kind: str, amount: Decimal) -> None:
		"""Count a document that counts for nothing."""
		self.apart[kind].count += 1
		self.apart[kind].amount += amount


def read(
	snapshot: Snapshot,
	calendar: Calendar,
	rejected: Rejected,
	has_invoices: bool = True,
	has_payments: bool = True,
) -> LegacySide:
	"""Add it all up, row by row: invoices and payments, as far as they were to be brought in."""
	side = LegacySide()
	if has_invoices:
		_read_invoices(side, snapshot, calendar, rejected)
		_read_taxes(side, snapshot, calendar, rejected)
	if has_payments:
		_read_payments(side, snapshot, calendar, rejected)
	return side


def _read_invoices(side: LegacySide, snapshot: Snapshot, calendar: Calendar, rejected: Rejected) -> None:
	moments = _Moments(snapshot, calendar, "invoice", "issued_at", side.undated_invoices)
	for id_, customer, issued_at, total, balance, status in texts(snapshot, _INVOICES):
		year = moments.year(int(id_), int(issued_at))
		if year is None:
			continue
		kind = word(status)
		if kind != DRAFT:
			side.balances[customer] += Decimal(balance)
		amount = Decimal(total)
		if kind in (VOID, DRAFT):
			side.set_apart(kind, amount)
			continue
		side.tally.add(customer, year, invoices=ONE, billed=amount, owed=amount)
		if int(id_) in rejected.invoices:
			side.left_out.add(customer, year, invoices=ONE, billed=amount, owed=amount)


def _read_taxes(side: LegacySide, snapshot: Snapshot, calendar: Calendar, rejected: Rejected) -> None:
	for id_, customer, issued_at, status, code, rate, amount in texts(snapshot, _TAXES):
		invoice, seconds = int(id_), int(issued_at)
		is_in_scope = side.undated_invoices.get(invoice, seconds) >= calendar.since_second
		if not is_in_scope or word(status) in (VOID, DRAFT):
			continue
		tax = (
			customer,
			calendar.year(seconds),
			word(code).upper() or NAMELESS_TAX,
			Decimal(rate),
			Decimal(amount),
		)
		side.tally.tax(*tax)
		if invoice in rejected.invoices:
			side.left_out.tax(*tax)


def _read_payments(side: LegacySide, snapshot: Snapshot, calendar: Calendar, rejected: Rejected) -> None:
	with_counterpart = {
		(back.reversal_of, back.customer)
		for back in _payments(side, snapshot, calendar)
		if back.amount < 0 and back.reversal_of != NO_ID
	}
	for payment in _payments(side, snapshot, calendar):
		customer, year, amount = payment.customer, payment.year, payment.amount
		is_taken_back = (payment.id, customer) in with_counterpart
		if word(payment.status) in TAKEN_BACK and amount > 0 and not is_taken_back:
			side.never_received.add(int(payment.id))
			side.set_apart(NEVER_RECEIVED, amount)
			continue
		side.tally.add(customer, year, payments=ONE, paid=amount, owed=-amount)
		if int(payment.id) in rejected.payments:
			side.left_out.add(customer, year, payments=ONE, paid=amount, owed=-amount)


def _payments(side: LegacySide, snapshot: Snapshot, calendar: Calendar) -> Iterator[Payment]:
	"""The payments in scope that are of any amount."""
	moments = _Moments(snapshot, calendar, "payment", "paid_at", side.undated_payments)
	for id_, customer, paid_at, amount, status, reversal_of in texts(snapshot, _PAYMENTS):
		year = moments.year(int(id_), int(paid_at))
		if year is not None and Decimal(amount):
			yield Payment(id_, customer, year, Decimal(amount), status, reversal_of)


class _Moments:
	"""The years of a table's documents, by rising ids.

	One without a usable date counts with the nearest before it that has one, else with the first.
	"""

	def __init__(
		self, snapshot: Snapshot, calendar: Calendar, table: str, column: str, undated: dict[int, int]
	):
		span = (calendar.earliest, calendar.latest)
		first = [int(row[0]) for row in texts(snapshot, _FIRST.format(column, table), span)]
		self._calendar, self._undated = calendar, undated
		self._last = first[0] if first else calendar.latest

	def year(self, id_: int, seconds: int) -> str | None:
		"""Its year, or that it is undated; None where it is out of scope."""
		year = self._calendar.year(seconds)
		if year == UNDATED:
			self._undated[id_] = self._last
		else:
			self._last = seconds
		return year if self._last >= self._calendar.since_second else None


def texts(snapshot: Snapshot, query: str, values: tuple[int, ...] = ()) -> Iterator[tuple[str, ...]]:
	"""The rows as text, '' for NULL: numbers and words of one code, which are ASCII in each encoding."""
	for row in snapshot.rows(query, values):
		yield tuple((value or b"").decode("latin-1").strip() for value in row)
