"""The reconciliation as people sign it, one HTML file that needs nothing from outside, and as JSON."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from gigafibre_utils.migration.reconcile import charts
from gigafibre_utils.migration.reconcile.comparison import Balance, Reconciliation
from gigafibre_utils.migration.reconcile.counted import Counted
from gigafibre_utils.migration.reconcile.draw import DRAWN
from gigafibre_utils.migration.reconcile.figures import (
	ALL,
	BILLED,
	CUSTOMER,
	INVOICES,
	OWED,
	PAID,
	PAYMENTS,
	RATE,
	TAX,
	YEAR,
	Figure,
)
from gigafibre_utils.migration.reconcile.reasons import REASONS

LISTED = 50
"""Rows of a long list that the HTML shows; the JSON has them all."""

COUNTS = (INVOICES, PAYMENTS)
_CENT = Decimal("0.01")
_TEMPLATE = "report.html"
_OWED = {
	"a credit": Decimal(0),
	"nothing": _CENT,
	"below 50": Decimal(50),
	"below 100": Decimal(100),
	"below 250": Decimal(250),
	"below 500": Decimal(500),
	"below 1,000": Decimal(1000),
}
_STEPS = (Decimal(0), _CENT, Decimal(1), Decimal(10), Decimal(100), Decimal(1000))


@dataclass(frozen=True)
class Unexplained:
	"""A figure that differs for no known reason."""

	where: str
	measure: str
	figure: Figure


def write(reconciliation: Reconciliation, directory: Path) -> tuple[Path, Path]:
	"""Write `reconciliation.html` and `reconciliation.json`; gives their paths."""
	directory.mkdir(parents=True, exist_ok=True)
	page, data = directory / "reconciliation.html", directory / "reconciliation.json"
	for path, parts in ((page, [as_html(reconciliation)]), (data, _json(reconciliation))):
		path.touch(mode=0o600)  # what customers owe is in it
		path.chmod(0o600)
		with path.open("w", encoding="utf-8") as file:
			file.writelines(parts)
	return page, data


def as_json(reconciliation: Reconciliation) -> str:
	"""All of it, amounts as strings."""
	return "".join(_json(reconciliation))


def _json(reconciliation: Reconciliation) -> Iterator[str]:
	"""Piece by piece: of thousands of customers it is long."""
	told = {
		"verdict": verdict(reconciliation),
		"unexplained": reconciliation.unexplained,
		**vars(reconciliation),
		"groups": {
			group: {row.key: row.figures for row in rows} for group, rows in reconciliation.groups.items()
		},
	}
	return json.JSONEncoder(default=_plain, indent=1, ensure_ascii=False).iterencode(told)


def as_html(reconciliation: Reconciliation) -> str:
	"""A document of its own: no script, no font, no picture from elsewhere."""
	groups = reconciliation.groups
	return _template().render(
		it=reconciliation,
		verdict=verdict(reconciliation),
		made_at=reconciliation.made_at.astimezone(ZoneInfo(reconciliation.zone)),
		total=groups[ALL][0].figures,
		years=groups[YEAR],
		rates=groups[RATE],
		customers=groups[CUSTOMER],
		customers_that_differ=[row for row in groups[CUSTOMER] if row.differs],
		unexplained=list(_unexplained(reconciliation)),
		by_year=[
			charts.by_year(measure, [(row.key, row.figures[measure]) for row in groups[YEAR]])
			for measure in (BILLED, PAID, OWED)
		],
		owed=_owed([row.figures[OWED].erpnext for row in groups[CUSTOMER]]),
		balance_off=_spread([balance.difference for balance in reconciliation.balances]),
		unlike=[drawn for drawn in reconciliation.drawn if drawn.unlike],
		miscounted=[told for told in reconciliation.counted if told.difference],
		broken=[checked for checked in reconciliation.invariants if checked.count],
		wanted=DRAWN,
		listed=LISTED,
		sums=(BILLED, PAID, OWED),
		taxes_and_counts=[
			measure for measure in groups[ALL][0].figures if measure not in (BILLED, PAID, OWED)
		],
		counts=COUNTS,
		reasons=REASONS,
	)


def verdict(reconciliation: Reconciliation) -> str:
	"""What to think of it, in four words or so."""
	number = reconciliation.unexplained
	if not number and reconciliation.lacking:
		return f"Reconciled so far: {' and '.join(reconciliation.lacking)} were not brought in"
	if not number:
		return "Reconciled to the cent"
	return "1 difference is unexplained" if number == 1 else f"{number:,} differences are unexplained"


def money(amount: Decimal) -> str:
	"""`1,234.50`, `−0.01`; more decimals only where there are any."""
	whole = f"{amount.normalize():,f}" if amount != amount.quantize(_CENT) else f"{amount:,.2f}"
	return whole.replace("-", "−") if amount else "0.00"


def difference(amount: Decimal) -> str:
	"""A difference with its sign; a dash where there is none."""
	return ("+" if amount > 0 else "") + money(amount) if amount else "–"


def label(measure: str) -> str:
	"""What a measure is called: `TPS` for a tax, else its own name."""
	return measure.removeprefix(TAX) if measure.startswith(TAX) else measure.capitalize()


def _unexplained(reconciliation: Reconciliation) -> Iterator[Unexplained]:
	named = {ALL: "In all", YEAR: "Year {}", CUSTOMER: "Customer {}", RATE: "Tax {}"}
	for group, rows in reconciliation.groups.items():
		for row in rows:
			for measure, figure in row.figures.items():
				if not figure.is_explained:
					yield Unexplained(named[group].format(row.key or "without a legacy ID"), measure, figure)


def _owed(amounts: list[Decimal]) -> list[tuple[str, int]]:
	"""How many customers owe how much."""
	counts = Counter(
		next((name for name, above in _OWED.items() if amount < above), "more") for amount in amounts
	)
	return [(name, counts[name]) for name in (*_OWED, "more")]


def _spread(differences: list[Decimal]) -> list[tuple[str, int]]:
	"""How many differences there are of which size."""
	sizes = [abs(amount) for amount in differences]
	names = ["none", "a cent", "up to 1", "up to 10", "up to 100", "up to 1,000", "more"]
	bounds = [*_STEPS, None]
	counts, below = [], Decimal(-1)
	for bound in bounds:
		counts.append(sum(below < size and (bound is None or size <= bound) for size in sizes))
		below = below if bound is None else bound
	return list(zip(names, counts, strict=True))


def _plain(value: Any) -> Any:
	if isinstance(value, Decimal):
		return money(value).replace(",", "").replace("−", "-")
	if isinstance(value, date | datetime):
		return value.isoformat()
	if isinstance(value, Figure):
		return vars(value) | {"difference": value.difference, "is_explained": value.is_explained}
	if isinstance(value, Balance | Counted):
		return vars(value) | {"difference": value.difference}
	return vars(value)


@cache
def _template() -> Template:
	environment = Environment(
		loader=FileSystemLoader(Path(__file__).parent),
		autoescape=True,
		undefined=StrictUndefined,
		trim_blocks=True,
		lstrip_blocks=True,
	)
	environment.filters |= {"money": money, "difference": difference, "label": label}
	environment.globals |= {"bar": charts.bar}
	return environment.get_template(_TEMPLATE)
