"""What a customer reads when a pay link is sent, in the customer's language."""

from markupsafe import Markup

from gigafibre_utils import dates, site
from gigafibre_utils.invoice import model
from gigafibre_utils.invoice.model import Invoice
from gigafibre_utils.paylink.links import PayLink
from gigafibre_utils.paylink.token import Purpose
from gigafibre_utils.translation import translator


def sms(invoice: Invoice, link: PayLink, purpose: Purpose) -> str:
	"""The text message for a link of this purpose."""
	language = model.reader_language(invoice)
	_ = translator(language)
	if purpose is Purpose.MAGIC:
		text = _("{0}: your invoice {1}, link good for 15 minutes: {2}")
		return text.format(invoice.company, invoice.name, link.url)
	text = _("{0}: your invoice {1}, link good until {2}: {3}")
	return text.format(invoice.company, invoice.name, _last_day(link, language), link.url)


def email(invoice: Invoice, link: PayLink, purpose: Purpose) -> tuple[str, str, str]:
	"""Subject, text and HTML of the e-mail for a link of this purpose."""
	language = model.reader_language(invoice)
	_ = translator(language)
	subject = _("Your link to invoice {0}").format(invoice.name)
	if purpose is Purpose.MAGIC:
		lead = _("Here is your link to see and pay invoice {0}. It is good for 15 minutes.")
		closing = [_("You did not ask for it? Then nothing needs to be done."), invoice.company]
	else:
		lead = _("Here is your link to invoice {0}. It is good until {1}.")
		closing = [invoice.company]
	lead = lead.format(invoice.name, _last_day(link, language))
	button = Markup('<a href="{}">{}</a>').format(link.url, _("See the invoice"))
	text = "\n\n".join([lead, link.url, *closing]) + "\n"
	html = Markup("").join(Markup("<p>{}</p>").format(part) for part in [lead, button, *closing])
	return subject, text, html


def _last_day(link: PayLink, language: str) -> str:
	return dates.display(site.current().local_time(link.expires_at.timestamp()).date(), language)
