"""What must hold in ERPNext's ledger, each as one query over the migrated documents that gives who breaks it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.reconcile.reports import complete
from gigafibre_utils.migration.target import rows

NAMED = 10
"""Offenders that are named."""


@dataclass(frozen=True)
class Invariant:
	"""Something that must hold. `offenders` is a query over `migrated_voucher` that names who breaks it."""

	name: str
	rule: str
	offenders: str


@dataclass(frozen=True)
class Checked:
	"""How often an invariant is broken, and by whom first."""

	name: str
	rule: str
	count: int
	offenders: list[str]


# Entries of migrated vouchers in either ledger; those of a voucher that stands are live.
_GL = """
	public."tabGL Entry" AS entry
	JOIN migrated_voucher AS voucher ON voucher.doctype = entry.voucher_type AND voucher.name = entry.voucher_no
"""
_PLE = _GL.replace("tabGL Entry", "tabPayment Ledger Entry")
_GL_SIDES = ("", "_in_account_currency", "_in_transaction_currency", "_in_reporting_currency")


def _balanced() -> str:
	unbalanced = " OR ".join(f"sum(debit{side}) <> sum(credit{side})" for side in _GL_SIDES)
	return (
		f"SELECT voucher_no AS name FROM {_GL} WHERE is_cancelled = 0 GROUP BY voucher_no HAVING {unbalanced}"
	)


GENERAL_LEDGER = (
	Invariant("balanced", "Debit equals credit in every voucher, in each currency: 0.00.", _balanced()),
	Invariant(
		"two_lines",
		"A submitted voucher of any amount has two lines or more.",
		"""
		SELECT voucher.name FROM migrated_voucher AS voucher
		LEFT JOIN public."tabGL Entry" AS entry
			ON entry.voucher_type = voucher.doctype AND entry.voucher_no = voucher.name AND is_cancelled = 0
		WHERE voucher.docstatus = 1
		GROUP BY voucher.doctype, voucher.name, voucher.total
		HAVING count(entry.name) = 1 OR (voucher.total <> 0 AND count(entry.name) = 0)
		""",
	),
	Invariant(
		"one_sided_lines",
		"Each line is a debit or a credit above nothing, never both, never less.",
		f"""
		SELECT entry.name FROM {_GL}
		WHERE least(debit, credit) <> 0 OR greatest(debit, credit) <= 0
		""",
	),
	Invariant(
		"merged",
		"Lines of one account, party, cost centre and voucher are one line.",
		f"""
		SELECT voucher_no AS name FROM {_GL} WHERE is_cancelled = 0
		GROUP BY voucher_no, account, entry.party, cost_center, against_voucher_type, against_voucher
		HAVING count(*) > 1
		""",
	),
	Invariant(
		"accounts",
		"Every account is the voucher's company's own, no group, in use, of the entry's currency.",
		f"""
		SELECT entry.name FROM {_GL}
		LEFT JOIN public."tabAccount" AS account ON account.name = entry.account
		WHERE account.name IS NULL OR account.is_group = 1 OR account.disabled = 1
			OR account.company <> voucher.company OR entry.company <> voucher.company
			OR coalesce(account.account_currency, '') NOT IN ('', entry.account_currency)
		""",
	),
	Invariant(
		"cost_centres",
		"Every cost centre is the company's own, and no group.",
		f"""
		SELECT entry.name FROM {_GL}
		LEFT JOIN public."tabCost Center" AS centre ON centre.name = entry.cost_center
		WHERE centre.name IS NULL OR centre.is_group = 1 OR centre.company <> voucher.company
		""",
	),
	Invariant(
		"dates",
		"Every entry of both ledgers is dated as its voucher.",
		f"""
		SELECT entry.name FROM {_GL} WHERE entry.posting_date IS DISTINCT FROM voucher.posting_date
		UNION ALL
		SELECT entry.name FROM {_PLE} WHERE entry.posting_date IS DISTINCT FROM voucher.posting_date
		""",
	),
	Invariant(
		"fiscal_years",
		"The fiscal year of every entry is one in which its date lies.",
		f"""
		SELECT entry.name FROM {_GL}
		LEFT JOIN public."tabFiscal Year" AS year ON year.name = entry.fiscal_year AND year.disabled = 0
		WHERE entry.posting_date BETWEEN year.year_start_date AND year.year_end_date IS NOT TRUE
		""",
	),
	Invariant(
		"receivable_lines",
		"A live receivable line names its customer, as its voucher does, and what it stands against.",
		f"""
		SELECT entry.name FROM {_GL}
		JOIN public."tabAccount" AS account ON account.name = entry.account
		WHERE entry.is_cancelled = 0 AND account.account_type = 'Receivable' AND (
			entry.party_type IS DISTINCT FROM 'Customer' OR entry.party IS DISTINCT FROM voucher.party
			OR coalesce(against_voucher_type, '') = '' OR coalesce(against_voucher, '') = ''
		)
		""",
	),
	Invariant(
		"other_lines",
		"No other line names a customer.",
		f"""
		SELECT entry.name FROM {_GL}
		JOIN public."tabAccount" AS account ON account.name = entry.account
		WHERE account.account_type IS DISTINCT FROM 'Receivable' AND coalesce(entry.party, '') <> ''
		""",
	),
	Invariant(
		"taxes_booked",
		"What an invoice's taxes come to on an account is what the ledger has there.",
		"""
		WITH billed AS (
			SELECT tax.parent AS name, tax.account_head AS account, sum(tax.base_tax_amount) AS amount
			FROM public."tabSales Taxes and Charges" AS tax
			JOIN migrated_voucher AS voucher
				ON voucher.doctype = tax.parenttype AND voucher.name = tax.parent AND voucher.docstatus = 1
			GROUP BY 1, 2
		)
		SELECT billed.name FROM billed
		LEFT JOIN public."tabGL Entry" AS entry
			ON entry.voucher_type = 'Sales Invoice' AND entry.voucher_no = billed.name
			AND entry.account = billed.account AND is_cancelled = 0
		GROUP BY billed.name, billed.account, billed.amount
		HAVING billed.amount <> coalesce(sum(credit - debit), 0)
		""",
	),
)

RECEIVABLE = (
	Invariant(
		"payment_ledger",
		"There is one Payment Ledger Entry for each receivable line, with its sign.",
		f"""
		SELECT coalesce(line.voucher_no, entry.voucher_no) AS name
		FROM (
			SELECT voucher_type, voucher_no, against_voucher, sum(debit - credit) AS amount, count(*) AS lines
			FROM {_GL} WHERE is_cancelled = 0 AND entry.party_type = 'Customer' GROUP BY 1, 2, 3
		) AS line
		FULL JOIN (
			SELECT voucher_type, voucher_no, against_voucher_no, sum(amount) AS amount, count(*) AS lines
			FROM {_PLE} WHERE delinked = 0 GROUP BY 1, 2, 3
		) AS entry
			ON entry.voucher_type = line.voucher_type AND entry.voucher_no = line.voucher_no
			AND entry.against_voucher_no = line.against_voucher
		WHERE (line.amount, line.lines) IS DISTINCT FROM (entry.amount, entry.lines)
		""",
	),
	Invariant(
		"both_currencies",
		"In the Payment Ledger an amount is the same in either currency.",
		f"SELECT entry.name FROM {_PLE} WHERE amount <> amount_in_account_currency",
	),
	Invariant(
		"outstanding",
		"What is outstanding on an invoice is the sum of its Payment Ledger Entries.",
		"""
		SELECT voucher.name FROM migrated_voucher AS voucher
		LEFT JOIN public."tabPayment Ledger Entry" AS entry
			ON entry.against_voucher_type = 'Sales Invoice' AND entry.against_voucher_no = voucher.name
			AND entry.delinked = 0
		WHERE voucher.doctype = 'Sales Invoice' AND voucher.docstatus = 1
		GROUP BY voucher.name, voucher.outstanding
		HAVING voucher.outstanding <> coalesce(sum(entry.amount_in_account_currency), 0)
		""",
	),
	Invariant(
		"no_stranger",
		"What stands against an invoice is of the invoice's customer, and the invoice is there.",
		f"""
		SELECT entry.name FROM {_PLE}
		LEFT JOIN public."tabSales Invoice" AS invoice ON invoice.name = entry.against_voucher_no
		WHERE entry.against_voucher_type = 'Sales Invoice' AND entry.delinked = 0
			AND (invoice.docstatus IS DISTINCT FROM 1 OR invoice.customer <> entry.party)
		""",
	),
	Invariant(
		"cancelled",
		"Of a cancelled voucher every line stands twice, mirrored, and neither counts.",
		f"""
		SELECT voucher_no AS name FROM {_GL} WHERE voucher.docstatus = 2
		GROUP BY voucher_no, account HAVING sum(debit) <> sum(credit) OR min(is_cancelled) = 0
		UNION ALL
		SELECT voucher_no FROM {_PLE} WHERE voucher.docstatus = 2
		GROUP BY voucher_no HAVING sum(amount) <> 0 OR min(delinked) = 0
		""",
	),
	Invariant(
		"drafts",
		"A draft has nothing in the ledgers.",
		f"""
		SELECT voucher_no AS name FROM {_GL} WHERE voucher.docstatus = 0
		UNION ALL SELECT voucher_no FROM {_PLE} WHERE voucher.docstatus = 0
		""",
	),
)

# Of an invoice whose last day lies behind `as_of` something is overdue. ERPNext: `SalesInvoice.set_status`.
_STATUS = """
	SELECT invoice.name FROM public."tabSales Invoice" AS invoice
	JOIN migrated_voucher AS voucher ON voucher.doctype = 'Sales Invoice' AND voucher.name = invoice.name
	LEFT JOIN (
		SELECT DISTINCT return_against AS name FROM public."tabSales Invoice"
		WHERE is_return = 1 AND docstatus = 1 AND return_against <> ''
	) AS credited ON credited.name = invoice.name
	WHERE invoice.status IS DISTINCT FROM CASE
		WHEN invoice.docstatus = 2 THEN 'Cancelled'
		WHEN invoice.docstatus = 0 THEN 'Draft'
		WHEN outstanding_amount > 0 AND due_date < {as_of} THEN 'Overdue'
		WHEN outstanding_amount > 0 AND outstanding_amount < voucher.total THEN 'Partly Paid'
		WHEN outstanding_amount > 0 THEN 'Unpaid'
		WHEN is_return = 1 THEN 'Return'
		WHEN credited.name IS NOT NULL THEN 'Credit Note Issued'
		ELSE 'Paid'
	END
