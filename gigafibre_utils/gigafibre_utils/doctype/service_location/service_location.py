"""A place where a customer is served; an invoice groups its charges by it."""

from frappe.model.document import Document


class ServiceLocation(Document):
	"""A place where a customer is served; an invoice groups its charges by it."""
