"""A hundred invoices drawn by chance and compared field by field: MariaDB's own rows beside ERPNext's.

Text is compared after `clean.text`: that it repairs what it should is for its own tests to show.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from psycopg2.extensions import connection as Connection
from psycopg2.extras import RealDictCursor

from gigafibre_utils.migration import clean
from gigafibre_utils.migration.books import EARLIEST, latest
from gigafibre_utils.migration.legacy import Legacy, Snapshot

DRAWN = 100
DOCSTATUS = {"draft": 0, "void": 2}

_INVOICE = """
	SELECT doc.legacy_id, doc.legacy_number AS number, customer.legacy_id AS customer, doc.posting_date,
		doc.due_date, doc.docstatus, coalesce(nullif(doc.rounded_total, 0), doc.grand_total) AS total,
		doc.remarks, doc.name
	FROM public."tabSales Invoice" doc JOIN public."tabCustomer" customer ON customer.name = doc.customer
	WHERE doc.legacy_id = ANY (%s)
"""
_ITEMS = """
	SELECT doc.legacy_id, item.name, item.amount, abs(item.qty) AS quantity, item.description,
		item.service_start_date AS period_start, item.service_end_date AS period_end,
		place.legacy_delivery_id AS delivery
	FROM public."tabSales Invoice Item" item JOIN public."tabSales Invoice" doc ON doc.name = item.parent
	LEFT JOIN public."tabService Location" place ON place.name = item.service_location
	WHERE doc.legacy_id = ANY (%s) AND item.name ~ '^LI-[0-9]+$' ORDER BY item.idx
"""
_TAXES = """
	SELECT doc.legacy_id, tax.description AS code, tax.rate, tax.tax_amount AS amount
	FROM public."tabSales Taxes and Charges" tax JOIN public."tabSales Invoice" doc ON doc.name = tax.parent
	WHERE doc.legacy_id = ANY (%s) ORDER BY tax.idx
"""


@dataclass(frozen=True)
class Mismatch:
	"""A field that is not the same on both sides."""

	invoice: str
	field: str
	legacy: str
	erpnext: str


@dataclass(frozen=True)
class Drawn:
	"""Which invoices were compared, by what seed they were drawn, and what was not the same."""

	seed: int
	invoices: list[str]
	fields: int
	mismatches: list[Mismatch]


class Comparison:
	"""Compares the invoices of some legacy ids."""

	def __init__(self, snapshot: Snapshot, connection: Connection, zone: str, as_of: date):
		self._snapshot, self._connection = snapshot, connection
		self._zone = ZoneInfo(zone)
		self._believed = range(int(EARLIEST.timestamp()), latest(as_of) + 1)
		self.fields = 0
		self.mismatches: list[Mismatch] = []

	def compare(self, ids: Sequence[str]) -> None:
		"""All of them."""
		legacy, erpnext = dict(self._legacy(ids)), self._erpnext(ids)
		for number in ids:
			there = erpnext.get(number)
			if there is None:
				self.mismatches.append(Mismatch(number, "invoice", "there", "not there"))
				continue
			for field, value in legacy[number].items():
				self._same(there["name"], field, value, there[field])

	def _same(self, invoice: str, field: str, legacy: Any, erpnext: Any) -> None:
		if legacy is None:
			return  # the legacy database does not know
		self.fields += 1
		if legacy != erpnext:
			self.mismatches.append(Mismatch(invoice, field, str(legacy), str(erpnext)))

	def _legacy(self, ids: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
		among = ", ".join(ids)
		items, taxes = defaultdict(list), defaultdict(list)
		for invoice, *item in self._snapshot.rows(
			"SELECT item.invoice_id, item.amount, item.quantity, item.description, item.period_start, "
			"item.period_end, delivery.id FROM invoice_item item LEFT JOIN service ON service.id = item.service_id "
			f"LEFT JOIN delivery ON delivery.id = service.delivery_id WHERE item.invoice_id IN ({among}) ORDER BY item.id"
		):
			items[invoice].append(_item(*item))
		for invoice, code, rate, amount in self._snapshot.rows(
			f"SELECT invoice_id, code, rate, amount FROM invoice_tax WHERE invoice_id IN ({among}) ORDER BY id"
		):
			taxes[invoice].append((code.decode(), _decimal(rate), _decimal(amount)))
		for number, customer, printed, issued, due, total, status, notes in list(
			self._snapshot.rows(
				"SELECT id, customer_id, number, issued_at, due_at, total, status, notes FROM invoice "
				f"WHERE id IN ({among})"
			)
		):
			posted = self._day(int(issued))
			yield (
				number.decode(),
				{
					"number": clean.line(printed),
					"customer": customer.decode(),
					"posting_date": posted,
					"due_date": max(posted, self._day(int(due)) or posted)
					if posted and self._day(int(due))
					else None,
					"docstatus": DOCSTATUS.get(status.decode(), 1),
					"total": _decimal(total),
					"remarks": clean.text(notes or b""),
					"items": items[number],
					"taxes": taxes[number],
				},
			)

	def _erpnext(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
		found = {
			row["legacy_id"]: {**row, "remarks": row["remarks"] or "", "items": [], "taxes": []}
			for row in self._rows(_INVOICE, ids)
		}
		for row in self._rows(_ITEMS, ids):
			period = (row["period_start"], row["period_end"])
			item = (row["amount"], row["quantity"], row["description"], *period, row["delivery"])
			found[row["legacy_id"]]["items"].append(item)
		for row in self._rows(_TAXES, ids):
			found[row["legacy_id"]]["taxes"].append((row["code"], row["rate"], row["amount"]))
		return found

	def _rows(self, query: str, ids: Sequence[str]) -> list[dict[str, Any]]:
		with self._connection.cursor(cursor_factory=RealDictCursor) as cursor:
			cursor.execute(query, [list(ids)])
			return cursor.fetchall()

	def _day(self, seconds: int) -> date | None:
		if seconds not in self._believed:
			return None
		return datetime.fromtimestamp(seconds, UTC).astimezone(self._zone).date()


def draw(
	legacy: Legacy, connection: Connection, zone: str, as_of: date, seed: int, since: date | None
) -> Drawn:
	"""Draw and compare. With `since`, only among those that the site has."""
	with legacy.snapshot() as snapshot:
		ids = [number.decode() for (number,) in snapshot.rows("SELECT id FROM invoice ORDER BY id")]
		if since:
			ids = [number for number in ids if number in _migrated(connection)]
		chosen = sorted(Random(seed).sample(ids, min(DRAWN, len(ids))), key=int)
		comparison = Comparison(snapshot, connection, zone, as_of)
		if chosen:
			comparison.compare(chosen)
	return Drawn(seed, chosen, comparison.fields, comparison.mismatches)


def _migrated(connection: Connection) -> set[str]:
	with connection.cursor() as cursor:
		cursor.execute("SELECT legacy_id FROM public.\"tabSales Invoice\" WHERE legacy_id <> ''")
		return {number for (number,) in cursor.fetchall()}


def _item(
	amount: bytes, quantity: bytes, description: bytes, start: bytes, end: bytes, delivery: bytes | None
) -> tuple[Any, ...]:
	period = (clean.day(start), clean.day(end))
	if None in period or period[0] > period[1]:
		period = (None, None)
	written = clean.line(description).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
	return (
		_decimal(amount),
		abs(_decimal(quantity)) or Decimal(1),
		written,
		*period,
		delivery.decode() if delivery else None,
	)


def _decimal(raw: bytes) -> Decimal:
	return Decimal(raw.decode())
