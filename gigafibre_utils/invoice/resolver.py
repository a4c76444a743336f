"""From ERPNext's rows to a `Statement`: all that a reader of an invoice sees, in a handful of queries."""

import re
from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby

from markupsafe import Markup

from gigafibre_utils import site
from gigafibre_utils.invoice.item_names import short_item_name
from gigafibre_utils.invoice.model import CANCELLED, DRAFT, SUBMITTED, Invoice, reader_language
from gigafibre_utils.invoice.statement import Charge, Credit, LocationCharges, Sender, Statement, TaxLine
from gigafibre_utils.site import Document

ZERO = Decimal(0)
ADDRESS = ("address_line1", "address_line2", "city", "state", "pincode")
ITEM = (
	"item_name",
	"description",
	"qty",
	"rate",
	"amount",
	"service_start_date",
	"service_end_date",
	"service_location",
)


def resolve(invoice: Invoice, pay_url: str | None, language: str | None = None) -> Statement:
	"""The invoice as its customer gets it.

	`pay_url` goes into the QR code; None where nothing is to be paid.
	"""
	details = site.current().get(
		"Sales Invoice",
		invoice.name,
		["net_total", "customer_address", "terms", "contact_email"],
	)
	customer = site.current().get("Customer", invoice.customer, ["referral_code", "account_number"]) or {}
	return Statement(
		invoice=invoice.name,
		language=language or reader_language(invoice),
		is_credit_note=invoice.is_return,
		is_cancelled=invoice.docstatus == CANCELLED,
		is_draft=invoice.docstatus == DRAFT,
		return_against=invoice.return_against,
		sender=_sender(invoice.company),
		customer=customer.get("account_number") or invoice.customer,
		customer_name=invoice.customer_name,
		customer_address=_address_named(details["customer_address"]),
		posting_date=invoice.posting_date,
		due_date=invoice.due_date,
		currency=invoice.currency,
		locations=_locations(invoice.name),
		net_total=details["net_total"],
		taxes=_taxes(invoice),
		total=invoice.total,
		credits=credits_of(invoice),
		amount_due=invoice.outstanding if invoice.docstatus == SUBMITTED else ZERO,
		other_balance=_other_balance(invoice),
		terms=_plain_text(details["terms"] or ""),
		referral_code=customer.get("referral_code") or "",
		pay_url=pay_url,
	)


def _sender(company: str) -> Sender:
	row = site.current().get("Company", company, ["company_name", "phone_no", "email", "website"])
	links = site.current().get_all(
		"Dynamic Link",
		{"parenttype": "Address", "link_doctype": "Company", "link_name": company},
		["parent"],
		order_by="creation",
		limit=1,
	)
	return Sender(
		name=row["company_name"],
		address=_address_named(links[0]["parent"] if links else None),
		phone=row["phone_no"] or "",
		email=row["email"] or "",
		website=row["website"] or "",
	)


def _address_named(name: str | None) -> tuple[str, ...]:
	row = site.current().get("Address", name, ADDRESS) if name else None
	return _address_lines(row) if row else ()


def _address_lines(row: Document) -> tuple[str, ...]:
	"""As Canada Post wants it: the municipality, the province and the postal code on one line."""
	place = " ".join(filter(None, (row["city"], f"({row['state']})" if row["state"] else "", row["pincode"])))
	return tuple(filter(None, (row["address_line1"], row["address_line2"], place)))


def _locations(invoice: str) -> tuple[LocationCharges, ...]:
	items = site.current().get_all("Sales Invoice Item", {"parent": invoice}, ITEM, order_by="idx")
	names = list(dict.fromkeys(item["service_location"] for item in items))
	rows = site.current().get_all(
		"Service Location",
		{"name": ["in", [name for name in names if name]]},
		["name", "location_name", *ADDRESS],
	)
	places = {row["name"]: row for row in rows}
	items.sort(key=lambda item: names.index(item["service_location"]))
	return tuple(
		_location(places.get(name), group)
		for name, group in groupby(items, lambda item: item["service_location"])
	)


