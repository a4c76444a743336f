"""Payments of an acquired company, from the CSV that its system gave out, as the customers' credit.

Each line becomes one Payment Entry, or a finding that says why not. A payment's name follows from what its
line says, so that a line that was brought over once is not brought over again, in whatever file it comes.
Lines of one file that say the same are payments of their own, as two of one amount on one day may well be;
each after the first is told as `repeated`.
"""

import codecs
import csv
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from psycopg2.extensions import connection as Connection

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration import clean
from gigafibre_utils.migration.books import EARLIEST, Named, Resolved, resolve
from gigafibre_utils.migration.single import Single
from gigafibre_utils.migration.staging import Lines
from gigafibre_utils.migration.target import has_column, one, run_file

STEP = "import_expro_payments"
SQL = ("430_acquired_payments.sql", "405_payment_entries.sql", "420_payment_ledger.sql")
COLUMNS = {
	"date": ("date", "date de paiement", "date du paiement", "payment date"),
	"account": (
		"account number",
		"account no",
		"account",
		"numero de compte",
		"no de compte",
		"n de compte",
		"compte",
	),
	"amount": ("amount", "montant"),
	"method": ("method", "payment method", "mode", "mode de paiement", "methode"),
	"reference": ("reference", "reference number", "numero de reference", "no de reference", "ref"),
}
"""What each column may be called, without accents, signs and capitals."""

METHODS = {
	"card": ("card", "credit card", "carte", "carte de credit", "visa", "mastercard", "amex"),
	"ach": (
		"ach",
		"pad",
		"dpa",
		"pre authorized debit",
		"preauthorized debit",
		"debit preautorise",
		"prelevement",
		"prelevement automatique",
		"retrait preautorise",
	),
	"cheque": ("cheque", "check"),
	"cash": ("cash", "comptant", "argent comptant", "argent", "especes"),
}
"""The words for the methods of payment that the books know. `credit` is none of them: it may mean a card."""

UNKNOWN_METHOD = "other"
TOO_LARGE = Decimal(10**10)

_ISO = re.compile(r"(?P<year>\d{4})[-/](?P<month>\d\d)[-/](?P<day>\d\d)(?:[T ]\d\d:\d\d.*)?", re.ASCII)
_NUMBERED = re.compile(
	r"(?P<first>\d\d?)([-/.])(?P<second>\d\d?)\2(?P<year>\d{4})(?: \d\d?:\d\d.*)?", re.ASCII
)
_CURRENCY = re.compile(
	r"^([-(\u2212]?)\s*(?:CAD?\s*\$|\$|CAD)|(?:\$\s*CAD?|CAD?\s*\$|\$|CAD)\s*([-)\u2212]?)$", re.IGNORECASE
)
_NUMBER = re.compile(
	r"(?P<whole>\d{1,3}(?P<group>[ ,.'])\d{3}(?:(?P=group)\d{3})*|\d+)(?:(?P<point>[.,])(?P<cents>\d{1,2}))?",
	re.ASCII,
)
_NEGATIVE = re.compile(r"[-\u2212]\s*(.+)|(.+?)\s*[-\u2212]|\((.+)\)")
# The migration's own books stay as they are, the day that invoices are overdue by too: these go before them.
_OWN_BOOKS = """
	CREATE TEMP TABLE books (LIKE gigafibre_migration.books) ON COMMIT DROP;
	CREATE TEMP TABLE income (LIKE gigafibre_migration.income) ON COMMIT DROP;
	CREATE TEMP TABLE tax (LIKE gigafibre_migration.tax) ON COMMIT DROP;
	CREATE TEMP TABLE mode (LIKE gigafibre_migration.mode) ON COMMIT DROP
"""
_TABLE = """
	CREATE TEMP TABLE acquired_payment (
		line bigint PRIMARY KEY, name text UNIQUE, posting_date date, account text NOT NULL, amount numeric,
		method text NOT NULL, written_method text NOT NULL, reference text NOT NULL, same_as bigint,
		reason text, detail text, written jsonb NOT NULL
	) ON COMMIT DROP
"""


@dataclass(frozen=True)
class Line:
	"""A line of the file by its number; `reason` and `detail` say why it is no payment, where it is none.

	`written` holds the columns as text. A payment has a `name`, and where a line before it says the same,
	`same_as` is that one's number.
	"""

	number: int
	written: dict[str, str]
	posting_date: date | None = None
	amount: Decimal | None = None
	reason: str | None = None
	detail: str | None = None
	name: str | None = None
	same_as: int | None = None

	@property
	def method(self) -> str:
		"""As the books know it; '' where none is stated, `other` where the word is not known."""
		word = _plain(self.written["method"])
		known = (method for method, words in METHODS.items() if word in words)
		return next(known, UNKNOWN_METHOD if word else "")


@dataclass(frozen=True)
class Imported:
	"""How many lines there were, and what became of them; `known` are payments that were there before."""

	lines: int
	made: int
	known: int
	rejected: int


