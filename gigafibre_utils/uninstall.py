"""Takes back what `install` added, and what Frappe leaves of an app that it removes.

Frappe backs the site up and drops our DocTypes' tables; so our columns of other tables go too, but none that
was there before us. The ledger is never touched: a payment's number at Stripe is its Reference No as well,
and a mode of payment or an account that something was booked on stays.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import frappe
from frappe.custom.doctype.property_setter.property_setter import make_property_setter
from frappe.utils import get_datetime

from gigafibre_utils.custom_fields import CUSTOMIZATIONS
from gigafibre_utils.install import MODULE, RECORD, added
from gigafibre_utils.payments.settlement import MODE_OF_PAYMENT

APP = "gigafibre_utils"
# Of Payment Arrangement, Service Location, Stored Payment Method.
SERIES = ("ARR-", "SL-", "SPM-")

# Where Frappe goes on naming a DocType, or documents of it, when it is gone.
NAMING_DOCTYPES = {
	"__UserSettings": "doctype",
	"Comment": "reference_doctype",
	"Custom DocPerm": "parent",
	"Custom Field": "dt",
	"Deleted Document": "deleted_doctype",
	"DocShare": "share_doctype",
	"Document Follow": "ref_doctype",
	"List Filter": "reference_doctype",
	"Logs To Clear": "ref_doctype",
	"Notification Log": "document_type",
	"Property Setter": "doc_type",
	"Tag Link": "document_type",
	"ToDo": "reference_type",
	"User Permission": "allow",
	"Version": "ref_doctype",
	"View Log": "reference_doctype",
}


def after_uninstall() -> None:
	"""Remove what is still left of the app. Nothing on a dry run, which calls this too."""
	if APP in frappe.get_installed_apps():
		return
	brought = added()
	for name, has_our_column in brought.fields.items():
		doctype, fieldname = name.rsplit("-", 1)
		drop_field(doctype, fieldname, has_our_column)
	for doctype, changes in CUSTOMIZATIONS.items():
		for fieldname, option in changes.get("options", {}).items():
			withdraw(doctype, fieldname, option)
	remove_clearing_accounts(get_datetime(brought.since))
	forget_documents()
	frappe.db.set_global(RECORD, None)
	# Nobody commits after this hook.
	frappe.db.commit()


def drop_field(doctype: str, fieldname: str, has_our_column: bool) -> None:
	"""Remove a field of ours, and the column that was made for it, which Frappe would leave."""
	frappe.db.delete("Custom Field", {"dt": doctype, "fieldname": fieldname})
	frappe.db.delete("Property Setter", {"doc_type": doctype, "field_name": fieldname})
	if has_our_column:
		frappe.db.sql_ddl(f"ALTER TABLE `tab{doctype}` DROP COLUMN IF EXISTS `{fieldname}`")
	frappe.clear_cache(doctype=doctype)


def withdraw(doctype: str, fieldname: str, option: str) -> None:
	"""Take our option from a Select of another app; who chose it gets that field's default."""
	setter = {"doc_type": doctype, "field_name": fieldname, "property": "options"}
	options = frappe.db.get_value("Property Setter", setter, "value")
	if not options:
		return
	others = [other for other in options.split("\n") if other != option]
	frappe.db.delete("Property Setter", setter)
	frappe.clear_cache(doctype=doctype)
	field = frappe.get_meta(doctype).get_field(fieldname)
	frappe.db.set_value(doctype, {fieldname: option}, fieldname, field.default or others[0])
	if others != field.options.split("\n"):
		make_property_setter(doctype, fieldname, "options", "\n".join(others), "Text")


def remove_clearing_accounts(installed_at: datetime) -> None:
	"""Take back the mode of payment and its accounts, unless a payment names it or it was there before us."""
	if frappe.db.exists("Payment Entry", {"mode_of_payment": MODE_OF_PAYMENT}):
		return
	made_by_us = {"creation": [">=", installed_at]}
	accounts = frappe.get_all("Account", {"account_name": MODE_OF_PAYMENT, **made_by_us}, pluck="name")
	if frappe.db.exists("Mode of Payment", {"name": MODE_OF_PAYMENT, **made_by_us}):
		_delete_unless_linked("Mode of Payment", MODE_OF_PAYMENT)
	for account in accounts:
		if not frappe.db.exists("GL Entry", {"account": account}):
			row = {"parent": MODE_OF_PAYMENT, "default_account": account}
			frappe.db.delete("Mode of Payment Account", row)
			_delete_unless_linked("Account", account)


def forget_documents() -> None:
	"""Delete what Frappe keeps about documents of ours, its wastebasket included."""
	ours = list(_documents_of_the_package())
	doctypes = [name for doctype, name in ours if doctype == "DocType"]
	for table, field in NAMING_DOCTYPES.items():
		frappe.db.delete(table, {field: ["in", doctypes]})
	for doctype, name in [*ours, ("Module Def", MODULE)]:
		frappe.db.delete("Deleted Document", {"deleted_doctype": doctype, "deleted_name": name})
		frappe.db.delete("Permission Log", {"for_doctype": doctype, "for_document": name})
	for doctype in ("Desktop Icon", "Workspace Sidebar"):
		for name in frappe.get_all(doctype, {"app": APP}, pluck="name"):
			# On a developer's site their `on_trash` would delete the files in the package.
			frappe.delete_doc(doctype, name, ignore_on_trash=True, delete_permanently=True)
	frappe.db.delete("Block Module", {"module": MODULE})
	frappe.db.delete("Patch Log", {"patch": ["like", f"{APP}.%"]})
	# Frappe keeps them until the next migrate, and fails to run them.
	for job in frappe.get_all("Scheduled Job Type", {"method": ["like", f"{APP}.%"]}, pluck="name"):
		frappe.db.delete("Scheduled Job Log", {"scheduled_job_type": job})
		frappe.db.delete("Scheduled Job Type", {"name": job})
	for series in SERIES:
		if not frappe.db.exists("DocType", {"autoname": ["like", f"{series}%"]}):
			frappe.db.delete("Series", {"name": series})


def _delete_unless_linked(doctype: str, name: str) -> None:
	frappe.db.savepoint("unless_linked")
	try:
		frappe.delete_doc(doctype, name, ignore_permissions=True, delete_permanently=True)
	except frappe.LinkExistsError:
		frappe.db.rollback(save_point="unless_linked")


def _documents_of_the_package() -> Iterable[tuple[str, str]]:
	"""DocType and name of every document that Frappe syncs from the package."""
	for path in Path(__file__).parent.rglob("*.json"):
		document = json.loads(path.read_text())
		if isinstance(document, dict) and "doctype" in document:
			yield document["doctype"], document["name"]
