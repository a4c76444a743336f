"""Charts as SVG that stands in a page: its style sheet gives the colours, so they follow light, dark and print."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import chain
from math import ceil, floor, log10

from markupsafe import Markup

WIDTH, HEIGHT = 360, 170
LEFT, RIGHT, TOP, BOTTOM = 42, 4, 10, 20
LABEL = 30
"""The room that a label below a bar needs, so that it does not touch the next."""

_SVG = Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>')
_BAR = Markup(
	'<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}</title></rect>'
)
_LINE = Markup('<line class="{}" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>')
_TEXT = Markup('<text class="{}" x="{:.1f}" y="{:.1f}">{}</text>')


class Scale:
	"""From amounts to heights, from a round number below the least to one above the greatest."""

	def __init__(self, amounts: Sequence[Decimal | int]):
		least, most = min(chain(amounts, [0])), max(chain(amounts, [0]))
		step = _round(float(most - least) / 3 or 1.0)
		self._bottom, self._top = floor(float(least) / step) * step, ceil(float(most) / step) * step or step
		self.ticks = [self._bottom + step * place for place in range(round((self._top - self._bottom) / step) + 1)]

	def y(self, amount: Decimal | float) -> float:
		"""How far down the amount lies."""
		share = (float(amount) - self._bottom) / (self._top - self._bottom)
		return TOP + (HEIGHT - TOP - BOTTOM) * (1 - share)

	def axis(self) -> Markup:
		"""Its lines and their amounts."""
		return _joined(
			_LINE.format("zero" if tick == 0 else "grid", LEFT, WIDTH - RIGHT, self.y(tick), self.y(tick))
			+ _TEXT.format("amount", LEFT - 5, self.y(tick) + 3, short(tick))
			for tick in self.ticks
		)


def pairs(title: str, labels: Sequence[str], legacy: Sequence[Decimal], erpnext: Sequence[Decimal]) -> Markup:
	"""Two bars for each label: the legacy side's, then ERPNext's."""
	scale = Scale([*legacy, *erpnext])
	slot = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
	every = ceil(LABEL / slot)
	parts = [scale.axis()]
	for place, (label, *sides) in enumerate(zip(labels, legacy, erpnext, strict=True)):
		x = LEFT + slot * place
		for side, amount in enumerate(sides):
			name = ("legacy", "erpnext")[side]
			told = f"{label}, {'ERPNext' if side else 'legacy'}: CAD {amount:,.2f}"
			parts.append(_bar(scale, name, x + slot * (0.1 + 0.4 * side), slot * 0.4, amount, told))
		if place % every == 0:
			parts.append(_TEXT.format("label", x + slot / 2, HEIGHT - 6, label))
	return _SVG.format(WIDTH, HEIGHT, title, _joined(parts))


def histogram(title: str, counts: Sequence[tuple[str, int]]) -> Markup:
	"""A bar with its number for each label."""
	scale = Scale([count for _, count in counts])
	slot = (WIDTH - LEFT - RIGHT) / len(counts)
	parts = [scale.axis()]
	for place, (label, count) in enumerate(counts):
		x = LEFT + slot * place
		parts.append(_bar(scale, "erpnext", x + slot * 0.1, slot * 0.8, count, f"{label}: {count:,}"))
		parts.append(_TEXT.format("count", x + slot / 2, scale.y(count) - 3, f"{count:,}"))
		parts.append(_TEXT.format("label", x + slot / 2, HEIGHT - 6, label))
	return _SVG.format(WIDTH, HEIGHT, title, _joined(parts))


def share(amount: Decimal | float, most: Decimal | float) -> Markup:
	"""A bar across a cell, as long as its share of the most; anything at all can be seen."""
	width = max(float(amount) / float(most) * 100, 0.5) if amount else 0
	return Markup(
		'<svg class="share" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
		'<rect class="erpnext" width="{:.1f}" height="6"/></svg>'
	).format(width)


def short(amount: float) -> str:
	"""1,200,000 as `1.2 M`, 30,000 as `30 k`."""
	for unit, sign in ((1_000_000, " M"), (1_000, " k")):
		if abs(amount) >= unit:
			return f"{amount / unit:g}{sign}".replace("-", "−")
	return f"{amount:g}".replace("-", "−")


def _bar(scale: Scale, name: str, x: float, width: float, amount: Decimal | int, told: str) -> Markup:
	top, bottom = sorted((scale.y(amount), scale.y(0)))
	return _BAR.format(name, x, top, width, bottom - top, told)


def _round(amount: float) -> float:
	"""The next of 1, 2, 5 and their tens."""
	power = 10 ** floor(log10(amount))
	return next(step * power for step in (1, 2, 5, 10) if step * power >= amount)


def _joined(parts: object) -> Markup:
	return Markup("").join(parts)
