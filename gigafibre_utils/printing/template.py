"""Turns a statement into the invoice's HTML: one template for print view, e-mail and PDF."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache, partial
from math import ceil
from pathlib import Path
from urllib.parse import urlsplit

from babel.dates import format_interval
from babel.numbers import format_currency, format_decimal, format_percent
from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from markupsafe import Markup

from gigafibre_utils import dates
from gigafibre_utils.dates import LOCALES
from gigafibre_utils.invoice.statement import Charge, Statement
from gigafibre_utils.money import display, rounded
from gigafibre_utils.paylink.qr import qr_svg
from gigafibre_utils.printing.logo import logo_svg
from gigafibre_utils.translation import supported, translator

TEMPLATE = "gigafibre_utils/printing/facture_targo.html"
_PACKAGE = Path(__file__).parents[1]
_UNIT_PRICE_DECIMALS = 4
# Rows, and small letters per row, that the window of a #10 envelope shows at each size of type.
_ADDRESS_ROOM = {"normal": (5, 40), "small": (7, 48)}
_CAPITAL = 1.5


def render_statement(statement: Statement) -> str:
	"""The invoice as a complete HTML document that needs nothing from outside itself."""
	return _environment().get_template(TEMPLATE).render(template_context(statement))


def template_context(statement: Statement) -> dict[str, object]:
	"""Every name that the template reads; the same for our own environment and for Frappe's."""
	language = supported(statement.language)
	locale = LOCALES[language]
	_ = translator(language)
	return {
		"_": _,
		"statement": statement,
		"lang": locale.replace("_", "-"),
		"money": partial(display, currency=statement.currency, language=language),
		"unit_price": partial(_unit_price, currency=statement.currency, language=language),
		"number": partial(_number, locale=locale),
		"percent": partial(_percent, locale=locale),
		"day": partial(dates.display, language=language),
		"period": partial(_period, language=language, _=_),
		"address_size": _address_size((statement.customer_name, *statement.customer_address)),
		"page_footer": _page_footer(statement, _),
		"logo": Markup(logo_svg()),
		"qr_svg": Markup(qr_svg(statement.pay_url)) if statement.is_payable else "",
		"pay_host": urlsplit(statement.pay_url or "").hostname or "",
	}


@cache
def _environment() -> Environment:
	loader = PrefixLoader({_PACKAGE.name: FileSystemLoader(_PACKAGE)})
	return Environment(
		loader=loader,
		autoescape=True,
		undefined=StrictUndefined,
		auto_reload=False,
		trim_blocks=True,
		lstrip_blocks=True,
	)


def _unit_price(rate: Decimal, currency: str, language: str) -> str:
	"""As money, with the further decimals that a rate per minute or per gigabyte has."""
	if rate == rounded(rate, currency):
		return display(rate, currency, language)
	exact = round(rate, _UNIT_PRICE_DECIMALS).normalize()
	return format_currency(exact, currency, locale=LOCALES[language], decimal_quantization=False)


def _number(quantity: Decimal, locale: str) -> str:
	return format_decimal(quantity, locale=locale, decimal_quantization=False)


def _percent(rate: Decimal, locale: str) -> str:
	"""`9,975 %` or `9.975%` of a rate given in percent."""
	return format_percent(rate / 100, locale=locale, decimal_quantization=False)


def _period(charge: Charge, language: str, _: Callable[[str], str]) -> str:
	"""`1–31 oct. 2026` where both ends are known, else what is known of it."""
	start, end = charge.period_start, charge.period_end
	if start and end and start <= end:
		return format_interval(start, end, "yMMMd", locale=LOCALES[language])
	short = partial(dates.display, language=language, length="medium")
	if start and end:
		return f"{short(start)} – {short(end)}"
	if start:
		return _("From {0}").format(short(start))
	return _("Until {0}").format(short(end)) if end else ""


def _address_size(lines: tuple[str, ...]) -> str:
	"""The largest type in which an address stays inside the window of the envelope."""
	widths = [sum(_CAPITAL if c.isupper() or not c.isascii() else 1 for c in line) for line in lines]
	for size, (rows, letters) in _ADDRESS_ROOM.items():
		if sum(max(1, ceil(width / letters)) for width in widths) <= rows:
			return size
	return "tiny"


def _page_footer(statement: Statement, _: Callable[[str], str]) -> Markup:
	"""The value of `content` in the page's margin box: what this document is, and page x of y."""
	title = _("Credit note") if statement.is_credit_note else _("Invoice")
	texts_and_counters = re.split(r"\{(pages?)\}", _("Page {page} of {pages}"))
	return Markup(" ").join(
		(
			_css_string(f"{title} {statement.invoice}  ·  "),
			*(
				Markup(f"counter({part})") if at % 2 else _css_string(part)
				for at, part in enumerate(texts_and_counters)
			),
		)
	)


def _css_string(text: str) -> Markup:
	"""A CSS string that no text can end, nor the style element around it: by code point what is no word."""
	plain = re.compile("[A-Za-z0-9 ]").fullmatch
	return Markup('"' + "".join(c if plain(c) else f"\\{ord(c):x} " for c in text) + '"')
