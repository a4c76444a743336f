"""Where Frappe prints: its hooks for PDF generators, and the one address that refuses all but its own."""

from typing import Any

import frappe
from frappe.utils import print_format as frappe_print_format

from gigafibre_utils.printing import pdf_hook
from gigafibre_utils.printing.pdf_hook import GENERATOR
from gigafibre_utils.site.frappe_site import self_contained


def generate(html: str, options: dict[str, Any] | None, output: Any, pdf_generator: str) -> Any:
	"""The hook `pdf_generator`: see `pdf_hook.generate`. None where another generator was chosen."""
	if pdf_generator != GENERATOR:
		return None
	forget_generator()
	return pdf_hook.generate(self_contained(html), options, output)


def forget_generator() -> None:
	"""The hook `on_print_pdf`, before wkhtmltopdf prints: let the next print choose its generator by itself.

	Frappe would keep the first one's for all that a job prints, such as the invoices of a batch of e-mails.
	"""
	frappe.local.form_dict.pop("pdf_generator", None)


@frappe.whitelist(allow_guest=True)
def download_pdf(
	doctype: str,
	name: str,
	format: str | None = None,
	doc: Any = None,
	no_letterhead: Any = 0,
	language: str | None = None,
	letterhead: str | None = None,
	pdf_generator: str | None = None,
) -> None:
	"""Frappe's `download_pdf`, which checks who may print, for formats that choose our generator too."""
	chosen = format and frappe.get_cached_value("Print Format", format, "pdf_generator")
	if GENERATOR in (pdf_generator, chosen):
		# What `frappe.get_print` looks at first.
		frappe.local.form_dict.pdf_generator, pdf_generator = GENERATOR, None
	frappe_print_format.download_pdf(
		doctype, name, format, doc, no_letterhead, language, letterhead, pdf_generator
	)
