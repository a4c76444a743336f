"""Rules that the migrated documents must keep."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Invariant:
	"""Something that must hold. `offenders` is a query over `migrated_voucher` that names who breaks it."""

	name: str
	rule: str
	offenders: str


class OfEach(NamedTuple):
	"""Something that must hold of each row for itself. `broken` is the condition that must not be met."""

	name: str
	rule: str
	broken: str


@dataclass(frozen=True)
class Rows:
	"""Rows that are gone over once for all that must hold of each. `offender` is what a row is called by."""

	source: str
	offender: str
	rules: tuple[OfEach, ...]
