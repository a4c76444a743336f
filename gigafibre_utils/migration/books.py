"""The company's books as the migration needs them: which accounts, modes of payment and fiscal years it uses.

What is missing is told before anything is written, or created when that was asked for.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values
from psycopg2.sql import SQL, Literal

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration import clean
from gigafibre_utils.migration.chart import make_account, make_fiscal_year, make_mode, years_between
from gigafibre_utils.migration.legacy import Snapshot
from gigafibre_utils.migration.tables import Copied
from gigafibre_utils.migration.target import one, rows

OWNER = "Administrator"
LANGUAGE = "fr"
TIME_ZONE = "America/Toronto"
UOMS = ["Nos", "Unit"]
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""Moments before are those of a clock that was not set."""

YEARS_AHEAD = 2
"""How far after the day of the migration a date may lie and be believed."""

CATEGORIES = {
	"internet": "Internet",
	"phone": "Téléphonie",
	"tv": "Télévision",
	"equipment": "Équipement",
	"fee": "Frais",
	"discount": "Rabais",
}
"""What the income account of a category is called; of one that is not here, by its own name."""

MODES = {
	"card": "Credit Card",
	"ach": "Pre-authorized Debit",
	"cheque": "Cheque",
	"cash": "Cash",
	"credit": "Credit",
}
UNKNOWN_MODE = "Not Stated"
CREDITS = "Customer Credits"
"""The account of what was paid by a credit of the house: no money came in."""

_COMPANIES = 'SELECT name FROM public."tabCompany" ORDER BY name'
_COMPANY = """
	SELECT abbr, default_currency, country, cost_center, default_receivable_account, default_income_account,
		round_off_account, coalesce(nullif(round_off_cost_center, ''), cost_center),
		default_bank_account, default_cash_account
	FROM public."tabCompany" WHERE name = %s
"""
_NEEDED = ("cost_center", "default_receivable_account", "default_income_account", "round_off_account")
_ACCOUNT = """
	SELECT name FROM public."tabAccount"
	WHERE company = %s AND account_name = %s AND is_group = 0 AND disabled = 0 AND root_type = %s
	ORDER BY name LIMIT 1
"""
_PARENT = 'SELECT parent_account FROM public."tabAccount" WHERE name = %s'
_TAX_GROUP = """
	SELECT name FROM public."tabAccount"
	WHERE company = %s AND is_group = 1 AND account_type = 'Tax' AND root_type = 'Liability'
	ORDER BY lft LIMIT 1
"""
_ACCOUNT_OF_MODE = """
	SELECT default_account FROM public."tabMode of Payment Account"
	WHERE parent = %s AND company = %s AND default_account <> '' ORDER BY idx LIMIT 1
"""
_SETTING = 'SELECT value FROM public."tabSingles" WHERE doctype = %s AND field = %s'
_ACCOUNT_IS_THERE = 'SELECT EXISTS (SELECT FROM public."tabAccount" WHERE name = %s)'
_IN_ANOTHER_CURRENCY = """
	SELECT name, account_currency FROM public."tabAccount"
	WHERE name = ANY (%s) AND account_currency NOT IN ('', %s) ORDER BY name LIMIT 1
"""
_YEARS = """
	SELECT year_start_date, year_end_date FROM public."tabFiscal Year" AS year
	WHERE disabled = 0 AND (
		NOT EXISTS (SELECT FROM public."tabFiscal Year Company" AS its WHERE its.parent = year.name)
		OR EXISTS (
			SELECT FROM public."tabFiscal Year Company" AS its WHERE its.parent = year.name AND company = %s
		)
	)
	ORDER BY year_start_date
"""
_YEAR_IS_THERE = 'SELECT EXISTS (SELECT FROM public."tabFiscal Year" WHERE name = %s)'
_LOCAL_TIME = """
	-- A moment of the legacy database on the site's clock; NULL where it is not to be believed.
	CREATE OR REPLACE FUNCTION gigafibre_migration.local_time(seconds bigint) RETURNS timestamp
	LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
		SELECT CASE WHEN seconds BETWEEN {earliest} AND {latest}
			THEN to_timestamp(seconds) AT TIME ZONE {zone}
		END
	$$
"""


@dataclass(frozen=True)
class Books:
	"""One row of the table `books`, in its order."""

	run: int
	company: str
	abbr: str
	currency: str
	country: str | None
	time_zone: str
	cost_center: str
	receivable: str
	default_income: str
	round_off: str
	round_off_cost_center: str
	owner: str
	territory: str
	language: str
	uom: str
	as_of: date
	since: date | None


@dataclass(frozen=True)
class Missing:
	"""Something that the site lacks, and how it is made."""

	what: str
	make: Callable[[Cursor, date], None]


