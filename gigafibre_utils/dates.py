"""Dates as a reader in Canada writes them."""

import re
from datetime import date

from babel.dates import format_date

LOCALES = {"fr": "fr_CA", "en": "en_CA"}


def display(day: date, language: str, length: str = "long") -> str:
	"""`31 octobre 2026`, `1er octobre 2026`, `October 31, 2026`."""
	text = format_date(day, length, LOCALES[language])
	return re.sub("^1 ", "1er ", text) if language == "fr" else text
