"""Where a customer can be reached, by what staff have on file."""

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat

from gigafibre_utils import site
from gigafibre_utils.invoice.model import Invoice
from gigafibre_utils.site import Document

HIDDEN = "•"


@dataclass(frozen=True)
class Reach:
	"""Phone numbers in E.164, mobile ones first, and an e-mail address."""

	phones: tuple[str, ...]
	email: str | None

	def by(self, channel: str) -> str | None:
		"""The number or address for `sms` or `email`."""
		return next(iter(self.phones), None) if channel == "sms" else self.email


def reach(invoice: Invoice) -> Reach:
	"""Where the invoice's customer can be reached: as the invoice says, else by the customer's contacts."""
	contacts = _trusted_contacts(invoice)
	billed_to = _billed_to(invoice, contacts)
	written = [billed_to.get("contact_mobile"), *_written_phones(contacts)]
	numbers = dict.fromkeys(number for number in map(_e164, filter(None, written)) if number)
	return Reach(tuple(numbers), billed_to.get("contact_email") or _email_address(contacts))


def masked(destination: str) -> str:
	"""`+1 •••-•••-••42`, `m•••@example.com`: enough to tell one's own by, too little to use."""
	name, at, domain = destination.partition("@")
	if at:
		return f"{name[:1]}{HIDDEN * 3}@{domain}"
	written = phonenumbers.format_number(phonenumbers.parse(destination), PhoneNumberFormat.INTERNATIONAL)
	country, _, number = written.partition(" ")
	return f"{country} {re.sub(r'[0-9](?=(?:[^0-9]*[0-9]){2})', HIDDEN, number)}"


def _trusted_contacts(invoice: Invoice) -> list[str]:
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


def _billed_to(invoice: Invoice, contacts: list[str]) -> Document:
	"""What the invoice itself says; ERPNext copies it from whichever contact of the customer it finds."""
	fields = ["contact_person", "contact_email", "contact_mobile"]
	row = site.current().get("Sales Invoice", invoice.name, fields) or {}
	contact = row.get("contact_person")
	return row if not contact or contact in contacts else {}


def _written_phones(contacts: list[str]) -> list[str | None]:
	current = site.current()
	mobile_first = "is_primary_mobile_no desc, idx"
	rows = current.get_all("Contact Phone", {"parent": ["in", contacts]}, ["phone"], order_by=mobile_first)
	main = current.get_all("Contact", {"name": ["in", contacts]}, ["mobile_no", "phone"])
	return [row["phone"] for row in rows] + [row[kind] for row in main for kind in ("mobile_no", "phone")]


def _e164(written: str) -> str | None:
	"""What is no phone number gives None."""
	try:
		number = phonenumbers.parse(written, "CA")
	except phonenumbers.NumberParseException:
		return None
	if not phonenumbers.is_possible_number(number):
		return None
	return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _email_address(contacts: list[str]) -> str | None:
	rows = site.current().get_all(
		"Contact Email", {"parent": ["in", contacts]}, ["email_id"], order_by="is_primary desc, idx", limit=1
	)
	return rows[0]["email_id"] if rows else None