@dataclass(frozen=True)
class Named:
	"""What the legacy database has names for that the books must know."""

	categories: tuple[str, ...]
	tax_codes: tuple[str, ...]
	methods: tuple[str, ...]
	years: tuple[int, ...]

	@classmethod
	def read(cls, snapshot: Snapshot, as_of: date) -> "Named":
		"""Read them from the legacy database. `years` are all from the first that a document is dated in."""
		moments = [
			*_span(snapshot, "issued_at", "invoice", as_of),
			*_span(snapshot, "paid_at", "payment", as_of),
		]
		# On either side of New Year the clock of Greenwich may show another year than the site's.
		years = [
			datetime.fromtimestamp(moment + hours * 3600, UTC).year
			for moment in moments
			for hours in (-12, 14)
		] or [as_of.year]
		return cls(
			_distinct(snapshot, "category", "product", clean.copied_word),
			tuple(filter(None, _distinct(snapshot, "code", "invoice_tax", clean.copied_code))),
			_distinct(snapshot, "method", "payment", clean.copied_word),
			tuple(range(min(years), max(*years, as_of.year) + 1)),
		)


@dataclass
class Resolved:
	"""The books, with what each category, tax and method is booked to, and what is missing for that."""

	books: Books
	income: dict[str, str] = field(default_factory=dict)
	tax: dict[str, str] = field(default_factory=dict)
	mode: dict[str, tuple[str, str]] = field(default_factory=dict)
	missing: list[Missing] = field(default_factory=list)

	def require(self) -> None:
		"""Raises InvalidInput with one sentence where something is missing."""
		if self.missing:
			told = "; ".join(missing.what for missing in self.missing)
			raise InvalidInput(f"{self.books.company} lacks {told}. --create-missing creates what it lacks.")

	def create_missing(self, cursor: Cursor) -> None:
		"""Make what is missing."""
		for missing in self.missing:
			missing.make(cursor, self.books.as_of)
		self.missing.clear()

	def write(self, cursor: Cursor) -> None:
		"""Put the books where the SQL files read them, the function `local_time` with them."""
		cursor.execute("TRUNCATE books, income, tax, mode")
		_insert(cursor, "books", [astuple(self.books)])
		_insert(cursor, "income", list(self.income.items()))
		_insert(cursor, "tax", list(self.tax.items()))
		_insert(cursor, "mode", [(method, *names) for method, names in self.mode.items()])
		cursor.execute(
			'UPDATE mode SET account_type = a.account_type FROM "tabAccount" a WHERE a.name = mode.account'
		)
		cursor.execute(
			SQL(_LOCAL_TIME).format(
				earliest=Literal(int(EARLIEST.timestamp())),
				latest=Literal(latest(self.books.as_of)),
				zone=Literal(self.books.time_zone),
			)
		)


def latest(as_of: date) -> int:
	"""The last second that is believed."""
	return int(datetime(as_of.year + YEARS_AHEAD, 12, 31, tzinfo=UTC).timestamp())


def resolve(
	connection: Connection, named: Named, company: str | None, run: int, as_of: date, since: date | None
) -> Resolved:
	"""Find what the migration books to.

	Raises InvalidInput where the company, or an account that every company has, is missing: that nobody can
	make by guessing.
	"""
	company = _company(connection, company)
	(details,) = rows(connection, _COMPANY, company)
	abbr, currency, country, *accounts, bank, cash = details
	for label, account in zip(_NEEDED, accounts, strict=False):
		if not account:
			raise InvalidInput(f"{company} has no {label.replace('_', ' ')}: set it in the Company.")
	if not bank:
		raise InvalidInput(f"{company} has no default bank account: set it in the Company.")
	zone = _setting(connection, "System Settings", "time_zone") or TIME_ZONE
	defaults = (OWNER, _territory(connection, country), LANGUAGE, _uom(connection))
	books = Books(run, company, abbr, currency, country, zone, *accounts, *defaults, as_of, since)
	resolved = Resolved(books)
	finder = _Finder(connection, resolved)
	resolved.income = {category: finder.income(category) for category in named.categories}
	resolved.tax = {code: finder.tax(code) for code in named.tax_codes}
	resolved.mode = {method: finder.mode(method, bank, cash or bank) for method in named.methods}
	finder.fiscal_years(named.years)
	_require_one_currency(connection, resolved)
	return resolved


