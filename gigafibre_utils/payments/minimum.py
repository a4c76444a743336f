"""The least that Stripe takes in one payment."""

from decimal import Decimal

from gigafibre_utils.money import from_minor_units

# https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts. Each is for an account that is paid
# out in that currency; Stripe converts what it pays out in another, and asks for the least of that one.
LEAST = {
	"AED": "2",
	"AUD": "0.50",
	"BGN": "1",
	"BRL": "0.50",
	"CAD": "0.50",
	"CHF": "0.50",
	"CZK": "15",
	"DKK": "2.50",
	"EUR": "0.50",
	"GBP": "0.30",
	"HKD": "4",
	"HUF": "175",
	"INR": "0.50",
	"JPY": "50",
	"MXN": "10",
	"MYR": "2",
	"NOK": "3",
	"NZD": "0.50",
	"PLN": "2",
	"RON": "2",
	"SEK": "3",
	"SGD": "0.50",
	"THB": "10",
	"USD": "0.50",
}


def least(currency: str) -> Decimal:
	"""The smallest amount of an ISO 4217 currency that can be paid online; of one that Stripe names no
	minimum for, the smallest that there is.
	"""
	named = LEAST.get(currency.upper())
	return Decimal(named) if named else from_minor_units(1, currency)