def payments(path: Path, company: str | None, create_missing: bool, as_of: date) -> Single:
	"""Bringing a file over, up to the day that it is brought over on.

	Raises InvalidInput with one sentence where the file cannot be read, and as the work is checked where the
	site lacks what the payments are booked by, unless `create_missing` says that it is made.
	"""
	lines = read(path)

	def resolved(connection: Connection, run: int = 0) -> Resolved:
		if not has_column(connection, "tabCustomer", "account_number"):
			raise InvalidInput(
				"This site's customers have no account number: add_missing_custom_fields was not run into it."
			)
		found = resolve(connection, _named_by(lines, as_of), company, run, as_of, None)
		if not create_missing:
			found.require()
		return found

	return Single(
		STEP,
		path.name,
		lambda work: import_payments(work.connection, lines, resolved(work.connection, work.run)).lines,
		{"company": company, "create_missing": create_missing, "up_to": as_of.isoformat()},
		resolved,
	)


def import_payments(connection: Connection, lines: Sequence[Line], resolved: Resolved) -> Imported:
	"""Bring the lines of a file over, in a step's transaction, which the caller commits."""
	with connection.cursor() as cursor:
		resolved.create_missing(cursor)
		cursor.execute(_OWN_BOOKS)
		resolved.write(cursor)
		cursor.execute(_TABLE)
		cursor.copy_expert("COPY acquired_payment FROM STDIN", Lines(_copied(line) for line in lines))
		cursor.execute("ANALYZE acquired_payment")
		for name in SQL:
			run_file(cursor, name)
	made = one(connection, "SELECT count(*) FROM new_payment")
	rejected = one(connection, "SELECT count(*) FROM judged_acquired WHERE refusal IS NOT NULL")
	return Imported(len(lines), made, len(lines) - made - rejected, rejected)


def _named_by(lines: Sequence[Line], as_of: date) -> Named:
	"""What the payments among the lines have names for that the books must know."""
	payments = [line for line in lines if not line.reason and line.posting_date <= as_of]
	methods, years = {line.method for line in payments}, {line.posting_date.year for line in payments}
	return Named((), (), tuple(sorted(methods)), tuple(sorted(years)))


def read(path: Path) -> list[Line]:
	"""The lines of a file, in UTF-8, Windows-1252 or as Excel's *Unicode Text*, in English or French.

	Between columns are commas, semicolons or tabs.

	A date is ISO or day, month, year. One that could be month, day, year as well (`03/04/2024`) is read where
	others of the file show that the day comes first, and refused where they do not. Raises InvalidInput with
	one sentence where the file cannot be read as a whole.
	"""
	records = list(_records(path))
	is_day_first = _is_day_first([written["date"] for _, written, is_whole in records if is_whole])
	first_seen: dict[tuple, list[int]] = {}
	lines = []
	for number, written, is_whole in records:
		line = _judged(number, written, is_day_first) if is_whole else _torn(number, written)
		lines.append(line if line.reason else _named(line, first_seen))
	return lines


def amount(written: str) -> Decimal | None:
	"""`1 234,56`, `1,234.56`, `$1234.5`, `(12,00)`; None where it is not certain which amount is meant."""
	bare = _CURRENCY.sub(r"\1\2", re.sub(r"\s", " ", written)).strip()
	if negative := _NEGATIVE.fullmatch(bare):
		bare = next(filter(None, negative.groups())).strip()
	if not (number := _NUMBER.fullmatch(bare)):
		return None
	group, point = number["group"], number["point"]
	# `1.234` might be a number of three decimals: nobody writes dollars so.
	if group and group in (point, "." if not point else None):
		return None
	value = Decimal(re.sub(r"\D", "", number["whole"]) + "." + (number["cents"] or "0"))
	if value >= TOO_LARGE:
		return None
	return -value if negative else value


def _records(path: Path) -> Iterator[tuple[int, dict[str, str], bool]]:
	"""Number, columns and whether it has as many as the header, of every line that is not empty."""
	text = _text(path)
	begins = 1
	try:
		separator, places = _header(path, text)
		reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
		width, begins = len(next(reader)), reader.line_num + 1
		for fields in reader:
			number, begins = begins, reader.line_num + 1
			values = [clean.line(field.encode()) for field in fields]
			if not any(values):
				continue
			is_whole = len(values) >= width and not any(values[width:])
			values += [""] * width
			written = {column: values[place] for column, place in places.items()}
			yield (
				number,
				written if is_whole else written | {"line": clean.line(separator.join(fields).encode())},
				is_whole,
			)
	except csv.Error as error:
		raise InvalidInput(f"{path.name} is no proper CSV from line {begins} on: {error}.") from None


