"""What everything that is made shares: chance, ids, the tally, and where and when traps are laid."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gigafibre_utils.errors import GigafibreError
from gigafibre_utils.migration.sample.chance import Chance
from gigafibre_utils.migration.sample.records import Record
from gigafibre_utils.migration.sample.totals import Tally

GONE_EVERY = 13
"""Every thirteenth customer, delivery and service was deleted one day; what named it stayed."""

WITH_GAPS = frozenset(("customer", "delivery", "service"))


Lay = Callable[[Any, "Making"], int | None]


@dataclass(frozen=True)
class Trap:
	"""Something odd; `lay` puts it into what it is shown and gives the row's id, None if it does not suit."""

	name: str
	"""`table.what`: the table of the row whose id is told."""
	lay: Lay
	at_most: int


TRAPS: dict[str, list[Trap]] = {}
"""Every trap by the table that it lies in."""


def trap(name: str, at_most: int = 1 << 30) -> Callable[[Lay], Lay]:
	"""Declare a trap."""

	def declared(lay: Lay) -> Lay:
		TRAPS.setdefault(name.partition(".")[0], []).append(Trap(name, lay, at_most))
		return lay

	return declared


def odd_values(name: str, of: Callable[[Any], Any] = lambda subject: subject, **values: Any) -> None:
	"""Declare a trap that is only odd values in a row; `of` finds the row in what the trap is shown."""

	def lay(subject: Any, making: "Making") -> int:
		row = of(subject)
		for column, value in values.items():
			setattr(row, column, value)
		return row.id

	trap(name)(lay)


class Schedule:
	"""The traps of one table, each so many times, spread evenly over the rows that are expected."""

	def __init__(self, traps: list[Trap], times: int, expected: float):
		coming = [trap for turn in range(times) for trap in traps if turn < trap.at_most]
		apart = expected / (len(coming) + 1)
		self._coming = [(int(apart * place), trap) for place, trap in enumerate(coming)]
		self._coming.reverse()
		self._due: list[Trap] = []
		self._seen = 0

	@property
	def left(self) -> list[str]:
		"""Names of the traps that are not laid yet."""
		return [trap.name for trap in self._due] + [trap.name for _, trap in self._coming]

	def lay(self, subject: Any, making: "Making") -> bool:
		"""Lay the trap that is due, if it suits; at most one in a row."""
		self._seen += 1
		while self._coming and self._coming[-1][0] < self._seen:
			self._due.append(self._coming.pop()[1])
		for trap in self._due:
			if (id := trap.lay(subject, making)) is not None:
				self._due.remove(trap)
				making.tally.trap(trap.name, id)
				return True
		return False


class Making:
	"""One sample in the making."""

	def __init__(self, put: Callable[[Record], None], seed: int, schedules: dict[str, Schedule]):
		self.chance = Chance(seed)
		self.tally = Tally()
		self.put = put
		self.ids: Counter[str] = Counter()
		"""The last id of each table."""
		self.waiting: Any = None
		"""The life and the bill of somebody who pays later."""
		self.last_account = b""
		"""The account number of the customer before."""
		self._schedules = schedules

	def next_id(self, table: str) -> int:
		"""The id of the next row."""
		self.ids[table] += 1
		if table in WITH_GAPS and self.ids[table] % GONE_EVERY == 0:
			self.ids[table] += 1
		return self.ids[table]

	def gone(self, table: str) -> int:
		"""The id of a row that is no more."""
		return max(self.ids[table] // GONE_EVERY, 1) * GONE_EVERY

	def lay(self, table: str, subject: Any) -> bool:
		"""Lay what is due in a row of that table."""
		return self._schedules[table].lay(subject, self)

	def check(self) -> None:
		"""See that every trap was laid. Raises GigafibreError otherwise."""
		left = [name for schedule in self._schedules.values() for name in schedule.left]
		if left:
			raise GigafibreError(f"The sample came out without its traps {', '.join(sorted(set(left)))}.")
