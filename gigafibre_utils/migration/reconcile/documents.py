"""Every invoice, payment and allocation beside its legacy row, one by one.

Sums agree where money was moved between two invoices of a customer, or a date within its year: here it shows.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from heapq import merge
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.legacy import BATCH, Snapshot
from gigafibre_utils.migration.reconcile.figures import NOTHING, Calendar
from gigafibre_utils.migration.reconcile.legacy_side import DRAFT, VOID, LegacySide, Rejected, texts
from gigafibre_utils.migration.target import rows

ROUNDED = Decimal("0.05")
"""What a total may lack of its lines and be rounded; more is a line of its own."""

DOCSTATUS = {VOID: 2, DRAFT: 0}

_INVOICES = """
	SELECT invoice.id, customer_id, issued_at, due_at, status, subtotal, total, line.amount,
		coalesce(tax.amount, 0)
	FROM invoice
	LEFT JOIN (
		SELECT invoice_id, sum(amount) AS amount FROM invoice_item GROUP BY invoice_id
	) AS line ON line.invoice_id = invoice.id
	LEFT JOIN (
		SELECT invoice_id, sum(amount) AS amount FROM invoice_tax GROUP BY invoice_id
	) AS tax ON tax.invoice_id = invoice.id
	ORDER BY invoice.id
"""
_PAYMENTS = "SELECT id, customer_id, paid_at, amount FROM payment ORDER BY id"
_ALLOCATIONS = "SELECT id, payment_id, invoice_id, amount FROM payment_invoice ORDER BY id"
_INVOICES_THERE = """
	SELECT invoice.legacy_id::bigint, customer.legacy_id, posting_date, due_date, net_total,
		total_taxes_and_charges, grand_total + coalesce(rounding_adjustment, 0), invoice.docstatus
	FROM public."tabSales Invoice" AS invoice
	LEFT JOIN public."tabCustomer" AS customer ON customer.name = invoice.customer
	WHERE invoice.legacy_id ~ '^[0-9]+$' ORDER BY 1
"""
_PAYMENTS_THERE = """
	SELECT payment.legacy_id::bigint, customer.legacy_id, posting_date,
		CASE payment_type WHEN 'Pay' THEN -paid_amount ELSE paid_amount END, payment.docstatus
	FROM public."tabPayment Entry" AS payment
	LEFT JOIN public."tabCustomer" AS customer ON customer.name = payment.party
	WHERE payment.legacy_id ~ '^[0-9]+$' ORDER BY 1
"""
_ALLOCATIONS_THERE = """
	SELECT substr(paid.name, 4)::bigint, payment.legacy_id, invoice.legacy_id, allocated_amount
	FROM public."tabPayment Entry Reference" AS paid
	JOIN public."tabPayment Entry" AS payment ON payment.name = paid.parent
	LEFT JOIN public."tabSales Invoice" AS invoice
		ON reference_doctype = 'Sales Invoice' AND invoice.name = reference_name
	WHERE paid.name ~ '^LR-[0-9]+$' AND payment.legacy_id <> '' ORDER BY 1
"""
_PAYMENT_IDS = """
	SELECT legacy_id::bigint FROM public."tabPayment Entry" WHERE legacy_id ~ '^[0-9]+$'
"""
# Allocations that a finding tells of: cut, or left out.
_CUT = """
	SELECT DISTINCT finding.legacy_id::bigint FROM public."tabMigration Finding" AS finding
	JOIN public."tabMigration Run" AS run ON run.name = finding.run
	WHERE finding.legacy_table = 'payment_invoice' AND run.status <> 'Undone'
