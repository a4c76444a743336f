"""What the forms of ERPNext's documents link to of ours."""

from typing import Any

from frappe import _

PAYING = ("Pay Link", "Stripe Checkout Session", "Stripe Event")
STRIPE = ("Stripe Checkout Session", "Stripe Event")


def of_customer(data: dict[str, Any]) -> dict[str, Any]:
	"""The places where a customer is served, and how he agreed to pay."""
	data = _with_group(data, _("Service"), ("Service Location",), "customer")
	return _with_group(data, _("Payment"), ("Payment Arrangement", "Stored Payment Method"), "customer")


def of_sales_invoice(data: dict[str, Any]) -> dict[str, Any]:
	"""How an invoice is, or was, paid over a pay link."""
	return _with_group(data, _("Pay Links"), PAYING, "invoice")


def of_payment_entry(data: dict[str, Any]) -> dict[str, Any]:
	"""What of Stripe's a payment came by."""
	return _with_group(data, _("Stripe"), STRIPE, "payment_entry")


def _with_group(data: dict[str, Any], label: str, doctypes: tuple[str, ...], field: str) -> dict[str, Any]:
	"""Frappe's description of a form's links with one more group; `field` is the one that links back."""
	data.setdefault("non_standard_fieldnames", {}).update(dict.fromkeys(doctypes, field))
	data.setdefault("transactions", []).append({"label": label, "items": list(doctypes)})
	return data
