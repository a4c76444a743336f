"""`settle`: what a Checkout Session came to, brought into the books.

One function for every way to learn of it. What it finds is kept on the session's own row too, so that whoever
comes second, be it the event, the return page or the sweep, says the same, and staff see what waits for them.
"""

from dataclasses import dataclass, replace
from decimal import Decimal

from gigafibre_utils import config, site
from gigafibre_utils.errors import InvalidInput, NotFound
from gigafibre_utils.invoice import model
from gigafibre_utils.invoice.model import Invoice
from gigafibre_utils.money import from_minor_units
from gigafibre_utils.payments import arrangements, stripe_api
from gigafibre_utils.payments.stripe_api import StripeSession
from gigafibre_utils.payments.visits import SESSION
from gigafibre_utils.site import Document, IncomingPayment

MODE_OF_PAYMENT = "Stripe"
ROW = ("name", "invoice", "status", "amount", "currency", "payment_entry", "needs_attention", "note")
PROCESSED, IGNORED, NEEDS_ATTENTION = "Processed", "Ignored", "Needs Attention"
WRONG_MODE = {
	False: "A test payment reached a site that takes real money.",
	True: "A real payment reached a test site.",
}
# Of a payment intent; with any other the payment is under way, such as a debit that waits to be verified.
ENDED_UNPAID = ("requires_payment_method", "canceled")
ZERO = Decimal(0)


@dataclass(frozen=True)
class Outcome:
	"""What became of a session: a status of the inbox, a sentence for staff, and what it led to."""

	status: str
	note: str
	invoice: str | None = None
	payment_entry: str | None = None


def settle(session_id: str) -> Outcome:
	"""Fetch the session from Stripe and bring the books to where it stands, in a transaction of its own."""
	with site.current().atomic():
		return settle_here(session_id)


def settle_here(session_id: str) -> Outcome:
	"""The same inside the caller's transaction. May be called any number of times.

	Raises ServiceUnavailable where Stripe does not answer, InvalidInput where the books cannot take it.
	"""
	row = site.current().get(SESSION, session_id, ["invoice"])
	if not row:
		return _not_ours(session_id)
	# Locked first and fetched then: what Stripe says is never older than what the row says.
	invoice = model.find_locked(row["invoice"])
	row = site.current().get(SESSION, session_id, ROW)
	if row["payment_entry"]:
		return _as_before(row)
	if not invoice:
		return _kept(row, Outcome(NEEDS_ATTENTION, f"There is no Sales Invoice {row['invoice']} any more."))
	outcome, status = _settle_locked(row, invoice)
	if outcome.payment_entry and arrangements.about(invoice):
		# In a job of its own: the payment stands, whatever becomes of that.
		site.current().enqueue(arrangements.JOB, invoice=invoice.name)
	return _kept(row, replace(outcome, invoice=invoice.name), status)


def _not_ours(session_id: str) -> Outcome:
	"""A session of the same Stripe account that this site did not make; its money is not ours to post."""
	try:
		session = stripe_api.session(session_id)
	except NotFound as error:
		return Outcome(NEEDS_ATTENTION, str(error))
	if not session.invoice:
		return Outcome(IGNORED, "This session was not made by a pay link.")
	return Outcome(NEEDS_ATTENTION, f"A session for {session.invoice} that this site did not make.")


def _as_before(row: Document) -> Outcome:
	status = NEEDS_ATTENTION if row["needs_attention"] else PROCESSED
	return Outcome(status, row["note"] or "Posted before.", row["invoice"], row["payment_entry"])


def _kept(row: Document, outcome: Outcome, status: str | None = None) -> Outcome:
	"""Write the outcome on the session's row.

	Staff are told, once, of what waits for them; what they have dealt with does not come up again.
	"""
	if outcome.note == row["note"] and not row["needs_attention"]:
		outcome = replace(outcome, status=PROCESSED)
	waits = outcome.status == NEEDS_ATTENTION
	changes = {"status": status or row["status"], "note": outcome.note, "needs_attention": int(waits)}
	if waits and not row["needs_attention"]:
		changes |= dict.fromkeys(("resolution", "handled_by", "handled_at"))
	site.current().set_value(SESSION, row["name"], changes | {"payment_entry": outcome.payment_entry})
	if waits and not row["needs_attention"]:
		site.current().log_error("A payment needs attention", f"{SESSION} {row['name']}")
	return outcome


def _settle_locked(row: Document, invoice: Invoice) -> tuple[Outcome, str]:
	"""What the session came to, and its row's new status."""
	try:
		session = stripe_api.session(row["name"])
	except NotFound as error:
		return Outcome(PROCESSED, str(error)), "Expired"
	if session.livemode != config.stripe_is_live():
		return Outcome(NEEDS_ATTENTION, WRONG_MODE[session.livemode]), row["status"]
	if session.payment_status == "paid":
		return _post(row, session, invoice), "Paid"
	status = _unpaid_status(session)
	return Outcome(PROCESSED, f"Not paid: {status.lower()}."), status


def _unpaid_status(session: StripeSession) -> str:
	if session.status == "expired":
		return "Expired"
	if session.status == "open":
		return "Open"
	return "Failed" if session.intent_status in ENDED_UNPAID else "Processing"


def _post(row: Document, session: StripeSession, invoice: Invoice) -> Outcome:
	currency = session.currency
	amount = from_minor_units(session.amount, currency)
	if session.mode != "payment" or not session.intent:
		return Outcome(
			NEEDS_ATTENTION, f"A session of mode {session.mode} was paid; only payments are posted."
		)
	if currency != invoice.currency:
		told = f"{amount} {currency} was paid on an invoice in {invoice.currency}; post it by hand."
		return Outcome(NEEDS_ATTENTION, told)
	objection = _objection(row, session, invoice, amount)
	allocated = ZERO if objection else max(ZERO, min(amount, invoice.outstanding))
	payment = _payment(invoice, amount, allocated, session.intent)
	try:
		entry = site.current().ledger.post_payment(payment)
	except InvalidInput as error:
		if not allocated:
			raise
		# The invoice does not take it, so the customer keeps it as credit.
		objection, allocated = str(error), ZERO
		entry = site.current().ledger.post_payment(replace(payment, allocated=ZERO))
	if not objection and allocated < amount:
		objection = f"{amount - allocated} {currency} more than was owed when it arrived."
	if objection:
		note = f"{objection} What is not allocated is the customer's credit."
		return Outcome(NEEDS_ATTENTION, note, payment_entry=entry)
	return Outcome(PROCESSED, f"{amount} {currency} posted.", payment_entry=entry)


def _objection(row: Document, session: StripeSession, invoice: Invoice, amount: Decimal) -> str | None:
	"""Why the money may not go to the invoice by itself; None where it is what was asked for."""
	if session.invoice != row["invoice"]:
		return f"At Stripe this session is for {session.invoice}, here for {row['invoice']}."
	if (row["amount"], row["currency"]) != (amount, session.currency):
		return f"{row['amount']:.2f} {row['currency']} was asked and {amount} {session.currency} paid."
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
