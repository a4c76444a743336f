"""ERPNext's books of what was migrated, from its own tables alone."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.reconcile.sums import UNDATED, Side

_YEAR = f"CASE WHEN doc.legacy_id = ANY (%(undated)s) THEN '{UNDATED}' ELSE extract(year FROM doc.posting_date)::text END"
_SCOPE = """
	doc.docstatus = 1 AND doc.legacy_id <> '' AND customer.legacy_id <> ''
	AND (%(since)s IS NULL OR doc.posting_date >= %(since)s AND doc.legacy_id <> ALL (%(undated)s))
"""
_BILLED = f"""
	SELECT customer.legacy_id::int, {_YEAR}, sum(coalesce(nullif(doc.rounded_total, 0), doc.grand_total))
	FROM public."tabSales Invoice" doc JOIN public."tabCustomer" customer ON customer.name = doc.customer
	WHERE {_SCOPE} GROUP BY 1, 2
"""
_TAXED = f"""
	SELECT customer.legacy_id::int, {_YEAR}, tax.description || ' ' || trim_scale(tax.rate),
		sum(tax.tax_amount_after_discount_amount)
	FROM public."tabSales Invoice" doc JOIN public."tabCustomer" customer ON customer.name = doc.customer
	JOIN public."tabSales Taxes and Charges" tax ON tax.parent = doc.name AND tax.parenttype = 'Sales Invoice'
	WHERE {_SCOPE} GROUP BY 1, 2, 3
"""
_PAID = f"""
	SELECT customer.legacy_id::int, {_YEAR},
		sum(CASE doc.payment_type WHEN 'Receive' THEN doc.base_received_amount ELSE -doc.base_paid_amount END)
	FROM public."tabPayment Entry" doc JOIN public."tabCustomer" customer ON customer.name = doc.party
	WHERE {_SCOPE} GROUP BY 1, 2
"""
# What is owed comes from the ledger, not from what was billed and paid.
_OWED = """
	SELECT customer.legacy_id::int, {year}, sum(entry.amount)
	FROM public."tabPayment Ledger Entry" entry
	JOIN public."{table}" doc ON doc.name = entry.voucher_no
	JOIN public."tabCustomer" customer ON customer.name = entry.party
	WHERE entry.voucher_type = '{doctype}' AND entry.delinked = 0 AND {scope} GROUP BY 1, 2
"""


def read(
	connection: Connection,
	undated_invoices: Sequence[str],
	undated_payments: Sequence[str],
	since: date | None = None,
) -> Side:
	"""The site's side. The ids are those of documents whose year the legacy database does not know."""
	invoices = {"undated": list(undated_invoices), "since": since}
	payments = {"undated": list(undated_payments), "since": since}
	side = Side()
	for customer, year, amount in _rows(connection, _BILLED, invoices):
		side.add("billed", customer, year, amount)
	for customer, year, tax, amount in _rows(connection, _TAXED, invoices):
		side.add("taxes", customer, year, amount)
		side.by_tax[tax] += amount
	for customer, year, amount in _rows(connection, _PAID, payments):
		side.add("paid", customer, year, amount)
	for doctype, values in (("Sales Invoice", invoices), ("Payment Entry", payments)):
		query = _OWED.format(year=_YEAR, table=f"tab{doctype}", doctype=doctype, scope=_SCOPE)
		for customer, year, amount in _rows(connection, query, values):
			side.add("owed", customer, year, amount)
	return side


def _rows(connection: Connection, query: str, values: dict[str, Any]) -> Sequence[tuple]:
	with connection.cursor() as cursor:
		cursor.execute(query, values)
		return cursor.fetchall()
