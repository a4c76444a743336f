"""One event that Stripe sent, kept word for word, and what became of it."""

from frappe.model.document import Document


class StripeEvent(Document):
	"""One event that Stripe sent, kept word for word, and what became of it."""
