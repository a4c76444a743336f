"""What must be true of migrated documents in ERPNext's tables, each told by one query for what breaks it."""

from dataclasses import dataclass

from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.target import rows

SHOWN = 10

_VOUCHERS = """
	(SELECT 'Sales Invoice' AS doctype, name FROM public."tabSales Invoice" WHERE legacy_id <> ''
	UNION ALL SELECT 'Payment Entry', name FROM public."tabPayment Entry" WHERE legacy_id <> '') voucher
"""
_CHILDREN = {
	"tabSales Invoice Item": ("tabSales Invoice", "items"),
	"tabSales Taxes and Charges": ("tabSales Invoice", "taxes"),
	"tabPayment Schedule": ("tabSales Invoice", "payment_schedule"),
	"tabPayment Entry Reference": ("tabPayment Entry", "references"),
}
# What Accounts Receivable, General Ledger, Trial Balance and Customer Ledger Summary read of a row.
_READ = {
	"tabGL Entry": "posting_date fiscal_year account account_currency voucher_type voucher_no company against is_opening "
	"cost_center transaction_currency",
	"tabPayment Ledger Entry": "posting_date account account_type account_currency party_type party voucher_type "
	"voucher_no company against_voucher_type against_voucher_no",
	"tabSales Invoice": "posting_date due_date customer customer_name customer_group territory currency conversion_rate "
	"debit_to party_account_currency status company base_grand_total base_net_total",
	"tabPayment Entry": "posting_date party party_name party_type payment_type paid_from paid_to mode_of_payment "
	"reference_no reference_date company status paid_from_account_currency paid_to_account_currency",
}


@dataclass(frozen=True)
class Invariant:
	"""A rule, and a query for the names of what breaks it."""

	rule: str
	query: str


@dataclass(frozen=True)
class Checked:
	"""A rule, how many break it, and some of them by name."""

	rule: str
	broken: int
	names: list[str]


def invariants() -> list[Invariant]:
	"""All of them."""
	return [*_LEDGER, *_documents(), *_children(), *_columns()]


def check(connection: Connection) -> list[Checked]:
	"""Try every rule."""
	found = []
	for invariant in invariants():
		query = f"WITH broken AS ({invariant.query}) SELECT count(*) OVER (), name FROM broken ORDER BY name LIMIT {SHOWN}"
		offenders = rows(connection, query)
		broken = offenders[0][0] if offenders else 0
		found.append(Checked(invariant.rule, broken, [name for _, name in offenders]))
	return found


