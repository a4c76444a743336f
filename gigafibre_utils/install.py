"""What the app adds to a site beside its own DocTypes. Every step may run any number of times."""

import dataclasses
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import click
import frappe
from frappe import _
from frappe.custom.doctype.custom_field.custom_field import create_custom_fields
from frappe.custom.doctype.property_setter.property_setter import make_property_setter
from frappe.database.schema import get_definition
from frappe.model.document import Document
from frappe.query_builder.functions import Count

from gigafibre_utils.custom_fields import CUSTOM_FIELDS, CUSTOMIZATIONS
from gigafibre_utils.errors import ServiceUnavailable
from gigafibre_utils.payments.settlement import MODE_OF_PAYMENT
from gigafibre_utils.postgres import doctor, terminal
from gigafibre_utils.postgres.load import tell_of_fixes_aside

ERPNEXT = 16
# Which `bench install-app` tells as a sentence.
REFUSAL = frappe.IncompatibleApp
MODULE = "Gigafibre Utils"
# The site's global default that keeps `Added`.
RECORD = "gigafibre_added"


@dataclass
class Added:
	"""What the app brought to DocTypes of others, so that its removal takes no more than that.

	`since` is when it was installed; `fields` has each Custom Field that it made, by `DocType-fieldname`, and
	whether it made the column too.
	"""

	since: str
	fields: dict[str, bool] = dataclasses.field(default_factory=dict)


def before_install() -> None:
	"""Refuse a site that the app cannot serve, before anything is written to it."""
	try:
		from erpnext import __version__ as version
	except ModuleNotFoundError:
		frappe.throw(_("Gigafibre needs ERPNext {0}; this bench has none.").format(ERPNEXT), REFUSAL)
	if int(version.split(".")[0]) < ERPNEXT:
		sentence = _("Gigafibre needs ERPNext {0}; this bench has {1}.").format(ERPNEXT, version)
		frappe.throw(sentence, REFUSAL)
	refuse_other_fields(_not_yet_added(added()))


def after_install() -> None:
	"""Add our fields and options, and the way that money from Stripe takes into the books."""
	add_fields()
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


def added() -> Added:
	"""What the app brought to this site so far."""
	record = frappe.db.get_global(RECORD)
	if record:
		return Added(**json.loads(record))
	installed_at = frappe.db.get_value("Module Def", MODULE, "creation")
	if not installed_at:
		return Added(since=frappe.utils.now())
	# Installed before there was a record: what is younger than the app's module came with it.
	younger = {"dt": ["in", list(CUSTOM_FIELDS)], "creation": [">=", installed_at]}
	names = frappe.get_all("Custom Field", younger, ["dt", "fieldname"], as_list=True, limit=0)
	ours = {(doctype, field["fieldname"]) for doctype, fields in CUSTOM_FIELDS.items() for field in fields}
	return Added(str(installed_at), {"-".join(name): True for name in sorted(ours.intersection(names))})


def add_fields() -> None:
	"""Add our fields; those that were there before us are put right and stay the site's own.

	What is added is recorded first: a column is committed as soon as it is made.
	"""
	record = added()
	new = list(_not_yet_added(record))
	refuse_other_fields(new)
	for doctype, field in new:
		name = field["fieldname"]
		if not frappe.db.exists("Custom Field", {"dt": doctype, "fieldname": name}):
			record.fields[f"{doctype}-{name}"] = not frappe.db.has_column(doctype, name)
	frappe.db.set_global(RECORD, json.dumps(asdict(record)))
	create_custom_fields(CUSTOM_FIELDS)


def refuse_other_fields(fields: Iterable[tuple[str, dict[str, Any]]]) -> None:
	"""Refuse, with one sentence, a site on which a field of ours cannot be what it has to be.

	A field of another kind under its name, or values that stand twice in what must be unique.
	"""
	for doctype, field in fields:
		if _is_other_kind(doctype, field):
			sentence = _("{0} has a field {1} of another kind already; please rename or remove it first.")
		elif field.get("unique") and _has_duplicates(doctype, field["fieldname"]):
			sentence = _("{0} has a field {1} already, in which values stand twice; they must be unique.")
		else:
			continue
		frappe.throw(sentence.format(doctype, field["fieldname"]), REFUSAL)


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


def _not_yet_added(record: Added) -> Iterable[tuple[str, dict[str, Any]]]:
	for doctype, fields in CUSTOM_FIELDS.items():
		for field in fields:
			if f"{doctype}-{field['fieldname']}" not in record.fields:
				yield doctype, field


def _is_other_kind(doctype: str, field: dict[str, Any]) -> bool:
	name, kind = field["fieldname"], field["fieldtype"]
	if frappe.db.exists("DocField", {"parent": doctype, "fieldname": name}):
		return True
	own = {"dt": doctype, "fieldname": name}
	there = frappe.db.get_value("Custom Field", own, ["fieldtype", "options"])
	if there and (there[0] != kind or (kind == "Link" and there[1] != field["options"])):
		return True
	# A column may be there without a field. Frappe does not tell the precision of PostgreSQL's timestamps.
	columns = {row.name: row.type for row in frappe.db.get_table_columns_description(f"tab{doctype}")}
	wanted = get_definition(kind) or columns.get(name, "")
	return name in columns and columns[name].removesuffix("(6)") != wanted.removesuffix("(6)")


def _has_duplicates(doctype: str, fieldname: str) -> bool:
	if not frappe.db.has_column(doctype, fieldname):
		return False
	field = frappe.qb.Field(fieldname)
	values = frappe.qb.from_(doctype).select(field).where(field.isnotnull()).groupby(field)
	return bool(values.having(Count("*") > 1).limit(1).run())


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
