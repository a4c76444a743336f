"""What became of an invoice since it was billed: links given out, visits to Stripe's page, payments."""

from decimal import Decimal

from gigafibre_utils import site
from gigafibre_utils.invoice.model import DRAFT, Invoice
from gigafibre_utils.money import rounded
from gigafibre_utils.paylink import contacts
from gigafibre_utils.paylink.sending import PAY_LINK
from gigafibre_utils.payments.visits import SESSION
from gigafibre_utils.site import Document

# Of each sort; who needs more has the lists.
MOST = 50
NEWEST = "creation desc"


def described(invoice: Invoice) -> Document:
	"""How the invoice stands, where its customer can be reached (masked), and what happened; for JSON."""
	reach = contacts.reach(invoice)
	row = site.current().get("Sales Invoice", invoice.name, ["status"])
	return {
		"status": row["status"],
		"total": _text(invoice.total, invoice.currency),
		"outstanding": _text(invoice.outstanding, invoice.currency),
		"currency": invoice.currency,
		"sms_to": _masked(reach.by("sms")),
		"email_to": _masked(reach.by("email")),
		"events": events(invoice),
	}


def events(invoice: Invoice) -> list[Document]:
	"""What happened, newest first.

	Each has `event` (`link`, `session` or `payment`), `name` and `at`. Times are the site's, in ISO 8601;
	amounts are text, in the `currency` beside them.
	"""
	happened = [*_links(invoice), *_sessions(invoice), *_payments(invoice)]
	return sorted(happened, key=lambda event: event["at"], reverse=True)


def _masked(destination: str | None) -> str | None:
	return contacts.masked(destination) if destination else None


def _text(amount: Decimal, currency: str) -> str:
	return f"{rounded(amount, currency):f}"


def _links(invoice: Invoice) -> list[Document]:
	fields = ["name", "creation", "kind", "channel", "sent_to", "sent_by", "status", "note", "expires_at"]
	rows = site.current().get_all(PAY_LINK, {"invoice": invoice.name}, fields, NEWEST, MOST)
	return [
		{
			**_event("link", row),
			"kind": row["kind"],
			"channel": row["channel"],
			"sent_to": row["sent_to"],
			"sent_by": row["sent_by"],
			"status": row["status"],
			"note": row["note"],
			"expires_at": row["expires_at"].isoformat() if row["expires_at"] else None,
		}
		for row in rows
	]


def _sessions(invoice: Invoice) -> list[Document]:
	fields = ["name", "creation", "status", "amount", "currency", "needs_attention", "note"]
	rows = site.current().get_all(SESSION, {"invoice": invoice.name}, fields, NEWEST, MOST)
	return [
		{
			**_event("session", row),
			"status": row["status"],
			"amount": _text(row["amount"], row["currency"]),
			"currency": row["currency"],
			"needs_attention": bool(row["needs_attention"]),
			"note": row["note"],
		}
		for row in rows
	]


def _payments(invoice: Invoice) -> list[Document]:
	"""Submitted and cancelled Payment Entries that name the invoice; drafts have not happened yet."""
	wanted = {
		"reference_doctype": "Sales Invoice",
		"reference_name": invoice.name,
		"docstatus": ["!=", DRAFT],
	}
	references = site.current().get_all("Payment Entry Reference", wanted, ["parent", "allocated_amount"])
	allocated: dict[str, Decimal] = {}
	for row in references:
		allocated[row["parent"]] = allocated.get(row["parent"], Decimal(0)) + row["allocated_amount"]
	fields = ["name", "creation", "docstatus", "posting_date", "payment_type", "mode_of_payment"]
	entries = {"name": ["in", list(allocated)]}
	return [
		{
			**_event("payment", row),
			"status": "Submitted" if row["docstatus"] == 1 else "Cancelled",
			"payment_type": row["payment_type"],
			"mode_of_payment": row["mode_of_payment"],
			"posting_date": row["posting_date"].isoformat(),
			"amount": _text(allocated[row["name"]], invoice.currency),
			"currency": invoice.currency,
		}
		for row in site.current().get_all("Payment Entry", entries, fields, NEWEST, MOST)
	]


def _event(event: str, row: Document) -> Document:
	return {"event": event, "name": row["name"], "at": row["creation"].isoformat()}
