"""What fifteen years of PHP left in text and dates, made fit for PostgreSQL.

Columns are declared latin1 and hold UTF-8 bytes beside true latin1; values come here as the bytes that stand
in the table, and leave as UTF-8 text.
"""

import codecs
import html
import re
from datetime import date
from functools import lru_cache

import nh3
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

# Bytes of a value that is fit as it stands: printable ASCII without `&`, which may begin an entity, and
# without the backslash, which COPY reads as an escape.
_UNFIT = re.compile(rb"[^\x20-\x25\x27-\x5b\x5d-\x7e]|^ | $").search
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_RETURN = re.compile(r"\r\n?")
_BREAK = re.compile(r"\r\n?|[\v\f\u2028\u2029]")
_BLANKS = re.compile(r"[\t\n]+")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_TAG = re.compile("<[a-zA-Z/!]")
# UTF-8 that was taken for cp1252 and encoded once more: the sign of a lead byte, then those of the others.
# Of lead bytes only those of Latin letters, of punctuation and of emoji: `é »` is French, and no Chinese.
_FOLLOWS = (
	"[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
_MAY_BE_TWICE = re.compile(f"[\u00c2-\u00c6\u00cb\u00e2\u00ef\u00f0]{_FOLLOWS}").search
_TWICE = re.compile(f"[\u00c2-\u00c6\u00cb]{_FOLLOWS}|[\u00e2\u00ef]{_FOLLOWS}{{2}}|\u00f0{_FOLLOWS}{{3}}")
_EMAIL = re.compile(r"[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
_EXTENSION = re.compile(r"\s*\bp(?:oste|\.)?\s*(?=[0-9]+$)", re.IGNORECASE)
_BETWEEN_EMAILS = re.compile(r"[;,\s]+")
_ESCAPES = ((b"\\", rb"\\"), (b"\n", rb"\n"), (b"\r", rb"\r"), (b"\t", rb"\t"))
_SAFE = nh3.Cleaner(url_schemes={"http", "https", "mailto", "tel"})


def _as_latin1(error: UnicodeError) -> tuple[str | bytes, int]:
	"""A byte that is no UTF-8 is what MariaDB calls latin1: cp1252, a control where that has nothing."""
	if isinstance(error, UnicodeEncodeError):
		return error.object[error.start : error.start + 1].encode("latin-1"), error.start + 1
	byte = error.object[error.start : error.start + 1]
	try:
		return byte.decode("cp1252"), error.start + 1
	except UnicodeDecodeError:
		return byte.decode("latin-1"), error.start + 1


codecs.register_error("latin1", _as_latin1)


def decoded(raw: bytes) -> str:
	"""The text that was meant by bytes of a latin1 column: UTF-8, and what is not that, latin1."""
	try:
		text = raw.decode()
	except UnicodeDecodeError as error:
		head = raw[: error.start]
		if error.reason == "unexpected end of data" and not head.isascii():
			# UTF-8 that the column's length cut in the middle of a letter.
			return decoded(head)
		text = raw.decode("utf-8", "latin1")
	while _MAY_BE_TWICE(text) and (once_more := _TWICE.sub(_decoded_once_more, text)) != text:
		text = once_more
	return text


def _decoded_once_more(letters: re.Match[str]) -> str:
	try:
		return letters[0].encode("cp1252", "latin1").decode()
	except UnicodeError:
		return letters[0]


def line(raw: bytes) -> str:
	"""Text of one line: entities decoded, no control characters, no blanks at the ends."""
	return _BLANKS.sub(" ", text(raw)).strip()


def text(raw: bytes) -> str:
	"""Text of several lines, cleaned as `line` is."""
	decoded_text = _ENTITY.sub(_character, decoded(raw))
	return _CONTROL.sub("", _BREAK.sub("\n", decoded_text)).strip()


def _character(entity: re.Match[str]) -> str:
	return html.unescape(entity[0])


def body(raw: bytes) -> str:
	"""The body of a message as HTML that is safe to show: plain text gets line breaks, HTML is sanitised."""
	written = _CONTROL.sub("", _RETURN.sub("\n", decoded(raw))).strip()
	# A tag that is begun and never ended is none.
	if _TAG.search(written, 0, written.rfind(">")):
		return _CONTROL.sub("", _SAFE.clean(written))
	plain = html.escape(_ENTITY.sub(_character, written), quote=False)
	return _CONTROL.sub("", plain).replace("\n", "<br>")


def day(raw: bytes) -> date | None:
	"""A date, None for a zero date or one that no calendar has."""
	try:
		return date.fromisoformat(raw.decode())
	except ValueError:
		return None


def emails(written: str) -> tuple[list[str], list[str]]:
	"""The addresses in a field that may hold several, in lower case, and what is no address."""
	parts = list(dict.fromkeys(part.lower() for part in _BETWEEN_EMAILS.split(written) if part))
	valid = [part for part in parts if len(part) <= 140 and _EMAIL.fullmatch(part)]
	return valid, [part for part in parts if part not in valid]


def phone(written: str) -> str | None:
	"""A telephone number in E.164, read as one of Canada; None where it is none."""
	try:
		number = phonenumbers.parse(_EXTENSION.sub(" ext. ", written), "CA")
	except NumberParseException:
		return None
	if not phonenumbers.is_valid_number(number):
		return None
	return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def copied_line(raw: bytes | None) -> bytes:
	"""`line` as COPY reads it; a NULL is empty."""
	if not raw:
		return b""
	return raw if _UNFIT(raw) is None else _copied_line(raw)


@lru_cache(maxsize=1 << 15)
def _copied_line(raw: bytes) -> bytes:
	# What is billed is called the same a thousand times.
	return copied(line(raw))


@lru_cache(maxsize=1 << 10)
def copied_word(raw: bytes | None) -> bytes:
	"""A word of few (a status, a method) as COPY reads it: small letters, as MariaDB makes no difference."""
	return copied_line(raw).decode().lower().encode()


@lru_cache(maxsize=1 << 10)
def copied_code(raw: bytes | None) -> bytes:
	"""A code of few (that of a tax) as COPY reads it: capital letters."""
	return copied_line(raw).decode().upper().encode()


def copied_text(raw: bytes | None) -> bytes:
	"""`text` as COPY reads it; a NULL is empty."""
	return copied(text(raw)) if raw else b""


def copied_body(raw: bytes | None) -> bytes:
	"""`body` as COPY reads it; a NULL is empty."""
	return copied(body(raw)) if raw else b""


def copied_number(raw: bytes | None) -> bytes:
	"""A number as COPY reads it."""
	return rb"\N" if raw is None else raw


def copied(value: str) -> bytes:
	"""Text as COPY reads it."""
	data = value.encode()
	for plain, escaped in _ESCAPES:
		data = data.replace(plain, escaped)
	return data


class CopiedDays:
	"""Dates as COPY reads them; there are few, so each is read once."""

	def __init__(self) -> None:
		self._known: dict[bytes, bytes] = {}

	def __call__(self, raw: bytes | None) -> bytes:
		if raw not in self._known:
			found = day(raw) if raw else None
			self._known[raw] = found.isoformat().encode() if found else rb"\N"
		return self._known[raw]
