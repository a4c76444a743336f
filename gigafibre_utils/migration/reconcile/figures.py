"""The figures that both sides must agree on, to the cent: in all, by year, by customer and by rate of tax."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from gigafibre_utils.migration.books import EARLIEST, latest

ALL, YEAR, CUSTOMER, RATE = "all", "year", "customer", "rate"
GROUPS = (ALL, YEAR, CUSTOMER, RATE)

INVOICES, BILLED, PAYMENTS, PAID, OWED = "invoices", "billed", "payments", "paid", "owed"
TAX = "tax "
"""Before the code of a tax, what was billed of it."""

UNDATED = "undated"
"""The year of documents whose legacy date is not to be believed."""

NOTHING = Decimal()
ONE = Decimal(1)

Sums = defaultdict[str, Decimal]


class Tally:
	"""One side's sums, by group, key in that group, and measure."""

	def __init__(self) -> None:
		self._sums: dict[str, defaultdict[str, Sums]] = {
			group: defaultdict(lambda: defaultdict(Decimal)) for group in GROUPS
		}

	def add(self, customer: str, year: str, **amounts: Decimal) -> None:
		"""Amounts of one customer in one year."""
		self._add(customer, year, amounts)

	def tax(self, customer: str, year: str, code: str, rate: Decimal, amount: Decimal) -> None:
		"""What one customer was billed in one year of one tax."""
		self._add(customer, year, {TAX + code: amount})
		self._sums[RATE][f"{code} {rate.normalize():f} %"][BILLED] += amount

	def keys(self, group: str) -> set[str]:
		"""The keys of a group that there is anything of."""
		return set(self._sums[group])

	def sums(self, group: str, key: str) -> Sums:
		"""What there is of a key, by measure; nothing where it is not known."""
		return self._sums[group][key] if key in self._sums[group] else defaultdict(Decimal)

	def _add(self, customer: str, year: str, amounts: dict[str, Decimal]) -> None:
		for sums in (self._sums[ALL][""], self._sums[YEAR][year], self._sums[CUSTOMER][customer]):
			for measure, amount in amounts.items():
				sums[measure] += amount


@dataclass(frozen=True)
class Figure:
	"""One figure as either side has it. `left_out` is what rejected legacy documents come to."""

	legacy: Decimal
	erpnext: Decimal
	left_out: Decimal = NOTHING

	@property
	def difference(self) -> Decimal:
		"""What ERPNext has more than the legacy side."""
		return self.erpnext - self.legacy

	@property
	def is_explained(self) -> bool:
		"""Whether the sides agree, but for what was rejected."""
		return self.difference in (NOTHING, -self.left_out)


@dataclass(frozen=True)
class Row:
	"""The figures of one year, customer or rate."""

	key: str
	figures: dict[str, Figure]

	@property
	def differs(self) -> bool:
		"""Whether any figure of it is not the same on both sides."""
		return any(figure.difference for figure in self.figures.values())

	@property
	def unexplained(self) -> int:
		"""How many of its figures differ for no reason that is known."""
		return sum(not figure.is_explained for figure in self.figures.values())


def compared(legacy: Tally, left_out: Tally, erpnext: Tally) -> dict[str, list[Row]]:
	"""Both sides next to each other, by group; every measure that a group has stands in each of its rows."""
	return {group: list(_rows(group, legacy, left_out, erpnext)) for group in GROUPS}


def _rows(group: str, *sides: Tally) -> Iterator[Row]:
	keys = sorted(set.union(*(side.keys(group) for side in sides)), key=_order)
	if not keys and group == ALL:
		keys = [""]
	order = {measure: place for place, measure in enumerate((INVOICES, BILLED, PAYMENTS, PAID, OWED))}
	found = {measure for side in sides for key in side.keys(group) for measure in side.sums(group, key)}
	known = {BILLED} if group == RATE else {*order}
	# Taxes stand behind what was billed.
	measures = sorted(known | found, key=lambda measure: (order.get(measure, 1.5), measure))
	for key in keys:
		legacy, left_out, erpnext = (side.sums(group, key) for side in sides)
		yield Row(
			key,
			{
				measure: Figure(
					legacy.get(measure, NOTHING),
					erpnext.get(measure, NOTHING),
					left_out.get(measure, NOTHING),
				)
				for measure in measures
			},
		)


def _order(key: str) -> tuple[bool, int, str]:
	"""Numbers by size, then words."""
	return (not key.isdigit(), int(key) if key.isdigit() else 0, key)


class Calendar:
	"""Days and years on the site's clock of what the legacy side keeps as seconds."""

	def __init__(self, zone: str, as_of: date, since: date | None):
		self._zone = ZoneInfo(zone)
		self.earliest, self.latest = int(EARLIEST.timestamp()), latest(as_of)
		self.since = since
		self.since_second = self.starts(since)
		years = range(EARLIEST.year, as_of.year + 4)
		self._starts = [self._midnight(date(year, 1, 1)) for year in years]

	def is_usable(self, seconds: int) -> bool:
		"""Whether it is a moment to be believed."""
		return self.earliest <= seconds <= self.latest

	def year(self, seconds: int) -> str:
		"""The local year, `undated` where there is none to be believed."""
		if not self.is_usable(seconds):
			return UNDATED
		return str(EARLIEST.year - 1 + bisect_right(self._starts, seconds))

	def day(self, seconds: int) -> date | None:
		"""The local day, None where there is none to be believed."""
		return self.moment(seconds).date() if self.is_usable(seconds) else None

	def moment(self, seconds: int) -> datetime:
		"""What the site's clock shows at that second."""
		return datetime.fromtimestamp(seconds, self._zone)

	def starts(self, since: date | None) -> int:
		"""The first second of what is dated on or after; 0 where that is all."""
		return int(self._midnight(since)) if since else 0

	def _midnight(self, day: date) -> float:
		return datetime.combine(day, time(), self._zone).timestamp()
