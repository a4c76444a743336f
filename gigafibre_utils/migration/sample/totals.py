"""What a sample holds, known from making it: the figures that a migration is measured by."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from gigafibre_utils.migration.sample.days import year_of

NAMED = 20
"""Ids that are told of each trap."""


@dataclass(frozen=True)
class Sums:
	"""Amounts in dollars; `taxes` by code."""

	billed: Decimal
	taxes: dict[str, Decimal]
	paid: Decimal

	@property
	def owed(self) -> Decimal:
		"""Billed and not paid."""
		return self.billed - self.paid


@dataclass(frozen=True)
class ControlTotals:
	"""The control totals of a sample.

	Billed are the totals of open, paid and reversed invoices, with credit notes; void and draft ones are
	`apart`. Paid are the payments that stay: ok ones, and what bounced or was reversed together with what
	took it back; what bounced with nothing taking it back is not. `by_year` is by the year in Toronto, and
	`undated` where the date is unusable; `by_customer` is by legacy id. A trap is named `table.what`: `traps`
	has up to twenty ids of that table, `laid` how often it was laid.
	"""

	customers: int
	seed: int
	counts: dict[str, int]
	all: Sums
	by_year: dict[str, Sums]
	by_customer: dict[int, Sums]
	apart: dict[str, Decimal]
	traps: dict[str, list[int]]
	laid: dict[str, int]

	def as_json(self) -> str:
		"""The totals as JSON, amounts as strings."""
		return json.dumps(
			{
				**{"customers": self.customers, "seed": self.seed, "counts": self.counts},
				"all": _written(self.all),
				"by_year": {year: _written(sums) for year, sums in self.by_year.items()},
				"by_customer": {str(id): _written(sums) for id, sums in self.by_customer.items()},
				"apart": {status: str(amount) for status, amount in self.apart.items()},
				**{"traps": self.traps, "laid": self.laid},
			},
			indent=1,
		)


@dataclass
class _Cents:
	billed: int = 0
	taxes: Counter[str] = field(default_factory=Counter)
	paid: int = 0

	def sums(self) -> Sums:
		taxes = {code: _dollars(cents) for code, cents in sorted(self.taxes.items())}
		return Sums(_dollars(self.billed), taxes, _dollars(self.paid))


class Tally:
	"""Adds up what is made while it is made, in cents."""

	def __init__(self) -> None:
		self._all = _Cents()
		self._years: defaultdict[str, _Cents] = defaultdict(_Cents)
		self._customers: defaultdict[int, _Cents] = defaultdict(_Cents)
		self._apart = Counter(void=0, draft=0)
		self._traps: defaultdict[str, list[int]] = defaultdict(list)
		self._laid: Counter[str] = Counter()

	def bill(self, customer_id: int, day: int, total: int, taxes: Mapping[str, int]) -> None:
		"""An invoice that counts, issued on that day."""
		for cents in self._concerned(customer_id, day):
			cents.billed += total
			cents.taxes.update(taxes)

	def set_apart(self, status: str, total: int) -> None:
		"""An invoice that is void, or a draft."""
		self._apart[status] += total

	def payment(self, customer_id: int, day: int, amount: int) -> None:
		"""A payment that stays, or what takes one back."""
		for cents in self._concerned(customer_id, day):
			cents.paid += amount

	def trap(self, name: str, id: int) -> None:
		"""A trap was laid in the row of that id."""
		self._laid[name] += 1
		if len(self._traps[name]) < NAMED:
			self._traps[name].append(id)

	def result(self, customers: int, seed: int, counts: dict[str, int]) -> ControlTotals:
		"""Everything, once all is made."""
		return ControlTotals(
			customers,
			seed,
			counts,
			self._all.sums(),
			{year: cents.sums() for year, cents in sorted(self._years.items())},
			{id: cents.sums() for id, cents in sorted(self._customers.items())},
			{status: _dollars(cents) for status, cents in self._apart.items()},
			dict(sorted(self._traps.items())),
			dict(sorted(self._laid.items())),
		)

	def _concerned(self, customer_id: int, day: int) -> tuple[_Cents, _Cents, _Cents]:
		return self._all, self._years[year_of(day)], self._customers[customer_id]


def _dollars(cents: int) -> Decimal:
	return Decimal(cents).scaleb(-2)


def _written(sums: Sums) -> dict[str, Any]:
	taxes = {code: str(amount) for code, amount in sums.taxes.items()}
	return {"billed": str(sums.billed), "taxes": taxes, "paid": str(sums.paid), "owed": str(sums.owed)}
