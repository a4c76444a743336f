"""Fields of a document that are not the same on both sides, and how the report tells of them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Unlike:
	"""A field that is not the same on both sides."""

	field: str
	legacy: str
	erpnext: str


def told(value: Any) -> str:
	"""A field's value as the report has it."""
	if value is None:
		return "–"
	if isinstance(value, tuple):
		return " · ".join(told(part) for part in value)
	return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
