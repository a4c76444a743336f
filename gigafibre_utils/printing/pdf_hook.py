"""The app's PDF engine as a generator of Frappe's, so that Print, e-mail and download go through it too."""

import io
from typing import Any

from gigafibre_utils import printing

GENERATOR = "gigafibre"
DOCTYPE, END = "<!DOCTYPE html>", "</html>"


def generate(html: str, options: dict[str, Any] | None, output: Any) -> Any:
	"""A print as PDF.

	With `output`, a pypdf writer, its pages are added to that, and it is given back. Source:
	`frappe.utils.print_utils.get_print`.
	"""
	pdf = printing.printer().print_html(innermost_document(html))
	password = (options or {}).get("password")
	if output is None and not password:
		return pdf
	# Frappe brings it.
	from pypdf import PdfReader, PdfWriter

	writer = PdfWriter() if output is None else output
	writer.append_pages_from_reader(PdfReader(io.BytesIO(pdf)))
	if output is not None:
		return output
	writer.encrypt(password)
	return _bytes(writer)


def innermost_document(html: str) -> str:
	"""A print format that is a complete document, without the page that Frappe wraps it in; else the page."""
	document = html[html.rfind(DOCTYPE) :] if DOCTYPE in html else html
	return document[: document.find(END) + len(END)] if END in document else document


def _bytes(writer: Any) -> bytes:
	buffer = io.BytesIO()
	writer.write(buffer)
	return buffer.getvalue()
