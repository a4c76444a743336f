"""Invoices drawn at random and compared with MariaDB itself, field by field."""

import html
import random
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.legacy import Snapshot
from gigafibre_utils.migration.reconcile.documents import DOCSTATUS, net_and_adjustment
from gigafibre_utils.migration.reconcile.fields import Unlike, told
from gigafibre_utils.migration.reconcile.figures import NOTHING, Calendar
from gigafibre_utils.migration.reconcile.legacy_side import NAMELESS_TAX
from gigafibre_utils.migration.reconcile.wording import line, text
from gigafibre_utils.migration.target import rows

DRAWN = 100
_IDS = "SELECT id, issued_at FROM invoice ORDER BY id"
_INVOICE = """
	SELECT customer_id, number, issued_at, due_at, subtotal, total, status, notes FROM invoice WHERE id = %s
"""
_ITEMS = """
	SELECT item.description, item.quantity, item.amount, item.period_start, item.period_end, delivery.id
	FROM invoice_item AS item
	LEFT JOIN service ON service.id = item.service_id
	LEFT JOIN delivery ON delivery.id = service.delivery_id
	WHERE item.invoice_id = %s ORDER BY item.id
"""
_TAXES = "SELECT code, rate, amount FROM invoice_tax WHERE invoice_id = %s ORDER BY id"
_THERE = """
	SELECT invoice.name, customer.legacy_id, coalesce(legacy_number, ''), posting_date, due_date,
		net_total, total_taxes_and_charges, grand_total + coalesce(rounding_adjustment, 0), invoice.docstatus,
		coalesce(remarks, '')
	FROM public."tabSales Invoice" AS invoice
	LEFT JOIN public."tabCustomer" AS customer ON customer.name = invoice.customer
	WHERE invoice.legacy_id = %s
"""
_LINES_THERE = """
	SELECT description, qty, amount, service_start_date, service_end_date, location.legacy_delivery_id
	FROM public."tabSales Invoice Item" AS line
	LEFT JOIN public."tabService Location" AS location ON location.name = line.service_location
	WHERE parent = %s ORDER BY line.idx
"""
_TAXES_THERE = """
	SELECT description, rate, tax_amount FROM public."tabSales Taxes and Charges"
	WHERE parent = %s AND parenttype = 'Sales Invoice' ORDER BY idx
"""

Fields = dict[str, Any]


@dataclass(frozen=True)
class Drawn:
	"""An invoice that was drawn, how many fields were compared, and those that are unlike."""

	legacy_id: int
	name: str
	total: Decimal
	fields: int
	unlike: list[Unlike]


def compare(
	snapshot: Snapshot, connection: Connection, calendar: Calendar, rejected: set[int], seed: int
) -> list[Drawn]:
	"""Draw a hundred invoices that are in scope and not rejected, the same for the same seed."""
	ids = array(
		"Q",
		(
			int(id_)
			for id_, seconds in snapshot.rows(_IDS)
			# Without `since` also those whose date is not to be believed.
			if int(id_) not in rejected
			and (not calendar.since or calendar.since_second <= int(seconds) <= calendar.latest)
		),
	)
	chosen = sorted(random.Random(seed).sample(ids, min(DRAWN, len(ids))))
	return [_compared(id_, snapshot, connection, calendar) for id_ in chosen]


def _compared(id_: int, snapshot: Snapshot, connection: Connection, calendar: Calendar) -> Drawn:
	found = rows(connection, _THERE, str(id_))
	meant = _meant(id_, snapshot, calendar)
	if not found:
		return Drawn(id_, "", meant["total"], 1, [Unlike("invoice", str(id_), "is not there")])
	there = _there(connection, found[0], meant)
	fields = list(dict.fromkeys([*meant, *there]))
	unlike = [
		Unlike(field, told(meant.get(field)), told(there.get(field)))
		for field in fields
		if meant.get(field) != there.get(field)
	]
	return Drawn(id_, found[0][0], meant["total"], len(fields), unlike)


def _meant(id_: int, snapshot: Snapshot, calendar: Calendar) -> Fields:
	"""What an invoice must be, by its legacy rows."""
	((customer, number, issued_at, due_at, subtotal, total, status, notes),) = snapshot.rows(_INVOICE, (id_,))
	dated, due = calendar.day(int(issued_at)), calendar.day(int(due_at))
	taxes = [
		(line(code).upper() or NAMELESS_TAX, number_of(rate), number_of(amount))
		for code, rate, amount in snapshot.rows(_TAXES, (id_,))
	]
	items = list(_items(id_, snapshot, is_return=number_of(total) < 0))
	tax = sum((amount for _, _, amount in taxes), NOTHING)
	lines = sum((item[2] for item in items), NOTHING) if items else None
	net, adjustment = net_and_adjustment(lines, number_of(subtotal), tax, number_of(total))
	# An invoice that has no lines has one, and one whose lines do not come to its total one more.
	if not items:
		items = [_made_up(net)]
	elif adjustment:
		items.append(_made_up(adjustment))
	fields: Fields = {
		"customer": customer.decode(),
		"number": line(number),
		"posting date": dated,
		"due date": max(due, dated) if due and dated else None,
		"net": net,
		"taxes": tax,
		"total": number_of(total),
		"docstatus": DOCSTATUS.get(line(status).lower(), 1),
		"notes": text(notes or b""),
	}
	fields |= {f"item {place}": item for place, item in enumerate(items, 1)}
	return fields | {f"tax {place}": told for place, told in enumerate(taxes, 1)}


def _items(id_: int, snapshot: Snapshot, is_return: bool) -> Iterator[tuple]:
	for description, quantity, amount, start, end, delivery in snapshot.rows(_ITEMS, (id_,)):
		# ERPNext has no line of no quantity, and in a return none above nothing.
		counted = number_of(quantity) or Decimal(1)
		first, last = _day(start), _day(end)
		period = (first, last) if first and last and first <= last else (None, None)
		yield (
			line(description) or None,
			-abs(counted) if is_return else counted,
			number_of(amount),
			*period,
			delivery.decode() if delivery else None,
		)


def _made_up(amount: Decimal | None) -> tuple:
	"""A line that stands for an amount, and for nothing else."""
	return (None, None, amount, None, None, None)


def _there(connection: Connection, found: tuple, meant: Fields) -> Fields:
	"""The same fields as ERPNext has them; those that a repair had to make up are taken as they are."""
	name, customer, number, posted, due, net, tax, total, docstatus, notes = found
	fields: Fields = {
		"customer": customer,
		"number": number,
		"posting date": posted if meant["posting date"] else None,
		"due date": due if meant["due date"] else None,
		"net": net,
		"taxes": tax,
		"total": total,
		"docstatus": docstatus,
		"notes": notes,
	}
	for place, (description, *values) in enumerate(rows(connection, _LINES_THERE, name), 1):
		legacy = meant.get(f"item {place}", (None,) * 6)
		told = (html.unescape(description) if legacy[0] else None, *values)
		if legacy == _made_up(legacy[2]):
			told = _made_up(told[2])
		fields[f"item {place}"] = told
	taxes = enumerate(rows(connection, _TAXES_THERE, name), 1)
	return fields | {f"tax {place}": told for place, told in taxes}


def number_of(raw: bytes) -> Decimal:
	"""A number as MariaDB writes it."""
	return Decimal(raw.decode())


def _day(raw: bytes) -> date | None:
	"""A date, None for one of zeros, or that no calendar has."""
	try:
		return date.fromisoformat(raw.decode())
	except ValueError:
		return None