"""

DOCUMENTS = (
	Invariant("status", "An invoice's status follows from what is outstanding and when it is due.", _STATUS),
	Invariant(
		"legacy_ids",
		"No legacy document is there twice.",
		"SELECT min(name) AS name FROM migrated_voucher GROUP BY doctype, legacy_id HAVING count(*) > 1",
	),
	Invariant(
		"one_company",
		"All that was migrated is in the books of one company.",
		"SELECT name FROM migrated_voucher WHERE company <> (SELECT mode() WITHIN GROUP (ORDER BY company) "
		"FROM migrated_voucher)",
	),
	Invariant(
		"customers",
		"Every voucher's customer is there, under the name that the voucher has.",
		"""
		SELECT voucher.name FROM migrated_voucher AS voucher
		LEFT JOIN public."tabCustomer" AS customer ON customer.name = voucher.party
		LEFT JOIN public."tabSales Invoice" AS invoice
			ON voucher.doctype = 'Sales Invoice' AND invoice.name = voucher.name
		WHERE customer.name IS NULL OR invoice.customer_name <> customer.customer_name
		""",
	),
	Invariant(
		"invoice_adds_up",
		"Lines add up to the net, taxes to the tax, both with the rounding to what is owed; in either currency.",
		"""
		WITH line AS (
			SELECT parent, sum(amount) AS amount, sum(base_net_amount) AS base
			FROM public."tabSales Invoice Item" GROUP BY parent
		),
		tax AS (
			SELECT parent, sum(tax_amount) AS amount FROM public."tabSales Taxes and Charges"
			WHERE parenttype = 'Sales Invoice' GROUP BY parent
		)
		SELECT invoice.name FROM public."tabSales Invoice" AS invoice
		JOIN migrated_voucher AS voucher ON voucher.doctype = 'Sales Invoice' AND voucher.name = invoice.name
		LEFT JOIN line ON line.parent = invoice.name
		LEFT JOIN tax ON tax.parent = invoice.name
		WHERE coalesce(line.amount, 0) <> net_total OR line.base IS DISTINCT FROM base_net_total
			OR coalesce(tax.amount, 0) <> total_taxes_and_charges
			OR net_total + total_taxes_and_charges <> grand_total
			OR (base_grand_total, base_net_total, base_total_taxes_and_charges)
				<> (grand_total, net_total, total_taxes_and_charges)
			OR (disable_rounded_total = 0 AND rounded_total <> grand_total + rounding_adjustment)
			OR (disable_rounded_total = 1 AND rounding_adjustment <> 0)
		""",
	),
	Invariant(
		"schedules",
		"What an invoice is to be paid by comes to what it is for.",
		"""
		SELECT voucher.name FROM migrated_voucher AS voucher
		JOIN public."tabPayment Schedule" AS schedule
			ON schedule.parenttype = voucher.doctype AND schedule.parent = voucher.name
		GROUP BY voucher.name, voucher.total
		HAVING sum(payment_amount) <> voucher.total OR sum(invoice_portion) <> 100
		""",
	),
	Invariant(
		"returns",
		"A return is below nothing, nothing else is, and what it is against is an invoice of the same customer.",
		"""
		SELECT note.name FROM public."tabSales Invoice" AS note
		JOIN migrated_voucher AS voucher ON voucher.doctype = 'Sales Invoice' AND voucher.name = note.name
		LEFT JOIN public."tabSales Invoice" AS original ON original.name = note.return_against
		WHERE (note.is_return = 1) <> (voucher.total < 0)
			OR (note.return_against <> '' AND (
				original.name IS NULL OR original.is_return = 1 OR original.docstatus <> 1
				OR original.customer <> note.customer
			))
		""",
	),
	Invariant(
		"payment_adds_up",
		"Of a payment, what is allocated is its references' sum, and with the rest what was paid, nothing over.",
		"""
		WITH reference AS (
			SELECT parent, sum(allocated_amount) AS amount FROM public."tabPayment Entry Reference" GROUP BY parent
		)
		SELECT payment.name FROM public."tabPayment Entry" AS payment
		JOIN migrated_voucher AS voucher ON voucher.doctype = 'Payment Entry' AND voucher.name = payment.name
		LEFT JOIN reference ON reference.parent = payment.name
		WHERE total_allocated_amount <> abs(coalesce(reference.amount, 0))
			OR total_allocated_amount + unallocated_amount <> paid_amount
			OR coalesce(difference_amount, 0) <> 0 OR unallocated_amount < 0
			OR (paid_amount, paid_amount, paid_amount) <> (received_amount, base_paid_amount, base_received_amount)
		""",
	),
	Invariant(
		"payment_accounts",
		"What is received comes from the receivable, what is paid out goes to it; the other side is another account.",
		"""
		SELECT payment.name FROM public."tabPayment Entry" AS payment
		JOIN migrated_voucher AS voucher ON voucher.doctype = 'Payment Entry' AND voucher.name = payment.name
		LEFT JOIN public."tabAccount" AS source ON source.name = payment.paid_from
		LEFT JOIN public."tabAccount" AS sink ON sink.name = payment.paid_to
		WHERE (payment_type, source.account_type = 'Receivable', sink.account_type = 'Receivable')
			IS DISTINCT FROM ('Receive', true, false)
			AND (payment_type, source.account_type = 'Receivable', sink.account_type = 'Receivable')
			IS DISTINCT FROM ('Pay', false, true)
		""",
	),
	Invariant(
		"references",
		"What a payment refers to is there, submitted, of the same customer, with the total that it names.",
		"""
		SELECT reference.name FROM public."tabPayment Entry Reference" AS reference
		JOIN migrated_voucher AS voucher ON voucher.doctype = 'Payment Entry' AND voucher.name = reference.parent
		LEFT JOIN migrated_voucher AS target
			ON target.doctype = reference.reference_doctype AND target.name = reference.reference_name
		WHERE voucher.docstatus = 1 AND (
			target.docstatus IS DISTINCT FROM 1 OR target.party <> voucher.party
			OR abs(target.total) <> abs(reference.total_amount)
		)
		""",
	),
)

_CHILDREN = (
	("Sales Invoice Item", "Sales Invoice", "items"),
	("Sales Taxes and Charges", "Sales Invoice", "taxes"),
	("Payment Schedule", "Sales Invoice", "payment_schedule"),
	("Payment Entry Reference", "Payment Entry", "references"),
)


def _children() -> Iterator[Invariant]:
	for child, parent, parent_field in _CHILDREN:
		name = child.lower().replace(" ", "_")
		yield Invariant(
			f"rows_of_{name}",
			f"Rows of {child} have their document's docstatus, its field, and idx from 1 without a gap.",
			f"""
			SELECT voucher.name FROM public."tab{child}" AS child
			JOIN migrated_voucher AS voucher ON voucher.name = child.parent AND voucher.doctype = '{parent}'
			GROUP BY voucher.name, voucher.docstatus
			HAVING min(child.docstatus) <> voucher.docstatus OR max(child.docstatus) <> voucher.docstatus
				OR min(child.idx) <> 1 OR max(child.idx) <> count(*) OR count(DISTINCT child.idx) <> count(*)
				OR bool_or(child.parentfield IS DISTINCT FROM '{parent_field}')
				OR bool_or(child.parenttype IS DISTINCT FROM '{parent}')
			""",
		)


# Names are of a series where they end in digits; what stands before them is its prefix.
_SERIES = """
	WITH used AS (
		SELECT substring(name FROM '^(.*?)[0-9]+$') AS prefix, max(substring(name FROM '[0-9]+$')::numeric) AS highest
		FROM (
			SELECT name FROM migrated_voucher
			UNION ALL SELECT name FROM public."tabCustomer" WHERE legacy_id <> ''
			UNION ALL SELECT name FROM public."tabIssue" WHERE legacy_id <> ''
		) AS migrated
		GROUP BY 1
	)
	SELECT prefix || highest AS name FROM used
	LEFT JOIN public."tabSeries" AS series ON series.name = prefix
	WHERE prefix <> '' AND coalesce(series.current, 0) < highest
"""
SERIES = Invariant(
	"series", "Every naming series stands past the highest number used: no new document collides.", _SERIES
)


def check(connection: Connection, as_of: date) -> list[Checked]:
	"""Check them all; `migrated_voucher` must be there. `as_of` is the day by which an invoice is overdue."""
	every = (
		*GENERAL_LEDGER,
		*RECEIVABLE,
		*DOCUMENTS,
		*_children(),
		SERIES,
		*(Invariant(*told) for told in complete(_GL, _PLE)),
	)
	return [_checked(connection, invariant, as_of) for invariant in every]


def _checked(connection: Connection, invariant: Invariant, as_of: date) -> Checked:
	offenders = invariant.offenders.replace("{as_of}", f"DATE '{as_of.isoformat()}'")
	query = f"""
		SELECT count(*), coalesce((array_agg(DISTINCT name::text ORDER BY name::text))[1:{NAMED}], '{{}}')
		FROM ({offenders}) AS offender
	"""
	((count, named),) = rows(connection, query)
	return Checked(invariant.name, invariant.rule, count, named)
