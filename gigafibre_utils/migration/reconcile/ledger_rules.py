"""What must hold in ERPNext's two ledgers."""

from gigafibre_utils.migration.reconcile.rules import Invariant, OfEach, Rows

# Entries of migrated vouchers in either ledger; those of a voucher that stands are live.
GL = """
	public."tabGL Entry" AS entry
	JOIN migrated_voucher AS voucher
		ON voucher.doctype = entry.voucher_type AND voucher.name = entry.voucher_no
"""
PLE = GL.replace("tabGL Entry", "tabPayment Ledger Entry")
# Of a table of an invoice's lines: the account that each names, and its amount.
_BOOKED = """
	WITH billed AS (
		SELECT line.parent AS name, line.{1} AS account, sum(line.{2}) AS amount
		FROM public."tab{0}" AS line
		JOIN migrated_voucher AS voucher
			ON voucher.doctype = line.parenttype AND voucher.name = line.parent AND voucher.docstatus = 1
		GROUP BY 1, 2
	)
	SELECT billed.name FROM billed
	LEFT JOIN public."tabGL Entry" AS entry
		ON entry.voucher_type = 'Sales Invoice' AND entry.voucher_no = billed.name
		AND entry.account = billed.account AND is_cancelled = 0
	GROUP BY billed.name, billed.account, billed.amount
	HAVING billed.amount <> coalesce(sum(credit - debit), 0)
"""
_SIDES = ("", "_in_account_currency", "_in_transaction_currency", "_in_reporting_currency")
_UNBALANCED = " OR ".join(f"sum(debit{side}) <> sum(credit{side})" for side in _SIDES)

VOUCHERS = Rows(
	f"""(
		SELECT voucher.name, voucher.docstatus, total, count(entry.name) AS lines,
			{_UNBALANCED} AS is_unbalanced
		FROM migrated_voucher AS voucher
		LEFT JOIN public."tabGL Entry" AS entry
			ON entry.voucher_type = doctype AND entry.voucher_no = voucher.name AND is_cancelled = 0
		GROUP BY doctype, voucher.name
	) AS voucher""",
	"name",
	(
		OfEach("balanced", "Debit equals credit in every voucher, in each currency: 0.00.", "is_unbalanced"),
		OfEach(
			"two_lines",
			"A submitted voucher of any amount has two lines or more.",
			"docstatus = 1 AND (lines = 1 OR (total <> 0 AND lines = 0))",
		),
	),
)
ENTRIES = Rows(
	f"""
	{GL}
	LEFT JOIN public."tabAccount" AS account ON account.name = entry.account
	LEFT JOIN public."tabCost Center" AS centre ON centre.name = entry.cost_center
	LEFT JOIN public."tabFiscal Year" AS year ON year.name = entry.fiscal_year AND year.disabled = 0
	""",
	"entry.name",
	(
		OfEach(
			"one_sided_lines",
			"Each line is a debit or a credit above nothing, never both, never less.",
			"least(debit, credit) <> 0 OR greatest(debit, credit) <= 0",
		),
		OfEach(
			"accounts",
			"Every account is the voucher's company's own, no group, in use, of the entry's currency.",
			"""
			account.name IS NULL OR account.is_group = 1 OR account.disabled = 1
			OR account.company <> voucher.company OR entry.company <> voucher.company
			OR coalesce(account.account_currency, '') NOT IN ('', entry.account_currency)
			""",
		),
		OfEach(
			"cost_centres",
			"Every cost centre is the company's own, and no group.",
			"centre.name IS NULL OR centre.is_group = 1 OR centre.company <> voucher.company",
		),
		OfEach(
			"fiscal_years",
			"The fiscal year of every entry is one in which its date lies.",
			"entry.posting_date BETWEEN year.year_start_date AND year.year_end_date IS NOT TRUE",
		),
		OfEach(
			"receivable_lines",
			"A live receivable line names its customer, as its voucher does, and what it stands against.",
			"""
			entry.is_cancelled = 0 AND account.account_type = 'Receivable' AND (
				entry.party_type IS DISTINCT FROM 'Customer' OR entry.party IS DISTINCT FROM voucher.party
				OR coalesce(against_voucher_type, '') = '' OR coalesce(against_voucher, '') = ''
			)
			""",
		),
		OfEach(
			"other_lines",
			"No other line names a customer.",
			"account.account_type IS DISTINCT FROM 'Receivable' AND coalesce(entry.party, '') <> ''",
		),
	),
)

