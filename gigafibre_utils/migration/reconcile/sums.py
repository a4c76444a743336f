"""What was billed, taxed and paid, in all and by this and that; the same shape for both sides."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

ZERO = Decimal("0.00")
UNDATED = "undated"
"""The year of documents whose date in the legacy database is not to be believed."""

KINDS = ("billed", "taxes", "paid", "owed")


@dataclass
class Sums:
	"""Amounts of one customer, of one year, or of all."""

	billed: Decimal = ZERO
	taxes: Decimal = ZERO
	paid: Decimal = ZERO
	owed: Decimal = ZERO

	def as_dict(self) -> dict[str, Decimal]:
		"""By kind, in the order of `KINDS`."""
		return {kind: getattr(self, kind) for kind in KINDS}


@dataclass
class Side:
	"""One side's books. Years are four digits, or `UNDATED`; customers are legacy ids, taxes are `TVQ 9.975`."""

	total: Sums = field(default_factory=Sums)
	by_year: dict[str, Sums] = field(default_factory=lambda: defaultdict(Sums))
	by_customer: dict[int, Sums] = field(default_factory=lambda: defaultdict(Sums))
	by_tax: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

	def add(self, kind: str, customer: int, year: str, amount: Decimal) -> None:
		"""Count an amount wherever it counts."""
		for sums in (self.total, self.by_year[year], self.by_customer[customer]):
			setattr(sums, kind, getattr(sums, kind) + amount)


@dataclass(frozen=True)
class Line:
	"""One amount on both sides."""

	what: str
	kind: str
	legacy: Decimal
	erpnext: Decimal

	@property
	def difference(self) -> Decimal:
		"""What ERPNext has more."""
		return self.erpnext - self.legacy


def compared(legacy: Side, erpnext: Side) -> Iterator[tuple[str, Line]]:
	"""Every amount of either side by its group: total, year, tax, customer."""
	yield from (("total", line) for line in _lines("all", legacy.total, erpnext.total))
	for year in sorted({*legacy.by_year, *erpnext.by_year}):
		lines = _lines(year, legacy.by_year.get(year, Sums()), erpnext.by_year.get(year, Sums()))
		yield from (("year", line) for line in lines)
	for tax in sorted({*legacy.by_tax, *erpnext.by_tax}):
		yield "tax", Line(tax, "taxes", legacy.by_tax.get(tax, ZERO), erpnext.by_tax.get(tax, ZERO))
	for customer in sorted({*legacy.by_customer, *erpnext.by_customer}):
		sides = (side.by_customer.get(customer, Sums()) for side in (legacy, erpnext))
		yield from (("customer", line) for line in _lines(str(customer), *sides))


def _lines(what: str, legacy: Sums, erpnext: Sums) -> Iterator[Line]:
	there = erpnext.as_dict()
	return (Line(what, kind, amount, there[kind]) for kind, amount in legacy.as_dict().items())
