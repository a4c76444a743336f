"""Pay links: made for whoever may see the invoice, opened by whoever holds one."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from gigafibre_utils import config, site
from gigafibre_utils.errors import InvalidInput, NotFound, NotPermitted
from gigafibre_utils.invoice import model
from gigafibre_utils.invoice.model import DRAFT, Invoice
from gigafibre_utils.paylink.token import Purpose, Token, sign, verify
from gigafibre_utils.translation import translator

DAY = 24 * 60 * 60
QR_SECONDS = 60 * DAY
MAGIC_SECONDS = 15 * 60
PORTAL_SECONDS = 60 * 60
RETURN_SECONDS = 60 * 60
MAX_DAYS = 400


@dataclass(frozen=True)
class PayLink:
	"""A signed link. `expires_at` is in UTC."""

	url: str
	token: str
	expires_at: datetime


@dataclass(frozen=True)
class OpenedLink:
	"""A link whose signature is right, with the invoice it is for."""

	invoice: Invoice
	token: Token
	text: str
	is_expired: bool


def make(invoice: str, purpose: Purpose, seconds: int) -> PayLink:
	"""A link that lives for `seconds` from now."""
	now = int(time.time())
	return _signed(invoice, Token(purpose, now, now + seconds))


def make_for_staff(invoice: Invoice, ttl_days: int) -> PayLink:
	"""A link to hand to the invoice's customer.

	Raises InvalidInput for a draft, a credit note or a lifetime out of range.
	"""
	if not 1 <= ttl_days <= MAX_DAYS:
		raise InvalidInput(f"Argument ttl_days must be from 1 to {MAX_DAYS}.")
	refuse_unbilled(invoice)
	return make(invoice.name, Purpose.QR, ttl_days * DAY)


def make_for_return(link: OpenedLink) -> PayLink:
	"""The link under which a customer comes back from Stripe.

	It lives for an hour, so that who came with a link of 15 minutes still sees the receipt; a link made this
	way does not lengthen again.
	"""
	if link.token.purpose is Purpose.RETURN:
		return _signed(link.invoice.name, link.token)
	return make(link.invoice.name, Purpose.RETURN, RETURN_SECONDS)


def make_for_portal(invoice_name: str) -> PayLink:
	"""A link of one hour for a signed-in customer of the invoice, or for staff.

	Raises the same NotPermitted for a foreign and for an unknown invoice, so that names cannot be tried out.
	"""
	current = site.current()
	invoice = model.find(invoice_name)
	domain = current.user().rpartition("@")[2].lower()
	is_staff = domain in config.staff_domains() or current.can_read("Sales Invoice", invoice_name)
	if not invoice or not (is_staff or invoice.customer in current.customers_of_user()):
		raise NotPermitted("You may not open this invoice.")
	refuse_unbilled(invoice)
	return make(invoice.name, Purpose.PORTAL, PORTAL_SECONDS)


def make_for_qr(invoice_name: str, text: str | None) -> PayLink:
	"""The link of an invoice's QR code, for a reader of the invoice or for the holder of such a link.

	Raises NotFound as `open_for_document` does, InvalidInput for a draft or a credit note.
	"""
	link = open_for_document(invoice_name, text, (Purpose.QR,))
	invoice = link.invoice if link else require(invoice_name)
	refuse_unbilled(invoice)
	return _for_print(invoice, link)


def make_for_print(invoice: Invoice, link: OpenedLink | None) -> PayLink | None:
	"""The link of the QR code on the printed invoice, or None where nothing is to be paid."""
	return _for_print(invoice, link) if invoice.is_payable else None


def _for_print(invoice: Invoice, link: OpenedLink | None) -> PayLink:
	"""Who holds no more than a link gets one that ends no later, unless that link proved who he is."""
	if link and link.token.purpose in (Purpose.QR, Purpose.RETURN):
		return _signed(invoice.name, link.token)
	return make(invoice.name, Purpose.QR, QR_SECONDS)


def open_link(invoice_name: str, text: str, purposes: tuple[Purpose, ...] = tuple(Purpose)) -> OpenedLink:
	"""The link that a caller presents. A revoked one counts as expired.

	Raises one and the same NotFound for a wrong signature, an unknown or foreign invoice, a purpose not asked
	for.
	"""
	secrets = [secret for secret in (config.pay_secret(), config.previous_pay_secret()) if secret]
	token = verify(secrets, invoice_name, text)
	is_wanted = token and token.purpose in purposes and token.expires_at - token.issued_at <= MAX_DAYS * DAY
	invoice = model.find(invoice_name) if is_wanted else None
	if not token or not invoice:
		raise NotFound("This link is not valid.")
	is_expired = token.expires_at <= time.time() or _is_revoked(invoice, token)
	return OpenedLink(invoice, token, text, is_expired)


def open_for_document(
	invoice_name: str, text: str | None, purposes: tuple[Purpose, ...]
) -> OpenedLink | None:
	"""Let a reader of the invoice through (None), or the holder of a good link (the link).

	Raises the NotFound of `open_link` for everybody else, also for an expired link.
	"""
	if not text and site.current().can_read("Sales Invoice", invoice_name):
		return None
	link = open_link(invoice_name, text or "", purposes)
	if link.is_expired:
		raise NotFound("This link is not valid.")
	return link


def require_good(link: OpenedLink) -> OpenedLink:
	"""The link, unless its time is over. Raises InvalidInput."""
	if link.is_expired:
		_ = translator(model.caller_language(link.invoice))
		raise InvalidInput(_("This link has expired. Please ask for a new one."))
	return link


def require(invoice_name: str) -> Invoice:
	"""The invoice. Raises NotFound where there is none."""
	invoice = model.find(invoice_name)
	if not invoice:
		raise NotFound(f"There is no Sales Invoice {invoice_name}.")
	return invoice


def refuse_unbilled(invoice: Invoice) -> None:
	"""Raise InvalidInput for what was never billed to be paid: a draft or a credit note."""
	_ = translator(model.caller_language(invoice))
	if invoice.docstatus == DRAFT:
		raise InvalidInput(_("Invoice {0} is a draft; it cannot be paid yet.").format(invoice.name))
	if invoice.is_return:
		raise InvalidInput(_("{0} is a credit note; there is nothing to pay on it.").format(invoice.name))


def page_url(invoice: str, token: str, **more: str) -> str:
	"""The pay page's address for an invoice."""
	query = urlencode({"invoice": invoice, "t": token, **more}, quote_via=quote)
	return f"{config.pay_host()}/pay-public?{query}"


def _signed(invoice: str, token: Token) -> PayLink:
	text = sign(config.pay_secret(), invoice, token)
	return PayLink(page_url(invoice, text), text, datetime.fromtimestamp(token.expires_at, UTC))


def _is_revoked(invoice: Invoice, token: Token) -> bool:
	customer = site.current().get("Customer", invoice.customer, ["pay_links_revoked_at"]) or {}
	moments = filter(None, (invoice.links_revoked_at, customer.get("pay_links_revoked_at")))
	issued_at = site.current().local_time(token.issued_at)
	return any(issued_at <= moment for moment in moments)
