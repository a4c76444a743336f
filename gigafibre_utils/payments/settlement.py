"""`settle`: what a Checkout Session came to, brought into the books.

One function for every way to learn of it.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from gigafibre_utils import config, site
from gigafibre_utils.invoice import model
from gigafibre_utils.invoice.model import Invoice
from gigafibre_utils.money import from_minor_units, rounded
from gigafibre_utils.payments import stripe_api
from gigafibre_utils.payments.stripe_api import StripeSession
from gigafibre_utils.site import Document, IncomingPayment

MODE_OF_PAYMENT = "Stripe"
SESSION = "Stripe Checkout Session"
ZERO = Decimal(0)

WRONG_MODE = {
	False: "A test payment reached a site that takes real money.",
	True: "A real payment reached a test site.",
}

PROCESSED, IGNORED, NEEDS_ATTENTION = "Processed", "Ignored", "Needs Attention"


@dataclass(frozen=True)
class Outcome:
	"""What became of an event: its status in the inbox, a sentence for staff, and what it led to."""

	status: str
	note: str
	invoice: str | None = None
	payment_entry: str | None = None


def settle(session_id: str) -> Outcome:
	"""Fetch the session from Stripe and bring the books to where it stands, in a transaction of its own."""
	session = stripe_api.session(session_id)
	with site.current().atomic():
		return settle_fetched(session)


def settle_fetched(session: StripeSession) -> Outcome:
	"""The same for a session just fetched, inside the caller's transaction.

	May be called any number of times.
	"""
	if not session.invoice:
		return Outcome(IGNORED, "This session was not made by a pay link.")
	if session.livemode != config.stripe_is_live():
		return Outcome(NEEDS_ATTENTION, WRONG_MODE[session.livemode])
	invoice = model.find_locked(session.invoice)
	if not invoice:
		return Outcome(NEEDS_ATTENTION, f"There is no Sales Invoice {session.invoice}.")
	outcome = _settle_locked(session, invoice)
	return replace(outcome, invoice=invoice.name)


def _settle_locked(session: StripeSession, invoice: Invoice) -> Outcome:
	if session.payment_status == "paid":
		return _post(session, invoice)
	status = _unpaid_status(session)
	site.current().set_value(SESSION, session.id, {"status": status})
	return Outcome(PROCESSED, f"Not paid: {status.lower()}.")


def _unpaid_status(session: StripeSession) -> str:
	"""Where an unpaid session stands.

	A debit that takes days leaves the session complete while the intent moves.
	"""
	if session.status == "expired":
		return "Expired"
	if session.status == "open":
		return "Open"
	return "Processing" if session.intent_status in ("processing", "succeeded") else "Failed"


def _post(session: StripeSession, invoice: Invoice) -> Outcome:
	currency = session.currency
	amount = from_minor_units(session.amount, currency)
	current = site.current()
	current.set_value(SESSION, session.id, {"status": "Paid", "payment_intent": session.intent})
	if session.mode != "payment" or not session.intent:
		return Outcome(
			NEEDS_ATTENTION, f"A session of mode {session.mode} was paid; only payments are posted."
		)
	posted = current.exists("Payment Entry", {"stripe_payment_intent": session.intent})
	if posted:
		return Outcome(PROCESSED, "Posted before.", payment_entry=posted)
	if currency != invoice.currency:
		return Outcome(
			NEEDS_ATTENTION,
			f"{amount} {currency} was paid on an invoice in {invoice.currency}; post it by hand.",
		)
	asked = current.get(SESSION, session.id, ["amount", "currency"])
	objection = _objection(invoice, amount, currency, asked)
	allocated = ZERO if objection else min(amount, invoice.outstanding)
	entry = current.ledger.post_payment(_payment(invoice, amount, allocated, session.intent))
	current.set_value(SESSION, session.id, {"payment_entry": entry})
	if not objection and allocated < amount:
		objection = f"{rounded(amount - allocated, currency)} {currency} more than was owed when it arrived."
	if objection:
		return Outcome(
			NEEDS_ATTENTION, f"{objection} What is not allocated is the customer's credit.", None, entry
		)
	return Outcome(PROCESSED, f"{amount} {currency} posted.", None, entry)


def _objection(invoice: Invoice, amount: Decimal, currency: str, asked: Document | None) -> str | None:
	"""Why the money may not go to the invoice by itself; None where it is what was asked for."""
	if not asked:
		return "This session was not made by this site."
	if (asked["amount"], asked["currency"]) != (amount, currency):
		return f"{asked['amount']:.2f} {asked['currency']} was asked and {amount} {currency} paid."
	if invoice.docstatus != model.SUBMITTED or invoice.is_return:
		return f"{invoice.name} is not an invoice that can be paid any more."
	return None


def _payment(invoice: Invoice, amount: Decimal, allocated: Decimal, intent: str) -> IncomingPayment:
	return IncomingPayment(
		company=invoice.company,
		customer=invoice.customer,
		customer_name=invoice.customer_name,
		receivable_account=invoice.receivable_account,
		mode_of_payment=MODE_OF_PAYMENT,
		currency=invoice.currency,
		amount=amount,
		invoice=invoice.name,
		allocated=allocated,
		reference=intent,
		payment_intent=intent,
		received_on=site.current().now().date(),
		remarks=f"Stripe payment of {invoice.name}",
	)
