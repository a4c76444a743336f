"""What was compared, for those who sign it (HTML) and for whom counts on (JSON)."""

import json
from collections import Counter
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gigafibre_utils.migration.reconcile import Reconciliation, charts
from gigafibre_utils.migration.reconcile.reasons import REASONS
from gigafibre_utils.migration.reconcile.sums import KINDS, ZERO, Line

CENT = Decimal("0.01")
LARGEST = 50
"""Legacy balances that the page shows; the JSON has all."""

LONGEST = 300
"""Letters of a field that the page shows; the JSON has all."""

OWED = ((0, "credit"), (CENT, "nothing"), (50, "–50"), (100, "–100"), (250, "–250"), (500, "–500"), (1000, "–1,000"))
MORE = "more"
"""What customers owe, by amounts below these."""

OWNER_ONLY = 0o600


def write(reconciliation: Reconciliation, directory: Path) -> tuple[Path, Path]:
	"""Write `reconciliation.html` and `reconciliation.json`, which nobody else may read: customers are named."""
	directory.mkdir(parents=True, exist_ok=True)
	page, data = directory / "reconciliation.html", directory / "reconciliation.json"
	for path, text in ((page, as_html(reconciliation)), (data, as_json(reconciliation))):
		path.touch(mode=OWNER_ONLY)
		path.chmod(OWNER_ONLY)
		path.write_text(text, encoding="utf-8")
	return page, data


def as_json(reconciliation: Reconciliation) -> str:
	"""All of it, amounts as strings to the cent."""
	told = asdict(reconciliation) | {
		"unexplained": reconciliation.unexplained,
		"lines": [
			{"group": group, **asdict(line), "difference": line.difference}
			for group, line in reconciliation.lines
		],
		"balances": [
			asdict(balance) | {"difference": balance.difference} for balance in reconciliation.balances
		],
	}
	return json.dumps(told, indent=1, ensure_ascii=False, default=_written)


def as_html(reconciliation: Reconciliation) -> str:
	"""One page that needs nothing from outside itself."""
	return (
		_environment()
		.get_template("report.html")
		.render(
			it=reconciliation,
			kinds=KINDS,
			differing_lines=[line for _, line in reconciliation.lines if line.difference],
			broken=[rule for rule in reconciliation.checked if rule.broken],
			years=_by_what(reconciliation.of("year")),
			year_charts=_year_charts(reconciliation),
			customers=_by_what(reconciliation.of("customer")),
			customer_names={str(balance.customer): balance.name for balance in reconciliation.balances},
			owed_chart=_owed_chart(reconciliation),
			largest=reconciliation.balances[:LARGEST],
			balance_sums=[
				sum((getattr(balance, column) for balance in reconciliation.balances), ZERO)
				for column in ("balance", "documents", "difference")
			],
			reasons=REASONS,
			most_rows=max((step.rows_made for step in reconciliation.steps), default=0),
			most_seconds=max((step.seconds for step in reconciliation.steps), default=0),
		)
	)


def money(amount: Decimal) -> Markup:
	"""`CAD 1,234.56`, with all digits where there are more than cents."""
	written = f"{exact(amount):,f}".replace("-", "−")
	return Markup('<span class="currency">CAD</span> {}').format(written)


def exact(amount: Decimal) -> Decimal:
	"""The amount in cents; where that would lose anything, as it is."""
	cents = amount.quantize(CENT)
	return cents + ZERO if cents == amount else amount.normalize()


def cut(text: str) -> str:
	"""The beginning of a long text."""
	return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _by_what(lines: list[Line]) -> dict[str, dict[str, Line]]:
	found: dict[str, dict[str, Line]] = {}
	for line in lines:
		found.setdefault(line.what, {})[line.kind] = line
	return found


def _year_charts(reconciliation: Reconciliation) -> list[tuple[str, Markup]]:
	years = _by_what(reconciliation.of("year"))
	return [
		(
			kind.capitalize(),
			charts.pairs(
				f"{kind.capitalize()} per year, both sides",
				list(years),
				[lines[kind].legacy for lines in years.values()],
				[lines[kind].erpnext for lines in years.values()],
			),
		)
		for kind in ("billed", "paid", "owed")
	]


def _owed_chart(reconciliation: Reconciliation) -> Markup:
	owed = [line.erpnext for line in reconciliation.of("customer") if line.kind == "owed"]
	counts = Counter(next((label for below, label in OWED if amount < below), MORE) for amount in owed)
	labels = [*(label for _, label in OWED), MORE]
	return charts.histogram("Customers by what they owe", [(label, counts[label]) for label in labels])


def _written(value: Any) -> str:
	if isinstance(value, Decimal):
		return f"{exact(value):f}"
	if isinstance(value, date):
		return value.isoformat()
	raise TypeError(f"{type(value).__name__} has no place in a report.")


@cache
def _environment() -> Environment:
	environment = Environment(
		loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined,
		trim_blocks=True, lstrip_blocks=True,
	)  # fmt: skip
	environment.filters |= {"money": money, "cut": cut}
	environment.globals["share"] = charts.share
	return environment
