"""Item names as they are fit to print."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.invoice.item_names import short_item_name


@pytest.mark.parametrize(
	("name", "length", "printed"),
	[
		("Internet  fibre\t500\r\nMbit/s", 60, "Internet fibre 500 Mbit/s"),
		("\x00\x1b[31mRouge\x7f", 60, "[31mRouge"),
		("a\u202eb\u2066c", 60, "abc"),
		("Internet fibre 500", 18, "Internet fibre 500"),
		("Internet fibre 500", 17, "Internet fibre…"),
		("Internet fibre 500", 15, "Internet fibre…"),
		("Internet, fibre", 10, "Internet…"),
		("Anticonstitutionnellement", 10, "Anticonst…"),
		("  ", 60, ""),
		("👩🏽‍🚀 à bord", 60, "👩🏽‍🚀 à bord"),
	],
)
def test_a_name_is_cleaned_and_cut_at_a_word(name: str, length: int, printed: str):
	assert short_item_name(name, length) == printed


@given(st.text(), st.integers(2, 255))
def test_what_is_printed_fits_and_holds_no_control_character(name: str, length: int):
	printed = short_item_name(name, length)
	assert len(printed) <= length
	assert not any(unicodedata.category(character) == "Cc" for character in printed)
	assert printed == " ".join(printed.split())


@pytest.mark.parametrize("length", [1, 0, -5, 256])
def test_a_length_out_of_range_is_refused(length: int):
	with pytest.raises(InvalidInput, match="max_len"):
		short_item_name("Internet", length)
