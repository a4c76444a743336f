"""What a customer reads when a pay link is sent, in the customer's language."""

from dataclasses import dataclass

from markupsafe import Markup

from gigafibre_utils import dates, site
from gigafibre_utils.invoice import model
from gigafibre_utils.invoice.model import Invoice
from gigafibre_utils.paylink.links import PayLink
from gigafibre_utils.paylink.token import Purpose
from gigafibre_utils.translation import translator


@dataclass(frozen=True)
class Notice:
	"""Why a link comes unasked, in the reader's language: the subject of the e-mail, and a sentence."""

	subject: str
	sentence: str


def sms(invoice: Invoice, link: PayLink, purpose: Purpose, notice: Notice | None = None) -> str:
	"""The text message for a link of this purpose, or for a notice with one."""
	language = model.reader_language(invoice)
	_ = translator(language)
	if notice:
		return _("{0}: {1} To pay: {2}").format(invoice.company, notice.sentence, link.url)
	if purpose is Purpose.MAGIC:
		text = _("{0}: your invoice {1}, link good for 15 minutes: {2}")
		return text.format(invoice.company, invoice.name, link.url)
	text = _("{0}: your invoice {1}, link good until {2}: {3}")
	return text.format(invoice.company, invoice.name, _last_day(link, language), link.url)


def email(
	invoice: Invoice, link: PayLink, purpose: Purpose, notice: Notice | None = None
) -> tuple[str, str, str]:
	"""Subject, text and HTML of the e-mail for a link of this purpose, or for a notice with one."""
	language = model.reader_language(invoice)
	_ = translator(language)
	subject = _("Your link to invoice {0}").format(invoice.name)
	closing = [invoice.company]
	if notice:
		subject, lead = notice.subject, notice.sentence
		closing.insert(0, _("You have paid it in the meantime? Then nothing needs to be done."))
	elif purpose is Purpose.MAGIC:
		lead = _("Here is your link to see and pay invoice {0}. It is good for 15 minutes.").format(
			invoice.name
		)
		closing.insert(0, _("You did not ask for it? Then nothing needs to be done."))
	else:
		lead = _("Here is your link to invoice {0}. It is good until {1}.")
		lead = lead.format(invoice.name, _last_day(link, language))
	button = Markup('<a href="{}">{}</a>').format(link.url, _("See the invoice"))
	text = "\n\n".join([lead, link.url, *closing]) + "\n"
	html = Markup("").join(Markup("<p>{}</p>").format(part) for part in [lead, button, *closing])
	return subject, text, html


def _last_day(link: PayLink, language: str) -> str:
	return dates.display(site.current().local_time(link.expires_at.timestamp()).date(), language)
