"""A fresh link by SMS or e-mail, to who can name the last four digits of one of the customer's phone numbers.

The caller learns nothing: asking only queues a job, and the job alone looks at the invoice.
"""

import re

import phonenumbers
from markupsafe import Markup

from gigafibre_utils import site
from gigafibre_utils.errors import InvalidInput, TooManyRequests
from gigafibre_utils.invoice import model
from gigafibre_utils.invoice.model import SUBMITTED, Invoice
from gigafibre_utils.paylink import links, sms
from gigafibre_utils.paylink.token import Purpose
from gigafibre_utils.translation import translator

CHANNELS = ("sms", "email")
JOB = "gigafibre_utils.paylink.magic.send"
# Ten thousand endings, five guesses an hour: and each right one only sends the customer his own link.
GUESSES, GUESS_SECONDS = 5, 60 * 60
# However many invoices he has: what one customer can be sent.
MESSAGES, MESSAGES_SECONDS = 5, 60 * 60
MAX_NAME = 140
ANSWER = "If these digits match our records, a link is on its way. It is good for 15 minutes."


def request(invoice: str, channel: str, last4: str) -> str:
	"""Queue the sending; always gives the same answer.

	Raises InvalidInput for another channel or not four digits, TooManyRequests for many tries on one invoice
	name, whether that invoice exists or not.
	"""
	if channel not in CHANNELS:
		raise InvalidInput("Argument channel must be sms or email.")
	if not re.fullmatch(r"[0-9]{4}", last4):
		raise InvalidInput("Argument last4 must be four digits.")
	if len(invoice) > MAX_NAME:
		raise InvalidInput(f"Argument invoice is longer than {MAX_NAME} characters.")
	current = site.current()
	current.rate_limit(f"magic link:{invoice}", GUESSES, GUESS_SECONDS)
	with current.atomic():
		current.enqueue(JOB, invoice=invoice, channel=channel, last4=last4)
	return ANSWER


def send(invoice: str, channel: str, last4: str) -> None:
	"""The job: send a link of 15 minutes if the digits are those of one of the customer's numbers."""
	found = model.find(invoice)
	if not found or found.docstatus != SUBMITTED or found.is_return:
		return
	contacts = _contacts(found)
	number = next((phone for phone in _phones(contacts) if phone.endswith(last4)), None)
	if not number or not _may_be_sent(number):
		return
	link = links.make(found.name, Purpose.MAGIC, links.MAGIC_SECONDS)
	if channel == "sms":
		sms.send(number, _sms_text(found, link.url))
	elif address := _email_address(found, contacts):
		_send_email(found, address, link.url)


def _may_be_sent(number: str) -> bool:
	try:
		site.current().rate_limit(f"messages:{number}", MESSAGES, MESSAGES_SECONDS)
	except TooManyRequests:
		return False
	return True


def _contacts(invoice: Invoice) -> list[str]:
	"""The customer's contacts that staff wrote.

	Whoever signs up in the portal may write a Contact of his own and link it to any customer.
	"""
	current = site.current()
	linked = current.get_all(
		"Dynamic Link",
		{"parenttype": "Contact", "link_doctype": "Customer", "link_name": invoice.customer},
		["parent"],
	)
	contacts = current.get_all(
		"Contact", {"name": ["in", [row["parent"] for row in linked]]}, ["name", "owner"]
	)
	writers = {"name": ["in", [row["owner"] for row in contacts]], "user_type": "System User"}
	staff = {row["name"] for row in current.get_all("User", writers, ["name"])}
	return [row["name"] for row in contacts if row["owner"] in staff]


def _phones(contacts: list[str]) -> list[str]:
	"""The customer's numbers in E.164; what is no phone number is left out."""
	rows = site.current().get_all("Contact Phone", {"parent": ["in", contacts]}, ["phone"], order_by="idx")
	main = site.current().get_all("Contact", {"name": ["in", contacts]}, ["mobile_no", "phone"])
	written = [row["phone"] for row in rows] + [
		row[field] for row in main for field in ("mobile_no", "phone")
	]
	return list(dict.fromkeys(number for number in map(_e164, filter(None, written)) if number))


def _e164(written: str) -> str | None:
	try:
		number = phonenumbers.parse(written, "CA")
	except phonenumbers.NumberParseException:
		return None
	if not phonenumbers.is_possible_number(number):
		return None
	return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email_address(invoice: Invoice, contacts: list[str]) -> str | None:
	billed_to = site.current().get("Sales Invoice", invoice.name, ["contact_email"])
	if billed_to and billed_to["contact_email"]:
		return billed_to["contact_email"]
	rows = site.current().get_all(
		"Contact Email", {"parent": ["in", contacts]}, ["email_id"], order_by="is_primary desc, idx", limit=1
	)
	return rows[0]["email_id"] if rows else None


def _sms_text(invoice: Invoice, url: str) -> str:
	_ = translator(model.reader_language(invoice))
	return _("{0}: your invoice {1}, link good for 15 minutes: {2}").format(
		invoice.company, invoice.name, url
	)


def _send_email(invoice: Invoice, address: str, url: str) -> None:
	_ = translator(model.reader_language(invoice))
	subject = _("Your link to invoice {0}").format(invoice.name)
	lead = _("Here is your link to see and pay invoice {0}. It is good for 15 minutes.").format(invoice.name)
	not_you = _("You did not ask for it? Then nothing needs to be done.")
	text = f"{lead}\n\n{url}\n\n{not_you}\n\n{invoice.company}\n"
	link = Markup('<a href="{}">{}</a>').format(url, _("See the invoice"))
	body = Markup("<p>{}</p><p>{}</p><p>{}</p><p>{}</p>").format(lead, link, not_you, invoice.company)
	site.current().send_email(address, subject, text, body)
