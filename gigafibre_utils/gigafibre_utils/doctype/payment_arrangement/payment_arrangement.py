"""What a customer agreed to pay by instalments; a daily job reminds of them and follows them up."""

# Frappe writes the imports of the types, in a line each.
# ruff: noqa: E501, I001

from decimal import Decimal

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import getdate

from gigafibre_utils import money
from gigafibre_utils.payments import arrangements
from gigafibre_utils.payments.standing import ACTIVE, DUE, MET


class PaymentArrangement(Document):
	"""What a customer agreed to pay by instalments; a daily job reminds of them and follows them up."""

	# fmt: off
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF
		from gigafibre_utils.gigafibre_utils.doctype.payment_arrangement_instalment.payment_arrangement_instalment import PaymentArrangementInstalment

		agreed_on: DF.Date
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
		"""Round and add up the instalments; refuse what cannot be agreed on.

		What stands from before, such as what was migrated, is not held against who changes something else.
		"""
		self._refuse_day_to_come()
		currency = frappe.get_cached_value("Company", self.company, "default_currency")
		before = self._instalments_before()
		for row in self.instalments:
			row.amount = _rounded(row.amount, currency)
			if row.amount <= 0:
				frappe.throw(_("Instalment {0} needs an amount above 0.").format(row.idx))
			self._refuse_foreign_invoice(row.invoice)
			self._judge_payment(row, before.get(row.name) or frappe._dict())
		self._refuse_second()
		self.total = _rounded(sum(row.amount for row in self.instalments), currency)
		self.paid = _rounded(sum(row.amount for row in self.instalments if row.status == MET), currency)

	def _refuse_day_to_come(self) -> None:
		if self.has_value_changed("agreed_on") and getdate(self.agreed_on) > getdate():
			frappe.throw(_("An arrangement cannot be agreed on after today."))

	def _instalments_before(self) -> dict[str, Document]:
		"""The instalments as they were before this save, where the customer is the same."""
		before = self.get_doc_before_save()
		same = before and before.customer == self.customer
		return {row.name: row for row in before.instalments} if same else {}

	def _refuse_foreign_invoice(self, invoice: str | None) -> None:
		if invoice and frappe.db.get_value("Sales Invoice", invoice, "customer") != self.customer:
			frappe.throw(_("Invoice {0} is not of customer {1}.").format(invoice, self.customer))

	def _judge_payment(self, row: Document, before: Document) -> None:
		"""Staff name the payment that meets an instalment; without one, only the daily job finds it met."""
		if row.payment_entry:
			if row.payment_entry != before.payment_entry:
				self._refuse_foreign_payment(row.payment_entry)
				row.is_paid_off = 0
		elif row.status == MET and before.payment_entry:
			row.update({"status": DUE, "is_paid_off": 0})
		elif row.status == MET and before.status != MET:
			frappe.throw(_("Instalment {0} needs the payment that met it.").format(row.idx))

	def _refuse_foreign_payment(self, payment: str) -> None:
		good = {"docstatus": 1, "payment_type": "Receive", "party_type": "Customer", "party": self.customer}
		if not frappe.db.exists("Payment Entry", {"name": payment, **good}):
			told = _("Payment {0} is not a submitted payment received from customer {1}.")
			frappe.throw(told.format(payment, self.customer))

	def _refuse_second(self) -> None:
		"""Two active arrangements about one invoice would both be met by its payments."""
		new = self._newly_about()
		other = arrangements.in_the_way(self.as_dict(), new) if new else None
		if other:
			told = _(
				"{0} is active and about the same invoices; an instalment that names none is about all of them."
			)
			frappe.throw(told.format(other))

	def _newly_about(self) -> set[str]:
		"""The invoices that this save brings into an active arrangement; '' stands for all of them."""
		if self.status != ACTIVE:
			return set()
		about = {row.invoice or "" for row in self.instalments}
		before = self.get_doc_before_save()
		if before and all(before.get(key) == self.get(key) for key in ("customer", "company", "status")):
			about -= {row.invoice or "" for row in before.instalments}
		return about


def _rounded(amount: float | None, currency: str) -> float:
	"""The amount as it can be paid; a browser sends it with nine decimals."""
	return float(money.rounded(Decimal(str(amount or 0)), currency))
