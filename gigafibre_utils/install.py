"""What the app adds to a site beside its own DocTypes. Every step may run any number of times."""

import click
import frappe
from frappe import _
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
from frappe.custom.doctype.property_setter.property_setter import make_property_setter
from frappe.model.document import Document

from gigafibre_utils.custom_fields import CUSTOM_FIELDS, CUSTOMIZATIONS
from gigafibre_utils.errors import ServiceUnavailable
from gigafibre_utils.payments.settlement import MODE_OF_PAYMENT
from gigafibre_utils.postgres import doctor, terminal
from gigafibre_utils.postgres.load import tell_of_fixes_aside

ERPNEXT = 16
# Which `bench install-app` tells as a sentence.
REFUSAL = frappe.IncompatibleApp


def before_install() -> None:
	"""Refuse a site that the app cannot serve, before anything is written to it."""
	try:
		from erpnext import __version__ as version
	except ModuleNotFoundError:
		frappe.throw(_("Gigafibre needs ERPNext {0}; this bench has none.").format(ERPNEXT), REFUSAL)
	if int(version.split(".")[0]) < ERPNEXT:
		sentence = _("Gigafibre needs ERPNext {0}; this bench has {1}.").format(ERPNEXT, version)
		frappe.throw(sentence, REFUSAL)


def after_install() -> None:
	"""Add our fields and options, and the way that money from Stripe takes into the books."""
	create_custom_fields(CUSTOM_FIELDS)
	for doctype, changes in CUSTOMIZATIONS.items():
		for fieldname, option in changes.get("options", {}).items():
			offer(doctype, fieldname, option)
	for company in frappe.get_all("Company", pluck="name"):
		make_clearing_account(frappe.get_doc("Company", company))
	make_indexes()


def after_migrate() -> None:
	"""See that nothing of it is missing."""
	after_install()
	if doctor.is_postgres():
		tell_of_fixes_aside()


def make_indexes() -> None:
	"""On PostgreSQL, make the indexes that DocTypes ask for; what is refused is told and ends no migrate."""
	if not doctor.is_postgres():
		return
	try:
		terminal.show_mended(doctor.mend())
	except ServiceUnavailable as error:
		click.secho(str(error), fg="yellow")


def offer(doctype: str, fieldname: str, option: str) -> None:
	"""Let a Select of another app be set to an option of ours, beside those that it has already."""
	options = frappe.get_meta(doctype).get_field(fieldname).options.split("\n")
	if option not in options:
		make_property_setter(doctype, fieldname, "options", "\n".join([*options, option]), "Text")


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
