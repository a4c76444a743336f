"""Opening and submitting one invoice of very many, by a fresh site's indexes and by ours."""

import secrets
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from psycopg2.extensions import connection as RawConnection
from psycopg2.sql import SQL, Identifier
from rich.console import Console
from rich.table import Table

from benchmarks.erpnext_indexes import asked, of_a_fresh_site
from benchmarks.volume import INVOICES, LINES, invoice_name, many_invoices
from gigafibre_utils.embedded.database import Connection
from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.postgres.catalogue import Catalogue
from gigafibre_utils.postgres.indexes import create_statement

ROUNDS = 9
OPEN, SUBMIT = "open an invoice", "submit an invoice"
# What the work must reach.
WANTED = {OPEN: 50, SUBMIT: 4}

CHILDREN = {
	"Sales Invoice Item": "items",
	"Sales Taxes and Charges": "taxes",
	"Sales Invoice Advance": "advances",
	"Payment Schedule": "payment_schedule",
}
PARENT = """SELECT * FROM "tabSales Invoice" WHERE name = %(name)s"""
CHILD = """FROM "tab{}" WHERE parent = %(name)s AND parenttype = 'Sales Invoice' AND parentfield = '{}'"""
# ERPNext's `query_for_outstanding`.
OUTSTANDING = """
	WITH vouchers AS (
		SELECT account, party_type, party, voucher_type, voucher_no, sum(amount_in_account_currency) AS amount
		FROM "tabPayment Ledger Entry"
		WHERE delinked = '0' AND voucher_type IN ('Sales Invoice') AND voucher_no IN (%(name)s)
			AND party_type = 'Customer' AND party = %(customer)s AND account = %(debit_to)s
		GROUP BY account, party_type, party, voucher_type, voucher_no
	), outstanding AS (
		SELECT
			account, party_type, party, against_voucher_type AS voucher_type,
			against_voucher_no AS voucher_no, sum(amount_in_account_currency) AS amount
		FROM "tabPayment Ledger Entry"
		WHERE delinked = '0' AND against_voucher_type IN ('Sales Invoice')
			AND against_voucher_no IN (%(name)s)
			AND party_type = 'Customer' AND party = %(customer)s AND account = %(debit_to)s
		GROUP BY account, party_type, party, against_voucher_type, against_voucher_no
	)
	SELECT * FROM vouchers
	LEFT JOIN outstanding USING (account, party_type, party, voucher_type, voucher_no)
"""
SALES_OF_THE_MONTH = """
	SELECT sum(base_grand_total) FROM "tabSales Invoice"
	WHERE docstatus = '1' AND company = %(company)s
		AND posting_date >= date_trunc('month', current_date) AND posting_date <= current_date
"""


@dataclass(frozen=True)
class Invoice:
	"""One invoice's columns, the names of its rows by table, and its rows in the ledgers."""

	values: dict[str, Any]
	children: dict[str, list[str]]
	ledger: dict[str, list[dict[str, Any]]]


def show(running: RunningHost, console: Console) -> None:
	"""Print medians in milliseconds and their ratios, and what making the indexes took."""
	with many_invoices(running) as connection:
		catalogue = Catalogue(connection)
		_have_a_fresh_sites_indexes(connection, catalogue)
		before = _medians(connection)
		started = time.perf_counter()
		made = catalogue.mend(asked())
		seconds = time.perf_counter() - started
		after = _medians(connection)
	title = f"{INVOICES:,} invoices of {LINES} lines; medians of {ROUNDS} rounds"
	table = Table(title=title, show_edge=False)
	for column in ("ms to", "with a fresh site's indexes", "with ours", "ratio", "wanted"):
		table.add_column(column, justify="left" if column == "ms to" else "right")
	for what, wanted in WANTED.items():
		ratio = before[what] / after[what]
		table.add_row(what, f"{before[what]:.1f}", f"{after[what]:.2f}", f"{ratio:.0f} ×", f"≥ {wanted} ×")
	console.print(table)
	console.print(f"{len(made)} indexes made in {seconds:.1f} s, while the tables stayed open to writers")


