"""Amounts and Stripe's minor units."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigafibre_utils.money import decimals, display, from_minor_units, rounded, to_minor_units


@pytest.mark.parametrize(
	("amount", "currency", "units"),
	[
		("19.99", "CAD", 1999),
		("19.995", "CAD", 2000),
		("0.01", "usd", 1),
		("500", "JPY", 500),
		("1.234", "KWD", 1234),
		("-25.30", "CAD", -2530),
		("1234567.89", "CAD", 123456789),
	],
)
def test_an_amount_in_minor_units(amount: str, currency: str, units: int):
	assert to_minor_units(Decimal(amount), currency) == units


@given(st.integers(-(10**12), 10**12), st.sampled_from(["CAD", "USD", "JPY", "KWD"]))
def test_minor_units_survive_the_way_there_and_back(units: int, currency: str):
	assert to_minor_units(from_minor_units(units, currency), currency) == units


def test_every_cent_amount_is_exact():
	assert all(to_minor_units(Decimal(cents) / 100, "CAD") == cents for cents in range(100_000))


def test_decimals_follow_the_currency():
	assert [decimals(code) for code in ("CAD", "jpy", "TND")] == [2, 0, 3]
	assert rounded(Decimal("1.005"), "CAD") == Decimal("1.01")


def test_amounts_read_as_they_are_written_in_canada():
	assert display(Decimal("1103.48"), "CAD", "fr") == "1\xa0103,48\xa0$"
	assert display(Decimal("1103.48"), "CAD", "en") == "$1,103.48"
