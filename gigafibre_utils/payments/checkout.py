"""From the pay button to Stripe's page: one open Checkout Session for what an invoice has outstanding now, or
for what of it is due by arrangement.
"""

import secrets
import time
from dataclasses import dataclass
from decimal import Decimal

from gigafibre_utils import config, dates, site
from gigafibre_utils.errors import InvalidInput, NotFound, ServiceUnavailable
from gigafibre_utils.invoice import model
from gigafibre_utils.invoice.model import CANCELLED, Invoice
from gigafibre_utils.money import display, to_minor_units
from gigafibre_utils.paylink import links
from gigafibre_utils.paylink.links import OpenedLink
from gigafibre_utils.payments import instalments, minimum, stripe_api
from gigafibre_utils.payments.instalments import Due
from gigafibre_utils.payments.settlement import settle
from gigafibre_utils.payments.visits import SESSION, is_processing
from gigafibre_utils.site import Document
from gigafibre_utils.translation import translator

# Stripe bears no less than 30 minutes, counted by its own clock.
SESSION_SECONDS = 35 * 60
# A session about to end is not handed out again.
SPARE_SECONDS = 60


@dataclass(frozen=True)
class Order:
	"""What is to be paid of an invoice: what is `due` by arrangement, or else the whole."""

	invoice: Invoice
	due: Due | None

	@property
	def amount(self) -> Decimal:
		"""In the invoice's currency."""
		return self.due.amount if self.due else self.invoice.outstanding

	@property
	def instalment(self) -> str | None:
		"""The name of the first instalment that it is for; None for the whole."""
		return self.due.name if self.due else None


def start(link: OpenedLink, instalment: str | None = None) -> str:
	"""The address of Stripe's page for the link's invoice, or for what of it is due by arrangement.

	`instalment` names the first of what the customer saw as due. A second click or a second tab gets the
	session that is open already, where it is for the same choice and amount; the invoice's row is locked
	meanwhile, so there are never two. Raises InvalidInput where there is nothing to pay, or too little to be
	paid online, a payment is under way, or another instalment is due by now.
	"""
	with site.current().atomic():
		order = _order(link.invoice.name, instalment)
		known = _open_session(order.invoice.name)
		if known and (url := _still_good(known, order)):
			return url
		if not known:
			return _new_session(order, link)
	# The open session was finished at Stripe, or is for another choice or amount: settle or close it, then
	# look once more.
	settle(known["name"])
	with site.current().atomic():
		order = _order(link.invoice.name, instalment)
		known = _open_session(order.invoice.name)
		if known and (url := _still_good(known, order)):
			return url
		if known:
			_close(known, order.invoice)
		return _new_session(order, link)


def refuse_unless_payable(invoice: Invoice) -> None:
	"""Raise InvalidInput with the reason why the invoice takes no money, in the caller's language."""
	links.refuse_unbilled(invoice)
	language = model.caller_language(invoice)
	_ = translator(language)
	if invoice.docstatus == CANCELLED:
		raise InvalidInput(
			_("Invoice {0} was cancelled; there is nothing to pay on it.").format(invoice.name)
		)
	if invoice.outstanding <= 0:
		raise InvalidInput(_("Invoice {0} is paid already. Thank you!").format(invoice.name))
	if is_processing(invoice.name):
		raise InvalidInput(_("A payment of invoice {0} is being processed already.").format(invoice.name))
	least = minimum.least(invoice.currency)
	if invoice.outstanding < least:
		told = _("Online payments start at {0}; please call us to pay another way.")
		raise InvalidInput(told.format(display(least, invoice.currency, language)))


def _order(name: str, instalment: str | None) -> Order:
	invoice = model.find_locked(name)
	assert invoice, "an opened link has its invoice"
	refuse_unless_payable(invoice)
	if not instalment:
		return Order(invoice, None)
	due = instalments.due(invoice)
	if not due or due.name != instalment:
		raise InvalidInput(_not_due(invoice))
	return Order(invoice, due if due.amount < invoice.outstanding else None)