_LEDGER = (
	Invariant(
		"Every voucher's GL Entries balance to the cent",
		f"""
			SELECT gl.voucher_no AS name FROM public."tabGL Entry" gl
			JOIN {_VOUCHERS} ON voucher.name = gl.voucher_no AND voucher.doctype = gl.voucher_type
			GROUP BY gl.voucher_no HAVING sum(gl.debit) <> sum(gl.credit)
		""",
	),
	Invariant(
		"A GL Entry has one side, and an amount above nothing",
		"""
			SELECT name FROM public."tabGL Entry"
			WHERE name LIKE 'LG-%' AND (debit < 0 OR credit < 0 OR (debit = 0) = (credit = 0))
		""",
	),
	Invariant(
		"Amounts of a GL Entry are the same in every currency it is kept in",
		"""
			SELECT name FROM public."tabGL Entry" WHERE name LIKE 'LG-%' AND (
				debit <> debit_in_account_currency OR debit <> debit_in_transaction_currency
				OR debit <> debit_in_reporting_currency OR credit <> credit_in_account_currency
				OR credit <> credit_in_transaction_currency OR credit <> credit_in_reporting_currency
			)
		""",
	),
	Invariant(
		"A submitted voucher of any amount has two GL Entries at least",
		"""
			SELECT doc.name FROM (
				SELECT name FROM public."tabSales Invoice"
				WHERE legacy_id <> '' AND docstatus = 1 AND (grand_total <> 0 OR net_total <> 0)
				UNION ALL SELECT name FROM public."tabPayment Entry" WHERE legacy_id <> '' AND docstatus = 1
			) doc LEFT JOIN public."tabGL Entry" gl ON gl.voucher_no = doc.name AND gl.is_cancelled = 0
			GROUP BY doc.name HAVING count(gl.name) < 2
		""",
	),
	Invariant(
		"The receivable by the General Ledger is the Payment Ledger's, voucher by voucher",
		f"""
			SELECT coalesce(gl.voucher_no, ple.voucher_no) AS name FROM (
				SELECT voucher_no, sum(debit - credit) AS amount FROM public."tabGL Entry"
				JOIN {_VOUCHERS} ON voucher.name = voucher_no AND voucher.doctype = voucher_type
				WHERE party_type = 'Customer' AND is_cancelled = 0 GROUP BY voucher_no
			) gl FULL JOIN (
				SELECT voucher_no, sum(amount) AS amount FROM public."tabPayment Ledger Entry"
				JOIN {_VOUCHERS} ON voucher.name = voucher_no AND voucher.doctype = voucher_type
				WHERE delinked = 0 GROUP BY voucher_no
			) ple ON ple.voucher_no = gl.voucher_no
			WHERE coalesce(gl.amount, 0) <> coalesce(ple.amount, 0)
		""",
	),
	Invariant(
		"What an invoice has outstanding is the sum of its Payment Ledger Entries",
		"""
			SELECT doc.name FROM public."tabSales Invoice" doc LEFT JOIN (
				SELECT against_voucher_no, sum(amount_in_account_currency) AS amount
				FROM public."tabPayment Ledger Entry"
				WHERE delinked = 0 AND against_voucher_type = 'Sales Invoice' GROUP BY 1
			) ple ON ple.against_voucher_no = doc.name
			WHERE doc.legacy_id <> '' AND doc.docstatus = 1
				AND doc.outstanding_amount <> coalesce(ple.amount, 0)
		""",
	),
	Invariant(
		"No payment is owed back more than it was",
		"""
			SELECT against_voucher_no AS name FROM public."tabPayment Ledger Entry"
			JOIN public."tabPayment Entry" doc ON doc.name = against_voucher_no
			WHERE against_voucher_type = 'Payment Entry' AND delinked = 0 AND doc.legacy_id <> ''
			GROUP BY 1, payment_type HAVING (sum(amount) > 0) = (payment_type = 'Receive') AND sum(amount) <> 0
		""",
	),
	Invariant(
		"Cancelled vouchers' entries are cancelled and come to nothing; others' are not",
		"""
			SELECT doc.name FROM (
				SELECT name, docstatus FROM public."tabSales Invoice" WHERE legacy_id <> ''
				UNION ALL SELECT name, docstatus FROM public."tabPayment Entry" WHERE legacy_id <> ''
			) doc JOIN public."tabGL Entry" gl ON gl.voucher_no = doc.name
			GROUP BY doc.name, doc.docstatus
			HAVING bool_or((gl.is_cancelled = 1) <> (doc.docstatus = 2))
				OR doc.docstatus = 2 AND sum(gl.debit) <> sum(gl.credit)
		""",
	),
	Invariant(
		"Drafts have no entries in the ledger",
		"""
			SELECT gl.name FROM public."tabGL Entry" gl JOIN public."tabSales Invoice" doc ON doc.name = gl.voucher_no
			WHERE doc.docstatus = 0
		""",
	),
	Invariant(
		"An entry lies in the fiscal year of its date",
		"""
			SELECT gl.name FROM public."tabGL Entry" gl LEFT JOIN public."tabFiscal Year" year
				ON year.name = gl.fiscal_year AND gl.posting_date BETWEEN year_start_date AND year_end_date
			WHERE gl.name LIKE 'LG-%' AND year.name IS NULL
		""",
	),
	Invariant(
		"Accounts are the company's own, and no groups",
		"""
			SELECT gl.name FROM public."tabGL Entry" gl LEFT JOIN public."tabAccount" account
				ON account.name = gl.account AND account.company = gl.company AND account.is_group = 0
			WHERE gl.name LIKE 'LG-%' AND account.name IS NULL
		""",
	),
	Invariant(
		"Parties are customers",
		"""
			SELECT ple.name FROM public."tabPayment Ledger Entry" ple
			LEFT JOIN public."tabCustomer" customer ON customer.name = ple.party
			WHERE ple.name LIKE 'LP-%' AND customer.name IS NULL
		""",
	),
)