GENERAL_LEDGER = (
	Invariant(
		"merged",
		"Lines of one account, party, cost centre and voucher are one line.",
		f"""
		SELECT voucher_no AS name FROM {GL} WHERE is_cancelled = 0
		GROUP BY voucher_no, account, entry.party, cost_center, against_voucher_type, against_voucher
		HAVING count(*) > 1
		""",
	),
	Invariant(
		"dates",
		"Every entry of both ledgers is dated as its voucher.",
		f"""
		SELECT entry.name FROM {GL} WHERE entry.posting_date IS DISTINCT FROM voucher.posting_date
		UNION ALL
		SELECT entry.name FROM {PLE} WHERE entry.posting_date IS DISTINCT FROM voucher.posting_date
		""",
	),
	Invariant(
		"taxes_booked",
		"What an invoice's taxes come to on an account is what the ledger has there.",
		_BOOKED.format("Sales Taxes and Charges", "account_head", "base_tax_amount"),
	),
	Invariant(
		"tax_accounts",
		"A tax is booked to one account alone.",
		"""
		SELECT min(voucher.name) AS name FROM public."tabSales Taxes and Charges" AS tax
		JOIN migrated_voucher AS voucher ON voucher.doctype = tax.parenttype AND voucher.name = tax.parent
		GROUP BY description HAVING count(DISTINCT account_head) > 1
		""",
	),
	Invariant(
		"income_booked",
		"What an invoice's lines come to on an account is what the ledger has there.",
		_BOOKED.format("Sales Invoice Item", "income_account", "base_net_amount"),
	),
	Invariant(
		"bank_booked",
		"What a payment moved is what the ledger has on its bank's account.",
		"""
		SELECT payment.name FROM public."tabPayment Entry" AS payment
		JOIN migrated_voucher AS voucher ON voucher.doctype = 'Payment Entry' AND voucher.name = payment.name
		LEFT JOIN public."tabGL Entry" AS entry
			ON entry.voucher_type = 'Payment Entry' AND entry.voucher_no = payment.name AND is_cancelled = 0
			AND entry.account = CASE payment_type WHEN 'Pay' THEN paid_from ELSE paid_to END
		WHERE payment.docstatus = 1
		GROUP BY payment.name, payment_type, base_paid_amount
		HAVING coalesce(sum(debit - credit), 0)
			<> CASE payment_type WHEN 'Pay' THEN -base_paid_amount ELSE base_paid_amount END
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
			FROM {GL} WHERE is_cancelled = 0 AND entry.party_type = 'Customer' GROUP BY 1, 2, 3
		) AS line
		FULL JOIN (
			SELECT voucher_type, voucher_no, against_voucher_no, sum(amount) AS amount, count(*) AS lines
			FROM {PLE} WHERE delinked = 0 GROUP BY 1, 2, 3
		) AS entry
			ON entry.voucher_type = line.voucher_type AND entry.voucher_no = line.voucher_no
			AND entry.against_voucher_no = line.against_voucher
		WHERE (line.amount, line.lines) IS DISTINCT FROM (entry.amount, entry.lines)
		""",
	),
	Invariant(
		"both_currencies",
		"In the Payment Ledger an amount is the same in either currency.",
		f"SELECT entry.name FROM {PLE} WHERE amount <> amount_in_account_currency",
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
		SELECT entry.name FROM {PLE}
		LEFT JOIN public."tabSales Invoice" AS invoice ON invoice.name = entry.against_voucher_no
		WHERE entry.against_voucher_type = 'Sales Invoice' AND entry.delinked = 0
			AND (invoice.docstatus IS DISTINCT FROM 1 OR invoice.customer <> entry.party)
		""",
	),
	Invariant(
		"cancelled",
		"Of a cancelled voucher every line stands twice, mirrored, and neither counts.",
		f"""
		SELECT voucher_no AS name FROM {GL} WHERE voucher.docstatus = 2
		GROUP BY voucher_no, account HAVING sum(debit) <> sum(credit) OR min(is_cancelled) = 0
		UNION ALL
		SELECT voucher_no FROM {PLE} WHERE voucher.docstatus = 2
		GROUP BY voucher_no HAVING sum(amount) <> 0 OR min(delinked) = 0
		""",
	),
	Invariant(
		"drafts",
		"A draft has nothing in the ledgers.",
		f"""
		SELECT voucher_no AS name FROM {GL} WHERE voucher.docstatus = 0
		UNION ALL SELECT voucher_no FROM {PLE} WHERE voucher.docstatus = 0
		""",
	),
)
