"""Invoices as PDF: one template, one engine for each site."""

from functools import cache

from gigafibre_utils import config, site
from gigafibre_utils.errors import ConfigurationError
from gigafibre_utils.invoice.model import Invoice
from gigafibre_utils.invoice.resolver import resolve
from gigafibre_utils.paylink.links import OpenedLink, make_for_print
from gigafibre_utils.printing.chromium import OneShotChromium, Printer, WarmChromium, find_chromium
from gigafibre_utils.printing.template import render_statement

FACTURE_TARGO = "Facture TARGO"
ENGINES = {"warm": WarmChromium, "oneshot": OneShotChromium}


def printer() -> Printer:
	"""The engine that the site's configuration names: `gigafibre_pdf_engine`, or else `warm`."""
	engine = config.optional("gigafibre_pdf_engine") or "warm"
	if engine not in ENGINES:
		raise ConfigurationError(f"gigafibre_pdf_engine must be one of {', '.join(ENGINES)}.")
	return _printer(engine, find_chromium(config.optional("chromium_path")))


def invoice_html(invoice: Invoice, link: OpenedLink | None = None) -> str:
	"""The invoice in *Facture TARGO*, for a reader (no link) or for the holder of a link."""
	pay_link = make_for_print(invoice, link)
	return render_statement(resolve(invoice, pay_link.url if pay_link else None))


def invoice_pdf(invoice: Invoice, print_format: str, link: OpenedLink | None) -> bytes:
	"""The invoice as PDF. Raises PrintError where Chromium fails, NotFound for an unknown print format."""
	if print_format == FACTURE_TARGO:
		return printer().print_html(invoice_html(invoice, link))
	return printer().print_html(site.current().print_html(invoice.name, print_format))


@cache
def _printer(engine: str, chromium: str) -> Printer:
	return ENGINES[engine](chromium)
