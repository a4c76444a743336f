"""What the form of a Service Location links to."""

from frappe import _


def get_data() -> dict:
	"""The invoices with charges of this place: the field is one of their items'."""
	return {
		"fieldname": "service_location",
		"transactions": [{"label": _("Billing"), "items": ["Sales Invoice"]}],
	}