"""


@dataclass(frozen=True)
class Unlike:
	"""A field that is not the same on both sides."""

	field: str
	legacy: str
	erpnext: str


@dataclass(frozen=True)
class Differing:
	"""A document that is not alike, by its legacy id."""

	legacy_id: int
	unlike: list[Unlike]


@dataclass(frozen=True)
class Compared:
	"""How many documents of a kind were compared, and those that differ."""

	kind: str
	count: int
	differing: list[Differing]

	@property
	def differences(self) -> int:
		"""How many differ."""
		return len(self.differing)


class Meant(NamedTuple):
	"""What a document must be by its legacy row; a value of None is as ERPNext has it.

	One that is out of scope may be anything.
	"""

	legacy_id: int
	values: tuple[Any, ...]
	may_lack: bool = False

	@property
	def is_compared(self) -> bool:
		"""Whether anything must be so."""
		return any(value is not None for value in self.values)


class _Kind(NamedTuple):
	name: str
	fields: tuple[str, ...]
	meant: Iterator[Meant]
	there: str


def compare(
	snapshot: Snapshot,
	connection: Connection,
	calendar: Calendar,
	side: LegacySide,
	rejected: Rejected,
	has_invoices: bool = True,
	has_payments: bool = True,
) -> list[Compared]:
	"""Compare all that are in scope, in three passes over both databases."""
	kinds = []
	if has_invoices:
		fields = ("customer", "posting date", "due date", "net", "taxes", "total", "docstatus")
		meant = _invoices(snapshot, calendar, side, rejected)
		kinds.append(_Kind("invoices", fields, meant, _INVOICES_THERE))
	if has_payments:
		fields = ("customer", "posting date", "amount", "docstatus")
		kinds.append(
			_Kind("payments", fields, _payments(snapshot, calendar, side, rejected), _PAYMENTS_THERE)
		)
		meant = _allocations(snapshot, connection)
		kinds.append(_Kind("allocations", ("payment", "invoice", "amount"), meant, _ALLOCATIONS_THERE))
	return [_compared(kind, connection) for kind in kinds]


def net_and_adjustment(
	lines: Decimal | None, subtotal: Decimal, tax: Decimal, total: Decimal
) -> tuple[Decimal, Decimal]:
	"""What an invoice comes to before taxes, and what of that stands in a line made up for what is lacking.

	`lines` is what its lines come to, None where it has none.
	"""
	net = subtotal if lines is None else lines
	lacking = total - net - tax
	adjustment = lacking if abs(lacking) > ROUNDED else NOTHING
	return net + adjustment, adjustment


def told(value: Any) -> str:
	"""A field's value as the report has it."""
	if value is None:
		return "–"
	if isinstance(value, tuple):
		return " · ".join(told(part) for part in value)
	return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def _invoices(
	snapshot: Snapshot, calendar: Calendar, side: LegacySide, rejected: Rejected
) -> Iterator[Meant]:
	for row in texts(snapshot, _INVOICES):
		id_, issued, due = int(row[0]), int(row[2]), int(row[3])
		if not side.undated_invoices.get(id_, issued >= calendar.since_second):
			yield Meant(id_, (None,) * 7, may_lack=True)
			continue
		dated, due_on = calendar.day(issued), calendar.day(due)
		subtotal, total, tax = (Decimal(row[place] or 0) for place in (5, 6, 8))
		net, _ = net_and_adjustment(Decimal(row[7]) if row[7] else None, subtotal, tax, total)
		due_on = max(due_on, dated) if due_on and dated else None
		docstatus = DOCSTATUS.get(row[4].lower(), 1)
		values = (row[1], dated, due_on, net, tax, total, docstatus)
		yield Meant(id_, values, may_lack=id_ in rejected.invoices)


def _payments(
	snapshot: Snapshot, calendar: Calendar, side: LegacySide, rejected: Rejected
) -> Iterator[Meant]:
	for id_, customer, paid_at, amount in texts(snapshot, _PAYMENTS):
		number, seconds = int(id_), int(paid_at)
		if not side.undated_payments.get(number, seconds >= calendar.since_second):
			yield Meant(number, (None,) * 4, may_lack=True)
			continue
		# One of no amount is never made.
		may_lack = number in rejected.payments or not Decimal(amount)
		docstatus = 2 if number in side.never_received else 1
		yield Meant(number, (customer, calendar.day(seconds), Decimal(amount), docstatus), may_lack)


def _allocations(snapshot: Snapshot, connection: Connection) -> Iterator[Meant]:
	"""As they were, unless a finding tells what became of one; none of a payment that did not come over."""
	cut = {id_ for (id_,) in rows(connection, _CUT)}
	payments = {id_ for (id_,) in rows(connection, _PAYMENT_IDS)}
	for id_, payment, invoice, amount in texts(snapshot, _ALLOCATIONS):
		is_cut = int(id_) in cut
		values = (payment, invoice, None if is_cut else Decimal(amount))
		yield Meant(int(id_), values, may_lack=is_cut or int(payment) not in payments)


def _compared(kind: _Kind, connection: Connection) -> Compared:
	count, differing = 0, []
	for legacy_id, meant, there in _pairs(kind.meant, _stream(connection, kind.there)):
		count += bool(there) and bool(meant) and meant.is_compared
		if unlike := _unlike(kind.fields, meant, there):
			differing.append(Differing(legacy_id, unlike))
	return Compared(kind.name, count, differing)


def _pairs(meant: Iterable[Meant], there: Iterable[tuple]) -> Iterator[tuple[int, Meant | None, list[tuple]]]:
	"""Both sides, each by rising ids, next to each other."""
	by_id = itemgetter(0)
	for legacy_id, found in groupby(merge(meant, there, key=by_id), key=by_id):
		both = list(found)  # of the same id, those of the first side come first
		legacy = both.pop(0) if isinstance(both[0], Meant) else None
		yield legacy_id, legacy, both


def _unlike(fields: tuple[str, ...], meant: Meant | None, there: list[tuple]) -> list[Unlike]:
	if not meant:
		return [Unlike("document", "is not there", "is there")]
	if not there:
		return [] if meant.may_lack else [Unlike("document", "is there", "is not there")]
	if len(there) > 1:
		return [Unlike("document", "is there once", f"is there {len(there)} times")]
	sides = zip(fields, meant.values, there[0][1:], strict=True)
	return [
		Unlike(field, told(legacy), told(erpnext))
		for field, legacy, erpnext in sides
		if legacy is not None and legacy != erpnext
	]


def _stream(connection: Connection, query: str) -> Iterator[tuple]:
	"""The rows of a query, batch by batch."""
	with closing(connection.cursor("compared", withhold=True)) as cursor:
		cursor.itersize = BATCH
		cursor.execute(query)
		yield from cursor
