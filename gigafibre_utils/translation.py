"""The customer's language, the same on both hosts.

The catalogue is read from the package's own `locale/`: what a customer reads must not hang on a compile step
of the bench or on words that another app translates in another sense.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = ("fr", "en")
_LOCALE = Path(__file__).parent / "locale"


def supported(language: str | None) -> str:
	"""`fr` or `en` for any language code; French is what most customers speak."""
	code = (language or "").lower()[:2]
	return code if code in LANGUAGES else "fr"


@cache
def translator(language: str) -> Callable[[str], str]:
	"""The `_` of a language: a function from the English text to the reader's."""
	catalogue = _catalogue(supported(language))
	return lambda text: catalogue.get(text, text)


def _catalogue(language: str) -> dict[str, str]:
	path = _LOCALE / f"{language}.po"
	if not path.exists():
		return {}
	with path.open("rb") as file:
		return {m.id: m.string for m in read_po(file) if isinstance(m.id, str) and m.string and not m.fuzzy}
