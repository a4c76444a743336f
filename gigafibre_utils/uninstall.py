"""Takes back what `install` added. The ledger is never touched: what it still names stays."""

import frappe
from frappe.custom.doctype.property_setter.property_setter import make_property_setter

from gigafibre_utils.custom_fields import CUSTOM_FIELDS
from gigafibre_utils.payments.settlement import MODE_OF_PAYMENT
from gigafibre_utils.printing import FACTURE_TARGO
from gigafibre_utils.printing.pdf_hook import GENERATOR


def before_uninstall() -> None:
	"""Remove our fields, print format and PDF generator; the mode of payment if nothing was paid by it."""
	for doctype, fields in CUSTOM_FIELDS.items():
		names = [field["fieldname"] for field in fields]
		frappe.db.delete("Custom Field", {"dt": doctype, "fieldname": ["in", names]})
		frappe.clear_cache(doctype=doctype)
	frappe.delete_doc("Print Format", FACTURE_TARGO, ignore_missing=True, force=True)
	withdraw_pdf_generator()
	# Frappe keeps them until the next migrate, and fails to run them.
	frappe.db.delete("Scheduled Job Type", {"method": ["like", "gigafibre_utils.%"]})
	if not frappe.db.exists("Payment Entry", {"mode_of_payment": MODE_OF_PAYMENT}):
		remove_mode_of_payment()


def withdraw_pdf_generator() -> None:
	"""Take our PDF generator from what a Print Format can choose; who chose it gets Frappe's default."""
	setter = {"doc_type": "Print Format", "field_name": "pdf_generator", "property": "options"}
	options = frappe.db.get_value("Property Setter", setter, "value")
	if not options:
		return
	frappe.db.set_value("Print Format", {"pdf_generator": GENERATOR}, "pdf_generator", "wkhtmltopdf")
	others = [option for option in options.split("\n") if option != GENERATOR]
	frappe.db.delete("Property Setter", setter)
	frappe.clear_cache(doctype="Print Format")
	if others != frappe.get_meta("Print Format").get_field("pdf_generator").options.split("\n"):
		make_property_setter("Print Format", "pdf_generator", "options", "\n".join(others), "Text")


def remove_mode_of_payment() -> None:
	"""Delete the mode of payment, with those of its clearing accounts that were never posted to."""
	rows = frappe.get_all("Mode of Payment Account", {"parent": MODE_OF_PAYMENT}, pluck="default_account")
	frappe.delete_doc("Mode of Payment", MODE_OF_PAYMENT, ignore_missing=True, ignore_permissions=True)
	for account in rows:
		is_ours = frappe.db.get_value("Account", account, "account_name") == MODE_OF_PAYMENT
		if is_ours and not frappe.db.exists("GL Entry", {"account": account}):
			frappe.delete_doc("Account", account, ignore_permissions=True)
