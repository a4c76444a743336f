"""The least that Stripe takes."""

from decimal import Decimal

import pytest

from gigafibre_utils.money import from_minor_units, to_minor_units
from gigafibre_utils.payments.minimum import LEAST, least


@pytest.mark.parametrize(
	("currency", "amount"),
	[("CAD", "0.50"), ("usd", "0.50"), ("GBP", "0.30"), ("JPY", "50"), ("XPF", "1"), ("KWD", "0.001")],
)
def test_it_is_that_of_the_currency(currency: str, amount: str):
	assert least(currency) == Decimal(amount)


def test_each_is_an_amount_that_can_be_paid():
	for currency in LEAST:
		assert from_minor_units(to_minor_units(least(currency), currency), currency) == least(currency)
