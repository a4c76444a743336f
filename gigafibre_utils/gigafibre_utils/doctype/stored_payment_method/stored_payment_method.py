"""A card or bank account that a customer agreed to be charged on; Stripe keeps it, we keep its token."""

import frappe
from frappe.model.document import Document


class StoredPaymentMethod(Document):
	"""A card or bank account that a customer agreed to be charged on; Stripe keeps it, we keep its token."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		customer: DF.Link
		expires: DF.Data | None
		is_default: DF.Check
		kind: DF.Data | None
		last4: DF.Data | None
		legacy_id: DF.Data | None
		mode_of_payment: DF.Link | None
		stripe_token: DF.Data | None
	# end: auto-generated types

	def on_update(self) -> None:
		"""A customer has one default: the last that was said to be."""
		if not self.is_default:
			return
		others = {"customer": self.customer, "name": ["!=", self.name], "is_default": 1}
		for name in frappe.get_all(self.doctype, others, pluck="name"):
			frappe.db.set_value(self.doctype, name, "is_default", 0)
