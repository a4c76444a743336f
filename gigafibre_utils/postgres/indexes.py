"""The indexes that DocTypes ask for: which of them a database has, and what the rest shall be called.

Frappe names an index by its bare column. PostgreSQL's names are unique in a schema, so the second table that
asks for `customer` gets no index; and when Frappe syncs a table it sends `DROP INDEX "customer"`, which takes
the index of whatever table holds that name. Names here tell the table first, as those that PostgreSQL gives.

Free of Frappe: what is asked for comes from `wishes.py`, what stands from `catalogue.py`.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal

from psycopg2.sql import SQL, Composed, Identifier

NAME_BYTES = 63
"""What PostgreSQL keeps of a name."""

Kind = Literal["missing", "broken", "in danger"]


@dataclass(frozen=True)
class Wish:
	"""An index that somebody asks for: a B-tree over a table's columns, in their order."""

	table: str
	columns: tuple[str, ...]
	is_unique: bool = False

	@property
	def names(self) -> tuple[str, ...]:
		"""What its index may be called: a plain name where it fits, then some that are its own alone.

		By `_key` in the name Frappe knows that a unique field was refused (`is_unique_key_violation`).
		"""
		name, kind = "_".join((self.table, *self.columns)), "key" if self.is_unique else "idx"
		digest = sha256(repr((self.table, self.columns, self.is_unique)).encode()).hexdigest()
		ends = [f"_{digest[start : start + 8]}_{kind}" for start in range(0, len(digest), 8)]
		own = tuple(name.encode()[: NAME_BYTES - len(end)].decode(errors="ignore") + end for end in ends)
		plain = f"{name}_{kind}"
		return (plain, *own) if len(plain.encode()) <= NAME_BYTES else own


def names_of(table: str, column: str, is_unique: bool) -> tuple[str, ...]:
	"""What the index of one column may be called: by Frappe, which knows its own name alone, or by us."""
	return (f"unique_{column}" if is_unique else column, *Wish(table, (column,), is_unique).names)


@dataclass(frozen=True)
class Index:
	"""A B-tree over whole columns as it stands: `bytes` on disk, `scans` since the statistics began."""

	name: str
	of: Wish
	is_valid: bool = True
	is_constraint: bool = False
	bytes: int = 0
	scans: int = 0

	@property
	def is_ours(self) -> bool:
		"""Whether it has the name that it would get here."""
		return self.name in self.of.names

	@property
	def is_in_danger(self) -> bool:
		"""Whether Frappe's sync of any other table may drop it: it bears the name of a bare column."""
		bare = (self.of.columns[0], f"unique_{self.of.columns[0]}") if len(self.of.columns) == 1 else ()
		return self.name in bare and not self.is_constraint

	def serves(self, wish: Wish) -> bool:
		"""Whether PostgreSQL can do with it all that it could do with an index of that wish."""
		if not self.is_valid or self.of.table != wish.table:
			return False
		if wish.is_unique:
			return self.of == wish
		return self.of.columns[: len(wish.columns)] == wish.columns


@dataclass(frozen=True)
class Lack:
	"""A wish that nothing serves for good; `stands` is what is there instead, broken or in danger."""

	wish: Wish
	name: str
	stands: Index | None = None

	@property
	def kind(self) -> Kind:
		"""What is wrong."""
		if self.stands is None:
			return "missing"
		return "in danger" if self.stands.is_valid else "broken"


def lacking(wishes: Iterable[Wish], indexes: Iterable[Index], taken: Iterable[str]) -> list[Lack]:
	"""What must be made, rebuilt or renamed so that every wish is served, each table's in a row.

	`taken` are the names in the schema. Of wishes that one index serves together, the widest is chosen.
	"""
	standing, names, lacks = defaultdict(list), set(taken), []
	for index in indexes:
		standing[index.of.table].append(index)
	for wish in sorted(set(wishes), key=_widest_first):
		there = standing[wish.table]
		if any(index.serves(wish) and not index.is_in_danger for index in there):
			continue
		lack = _lack(wish, there, names)
		names.add(lack.name)
		there.append(Index(lack.name, wish))
		lacks.append(lack)
	return lacks


def create_statement(wish: Wish, name: str, schema: str = "public", concurrently: bool = False) -> Composed:
	"""The CREATE INDEX of a wish."""
	return SQL("CREATE {}INDEX {}{} ON {} ({})").format(
		SQL("UNIQUE " if wish.is_unique else ""),
		SQL("CONCURRENTLY " if concurrently else ""),
		Identifier(name),
		Identifier(schema, wish.table),
		SQL(", ").join(map(Identifier, wish.columns)),
	)


def _widest_first(wish: Wish) -> tuple:
	return wish.table, not wish.is_unique, -len(wish.columns), wish.columns


def _lack(wish: Wish, there: Iterable[Index], taken: set[str]) -> Lack:
	for index in there:
		if index.is_in_danger and index.serves(wish):
			return Lack(wish, _free(index.of, taken), index)
		if not index.is_valid and index.of == wish and index.is_ours:
			return Lack(wish, index.name, index)
	return Lack(wish, _free(wish, taken))


def _free(wish: Wish, taken: set[str]) -> str:
	return next(name for name in wish.names if name not in taken)
