"""What is set up on this site, in a row for each thing, and what is still missing."""

from collections.abc import Callable
from typing import Any, Literal, TypedDict, TypeVar

import frappe
from frappe import _
from frappe.email.doctype.email_account.email_account import EmailAccount

from gigafibre_utils import config, printing, site
from gigafibre_utils.errors import ConfigurationError
from gigafibre_utils.payments import inbox
from gigafibre_utils.payments.settlement import MODE_OF_PAYMENT

T = TypeVar("T")
WEBHOOK = "/api/method/gigafibre_utils.api.stripe_webhook"


class Row(TypedDict):
	"""One thing: green works, orange works with a reserve, gray is left out, red is missing."""

	label: str
	colour: Literal["green", "orange", "gray", "red"]
	detail: str


def rows() -> list[Row]:
	"""Everything that paying needs, and what comes besides. No secret and no key's value but the address."""
	return [_pay_secret(), _pay_page(), _stripe(), _webhook(), _books(), _text_messages(), _email(), _pdf()]


def webhook() -> dict[str, Any]:
	"""What to enter at Stripe: the address, or None where it is not known yet, and the types of events."""
	host = _tried(config.pay_host)
	return {"url": f"{host}{WEBHOOK}" if host else None, "events": list(inbox.HANDLERS)}


def _pay_secret() -> Row:
	label = _("Pay links")
	if not _tried(config.pay_secret):
		return Row(label=label, colour="red", detail=_missing("gigafibre_pay_secret"))
	if _tried(config.previous_pay_secret):
		return Row(label=label, colour="green", detail=_("Ready; the previous secret is still good."))
	return Row(label=label, colour="green", detail=_("Ready."))


def _pay_page() -> Row:
	label, host = _("Pay page"), _tried(config.pay_host)
	if not host:
		return Row(label=label, colour="red", detail=_missing("gigafibre_pay_host"))
	if host.startswith("http:"):
		return Row(label=label, colour="orange", detail=_("{0} is not encrypted.").format(host))
	return Row(label=label, colour="green", detail=host)


def _stripe() -> Row:
	label = _("Stripe")
	if not _tried(config.stripe_secret_key):
		return Row(label=label, colour="red", detail=_missing("gigafibre_stripe_secret_key"))
	if not config.stripe_is_live():
		return Row(label=label, colour="orange", detail=_("Test mode: no real money."))
	if site.current().conf("gigafibre_stripe_api_base"):
		return Row(label=label, colour="red", detail=_("gigafibre_stripe_api_base is for test keys only."))
	return Row(label=label, colour="green", detail=_("Takes real money."))


def _webhook() -> Row:
	label, known = _("Webhook"), _tried(config.stripe_webhook_secrets)
	if not known:
		return Row(label=label, colour="red", detail=_missing(config.WEBHOOK_SECRETS[0]))
	if len(known) > 1:
		return Row(label=label, colour="green", detail=_("Ready; the previous secret is still good."))
	return Row(label=label, colour="green", detail=_("Ready."))


def _books() -> Row:
	"""Where money rests between Stripe and the bank."""
	label = _("Books")
	accounts = frappe.get_all("Mode of Payment Account", {"parent": MODE_OF_PAYMENT}, pluck="company")
	without = sorted(set(frappe.get_all("Company", pluck="name")) - set(accounts))
	if without:
		detail = _("The mode of payment {0} has no account for {1}.").format(
			MODE_OF_PAYMENT, ", ".join(without)
		)
		return Row(label=label, colour="red", detail=detail)
	return Row(label=label, colour="green", detail=_("Every company has its clearing account."))


def _text_messages() -> Row:
	label = _("Text messages")
	if not site.current().conf("twilio_account_sid"):
		return Row(label=label, colour="gray", detail=_("Not set up: links go by e-mail only."))
	for key in ("twilio_account_sid", "twilio_auth_token", "twilio_from_number"):
		if not _tried(lambda key=key: config.required(key)):
			return Row(label=label, colour="red", detail=_("{0} is missing.").format(key))
	return Row(label=label, colour="green", detail=_("Ready."))


def _email() -> Row:
	if EmailAccount.find_default_outgoing():
		return Row(label=_("E-mail"), colour="green", detail=_("Ready."))
	return Row(label=_("E-mail"), colour="orange", detail=_("There is no outgoing e-mail account."))


def _pdf() -> Row:
	if _tried(printing.printer):
		return Row(label=_("PDF"), colour="green", detail=_("Ready."))
	return Row(label=_("PDF"), colour="red", detail=_("No Chromium was found, or the engine is unknown."))


def _tried(read: Callable[[], T]) -> T | None:
	"""What it gives, or None where the configuration does not let it."""
	try:
		return read()
	except ConfigurationError:
		return None


def _missing(key: str) -> str:
	try:
		is_set = site.current().conf(key)
	except ConfigurationError:
		is_set = True
	return _("It is set, but cannot be used.") if is_set else _("It is not set.")
