"""An item's name as it is fit to print."""

import unicodedata

from gigafibre_utils.errors import InvalidInput

# Format characters that shape emoji and right-to-left text, and so belong to the words.
_KEPT_FORMAT = frozenset("\u200c\u200d\u200e\u200f")


def short_item_name(name: str, max_len: int = 60) -> str:
	"""`name` without control and stray characters, white space folded, cut at a word with … at `max_len`
	characters.

	Raises InvalidInput where `max_len` leaves no room for a word (under 2) or is over 255.
	"""
	if not 2 <= max_len <= 255:
		raise InvalidInput("Argument max_len must be from 2 to 255.")
	text = " ".join(
		"".join(_printable(character) for character in unicodedata.normalize("NFC", name)).split()
	)
	if len(text) <= max_len:
		return text
	head = text[: max_len - 1]
	at_word, space, _ = head.rpartition(" ")
	if text[max_len - 1] == " " or not space:
		at_word = head
	return at_word.rstrip(" ,;:-–—(") + "…"


def _printable(character: str) -> str:
	category = unicodedata.category(character)
	if character.isspace():
		return " "
	if character in _KEPT_FORMAT:
		return character
	# Cc control, Cf format (among them the marks that override the writing direction), Co private, Cs, Cn
	# unassigned
	return "" if category.startswith("C") or character == "\ufffd" else character
