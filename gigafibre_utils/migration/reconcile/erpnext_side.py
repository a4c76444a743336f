"""ERPNext's side, by its own tables alone: what stands there of documents that have a legacy id."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.reconcile.figures import UNDATED, Tally
from gigafibre_utils.migration.reconcile.legacy_side import DRAFT, NEVER_RECEIVED, VOID, Apart, Rejected
from gigafibre_utils.migration.target import one, rows

# Every migrated voucher; `total` is what it adds to what its customer owes.
_VOUCHERS = """
	CREATE TEMP TABLE migrated_voucher AS
	SELECT
		'Sales Invoice' AS doctype,
		invoice.name,
		invoice.legacy_id,
		invoice.docstatus,
		invoice.company,
		invoice.posting_date,
		CASE WHEN invoice.legacy_id = ANY (%(invoices)s) THEN %(undated)s
			ELSE extract(year FROM invoice.posting_date)::text END AS year,
		invoice.customer AS party,
		coalesce(customer.legacy_id, '') AS customer,
		invoice.grand_total + coalesce(invoice.rounding_adjustment, 0) AS total,
		invoice.outstanding_amount AS outstanding
	FROM public."tabSales Invoice" AS invoice
	LEFT JOIN public."tabCustomer" AS customer ON customer.name = invoice.customer
	WHERE invoice.legacy_id <> ''
	UNION ALL
	SELECT
		'Payment Entry',
		payment.name,
		payment.legacy_id,
		payment.docstatus,
		payment.company,
		payment.posting_date,
		CASE WHEN payment.legacy_id = ANY (%(payments)s) THEN %(undated)s
			ELSE extract(year FROM payment.posting_date)::text END,
		payment.party,
		coalesce(customer.legacy_id, ''),
		CASE payment.payment_type WHEN 'Pay' THEN payment.paid_amount ELSE -payment.paid_amount END,
		NULL
	FROM public."tabPayment Entry" AS payment
	LEFT JOIN public."tabCustomer" AS customer ON customer.name = payment.party
	WHERE payment.legacy_id <> ''
"""
_INDEX = "ALTER TABLE migrated_voucher ADD PRIMARY KEY (doctype, name)"
_TOTALS = """
	SELECT doctype, customer, year, count(*), sum(total) FROM migrated_voucher
	WHERE docstatus = 1 AND posting_date >= %s GROUP BY doctype, customer, year
"""
_TAXES = """
	SELECT voucher.customer, voucher.year, tax.description, coalesce(tax.rate, 0), sum(tax.tax_amount)
	FROM public."tabSales Taxes and Charges" AS tax
	JOIN migrated_voucher AS voucher ON voucher.doctype = tax.parenttype AND voucher.name = tax.parent
	WHERE voucher.docstatus = 1 AND voucher.posting_date >= %s
	GROUP BY 1, 2, 3, 4
"""
_OWED = """
	SELECT coalesce(customer.legacy_id, ''), voucher.year, sum(entry.amount_in_account_currency)
	FROM public."tabPayment Ledger Entry" AS entry
	JOIN migrated_voucher AS voucher
		ON voucher.doctype = entry.voucher_type AND voucher.name = entry.voucher_no
	LEFT JOIN public."tabCustomer" AS customer ON customer.name = entry.party
	WHERE entry.delinked = 0 AND entry.account_type = 'Receivable' AND voucher.posting_date >= %s
	GROUP BY 1, 2
"""
_APART = """
	SELECT doctype, docstatus, count(*), sum(CASE doctype WHEN 'Sales Invoice' THEN total ELSE -total END)
	FROM migrated_voucher WHERE docstatus <> 1 AND posting_date >= %s GROUP BY doctype, docstatus
"""
_KINDS = {("Sales Invoice", 2): VOID, ("Sales Invoice", 0): DRAFT, ("Payment Entry", 2): NEVER_RECEIVED}
_REJECTED = """
	SELECT DISTINCT finding.legacy_id::bigint
	FROM public."tabMigration Finding" AS finding
	JOIN public."tabMigration Run" AS run ON run.name = finding.run
	WHERE finding.outcome = 'Rejected' AND finding.legacy_table = %s AND run.status <> 'Undone'
		AND NOT EXISTS (
			SELECT FROM {} AS there WHERE there.legacy_id = finding.legacy_id::text
		)
"""
# It is the same in every run.
_SINCE = """
	SELECT max(run.arguments::jsonb ->> 'since') FROM public."tabMigration Run Step" AS step
	JOIN public."tabMigration Run" AS run ON run.name = step.parent
	WHERE step.step = 'import_payments' AND step.status = 'Done' AND run.status <> 'Undone'
"""


@dataclass
class ErpnextSide:
	"""What ERPNext says."""

	tally: Tally
	apart: dict[str, Apart]


def rejected(connection: Connection) -> Rejected:
	"""Legacy invoices and payments that a finding says were left out, and that are not there."""
	return Rejected(
		*(
			{id_ for (id_,) in rows(connection, _REJECTED.format(f'public."{table}"'), legacy_table)}
			for legacy_table, table in (("invoice", "tabSales Invoice"), ("payment", "tabPayment Entry"))
		)
	)


def payments_since(connection: Connection) -> date | None:
	"""The first day of the payments that were brought in, and of the invoices that they pay; None for all."""
	since = one(connection, _SINCE)
	return date.fromisoformat(since) if since else None


@contextmanager
def vouchers(connection: Connection, invoices: Iterable[int], payments: Iterable[int]) -> Iterator[None]:
	"""The temporary table `migrated_voucher`, in which the documents with these legacy ids are undated."""
	values = {
		"invoices": [str(id_) for id_ in invoices],
		"payments": [str(id_) for id_ in payments],
		"undated": UNDATED,
	}
	with connection.cursor() as cursor:
		cursor.execute("DROP TABLE IF EXISTS pg_temp.migrated_voucher")
		cursor.execute(_VOUCHERS, values)
		cursor.execute(_INDEX)
		cursor.execute("ANALYZE migrated_voucher")
		yield
		cursor.execute("DROP TABLE migrated_voucher")


def read(connection: Connection, since: date | None) -> ErpnextSide:
	"""Add up the vouchers dated on or after."""
	tally, first = Tally(), since or date.min
	for doctype, customer, year, count, total in rows(connection, _TOTALS, first):
		if doctype == "Sales Invoice":
			tally.add(customer, year, invoices=Decimal(count), billed=total)
		else:
			tally.add(customer, year, payments=Decimal(count), paid=-total)
	for tax in rows(connection, _TAXES, first):
		tally.tax(*tax)
	for customer, year, owed in rows(connection, _OWED, first):
		tally.add(customer, year, owed=owed)
	apart = {
		_KINDS.get((doctype, docstatus), "payments in draft"): Apart(count, amount)
		for doctype, docstatus, count, amount in rows(connection, _APART, first)
	}
	return ErpnextSide(tally, apart)
