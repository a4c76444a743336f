"""What templates of the site may call. Every template gets these names, so each begins with ours."""


def gigafibre_facture(invoice: str) -> str:
	"""A Sales Invoice in *Facture TARGO*, a complete HTML document. Raises NotFound where there is none."""
	# Frappe imports this module for whatever the site renders; what printing leans on must not stop that.
	from gigafibre_utils import printing
	from gigafibre_utils.paylink import links

	return printing.invoice_html(links.require(invoice))
