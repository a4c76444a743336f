"""The tables: ERPNext's from a compact description, our own DocTypes' from their JSON."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from psycopg2.sql import SQL, Composed, Identifier

from gigafibre_utils.custom_fields import CUSTOM_FIELDS
from gigafibre_utils.embedded.database import Connection, table

PACKAGE = Path(__file__).parent.parent
TABLES = Path(__file__).with_name("erpnext.tables")

TYPES = {
	"check": "smallint NOT NULL DEFAULT 0",
	"int": "integer NOT NULL DEFAULT 0",
	"bigint": "bigint NOT NULL DEFAULT 0",
	"amount": "numeric(21,9) NOT NULL DEFAULT 0",
	"amount?": "numeric(21,9)",
	"amount2": "numeric(21,2) NOT NULL DEFAULT 0",
	"text": "text",
	"date": "date",
	"datetime": "timestamp(6)",
	"timestamp": "timestamp",
	"time": "time(6)",
	"json": "json",
}

# Frappe's `database/postgres/schema.py` and `frappe.model.data_fieldtypes`.
FIELDTYPES = {
	"Check": "check",
	"Int": "int",
	"Currency": "amount",
	"Float": "amount",
	"Date": "date",
	"Datetime": "datetime",
	"Text": "text",
	"Small Text": "text",
	"Long Text": "text",
	"Code": "text",
	"JSON": "json",
}
DATA_FIELDTYPES = ("Data", "Link", "Dynamic Link", "Select")
# Fields without a column: `frappe.model.no_value_fields`.
NO_VALUE_FIELDTYPES = ("Section Break", "Column Break", "Tab Break", "HTML", "Table")

STANDARD = (
	"name varchar(140) PRIMARY KEY, creation timestamp(6), modified timestamp(6), modified_by varchar(140), "
	"owner varchar(140), docstatus smallint NOT NULL DEFAULT 0, idx bigint NOT NULL DEFAULT 0"
)
CHILD = "parent varchar(140), parentfield varchar(140), parenttype varchar(140)"
TOP_LEVEL = "_user_tags text, _comments text, _assign text, _liked_by text"

# What the host itself looks up by; a child table always has one on its parent.
INDEXES = (
	("GL Entry", "voucher_no"),
	("Payment Ledger Entry", "voucher_no"),
	("Payment Ledger Entry", "against_voucher_no"),
	("Payment Entry Reference", "reference_name"),
	("Sales Invoice", "customer"),
	("Sales Invoice", "return_against"),
	("Dynamic Link", "link_name"),
	("Stripe Checkout Session", "invoice"),
	("Pay Link", "invoice"),
)


@dataclass(frozen=True)
class Column:
	"""One column of a table, with PostgreSQL's type."""

	name: str
	type: str
	unique: bool = False


@dataclass(frozen=True)
class Table:
	"""A DocType's table, without the columns that every table has."""

	doctype: str
	is_child: bool
	columns: tuple[Column, ...]


@cache
def tables() -> dict[str, Table]:
	"""Every table of the host, by DocType."""
	found = {table.doctype: table for table in [*_described(), *_own()]}
	for doctype, fields in CUSTOM_FIELDS.items():
		base = found[doctype]
		extra = tuple(_column(field) for field in fields if field["fieldtype"] not in NO_VALUE_FIELDTYPES)
		found[doctype] = Table(doctype, base.is_child, base.columns + extra)
	return found


def create(connection: Connection) -> None:
	"""Make all tables and indexes where they are missing."""
	for description in tables().values():
		connection.run(_create_table(description))
		if description.is_child:
			connection.run(_create_index(description.doctype, "parent"))
	for doctype, column in INDEXES:
		connection.run(_create_index(doctype, column))
	connection.run(
		'CREATE TABLE IF NOT EXISTS "tabSeries" '
		"(name varchar(100) PRIMARY KEY, current bigint NOT NULL DEFAULT 0)"
	)
	connection.run(
		'CREATE TABLE IF NOT EXISTS "tabSingles" (doctype varchar(255), field varchar(255), value text)'
	)
	connection.run(
		'CREATE TABLE IF NOT EXISTS "__Auth" '
		"(doctype varchar(140), name varchar(255), fieldname varchar(140), password text NOT NULL, "
		"encrypted smallint NOT NULL DEFAULT 0, PRIMARY KEY (doctype, name, fieldname))"
	)
	connection.run(
		'CREATE TABLE IF NOT EXISTS "tabSessions" ("user" varchar(255), sid varchar(255) PRIMARY KEY, '
		"lastupdate timestamp(6) NOT NULL)"
	)


def _described() -> Iterator[Table]:
	blocks = re.split(
		r"\n(?=\S)", re.sub(r"^#.*\n", "", TABLES.read_text(encoding="utf-8"), flags=re.M).strip()
	)
	for block in blocks:
		head, _, words = block.partition("\n")
		doctype = head.removesuffix(" [child]")
		yield Table(doctype, head != doctype, tuple(map(_described_column, shlex.split(words))))


def _described_column(word: str) -> Column:
	name, kind, default, unique = re.fullmatch(r"(\w+)(?::([\w?]+))?(?:=([^!]*))?(!)?", word).groups()
	return Column(name, _type(kind or "data", default), bool(unique))


def _type(kind: str, default: str | None) -> str:
	if kind.startswith("data"):
		declared = f"varchar({kind.removeprefix('data') or 140})"
	else:
		declared = TYPES[kind].partition(" DEFAULT")[0] if default is not None else TYPES[kind]
	return declared if default is None else f"{declared} DEFAULT '{default}'"


def _own() -> Iterator[Table]:
	for path in sorted(PACKAGE.glob("gigafibre_utils/doctype/*/*.json")):
		doctype = json.loads(path.read_text(encoding="utf-8"))
		if doctype.get("issingle"):
			continue
		columns = (
			_column(field) for field in doctype["fields"] if field["fieldtype"] not in NO_VALUE_FIELDTYPES
		)
		yield Table(doctype["name"], bool(doctype.get("istable")), tuple(columns))


def _column(field: dict) -> Column:
	if field["fieldtype"] in DATA_FIELDTYPES:
		return Column(field["fieldname"], _type("data", field.get("default")), bool(field.get("unique")))
	return Column(field["fieldname"], TYPES[FIELDTYPES[field["fieldtype"]]], bool(field.get("unique")))


def _create_table(description: Table) -> Composed:
	columns = [
		SQL("{} {}").format(Identifier(column.name), SQL(column.type + (" UNIQUE" if column.unique else "")))
		for column in description.columns
	]
	common = [SQL(STANDARD), SQL(CHILD if description.is_child else TOP_LEVEL)]
	return SQL("CREATE TABLE IF NOT EXISTS {} ({})").format(
		table(description.doctype), SQL(", ").join([*common, *columns])
	)


def _create_index(doctype: str, column: str) -> Composed:
	name = f"{doctype} {column} idx".lower().replace(" ", "_")
	return SQL("CREATE INDEX IF NOT EXISTS {} ON {} ({})").format(
		Identifier(name), table(doctype), Identifier(column)
	)
