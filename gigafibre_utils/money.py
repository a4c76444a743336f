"""Amounts: Decimal in, Decimal out; Stripe's minor units; how a reader sees them."""

from decimal import ROUND_HALF_UP, Decimal

from babel.numbers import format_currency

# https://docs.stripe.com/currencies#zero-decimal and #three-decimal
ZERO_DECIMAL = frozenset("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
THREE_DECIMAL = frozenset("BHD JOD KWD OMR TND".split())


def decimals(currency: str) -> int:
	"""Number of decimals in which Stripe counts an ISO 4217 currency."""
	code = currency.upper()
	return 0 if code in ZERO_DECIMAL else 3 if code in THREE_DECIMAL else 2


def rounded(amount: Decimal, currency: str) -> Decimal:
	"""The amount at the currency's own precision, half up as a cash register does."""
	return amount.quantize(Decimal(1).scaleb(-decimals(currency)), ROUND_HALF_UP)


def to_minor_units(amount: Decimal, currency: str) -> int:
	"""19.99 CAD → 1999, 500 JPY → 500, 1.234 KWD → 1234; rounded, never truncated."""
	return int(rounded(amount, currency).scaleb(decimals(currency)))


def from_minor_units(units: int, currency: str) -> Decimal:
	"""The inverse of `to_minor_units`."""
	return Decimal(units).scaleb(-decimals(currency))


def display(amount: Decimal, currency: str, language: str) -> str:
	"""`103,48 $` in French, `$103.48` in English, as written in Canada."""
	return format_currency(amount, currency, locale="fr_CA" if language == "fr" else "en_CA")