def _have_a_fresh_sites_indexes(connection: RawConnection, catalogue: Catalogue) -> None:
	with connection.cursor() as cursor:
		for index in catalogue.indexes():
			if not index.is_constraint:
				cursor.execute(SQL("DROP INDEX {}").format(Identifier(index.name)))
		for wish in of_a_fresh_site():
			cursor.execute(create_statement(wish, wish.names[0]))
		cursor.execute("VACUUM ANALYZE")


def _medians(raw: RawConnection) -> dict[str, float]:
	"""What each takes in milliseconds, of invoices picked by chance; a submit is undone."""
	random = Random(115)
	ways: dict[str, Callable[[Connection, Invoice], None]] = {OPEN: _open, SUBMIT: _submit}
	times: dict[str, list[float]] = {way: [] for way in ways}
	raw.autocommit = False
	connection = Connection(raw, lambda raw: None)
	for _ in range(ROUNDS):
		for way, run in ways.items():
			invoice = _invoice(connection, invoice_name(random.randint(1, INVOICES)))
			started = time.perf_counter()
			run(connection, invoice)
			times[way].append((time.perf_counter() - started) * 1000)
			connection.rollback()
	raw.autocommit = True
	return {way: statistics.median(taken) for way, taken in times.items()}


def _invoice(connection: Connection, name: str) -> Invoice:
	key = {"name": name}
	(values,) = connection.run(PARENT, key)
	children = {
		doctype: [row["name"] for row in connection.run(f"SELECT name {CHILD.format(doctype, field)}", key)]
		for doctype, field in CHILDREN.items()
	}
	ledger = {
		doctype: connection.run(f'SELECT * FROM "tab{doctype}" WHERE voucher_no = %(name)s', key)
		for doctype in ("GL Entry", "Payment Ledger Entry")
	}
	return Invoice(values, children, ledger)


def _open(connection: Connection, invoice: Invoice, lock: str = "") -> None:
	"""What `frappe.get_doc` sends."""
	connection.run(PARENT + lock, invoice.values)
	for doctype, field in CHILDREN.items():
		connection.run(f"SELECT * {CHILD.format(doctype, field)} ORDER BY idx{lock}", invoice.values)


def _submit(connection: Connection, invoice: Invoice) -> None:
	"""What ERPNext sends to these tables, in its order."""
	_open(connection, invoice, " FOR UPDATE")
	_update(connection, "Sales Invoice", "docstatus = 1, modified = now()", [invoice.values["name"]])
	for doctype, field in CHILDREN.items():
		_delete_others(connection, invoice, doctype, field)
		_update(connection, doctype, "docstatus = 1, modified = now()", invoice.children[doctype])
	_insert(connection, invoice, "Payment Ledger Entry")
	connection.run(OUTSTANDING, invoice.values)
	_update(connection, "Sales Invoice", "outstanding_amount = grand_total", [invoice.values["name"]])
	schedule = CHILD.format("Payment Schedule", "payment_schedule")
	connection.run(f"SELECT * {schedule} ORDER BY idx", invoice.values)
	_open(connection, invoice, " FOR UPDATE")
	_open(connection, invoice)
	_update(connection, "Sales Invoice", "status = 'Unpaid'", [invoice.values["name"]])
	_insert(connection, invoice, "GL Entry")
	connection.run(SALES_OF_THE_MONTH, invoice.values)


def _update(connection: Connection, doctype: str, values: str, names: list[str]) -> None:
	for name in names:
		connection.run(f'UPDATE "tab{doctype}" SET {values} WHERE name = %s', [name])


def _delete_others(connection: Connection, invoice: Invoice, doctype: str, field: str) -> None:
	kept = tuple(invoice.children[doctype])
	others = " AND name NOT IN %(kept)s" if kept else ""
	connection.run(f"DELETE {CHILD.format(doctype, field)}{others}", invoice.values | {"kept": kept})


def _insert(connection: Connection, invoice: Invoice, doctype: str) -> None:
	for row in invoice.ledger[doctype]:
		connection.insert(doctype, [row | {"name": secrets.token_hex(5)}])
