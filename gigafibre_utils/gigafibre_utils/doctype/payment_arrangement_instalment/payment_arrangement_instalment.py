"""One part of a payment arrangement: how much is due when, on which invoice, and whether it came."""

from frappe.model.document import Document


class PaymentArrangementInstalment(Document):
	"""One part of a payment arrangement: how much is due when, on which invoice, and whether it came."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		amount: DF.Currency
		due_date: DF.Date | None
		invoice: DF.Link | None
		is_paid_off: DF.Check
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		payment_entry: DF.Link | None
		payment_request: DF.Link | None
		reminded_on: DF.Date | None
		status: DF.Literal["Due", "Met", "Missed"]
	# end: auto-generated types
