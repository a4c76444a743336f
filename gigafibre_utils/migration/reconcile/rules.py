"""A rule that the migrated documents must keep."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Invariant:
	"""Something that must hold. `offenders` is a query over `migrated_voucher` that names who breaks it."""

	name: str
	rule: str
	offenders: str
