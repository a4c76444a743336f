"""What a customer agreed to pay by instalments; a daily job reminds of them and follows them up."""

# Frappe writes the imports of the types, in a line each.
# ruff: noqa: E501, I001

import frappe
from frappe import _
from frappe.model.document import Document

from gigafibre_utils.payments.arrangements import MET


class PaymentArrangement(Document):
	"""What a customer agreed to pay by instalments; a daily job reminds of them and follows them up."""

	# fmt: off
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF
		from gigafibre_utils.gigafibre_utils.doctype.payment_arrangement_instalment.payment_arrangement_instalment import PaymentArrangementInstalment

		agreed_on: DF.Date | None
		company: DF.Link
		customer: DF.Link
		instalments: DF.Table[PaymentArrangementInstalment]
		legacy_id: DF.Data | None
		note: DF.SmallText | None
		paid: DF.Currency
		status: DF.Literal["Active", "Kept", "Broken", "Cancelled"]
		total: DF.Currency
	# end: auto-generated types
	# fmt: on

	def validate(self) -> None:
		"""Add up the instalments; refuse what is no amount, and an invoice that is not the customer's."""
		for row in self.instalments:
			if (row.amount or 0) <= 0:
				frappe.throw(_("Instalment {0} needs an amount above 0.").format(row.idx))
			self._refuse_foreign_invoice(row.invoice)
		self.total = sum(row.amount for row in self.instalments)
		self.paid = sum(row.amount for row in self.instalments if row.status == MET)

	def _refuse_foreign_invoice(self, invoice: str | None) -> None:
		if invoice and frappe.db.get_value("Sales Invoice", invoice, "customer") != self.customer:
			frappe.throw(_("Invoice {0} is not of customer {1}.").format(invoice, self.customer))
