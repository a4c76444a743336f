"""Pay links on their way to customers.

Each that is handed out or sent is kept as a `Pay Link`: for whom, by whom, how, and what became of it. The
token is not, and neither is the whole of a number or address.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from gigafibre_utils import site
from gigafibre_utils.errors import GigafibreError, InvalidInput, NotFound, TooManyRequests
from gigafibre_utils.invoice import model
from gigafibre_utils.invoice.model import CANCELLED, Invoice
from gigafibre_utils.paylink import contacts, links, messages, sms
from gigafibre_utils.paylink.links import PayLink
from gigafibre_utils.paylink.messages import Notice
from gigafibre_utils.paylink.token import Purpose
from gigafibre_utils.site import Document
from gigafibre_utils.translation import translator

PAY_LINK = "Pay Link"
CHANNELS = {"sms": "SMS", "email": "E-mail"}
COPIED = "Copied"
QUEUED, SENT, FAILED = "Queued", "Sent", "Failed"
JOB = "gigafibre_utils.paylink.sending.send"
HOUR = 60 * 60
# What one customer can be sent, and what one member of the staff can send, in an hour.
FOR_CUSTOMER, BY_USER = 5, 60


@dataclass(frozen=True)
class Kind:
	"""Why a link is made: what it is called, what its token is for, and how long it lives in seconds."""

	label: str
	purpose: Purpose
	seconds: int


STAFF = Kind("Staff", Purpose.QR, links.QR_SECONDS)
MAGIC = Kind("Magic Link", Purpose.MAGIC, links.MAGIC_SECONDS)
REMINDER = Kind("Reminder", Purpose.QR, links.QR_SECONDS)


def hand_out(invoice_name: str, ttl_days: int) -> PayLink:
	"""A link that staff pass on by themselves.

	Raises NotFound for an invoice that the caller may not read, and as `links.make_for_staff`.
	"""
	invoice = readable(invoice_name)
	link = links.make_for_staff(invoice, ttl_days)
	with site.current().atomic():
		_keep(invoice, STAFF, COPIED, expires_at=_local(link))
	return link


def request(invoice_name: str, channel: str) -> str:
	"""Queue a link of 60 days to the customer's own number or address; gives where to, masked.

	Raises NotFound for an invoice that the caller may not read, InvalidInput for another channel, a draft, a
	credit note, a cancelled invoice, or where nothing is on file, TooManyRequests.
	"""
	if channel not in CHANNELS:
		raise InvalidInput("Argument channel must be sms or email.")
	invoice = readable(invoice_name)
	_refuse_to_send(invoice)
	destination = _destination(invoice, channel)
	_count(invoice)
	current = site.current()
	sent_to = contacts.masked(destination)
	with current.atomic():
		kept = _keep(invoice, STAFF, CHANNELS[channel], status=QUEUED, sent_to=sent_to)
		current.enqueue(JOB, pay_link=kept, channel=channel)
	return sent_to


def send(pay_link: str, channel: str) -> None:
	"""The job: send a link that staff asked for, once."""
	kept = site.current().get(PAY_LINK, pay_link, ["invoice", "status"])
	if not kept or kept["status"] != QUEUED:
		return
	with _noting_failure(pay_link):
		invoice = links.require(kept["invoice"])
		_deliver(pay_link, invoice, STAFF, channel, _destination(invoice, channel))


def send_magic(invoice: Invoice, channel: str, destination: str) -> None:
	"""Send the link of 15 minutes that a customer asked for."""
	with site.current().atomic():
		sent_to = contacts.masked(destination)
		pay_link = _keep(invoice, MAGIC, CHANNELS[channel], status=QUEUED, sent_to=sent_to)
	with _noting_failure(pay_link):
		_deliver(pay_link, invoice, MAGIC, channel, destination)


def remind(invoice: Invoice, notice: Notice) -> None:
	"""Send a notice with a link of 60 days, by e-mail, else by text message.

	Raises InvalidInput where the customer has neither address nor number on file. A message that does not go
	out is for staff, as with every link.
	"""
	channel = "email" if contacts.reach(invoice).email else "sms"
	destination = _destination(invoice, channel)
	with site.current().atomic():
		sent_to = contacts.masked(destination)
		pay_link = _keep(invoice, REMINDER, CHANNELS[channel], status=QUEUED, sent_to=sent_to)
	with _noting_failure(pay_link):
		_deliver(pay_link, invoice, REMINDER, channel, destination, notice)


def _keep(invoice: Invoice, kind: Kind, channel: str, **more: Any) -> str:
	"""Keep that a link was made; gives the row's name."""
	row: Document = {"invoice": invoice.name, "customer": invoice.customer, "kind": kind.label}
	row |= {"channel": channel, "sent_by": site.current().user(), **more}
	return site.current().insert(PAY_LINK, row)


def readable(invoice_name: str) -> Invoice:
	"""The invoice, where the caller may read it. Raises NotFound."""
	if not site.current().can_read("Sales Invoice", invoice_name):
		raise NotFound(f"There is no Sales Invoice {invoice_name}.")
	return links.require(invoice_name)


def _refuse_to_send(invoice: Invoice) -> None:
	links.refuse_unbilled(invoice)
	if invoice.docstatus == CANCELLED:
		_ = translator(model.caller_language(invoice))
		raise InvalidInput(
			_("Invoice {0} was cancelled; there is nothing to pay on it.").format(invoice.name)
		)


def _count(invoice: Invoice) -> None:
	current = site.current()
	current.rate_limit(f"pay links by:{current.user()}", BY_USER, HOUR)
	try:
		current.rate_limit(f"pay links for:{invoice.customer}", FOR_CUSTOMER, HOUR)
	except TooManyRequests as error:
		_ = translator(model.caller_language(invoice))
		told = _("This customer was sent several links within the hour. Please try again in {0} minutes.")
		raise TooManyRequests(told.format(ceil(error.retry_after / 60)), error.retry_after) from error


def _destination(invoice: Invoice, channel: str) -> str:
	destination = contacts.reach(invoice).by(channel)
	if destination:
		return destination
	_ = translator(model.caller_language(invoice))
	if channel == "sms":
		raise InvalidInput(_("This customer has no phone number on file."))
	raise InvalidInput(_("This customer has no e-mail address on file."))


def _deliver(
	pay_link: str, invoice: Invoice, kind: Kind, channel: str, destination: str, notice: Notice | None = None
) -> None:
	current = site.current()
	link = links.make(invoice.name, kind.purpose, kind.seconds)
	went_out = True
	if channel == "sms":
		sms.send(destination, messages.sms(invoice, link, kind.purpose, notice))
	else:
		went_out = current.send_email(destination, *messages.email(invoice, link, kind.purpose, notice))
	status = SENT if went_out else QUEUED
	with current.atomic():
		current.set_value(PAY_LINK, pay_link, {"status": status, "expires_at": _local(link)})


@contextmanager
def _noting_failure(pay_link: str) -> Iterator[None]:
	"""A failure is for staff, on the row and in the log, and in few words: mail servers quote addresses."""
	try:
		yield
	except Exception as error:
		reason = str(error) if isinstance(error, GigafibreError) else type(error).__name__
		with site.current().atomic():
			site.current().set_value(PAY_LINK, pay_link, {"status": FAILED, "note": reason})
		site.current().log_error("Pay link not sent", f"{PAY_LINK} {pay_link}: {reason}")


def _local(link: PayLink) -> datetime:
	return site.current().local_time(link.expires_at.timestamp())
