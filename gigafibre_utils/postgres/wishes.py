"""The indexes that the DocTypes of a site ask for: those that Frappe itself would make on MariaDB."""

import logging
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import frappe
from frappe.modules import load_doctype_module, scrub
from frappe.utils import cint, get_table_name

from gigafibre_utils.postgres.indexes import Wish

logger = logging.getLogger(__name__)

ASK = "on_doctype_update"
"""The function of a controller's module that Frappe calls when it has synced the DocType."""


def wishes() -> set[Wish]:
	"""What is asked for by DocTypes, Custom Fields, Property Setters and controllers.

	Read from their tables at once: Frappe's metas of all DocTypes would take many seconds after a migrate.
	"""
	doctypes = frappe.get_all(
		"DocType",
		{"issingle": 0, "is_virtual": 0},
		["name", "module", "custom", "istable", "sort_field"],
		limit=0,
	)
	return {*_of_tables(doctypes), *_of_fields(doctypes), *_of_controllers(doctypes)}


def _of_tables(doctypes: list[dict]) -> Iterator[Wish]:
	"""What every table has, see `MariaDBTable.create`."""
	sort_fields = _setters("sort_field")
	for doctype in doctypes:
		table = get_table_name(doctype.name)
		if doctype.istable:
			yield Wish(table, ("parent",))
			continue
		yield Wish(table, ("creation",))
		if sort_fields.get((doctype.name, None), doctype.sort_field) == "modified":
			yield Wish(table, ("modified",))


def _of_fields(doctypes: list[dict]) -> Iterator[Wish]:
	names = {doctype.name for doctype in doctypes}
	for flag, is_unique in (("search_index", False), ("unique", True)):
		fields = {
			*frappe.get_all("DocField", {flag: 1}, ["parent", "fieldname"], as_list=True, limit=0),
			*frappe.get_all("Custom Field", {flag: 1}, ["dt", "fieldname"], as_list=True, limit=0),
		}
		for field, value in _setters(flag).items():
			(fields.add if cint(value) else fields.discard)(field)
		for doctype, fieldname in fields:
			if doctype in names:
				yield Wish(get_table_name(doctype), (fieldname,), is_unique)


def _setters(name: str) -> dict[tuple[str, str | None], str]:
	"""What Property Setters make of one property, by DocType and field."""
	fields = ["doc_type", "field_name", "value"]
	rows = frappe.get_all("Property Setter", {"property": name}, fields, limit=0)
	return {(row.doc_type, row.field_name or None): row.value for row in rows}


def _of_controllers(doctypes: list[dict]) -> Iterable[Wish]:
	"""What controllers ask for in `on_doctype_update`, told to a recorder and not done."""
	recorder = _Recorder()
	for doctype in doctypes:
		if not doctype.custom:
			_ask(doctype, recorder)
	return recorder.wishes


def _ask(doctype: dict, recorder: "_Recorder") -> None:
	database = frappe.local.db
	try:
		if not _may_ask(doctype):
			return
		ask = getattr(load_doctype_module(doctype.name, doctype.module), ASK, None)
		frappe.local.db = recorder
		if ask:
			ask()
	except Exception as error:
		# Whatever a stranger's controller does, the others are heard.
		logger.warning("What indexes %s asks for is not known: %s", doctype.name, error)
	finally:
		frappe.local.db = database


def _may_ask(doctype: dict) -> bool:
	"""Whether its controller speaks of it; a process that loaded all controllers would grow by 70 MB."""
	name = scrub(doctype.name)
	source = Path(frappe.get_module_path(doctype.module, "doctype", name, f"{name}.py"))
	return source.exists() and ASK in source.read_text()


class _Recorder:
	"""Stands in for the database; it knows nothing but indexes, so that nothing else can happen."""

	db_type = "postgres"

	def __init__(self):
		self.wishes: set[Wish] = set()

	def add_index(self, doctype: str, fields: Iterable[str], index_name: str | None = None) -> None:
		self._add(doctype, fields, False)

	def add_unique(self, doctype: str, fields: Iterable[str], constraint_name: str | None = None) -> None:
		self._add(doctype, fields, True)

	def has_index(self, table_name: str, index_name: str) -> bool:
		return False

	def commit(self) -> None:
		"""Frappe's own DefaultValue does so first."""

	def _add(self, doctype: str, fields: str | Iterable[str], is_unique: bool) -> None:
		names = [fields] if isinstance(fields, str) else fields
		# `name(20)` indexes a prefix in MariaDB.
		columns = tuple(re.sub(r"\(.*\)", "", name) for name in names)
		self.wishes.add(Wish(get_table_name(doctype), columns, is_unique))
