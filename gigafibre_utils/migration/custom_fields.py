"""Our fields on ERPNext's DocTypes, where a site lacks them: their columns, and what the desk needs."""

from typing import Any

from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Identifier

from gigafibre_utils.custom_fields import CUSTOM_FIELDS
from gigafibre_utils.migration.target import has_column, one, table_exists

# Frappe's `database/postgres/database.py`, `type_map`.
_TYPES = {
	"Data": "varchar(140)",
	"Link": "varchar(140)",
	"Select": "varchar(140)",
	"Datetime": "timestamp(6)",
	"Date": "date",
	"Check": "smallint NOT NULL DEFAULT 0",
	"Int": "integer NOT NULL DEFAULT 0",
	"Currency": "numeric(21,9) NOT NULL DEFAULT 0",
}
_KNOWN = 'SELECT EXISTS (SELECT FROM public."tabCustom Field" WHERE dt = %s AND fieldname = %s)'
_PROPERTIES = (
	"fieldname",
	"label",
	"description",
	"fieldtype",
	"options",
	"insert_after",
	"unique",
	"read_only",
	"no_copy",
	"search_index",
	"print_hide",
	"allow_on_submit",
)


def add_missing(connection: Connection) -> list[str]:
	"""Add what is missing, as `DocType.fieldname`; the desk shows it after its cache was cleared.

	A site on which the app is installed has all of them.
	"""
	added = []
	for doctype, fields in CUSTOM_FIELDS.items():
		for field in fields:
			is_new = _add_column(connection, doctype, field)
			if _describe(connection, doctype, field) or is_new:
				added.append(f"{doctype}.{field['fieldname']}")
	return added


def _add_column(connection: Connection, doctype: str, field: dict[str, Any]) -> bool:
	table, name = f"tab{doctype}", field["fieldname"]
	kind = _TYPES.get(field["fieldtype"])
	if not kind or has_column(connection, table, name):
		return False
	unique = SQL(" UNIQUE" if field.get("unique") else "")
	with connection.cursor() as cursor:
		cursor.execute(
			SQL("ALTER TABLE public.{} ADD COLUMN {} {}{}").format(
				Identifier(table), Identifier(name), SQL(kind), unique
			)
		)
	return True


def _describe(connection: Connection, doctype: str, field: dict[str, Any]) -> bool:
	if not table_exists(connection, "tabCustom Field") or one(
		connection, _KNOWN, doctype, field["fieldname"]
	):
		return False
	name = f"{doctype}-{field['fieldname']}"
	values = {key: field[key] for key in _PROPERTIES if key in field}
	values |= {"name": name, "dt": doctype, "owner": "Administrator", "modified_by": "Administrator"}
	values["is_system_generated"] = 1
	with connection.cursor() as cursor:
		cursor.execute(
			SQL(
				'INSERT INTO public."tabCustom Field" ({}, creation, modified) '
				"SELECT {}, as_of, as_of FROM books"
			).format(SQL(", ").join(map(Identifier, values)), SQL(", ").join([SQL("%s")] * len(values))),
			list(values.values()),
		)
		cursor.execute(
			"INSERT INTO gigafibre_migration.added (doctype, name) VALUES ('Custom Field', %s)", [name]
		)
	return True
