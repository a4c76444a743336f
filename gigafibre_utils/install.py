"""What the app adds to a site beside its own DocTypes. Every step may run any number of times."""

import erpnext
import frappe
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
from frappe.custom.doctype.property_setter.property_setter import make_property_setter
from frappe.model.document import Document

from gigafibre_utils.custom_fields import CUSTOM_FIELDS
from gigafibre_utils.payments.settlement import MODE_OF_PAYMENT
from gigafibre_utils.printing.pdf_hook import GENERATOR

ERPNEXT = 16


def before_install() -> None:
	"""Refuse a site that the app cannot serve, before anything is written to it."""
	if int(erpnext.__version__.split(".")[0]) < ERPNEXT:
		frappe.throw(f"Gigafibre needs ERPNext {ERPNEXT}; this site has {erpnext.__version__}.")


def after_install() -> None:
	"""Add our fields, our PDF generator, and the way that money from Stripe takes into the books."""
	create_custom_fields(CUSTOM_FIELDS)
	offer_pdf_generator()
	for company in frappe.get_all("Company", pluck="name"):
		make_clearing_account(frappe.get_doc("Company", company))


def after_migrate() -> None:
	"""See that nothing of it is missing."""
	after_install()


def offer_pdf_generator() -> None:
	"""Let a Print Format choose our PDF generator, beside those that it can choose already."""
	options = frappe.get_meta("Print Format").get_field("pdf_generator").options.split("\n")
	if GENERATOR not in options:
		with_ours = "\n".join([*options, GENERATOR])
		make_property_setter("Print Format", "pdf_generator", "options", with_ours, "Text")


def make_clearing_account(company: Document, method: str | None = None) -> None:
	"""Give a company the account where money rests between Stripe and its bank, as the mode of payment's own.

	Also the handler of Company's `on_update`. A company without a bank group in its chart is left alone.
	"""
	mode = _mode_of_payment()
	if any(row.company == company.name for row in mode.accounts):
		return
	account = _clearing_account(company.name)
	if account:
		mode.append("accounts", {"company": company.name, "default_account": account})
		mode.save(ignore_permissions=True)


def _mode_of_payment() -> Document:
	if frappe.db.exists("Mode of Payment", MODE_OF_PAYMENT):
		return frappe.get_doc("Mode of Payment", MODE_OF_PAYMENT)
	mode = frappe.get_doc({"doctype": "Mode of Payment", "mode_of_payment": MODE_OF_PAYMENT, "type": "Bank"})
	return mode.insert(ignore_permissions=True)


def _clearing_account(company: str) -> str | None:
	known = frappe.db.get_value(
		"Account", {"account_name": MODE_OF_PAYMENT, "company": company, "is_group": 0}
	)
	parent = _bank_group(company)
	if known or not parent:
		return known
	account = frappe.get_doc(
		{
			"doctype": "Account",
			"account_name": MODE_OF_PAYMENT,
			"account_type": "Bank",
			"company": company,
			"parent_account": parent,
		}
	)
	return account.insert(ignore_permissions=True).name


def _bank_group(company: str) -> str | None:
	"""The group that the company's own bank account lies in, else the chart's first bank group."""
	bank = frappe.db.get_value("Company", company, "default_bank_account")
	if bank:
		return frappe.db.get_value("Account", bank, "parent_account")
	groups = {"company": company, "account_type": "Bank", "is_group": 1}
	return frappe.db.get_value("Account", groups, order_by="lft")
