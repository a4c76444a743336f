"""Text as it was meant by bytes of a latin1 column, by a few lines of its own.

The migration's cleaner has no part in it: the two must come to the same.
"""

import html
import re
from functools import cache

# How UTF-8 begins, and goes on, that was taken for cp1252: `Ã©`, `â€™`, `ðŸ˜€`.
_GOES_ON = "[" + re.escape(bytes(range(0x80, 0xC0)).decode("cp1252", "ignore")) + "\x80-\x9f]"
_TWICE = re.compile(f"[ÂÃÄÅÆË]{_GOES_ON}|[âï]{_GOES_ON}{_GOES_ON}|ð{_GOES_ON}{_GOES_ON}{_GOES_ON}")
_ENTITY = re.compile("&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]*);")
_LINE_END = re.compile("\r\n|[\r\v\f\u2028\u2029]")
_OTHER = re.compile("[\udc80-\udcff]+")
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufeff]")


def line(raw: bytes) -> str:
	"""Text of one line, as it was meant."""
	return " ".join(re.split(r"[\t\n]+", text(raw))).strip()


def text(raw: bytes) -> str:
	"""UTF-8 where it is that, else what MariaDB calls latin1; entities decoded, nothing invisible left."""
	try:
		decoded = raw.decode()
	except UnicodeDecodeError as error:
		head = raw[: error.start]
		# A column that is full may end in half a letter.
		is_cut = error.reason == "unexpected end of data" and not head.isascii()
		decoded = head.decode() if is_cut else _OTHER.sub(_as_cp1252, raw.decode("utf-8", "surrogateescape"))
	while (once_more := _TWICE.sub(_once_more, decoded)) != decoded:
		decoded = once_more
	unescaped = _ENTITY.sub(lambda entity: html.unescape(entity[0]), decoded)
	return _INVISIBLE.sub("", _LINE_END.sub("\n", unescaped)).strip()


def _as_cp1252(other: re.Match[str]) -> str:
	"""Bytes that are no UTF-8, as they were meant."""
	signs = (bytes([ord(sign) - 0xDC00]) for sign in other[0])
	return "".join(sign.decode("cp1252", "ignore") or sign.decode("latin-1") for sign in signs)


def _once_more(run: re.Match[str]) -> str:
	"""Letters that are UTF-8 taken for cp1252 and encoded again, as they were at first."""
	try:
		# What cp1252 has no letter for, MariaDB takes for a control of that number.
		return b"".join(
			letter.encode("latin-1" if "\x80" <= letter <= "\x9f" else "cp1252") for letter in run[0]
		).decode()
	except UnicodeError:
		return run[0]


@cache
def word(decoded: str) -> str:
	"""One of few words (a status, a method) that was read as latin1, in small letters."""
	return line(decoded.encode("latin-1")).lower()
