"""Charts as SVG that stands in the page; colours are the page's own."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from math import ceil

from markupsafe import Markup, escape

from gigafibre_utils.migration.reconcile.figures import UNDATED, Figure

WIDTH, HEIGHT = 360, 170
LEFT, RIGHT, TOP, BOTTOM = 40, 4, 10, 20
_GRID = 4
"""Lines behind the bars, or one more."""

_LABELS = 8
"""Years that have room for their names."""

Scale = Callable[[Decimal], float]
_UNITS = ((Decimal(10**9), "G"), (Decimal(10**6), "M"), (Decimal(10**3), "k"))


def by_year(measure: str, years: Sequence[tuple[str, Figure]]) -> Markup:
	"""Both sides of a measure next to each other, year by year."""
	values = [value for _, figure in years for value in (figure.legacy, figure.erpnext)] or [Decimal()]
	highest, lowest = max(*values, Decimal()), min(*values, Decimal())
	step = _nice((highest - lowest) / _GRID) or Decimal(1)
	top, bottom = (_steps(highest, step), -_steps(-lowest, step))
	span = (top - bottom) or step

	def y(value: Decimal) -> float:
		return TOP + float((top - value) / span) * (HEIGHT - TOP - BOTTOM)

	slot = (WIDTH - LEFT - RIGHT) / max(len(years), 1)
	bar = min(slot * 0.4, 14)
	every = -(-len(years) // _LABELS)
	parts = [_grid(bottom + step * line, y) for line in range(int(span / step) + 1)]
	for place, (year, figure) in enumerate(years):
		middle = LEFT + slot * (place + 0.5)
		parts.append(_column(middle - bar, bar, figure.legacy, y, "legacy"))
		parts.append(_column(middle, bar, figure.erpnext, y, "erpnext"))
		if place % every == 0 and year != UNDATED:
			parts.append(f'<text class="tick" x="{middle:.1f}" y="{HEIGHT - 5}">{escape(year)}</text>')
		elif year == UNDATED:
			parts.append(f'<text class="tick" x="{middle:.1f}" y="{HEIGHT - 5}">?</text>')
	title = f"{measure.capitalize()} by year: legacy beside ERPNext"
	return Markup(
		f'<svg class="years" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
		f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
	)


def bar(share: float, kind: str = "erpnext") -> Markup:
	"""A bar as wide as its share of what there is room for."""
	return Markup(
		f'<svg class="bar" aria-hidden="true" width="100%" height="10">'
		f'<rect class="{escape(kind)}" width="{share * 100:.2f}%" height="10" rx="2"/></svg>'
	)


def _column(x: float, width: float, value: Decimal, y: Scale, kind: str) -> str:
	low, high = sorted((y(value), y(Decimal())))
	return (
		f'<rect class="{kind}" x="{x:.1f}" y="{low:.1f}" width="{max(width - 0.6, 0.6):.1f}" '
		f'height="{high - low:.1f}"/>'
	)


def _grid(value: Decimal, y: Scale) -> str:
	at = y(value)
	kind = "axis" if not value else "grid"
	return (
		f'<line class="{kind}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
		f'<text class="scale" x="{LEFT - 5}" y="{at + 3.5:.1f}">{_short(value)}</text>'
	)


def _short(value: Decimal) -> str:
	"""`1.2 M`, `350 k`."""
	for size, unit in _UNITS:
		if abs(value) >= size:
			return f"{float(value / size):.3g} {unit}".replace("-", "−")
	return f"{float(value):.3g}".replace("-", "−")


def _steps(value: Decimal, step: Decimal) -> Decimal:
	"""The first whole number of steps from there on."""
	return ceil(value / step) * step


def _nice(value: Decimal) -> Decimal:
	"""The next round number: 1, 2 or 5 of a power of ten."""
	if value <= 0:
		return Decimal()
	size = Decimal(10) ** value.adjusted()
	return next(size * digit for digit in (1, 2, 5, 10) if size * digit >= value)
