"""A database of ERPNext's tables with a year's invoices of a provider of ten thousand customers."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime

import psycopg2
from psycopg2.sql import SQL, Identifier

from gigafibre_utils.embedded import schema
from gigafibre_utils.embedded.database import Connection, table
from gigafibre_utils.embedded.running import RunningHost

INVOICES, LINES, CUSTOMERS, DAYS = 115_000, 14, 9_500, 365

# The sample invoice that is multiplied; its rows are told by the column that holds its name.
SAMPLE = "Sample: unpaid"
OF_ITS_NAME = {
	"Sales Invoice": "name",
	"Sales Invoice Item": "parent",
	"Sales Taxes and Charges": "parent",
	"Payment Schedule": "parent",
	"GL Entry": "voucher_no",
	"Payment Ledger Entry": "voucher_no",
}
NAME = "'BENCH-' || lpad(number::text, 6, '0')"
CUSTOMER = f"'CUST-' || mod(number, {CUSTOMERS})"
DAY = f"current_date - mod(number, {DAYS})"
# What differs from one invoice to the next, as expressions over its number and its line's.
DIFFERENCES = {
	"creation": f"({DAY})::timestamp + number * interval '1 ms'",
	"posting_date": DAY,
	"customer": CUSTOMER,
	"party": f"CASE WHEN party <> '' THEN {CUSTOMER} END",
	"against_voucher": f"CASE WHEN against_voucher <> '' THEN {NAME} END",
	"against_voucher_no": NAME,
}


@contextmanager
def many_invoices(running: RunningHost) -> Iterator[psycopg2.extensions.connection]:
	"""A database of their own on the host's server, gone in the end."""
	name = f"volume_{secrets.token_hex(4)}"
	with closing(psycopg2.connect(running.host.postgres.url)) as server:
		server.autocommit = True
		server.cursor().execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
		try:
			with closing(psycopg2.connect(running.host.postgres.url, dbname=name)) as connection:
				_fill(Connection(connection, lambda raw: None), _sample_rows(running))
				yield connection
		finally:
			server.cursor().execute(SQL("DROP DATABASE {}").format(Identifier(name)))


def invoice_name(number: int) -> str:
	"""The name of the invoice of that number, from 1."""
	return f"BENCH-{number:06d}"


def _sample_rows(running: RunningHost) -> dict[str, list[dict]]:
	connection = running.host.database.connection()
	try:
		(invoice,) = connection.run('SELECT * FROM "tabSales Invoice" WHERE remarks = %s', [SAMPLE])
		rows = {
			doctype: connection.run(
				SQL("SELECT * FROM {} WHERE {} = %s ORDER BY idx").format(table(doctype), Identifier(column)),
				[invoice["name"]],
			)
			for doctype, column in OF_ITS_NAME.items()
		}
	finally:
		connection.release()
	rows["Sales Invoice Item"] = [
		rows["Sales Invoice Item"][0] | {"name": secrets.token_hex(5), "idx": line + 1}
		for line in range(LINES)
	]
	rows["Payment Schedule"] = [_schedule(invoice)]
	return rows


def _schedule(invoice: dict) -> dict:
	return {
		"name": secrets.token_hex(5),
		"creation": datetime.now(),
		"docstatus": 1,
		"idx": 1,
		"parent": invoice["name"],
		"parenttype": "Sales Invoice",
		"parentfield": "payment_schedule",
		"due_date": invoice["due_date"],
		"payment_amount": invoice["grand_total"],
		"outstanding": invoice["grand_total"],
	}


def _fill(connection: Connection, samples: dict[str, list[dict]]) -> None:
	schema.create(connection)
	for doctype, rows in samples.items():
		connection.insert(doctype, rows)
		connection.run(_multiplied(doctype, list(rows[0])))
	connection.commit()


def _multiplied(doctype: str, columns: list[str]) -> SQL:
	differences = DIFFERENCES | {"name": "substr(md5(name || number), 1, 10) || number"}
	differences[OF_ITS_NAME[doctype]] = NAME
	values = [SQL(differences[column]) if column in differences else Identifier(column) for column in columns]
	return SQL("INSERT INTO {} ({}) SELECT {} FROM {} CROSS JOIN generate_series(1, {}) number").format(
		table(doctype),
		SQL(", ").join(map(Identifier, columns)),
		SQL(", ").join(values),
		table(doctype),
		SQL(str(INVOICES)),
	)
