"""Where Frappe prints: its hook for PDF generators, and the one address that refuses all but its own."""

from typing import Any

import frappe
from frappe.utils import print_format as frappe_print_format

from gigafibre_utils.printing import pdf_hook
from gigafibre_utils.printing.pdf_hook import GENERATOR
from gigafibre_utils.site.frappe_site import self_contained


def generate(
	print_format: str | None,
	html: str,
	options: dict[str, Any] | None,
	output: Any,
	pdf_generator: str | None = None,
) -> Any:
	"""The hook `pdf_generator`: see `pdf_hook.generate`."""
	if pdf_generator != GENERATOR:
		return None
	return pdf_hook.generate(print_format, self_contained(html), options, output, pdf_generator)


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
