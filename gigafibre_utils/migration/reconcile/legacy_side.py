"""The legacy database's books, read from it anew and added up here: by none of the migration's own SQL.

Billed is every invoice that is open, paid or reversed, a credit note below nothing. Paid is every payment that came
in, and what was paid out; one that bounced or was taken back, and that no counterpart of the same customer takes
back, never came in. Owed is the one less the other. A year is the site's.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from gigafibre_utils.migration.books import EARLIEST, latest
from gigafibre_utils.migration.legacy import Legacy, Snapshot
from gigafibre_utils.migration.reconcile.sums import UNDATED, Side

COUNTED = {b"open", b"paid", b"reversed"}
BOUNCED = {b"nsf", b"reversed"}


@dataclass
class LegacySide:
	"""Its books, what it says is owed by each customer (`balance`), and the documents without a usable date."""

	side: Side = field(default_factory=Side)
	balances: dict[int, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
	undated_invoices: list[str] = field(default_factory=list)
	undated_payments: list[str] = field(default_factory=list)


class Reader:
	"""Reads it once, row by row."""

	def __init__(self, snapshot: Snapshot, zone: str, as_of: date, since: date | None):
		self._snapshot = snapshot
		self._zone, self._since = ZoneInfo(zone), since
		self._believed = range(int(EARLIEST.timestamp()), latest(as_of) + 1)
		self._read = LegacySide()
		self._counted: dict[int, tuple[int, str]] = {}

	def read(self) -> LegacySide:
		"""All of it."""
		self._invoices()
		self._taxes()
		self._payments()
		side = self._read.side
		for sums in (side.total, *side.by_year.values(), *side.by_customer.values()):
			sums.owed = sums.billed - sums.paid
		return self._read

	def _invoices(self) -> None:
		rows = self._snapshot.rows("SELECT id, customer_id, issued_at, total, balance, status FROM invoice")
		for number, customer, seconds, total, balance, status in rows:
			year = self._year(int(seconds))
			if year == UNDATED:
				self._read.undated_invoices.append(number.decode())
			if status not in COUNTED or year is None:
				continue
			self._counted[int(number)] = (int(customer), year)
			self._read.side.add("billed", int(customer), year, _amount(total))
			self._read.balances[int(customer)] += _amount(balance)

	def _taxes(self) -> None:
		for invoice, code, rate, amount in self._snapshot.rows(
			"SELECT invoice_id, code, rate, amount FROM invoice_tax"
		):
			if (counted := self._counted.get(int(invoice))) is None:
				continue
			self._read.side.add("taxes", *counted, _amount(amount))
			self._read.side.by_tax[f"{code.decode()} {_amount(rate).normalize():f}"] += _amount(amount)

	def _payments(self) -> None:
		rows = list(
			self._snapshot.rows("SELECT id, customer_id, paid_at, amount, status, reversal_of FROM payment")
		)
		taken_back = set(_taken_back(rows))
		for number, customer, seconds, amount, status, _ in rows:
			year = self._year(int(seconds))
			if year == UNDATED:
				self._read.undated_payments.append(number.decode())
			never_came = status in BOUNCED and _amount(amount) > 0 and number not in taken_back
			if year is not None and not never_came:
				self._read.side.add("paid", int(customer), year, _amount(amount))

	def _year(self, seconds: int) -> str | None:
		"""The year of a moment, UNDATED where it is not to be believed, None where it is left aside."""
		if seconds not in self._believed:
			# By what date such a one was taken for, only the other side knows.
			return None if self._since else UNDATED
		day = datetime.fromtimestamp(seconds, UTC).astimezone(self._zone).date()
		return None if self._since and day < self._since else str(day.year)


def read(legacy: Legacy, zone: str, as_of: date, since: date | None = None) -> LegacySide:
	"""The legacy side as it is now."""
	with legacy.snapshot() as snapshot:
		return Reader(snapshot, zone, as_of, since).read()


def _taken_back(rows: list[tuple[bytes, ...]]) -> Iterator[bytes]:
	"""The ids of payments that a counterpart of the same customer takes back."""
	came = {number: customer for number, customer, _, amount, _, _ in rows if _amount(amount) > 0}
	for _, customer, _, amount, _, original in rows:
		if _amount(amount) < 0 and came.get(original) == customer:
			yield original


def _amount(raw: bytes | None) -> Decimal:
	return Decimal((raw or b"0").decode())