def _text(path: Path) -> str:
	try:
		raw = path.read_bytes()
	except OSError as error:
		raise InvalidInput(f"{path} cannot be read: {error.strerror or error}.") from None
	is_utf_16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
	for encoding in ("utf-16",) if is_utf_16 else ("utf-8-sig", "cp1252"):
		try:
			return raw.decode(encoding)
		except UnicodeDecodeError:
			continue
	raise InvalidInput(f"{path.name} is no text in UTF-8, Windows-1252 or UTF-16: was it saved as CSV?")


def _header(path: Path, text: str) -> tuple[str, dict[str, int]]:
	"""The separator, and where each column stands."""
	found = {separator: _places(text, separator) for separator in ",;\t"}
	separator, places = max(found.items(), key=lambda item: len(item[1]))
	if several := [column for column, where in places.items() if len(where) > 1]:
		raise InvalidInput(f"{path.name} has several columns for {', '.join(several)} in its first line.")
	if missing := [column for column in COLUMNS if column not in places]:
		told = "has no column" if len(missing) == 1 else "has none of the columns"
		raise InvalidInput(f"{path.name} {told} {', '.join(missing)} in its first line.")
	return separator, {column: place for column, (place,) in places.items()}


def _places(text: str, separator: str) -> dict[str, list[int]]:
	header = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
	places: dict[str, list[int]] = {}
	for place, title in enumerate(map(_plain, header)):
		for column, titles in COLUMNS.items():
			if title in titles:
				places.setdefault(column, []).append(place)
	return places


def _plain(text: str) -> str:
	"""Letters and digits alone: no accents, no capitals, one blank between words."""
	bare = unicodedata.normalize("NFKD", text.casefold())
	bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
	return " ".join(re.findall(r"[a-z0-9]+", bare))


def _judged(number: int, written: dict[str, str], is_day_first: bool) -> Line:
	value = amount(written["amount"])
	on, why = _date(written["date"], is_day_first)
	refusals = (
		(not on, "date_unreadable", why),
		(value is None, "amount_unreadable", "It is not certain which amount is meant."),
		(value is not None and value <= 0, "amount_not_positive", "Money that went out is no payment."),
	)
	reason, detail = next(((reason, told) for applies, reason, told in refusals if applies), (None, None))
	return Line(number, written, on, value, reason, detail)


def _torn(number: int, written: dict[str, str]) -> Line:
	told = "It has more or fewer columns than the first line: is a comma in an amount not quoted?"
	return Line(number, written, reason="columns_do_not_match", detail=told)


def _date(written: str, is_day_first: bool) -> tuple[date | None, str | None]:
	"""The date, or why it is none."""
	on = None
	if iso := _ISO.fullmatch(written):
		on = _on(iso["year"], iso["month"], iso["day"])
	elif numbered := _NUMBERED.fullmatch(written):
		on = _on(numbered["year"], numbered["second"], numbered["first"])
		other = _on(numbered["year"], numbered["first"], numbered["second"])
		if on and other and on != other and not is_day_first:
			return None, "Day and month might be either: no other date of the file tells which comes first."
	if not on:
		return None, "It is no date such as 2024-01-31 or 31/01/2024."
	if on < EARLIEST.date():
		return None, f"It lies before {EARLIEST.year}."
	return on, None


def _on(year: str, month: str, day: str) -> date | None:
	try:
		return date(int(year), int(month), int(day))
	except ValueError:
		return None


def _is_day_first(dates: Sequence[str]) -> bool:
	"""Whether some date of the file can only begin with the day, and none with the month."""
	numbered = [found for found in map(_NUMBERED.fullmatch, dates) if found]
	begin_with = [
		(
			_on(found["year"], found["second"], found["first"]) is not None,
			_on(found["year"], found["first"], found["second"]) is not None,
		)
		for found in numbered
	]
	return (True, False) in begin_with and (False, True) not in begin_with


def _named(line: Line, first_seen: dict[tuple, list[int]]) -> Line:
	"""The payment with its name, which counts the lines that say the same."""
	written = line.written
	said = (
		line.posting_date.isoformat(),
		written["account"],
		f"{line.amount:.2f}",
		written["method"].casefold(),
		written["reference"],
	)
	same = first_seen.setdefault(said, [])
	same.append(line.number)
	digest = hashlib.sha256("\x1f".join([*said, str(len(same))]).encode()).hexdigest()
	before = same[0] if len(same) > 1 else None
	return Line(
		line.number, written, line.posting_date, line.amount, name=f"EXPRO-{digest[:12]}", same_as=before
	)


def _copied(line: Line) -> bytes:
	"""The line as COPY reads it."""
	written = line.written
	values: list[Any] = [
		line.number,
		line.name,
		line.posting_date,
		written["account"],
		line.amount,
		line.method,
		written["method"],
		written["reference"],
		line.same_as,
		line.reason,
		line.detail,
		json.dumps(written, ensure_ascii=False),
	]
	return b"\t".join(rb"\N" if value is None else clean.copied(str(value)) for value in values) + b"\n"
