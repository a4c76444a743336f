"""One visit to Stripe's payment page: what was asked, and what became of it."""

from frappe.model.document import Document


class StripeCheckoutSession(Document):
	"""One visit to Stripe's payment page: what was asked, and what became of it."""