def _not_due(invoice: Invoice) -> str:
	language = model.caller_language(invoice)
	_ = translator(language)
	told = _("This instalment is no longer to be paid. You can pay the whole balance of {0} instead.")
	return told.format(display(invoice.outstanding, invoice.currency, language))


def _open_session(invoice: str) -> Document | None:
	found = site.current().get_all(
		SESSION,
		{"invoice": invoice, "status": "Open", "livemode": int(config.stripe_is_live())},
		["name", "url", "amount", "currency", "expires_at"],
		order_by="creation desc",
		limit=1,
	)
	return found[0] if found else None


def _still_good(known: Document, order: Order) -> str | None:
	same_amount = (known["amount"], known["currency"]) == (order.amount, order.invoice.currency)
	lasts = known["expires_at"] > site.current().local_time(time.time() + SPARE_SECONDS)
	return known["url"] if same_amount and lasts and _is_open_at_stripe(known["name"], order) else None


def _is_open_at_stripe(name: str, order: Order) -> bool:
	"""Whether the session is open, and for what was chosen now."""
	try:
		session = stripe_api.session(name)
	except NotFound:
		return False  # it was made in another account of ours
	return session.status == "open" and session.instalment == order.instalment


def _close(known: Document, invoice: Invoice) -> None:
	"""Close a session that asks for something else than is wanted now."""
	_ = translator(model.caller_language(invoice))
	try:
		stripe_api.expire_session(known["name"])
	except (NotFound, ServiceUnavailable) as error:
		# It was paid or ended a moment ago, or Stripe does not answer.
		sentence = _("A payment is being made on another page right now. Please try again in a minute.")
		raise InvalidInput(sentence) from error
	site.current().set_value(SESSION, known["name"], {"status": "Expired"})


def _new_session(order: Order, link: OpenedLink) -> str:
	expires_at = int(time.time()) + SESSION_SECONDS
	made = stripe_api.create_session(_parameters(order, link, expires_at), secrets.token_hex(16))
	site.current().insert(
		SESSION,
		{
			"name": made.id,
			"session_id": made.id,
			"invoice": order.invoice.name,
			"status": "Open",
			"amount": order.amount,
			"currency": order.invoice.currency,
			"expires_at": site.current().local_time(expires_at),
			"livemode": int(made.livemode),
			"url": made.url,
		},
	)
	return made.url


def _parameters(order: Order, link: OpenedLink, expires_at: int) -> dict:
	invoice = order.invoice
	language = model.reader_language(invoice)
	metadata = {stripe_api.METADATA_KEY: invoice.name}
	if order.instalment:
		metadata[stripe_api.INSTALMENT_KEY] = order.instalment
	back = links.make_for_return(link).token
	title = _title(order, language)
	outcome = {"outcome": "instalment"} if order.due else {}
	return {
		"mode": "payment",
		"locale": "fr-CA" if language == "fr" else "en",
		"client_reference_id": invoice.name,
		"metadata": metadata,
		"payment_intent_data": {"metadata": metadata, "description": title},
		"line_items": [
			{
				"quantity": 1,
				"price_data": {
					"currency": invoice.currency.lower(),
					"unit_amount": to_minor_units(order.amount, invoice.currency),
					"product_data": {"name": title},
				},
			}
		],
		"expires_at": expires_at,
		"success_url": links.page_url(invoice.name, back, **outcome, session="") + "{CHECKOUT_SESSION_ID}",
		"cancel_url": links.page_url(invoice.name, back, outcome="declined"),
	}


def _title(order: Order, language: str) -> str:
	"""By what the customer knows it at Stripe and on the receipt."""
	_ = translator(language)
	if not order.due:
		return _("Invoice {0}").format(order.invoice.name)
	if order.due.count > 1 or not order.due.due_date:
		return _("Invoice {0}, by instalments").format(order.invoice.name)
	day = dates.display(order.due.due_date, language)
	return _("Invoice {0}, instalment due on {1}").format(order.invoice.name, day)
