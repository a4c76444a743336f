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
from gigafibre_utils.migration.reconcile import allocated, lines
from gigafibre_utils.migration.reconcile.erpnext_side import payments_since
from gigafibre_utils.migration.reconcile.fields import Unlike, told
from gigafibre_utils.migration.reconcile.figures import NOTHING, Calendar
from gigafibre_utils.migration.reconcile.legacy_side import DRAFT, VOID, LegacySide, Rejected, texts
from gigafibre_utils.migration.reconcile.runs import Runs
from gigafibre_utils.migration.reconcile.wording import word
from gigafibre_utils.migration.target import rows

ROUNDED = Decimal("0.05")
"""What a total may lack of its lines and be rounded; more is a line of its own."""

DOCSTATUS = {VOID: 2, DRAFT: 0}
MODES = {
	"card": "Credit Card",
	"ach": "Pre-authorized Debit",
	"cheque": "Cheque",
	"cash": "Cash",
	"credit": "Credit",
}
"""What a method is called as a mode of payment; one that is none of these is not known.

Not the migration's own table, alike as they are: an error there would stand on both sides.
"""

UNKNOWN_MODE = "Not Stated"
TOLD = 1_000
"""Documents that differ and are named; of more, there is another reason than theirs."""

# However many lines an invoice has, none is left out.
_INVOICES = f"""
	SET STATEMENT group_concat_max_len = 4294967295 FOR
	SELECT invoice.id, customer_id, issued_at, due_at, status, subtotal, total, line.amount,
		coalesce(tax.amount, 0), line.lines
	FROM invoice
	LEFT JOIN ({lines.LEGACY}) AS line ON line.invoice_id = invoice.id
	LEFT JOIN (
		SELECT invoice_id, sum(amount) AS amount FROM invoice_tax GROUP BY invoice_id
	) AS tax ON tax.invoice_id = invoice.id
	ORDER BY invoice.id
"""
_PAYMENTS = "SELECT id, customer_id, paid_at, amount, method FROM payment ORDER BY id"
_ALLOCATIONS = "SELECT id, payment_id, invoice_id, amount FROM payment_invoice ORDER BY id"
_INVOICES_THERE = f"""
	SELECT invoice.legacy_id::bigint, customer.legacy_id, posting_date, due_date, net_total,
		total_taxes_and_charges, grand_total + coalesce(rounding_adjustment, 0), invoice.docstatus,
		coalesce(line.lines, '')
	FROM public."tabSales Invoice" AS invoice
	LEFT JOIN ({lines.ERPNEXT}) AS line ON line.parent = invoice.name
	LEFT JOIN public."tabCustomer" AS customer ON customer.name = invoice.customer
	WHERE invoice.legacy_id ~ '^[0-9]+$' ORDER BY 1
"""
_PAYMENTS_THERE = """
	SELECT payment.legacy_id::bigint, customer.legacy_id, posting_date,
		CASE payment_type WHEN 'Pay' THEN -paid_amount ELSE paid_amount END, payment.docstatus,
		mode_of_payment
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


@dataclass(frozen=True)
class Differing:
	"""A document that is not alike, by its legacy id."""

	legacy_id: int
	unlike: list[Unlike]


@dataclass(frozen=True)
class Compared:
	"""How many documents of a kind were compared, how many of them differ, and the first of those."""

	kind: str
	count: int
	differences: int
	differing: list[Differing]


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
	"""Compare all that are in scope, in one pass over both databases for each kind."""
	kinds = []
	if has_invoices:
		fields = ("customer", "posting date", "due date", "net", "taxes", "total", "docstatus", lines.FIELD)
		meant = _invoices(snapshot, calendar, side, rejected)
		kinds.append(_Kind("invoices", fields, meant, _INVOICES_THERE))
	if has_payments:
		fields = ("customer", "posting date", "amount", "docstatus", "mode of payment")
		kinds.append(
			_Kind("payments", fields, _payments(snapshot, calendar, side, rejected), _PAYMENTS_THERE)
		)
		runs = Runs.of(connection)
		cut = allocated.cut(snapshot, calendar, side, payments_since(connection), runs)
		meant = _allocations(snapshot, connection, cut)
		kinds.append(_Kind("allocations", ("payment", "invoice", "amount"), meant, _ALLOCATIONS_THERE))
	return [_compared(kind, connection) for kind in kinds]


def net_and_adjustment(
	billed: Decimal | None, subtotal: Decimal, tax: Decimal, total: Decimal
) -> tuple[Decimal, Decimal]:
	"""What an invoice comes to before taxes, and what of that stands in a line made up for what is lacking.

	`billed` is what its lines come to, None where it has none.
	"""
	net = subtotal if billed is None else billed
	lacking = total - net - tax
	adjustment = lacking if abs(lacking) > ROUNDED else NOTHING
	return net + adjustment, adjustment


def _invoices(
	snapshot: Snapshot, calendar: Calendar, side: LegacySide, rejected: Rejected
) -> Iterator[Meant]:
	for row in texts(snapshot, _INVOICES):
		id_, issued, due = int(row[0]), int(row[2]), int(row[3])
		if side.undated_invoices.get(id_, issued) < calendar.since_second:
			yield Meant(id_, (None,) * 8, may_lack=True)
			continue
		dated, due_on = calendar.day(issued), calendar.day(due)
		subtotal, total, tax = (Decimal(row[place] or 0) for place in (5, 6, 8))
		billed, told = Decimal(row[7]) if row[7] else None, row[9]
		net, adjustment = net_and_adjustment(billed, subtotal, tax, total)
		if adjustment or not told:
			told = lines.with_made_up(told, id_, adjustment if told else net, is_return=total < 0)
		due_on = max(due_on, dated) if due_on and dated else None
		docstatus = DOCSTATUS.get(word(row[4]), 1)
		values = (row[1], dated, due_on, net, tax, total, docstatus, told)
		yield Meant(id_, values, may_lack=id_ in rejected.invoices)


def _payments(
	snapshot: Snapshot, calendar: Calendar, side: LegacySide, rejected: Rejected
) -> Iterator[Meant]:
	for id_, customer, paid_at, amount, method in texts(snapshot, _PAYMENTS):
		number, seconds = int(id_), int(paid_at)
		if side.undated_payments.get(number, seconds) < calendar.since_second:
			yield Meant(number, (None,) * 5, may_lack=True)
			continue
		# One of no amount is never made.
		may_lack = number in rejected.payments or not Decimal(amount)
		docstatus = 2 if number in side.never_received else 1
		mode = MODES.get(word(method), UNKNOWN_MODE)
		yield Meant(number, (customer, calendar.day(seconds), Decimal(amount), docstatus, mode), may_lack)


def _allocations(snapshot: Snapshot, connection: Connection, cut: dict[int, Decimal]) -> Iterator[Meant]:
	"""As they were, or what can be left of them; none of a payment that did not come over."""
	payments = {id_ for (id_,) in rows(connection, _PAYMENT_IDS)}
	for id_, payment, invoice, amount in texts(snapshot, _ALLOCATIONS):
		left = cut.get(int(id_), Decimal(amount))
		if left and int(payment) in payments:
			yield Meant(int(id_), (payment, invoice, left))


def _compared(kind: _Kind, connection: Connection) -> Compared:
	count, differences, differing = 0, 0, []
	for legacy_id, meant, there in _pairs(kind.meant, _stream(connection, kind.there)):
		count += bool(there) and bool(meant) and meant.is_compared
		if unlike := _unlike(kind.fields, meant, there):
			differences += 1
			if differences <= TOLD:
				differing.append(Differing(legacy_id, unlike))
	return Compared(kind.name, count, differences, differing)


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
	unlike: list[Unlike] = []
	for field, legacy, erpnext in zip(fields, meant.values, there[0][1:], strict=True):
		if legacy is None or legacy == erpnext:
			continue
		if field == lines.FIELD:
			unlike += lines.unlike(legacy, erpnext)
		else:
			unlike.append(Unlike(field, told(legacy), told(erpnext)))
	return unlike


def _stream(connection: Connection, query: str) -> Iterator[tuple]:
	"""The rows of a query, batch by batch."""
	with closing(connection.cursor("compared", withhold=True)) as cursor:
		cursor.itersize = BATCH
		cursor.execute(query)
		yield from cursor