class _Finder:
	"""Finds the account of this and that; what is not there gets the name that it would be made by."""

	def __init__(self, connection: Connection, resolved: Resolved):
		self._connection, self._resolved, self._books = connection, resolved, resolved.books

	def income(self, category: str) -> str:
		if not category:
			return self._books.default_income
		parent = one(self._connection, _PARENT, self._books.default_income)
		return self._account(
			CATEGORIES.get(category, category.capitalize()), "Income", parent, "Income Account"
		)

	def tax(self, code: str) -> str:
		parent = one(self._connection, _TAX_GROUP, self._books.company)
		return self._account(code, "Liability", parent, "Tax")

	def mode(self, method: str, bank: str, cash: str) -> tuple[str, str]:
		"""Mode of payment and account."""
		mode = MODES.get(method, UNKNOWN_MODE)
		known = one(self._connection, _ACCOUNT_OF_MODE, mode, self._books.company)
		if known:
			return mode, known
		account, kind = {"cash": (cash, "Cash"), "credit": (self._credits, "General")}.get(
			method, (bank, "Bank")
		)
		account = account() if callable(account) else account
		self._lacks(
			f"an account for the mode of payment {mode}",
			partial(make_mode, mode=mode, company=self._books.company, account=account, kind=kind),
		)
		return mode, account

	def fiscal_years(self, years: Sequence[int]) -> None:
		if not years:
			return
		there = rows(self._connection, _YEARS, self._books.company)
		for first, last in years_between(there, date(years[0], 1, 1), date(years[-1], 12, 31)):
			name = str(first.year) if first.year == last.year else f"{first.year}-{last.year}"
			if one(self._connection, _YEAR_IS_THERE, name):
				raise InvalidInput(
					f"The fiscal year {name} is there, but disabled, of other dates or another company's."
				)
			self._lacks(
				f"the fiscal year {name}", partial(make_fiscal_year, name=name, first=first, last=last)
			)

	def _credits(self) -> str:
		return self._account(
			CREDITS, "Income", one(self._connection, _PARENT, self._books.default_income), "Income Account"
		)

	def _account(self, title: str, root: str, parent: str | None, kind: str) -> str:
		company = self._books.company
		# An account of that name may be of another kind: what the internet costs, say.
		for called in (title, f"{title} ({root})"):
			if known := one(self._connection, _ACCOUNT, company, called, root):
				return known
			name = f"{called} - {self._books.abbr}"
			if not one(self._connection, _ACCOUNT_IS_THERE, name):
				break
		else:
			raise InvalidInput(f"The account {name} is there, but is a group, disabled or of another kind.")
		if not parent:
			raise InvalidInput(
				f"{company} has no account {title}, and no group of {root} accounts to make it in."
			)
		self._lacks(
			f"the account {name}",
			partial(make_account, company=company, title=called, name=name, parent=parent, kind=kind),
		)
		return name

	def _lacks(self, what: str, make: Callable[[Cursor, date], None]) -> None:
		if what not in (missing.what for missing in self._resolved.missing):
			self._resolved.missing.append(Missing(what, make))


def _require_one_currency(connection: Connection, resolved: Resolved) -> None:
	books = resolved.books
	banks = [account for _, account in resolved.mode.values()]
	used = [books.receivable, books.round_off, *resolved.income.values(), *resolved.tax.values(), *banks]
	for name, currency in rows(connection, _IN_ANOTHER_CURRENCY, used, books.currency):
		raise InvalidInput(f"The account {name} is in {currency}, but {books.company} in {books.currency}.")


def _company(connection: Connection, asked: str | None) -> str:
	there = [name for (name,) in rows(connection, _COMPANIES)]
	if asked in there:
		return asked
	if asked:
		raise InvalidInput(f"The site has no company {asked}; it has {', '.join(there) or 'none'}.")
	if len(there) != 1:
		raise InvalidInput(f"--company must say which: the site has {', '.join(there) or 'no company'}.")
	return there[0]


def _setting(connection: Connection, doctype: str, name: str) -> str | None:
	return one(connection, _SETTING, doctype, name)


def _territory(connection: Connection, country: str | None) -> str:
	known = 'SELECT name FROM public."tabTerritory" WHERE name = ANY (%s) ORDER BY name <> %s LIMIT 1'
	root = """
		SELECT name FROM public."tabTerritory" WHERE coalesce(parent_territory, '') = '' ORDER BY lft LIMIT 1
	"""
	wanted = _setting(connection, "Selling Settings", "territory") or country or ""
	return one(connection, known, [wanted, "All Territories"], wanted) or one(connection, root) or ""


def _uom(connection: Connection) -> str:
	known = 'SELECT name FROM public."tabUOM" WHERE name = ANY (%s) ORDER BY name <> %s LIMIT 1'
	return one(connection, known, UOMS, UOMS[0]) or UOMS[0]


def _distinct(snapshot: Snapshot, column: str, table: str, cleaned: Copied) -> tuple[str, ...]:
	# Byte for byte: MariaDB takes letters with an accent for those without.
	found = snapshot.rows(f"SELECT DISTINCT CAST(`{column}` AS BINARY) FROM `{table}`")
	return tuple(sorted({cleaned(value).decode() for (value,) in found} | {""}))


def _span(snapshot: Snapshot, column: str, table: str, as_of: date) -> Iterator[int]:
	"""The first and the last moment that is believed, if there is any."""
	query = f"SELECT MIN(`{column}`), MAX(`{column}`) FROM `{table}` WHERE `{column}` BETWEEN %s AND %s"
	for row in snapshot.rows(query, (int(EARLIEST.timestamp()), latest(as_of))):
		yield from (int(value) for value in row if value)


def _insert(cursor: Cursor, table: str, values: list[tuple[Any, ...]]) -> None:
	columns = "(method, mode_of_payment, account)" if table == "mode" else ""
	if values:
		execute_values(cursor, f"INSERT INTO {table} {columns} VALUES %s", values)
