"""The HTTP surface, declared once for both hosts: read, authorise, call one function, answer.

Every method answers `{"message": …}` or a file. Besides what each names, any may raise InvalidInput (417) for
a missing or malformed argument, NotSignedIn (401), NotPermitted (403), TooManyRequests (429),
ConfigurationError (500).
"""

import base64
import re
from urllib.parse import quote

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from gigafibre_utils import pay_page, printing, site
from gigafibre_utils.errors import NotFound
from gigafibre_utils.invoice import item_names
from gigafibre_utils.paylink import links, magic, referral, sending
from gigafibre_utils.paylink.links import PayLink
from gigafibre_utils.paylink.qr import qr_png
from gigafibre_utils.payments import attention, checkout, history, inbox
from gigafibre_utils.printing.logo import logo_png
from gigafibre_utils.site.endpoint import endpoint

BILLING = ("Accounts Manager", "System Manager")
STAFF = ("Accounts User", "Accounts Manager", "Sales User", "System Manager")
MINUTE = 60


@endpoint(guest=True, methods=("GET",), limit=(60, MINUTE))
def invoice_qr(invoice: str, t: str | None = None) -> Response:
	"""PNG of the QR code of the invoice's pay link (60 days, or as long as the link `t` lasts).

	For readers of the invoice, or with the token of a QR link. Raises NotFound without either.
	"""
	return _file(qr_png(links.make_for_qr(invoice, t).url), "image/png", f"{invoice}-qr.png")


@endpoint(guest=True, methods=("GET",), limit=(60, MINUTE))
def invoice_qr_base64(invoice: str, t: str | None = None) -> str:
	"""The same PNG as bare base64."""
	return base64.b64encode(qr_png(links.make_for_qr(invoice, t).url)).decode()


@endpoint(guest=True, methods=("GET",), limit=(60, MINUTE))
def invoice_qr_datauri(invoice: str, t: str | None = None) -> str:
	"""The same PNG as `data:image/png;base64,…`."""
	return f"data:image/png;base64,{base64.b64encode(qr_png(links.make_for_qr(invoice, t).url)).decode()}"


@endpoint(guest=True, methods=("GET",), limit=(60, MINUTE))
def logo_base64(height: int = 96) -> str:
	"""The TARGO logo as base64 of a PNG, 16 to 512 pixels high."""
	return base64.b64encode(logo_png(height)).decode()


@endpoint(guest=True, limit=(600, MINUTE))
def short_item_name(name: str, max_len: int = 60) -> str:
	"""An item's name for print, at most `max_len` (2 to 255) characters."""
	return item_names.short_item_name(name, max_len)


@endpoint(guest=True, methods=("GET",), limit=(60, MINUTE))
def invoice_pdf(name: str, print_format: str = printing.FACTURE_TARGO, t: str | None = None) -> Response:
	"""The invoice as PDF, inline. With a token, in the app's own format alone.

	Raises NotFound without read permission or a good token, and for an unknown format; PrintError (500), or
	PrinterBusy (503), where Chromium fails.
	"""
	link = links.open_for_document(name, t, tuple(links.Purpose))
	if link and print_format != printing.FACTURE_TARGO:
		raise NotFound(f"There is no print format {print_format}.")
	invoice = link.invoice if link else links.require(name)
	return _file(printing.invoice_pdf(invoice, print_format, link), "application/pdf", f"{name}.pdf")


@endpoint(roles=STAFF)
def referral_code(customer: str) -> str:
	"""The customer's referral code, made at the first asking. Raises NotFound for an unknown customer."""
	with site.current().atomic():
		return referral.referral_code(customer)


@endpoint(roles=STAFF)
def customer_from_referral_code(code: str) -> str:
	"""The customer of a referral code as people say and write it. Raises NotFound for an unknown code."""
	return referral.customer_of(code)


@endpoint(methods=("POST",), roles=BILLING)
def pay_token(invoice: str, ttl_days: int = 60) -> dict[str, str]:
	"""`{url, token, expires_at}` of a pay link of 1 to 400 days; `expires_at` is ISO 8601 in UTC.

	Raises NotFound for an unknown invoice, InvalidInput for a draft or a credit note.
	"""
	return _described(sending.hand_out(invoice, ttl_days))