def _location(place: Document | None, items: Iterable[Document]) -> LocationCharges:
	charges = tuple(map(_charge, items))
	return LocationCharges(
		location=place["location_name"] if place else None,
		address=_address_lines(place) if place else (),
		charges=charges,
		subtotal=sum((charge.amount for charge in charges), ZERO),
	)


def _charge(item: Document) -> Charge:
	return Charge(
		description=short_item_name(item["item_name"] or _plain_text(item["description"] or "") or "—", 120),
		quantity=item["qty"],
		rate=item["rate"],
		amount=item["amount"],
		period_start=item["service_start_date"],
		period_end=item["service_end_date"],
	)


def _taxes(invoice: Invoice) -> tuple[TaxLine, ...]:
	company = site.current().get("Company", invoice.company, ["registration_details"])
	registrations = _registrations(company["registration_details"] or "")
	rows = site.current().get_all(
		"Sales Taxes and Charges",
		{"parent": invoice.name, "parenttype": "Sales Invoice"},
		["description", "rate", "tax_amount_after_discount_amount"],
		order_by="idx",
	)
	return tuple(
		TaxLine(
			label=_plain_text(row["description"] or ""),
			rate=row["rate"] or None,
			amount=row["tax_amount_after_discount_amount"],
			registration=registrations.get(_plain_text(row["description"] or "").split(" ")[0].upper(), ""),
		)
		for row in rows
	)


def _registrations(details: str) -> dict[str, str]:
	"""Company.registration_details, a line a tax: `TPS: 123456789 RT0001`."""
	lines = (line.partition(":") for line in details.splitlines())
	return {label.strip().upper(): number.strip() for label, _, number in lines if number}


def credits_of(invoice: Invoice) -> tuple[Credit, ...]:
	"""Payments and credit notes that were applied to the invoice, oldest first."""
	credits = [*_payments(invoice), *_credit_notes(invoice)]
	rest = invoice.paid - sum((credit.amount for credit in credits), ZERO)
	if rest and invoice.docstatus == SUBMITTED and not invoice.is_return:
		credits.append(Credit("Adjustment", "", invoice.posting_date, rest))
	return tuple(sorted(credits, key=lambda credit: credit.on))


def _payments(invoice: Invoice) -> list[Credit]:
	references = site.current().get_all(
		"Payment Entry Reference",
		{"reference_doctype": "Sales Invoice", "reference_name": invoice.name, "docstatus": 1},
		["parent", "allocated_amount"],
	)
	if not references:
		return []
	entries = site.current().get_all(
		"Payment Entry",
		{"name": ["in", [row["parent"] for row in references]]},
		["name", "posting_date", "mode_of_payment"],
	)
	by_name = {entry["name"]: entry for entry in entries}
	return [
		Credit("Payment", row["parent"], by_name[row["parent"]]["posting_date"], row["allocated_amount"])
		for row in references
	]


def _credit_notes(invoice: Invoice) -> list[Credit]:
	notes = site.current().get_all(
		"Sales Invoice",
		{"return_against": invoice.name, "docstatus": 1, "update_outstanding_for_self": 0},
		["name", "posting_date", "grand_total"],
	)
	return [Credit("Credit note", note["name"], note["posting_date"], -note["grand_total"]) for note in notes]


def _other_balance(invoice: Invoice) -> Decimal:
	others = site.current().get_all(
		"Sales Invoice",
		{
			"customer": invoice.customer,
			"company": invoice.company,
			"docstatus": 1,
			"name": ["!=", invoice.name],
			"outstanding_amount": ["!=", 0],
		},
		["outstanding_amount"],
	)
	return sum((row["outstanding_amount"] for row in others), ZERO)


def _plain_text(html: str) -> str:
	"""ERPNext keeps descriptions and terms as HTML of its editor; what is printed is their text."""
	with_breaks = re.sub(r"<(br|/p|/div|/li)\b[^>]*>", "\n", html, flags=re.I)
	lines = (Markup(line).striptags() for line in with_breaks.splitlines())
	return "\n".join(line for line in lines if line)