def _documents() -> list[Invariant]:
	return [
		Invariant(
			"An invoice's net, taxes and rounding make its total",
			"""
				SELECT name FROM public."tabSales Invoice" WHERE legacy_id <> '' AND (
					grand_total <> net_total + total_taxes_and_charges
					OR rounding_adjustment <> 0 AND rounded_total <> grand_total + rounding_adjustment
					OR base_grand_total <> grand_total OR base_net_total <> net_total
				)
			""",
		),
		Invariant(
			"An invoice's lines make its net, its tax lines its taxes",
			"""
				SELECT doc.name FROM public."tabSales Invoice" doc
				LEFT JOIN (SELECT parent, sum(amount) AS amount FROM public."tabSales Invoice Item" GROUP BY 1) item
					ON item.parent = doc.name
				LEFT JOIN (
					SELECT parent, sum(tax_amount) AS amount FROM public."tabSales Taxes and Charges" GROUP BY 1
				) tax ON tax.parent = doc.name
				WHERE doc.legacy_id <> '' AND (
					coalesce(item.amount, 0) <> doc.net_total
					OR coalesce(tax.amount, 0) <> doc.total_taxes_and_charges
				)
			""",
		),
		Invariant(
			"An invoice's status follows from what is outstanding",
			"""
				SELECT name FROM public."tabSales Invoice" WHERE legacy_id <> '' AND CASE
					WHEN docstatus = 2 THEN status <> 'Cancelled'
					WHEN docstatus = 0 THEN status <> 'Draft'
					WHEN outstanding_amount > 0 THEN status NOT IN ('Unpaid', 'Partly Paid', 'Overdue')
					WHEN is_return = 1 THEN status <> 'Return'
					ELSE status NOT IN ('Paid', 'Credit Note Issued')
				END
			""",
		),
		Invariant(
			"A credit note is below nothing, and reverses an invoice of its own customer",
			"""
				SELECT note.name FROM public."tabSales Invoice" note
				LEFT JOIN public."tabSales Invoice" original ON original.name = note.return_against
				WHERE note.legacy_id <> '' AND (
					(note.is_return = 1) <> (coalesce(nullif(note.rounded_total, 0), note.grand_total) < 0)
					OR note.return_against <> '' AND original.customer IS DISTINCT FROM note.customer
				)
			""",
		),
		Invariant(
			"A payment's allocated and unallocated amounts make what was paid",
			"""
				SELECT doc.name FROM public."tabPayment Entry" doc LEFT JOIN (
					SELECT parent, sum(abs(allocated_amount)) AS amount
					FROM public."tabPayment Entry Reference" GROUP BY 1
				) reference ON reference.parent = doc.name
				WHERE doc.legacy_id <> '' AND doc.docstatus = 1 AND (
					abs(doc.total_allocated_amount) <> coalesce(reference.amount, 0)
					OR doc.paid_amount <> coalesce(reference.amount, 0) + doc.unallocated_amount
					OR doc.difference_amount <> 0
				)
			""",
		),
		Invariant(
			"A naming series stands past the highest number in use",
			"""
				SELECT used.series AS name FROM (
					SELECT left(name, 10) AS series, max(right(name, 7)::bigint) AS highest
					FROM public."tabSales Invoice" WHERE name ~ '^SINV-[0-9]{4}-[0-9]{7}$' GROUP BY 1
					UNION ALL
					SELECT left(name, 9), max(right(name, 7)::bigint)
					FROM public."tabPayment Entry" WHERE name ~ '^PAY-[0-9]{4}-[0-9]{7}$' GROUP BY 1
				) used LEFT JOIN public."tabSeries" series ON series.name = used.series
				WHERE coalesce(series.current, 0) < used.highest
			""",
		),
	]


def _children() -> list[Invariant]:
	return [
		Invariant(
			f"Rows of {child.removeprefix('tab')} are their parent's: numbered from 1, of its status",
			f"""
				SELECT row.parent AS name FROM public."{child}" row JOIN public."{parent}" doc ON doc.name = row.parent
				WHERE doc.legacy_id <> ''
				GROUP BY row.parent HAVING min(row.idx) <> 1 OR max(row.idx) <> count(*)
					OR bool_or(row.parenttype <> '{parent.removeprefix("tab")}' OR row.parentfield <> '{field}')
					OR bool_or(row.docstatus <> doc.docstatus)
			""",
		)
		for child, (parent, field) in _CHILDREN.items()
	]


def _columns() -> list[Invariant]:
	return [
		Invariant(
			f"Every column of {table.removeprefix('tab')} that ERPNext's reports read is filled",
			f"""
				SELECT name FROM public."{table}"
				WHERE {_ours(table)} AND ({" OR ".join(f"nullif({column}::text, '') IS NULL" for column in columns.split())})
			""",
		)
		for table, columns in _READ.items()
	]


def _ours(table: str) -> str:
	return {
		"tabGL Entry": "name LIKE 'LG-%'",
		"tabPayment Ledger Entry": "name LIKE 'LP-%'",
	}.get(table, "legacy_id <> '' AND docstatus = 1")