@endpoint(methods=("POST",), roles=BILLING)
def send_pay_link(invoice: str, channel: str) -> dict[str, str]:
	"""Send a link of 60 days by `sms` or `email` to the customer's own number or address.

	`{sent_to}` says where to, masked; `pay_link_history` says what became of it. Raises NotFound for an
	invoice that the caller may not read; InvalidInput for a draft, a credit note, a cancelled invoice, and
	where no number or address is on file.
	"""
	return {"sent_to": sending.request(invoice, channel)}


@endpoint(methods=("GET",), roles=STAFF)
def pay_link_history(invoice: str) -> dict:
	"""`{status, total, outstanding, currency, sms_to, email_to, may_send, events}` of an invoice.

	`sms_to` and `email_to` are masked, None where there is none; `events` are those of `history.events`.
	Raises NotFound for an invoice that the caller may not read.
	"""
	may_send = bool(site.current().roles().intersection(BILLING))
	return {"may_send": may_send, **history.described(sending.readable(invoice))}


@endpoint(guest=True, limit=(120, MINUTE))
def validate_pay_token(invoice: str, token: str) -> dict:
	"""`{valid, reason?, invoice?}`: what the holder of a link may know. An expired link has `reason`
	`expired`.

	Raises one and the same NotFound for every link whose signature is not right.
	"""
	return pay_page.described(links.open_link(invoice, token))


@endpoint(guest=True, methods=("POST",), limit=(20, 60 * MINUTE))
def request_magic_link(invoice: str, channel: str, last4: str) -> str:
	"""Send a link of 15 minutes by `sms` or `email` if `last4` ends a phone number of the customer.

	The answer is always the same.
	"""
	return magic.request(invoice, channel, last4)


@endpoint(guest=True, methods=("POST",), limit=(20, MINUTE))
def create_checkout_session(invoice: str, token: str, instalment: str | None = None) -> dict[str, str]:
	"""`{url}` of Stripe's page for what the invoice has outstanding, or for what of it is due by arrangement,
	where `instalment` names the first of that.

	Raises NotFound as `validate_pay_token`; InvalidInput where the link expired, there is nothing to pay, or
	that instalment is not due; ServiceUnavailable (503) where Stripe does not answer.
	"""
	return {"url": checkout.start(links.require_good(links.open_link(invoice, token)), instalment)}


@endpoint(guest=True, methods=("POST",))
def stripe_webhook() -> str:
	"""Stripe's events.

	Raises BadRequest (400), before anything is written, for one that Stripe did not sign.
	"""
	request = site.current().request
	inbox.receive(request.body, request.headers.get("Stripe-Signature"))
	return "ok"


@endpoint(methods=("POST",), roles=BILLING)
def retry_stripe_event(event: str) -> None:
	"""Work on an event of the inbox that failed or waits for staff, as if it had just come.

	Raises NotFound for an event that is not known, or whose invoice the caller may not read; InvalidInput
	where it does not wait, and what stopped it once more.
	"""
	attention.try_again(event)


@endpoint(methods=("POST",), roles=BILLING)
def handle_stripe_event(event: str, resolution: str) -> None:
	"""Take an event off the list of what waits for staff, with what else is about its session.

	`resolution` says what was done. Raises NotFound as above, InvalidInput where nothing waits.
	"""
	attention.handle_event(event, resolution)


@endpoint(methods=("POST",), roles=BILLING)
def settle_checkout_session(session: str) -> None:
	"""Fetch a session from Stripe and bring the books to where it stands.

	Raises NotFound for a session that is not known, or whose invoice the caller may not read;
	ServiceUnavailable where Stripe does not answer, InvalidInput where the books cannot take it.
	"""
	attention.settle(session)


@endpoint(methods=("POST",), roles=BILLING)
def handle_checkout_session(session: str, resolution: str) -> None:
	"""Take a session off the list of what waits for staff, with the events about it. As above."""
	attention.handle_session(session, resolution)


@endpoint(methods=("GET",))
def pay_redirect(invoice: str) -> Response:
	"""303 to the pay page with a link of one hour, for a customer of the invoice and for staff.

	Raises NotPermitted (403) for everybody else, and for an unknown invoice.
	"""
	return redirect(links.make_for_portal(invoice).url, 303)


def _described(link: PayLink) -> dict[str, str]:
	return {"url": link.url, "token": link.token, "expires_at": link.expires_at.isoformat()}


def _file(content: bytes, mimetype: str, name: str) -> Response:
	plain = re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)
	headers = {
		"Content-Disposition": f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
		"Cache-Control": "private, no-store",
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "no-referrer",
	}
	return Response(content, mimetype=mimetype, headers=headers)
