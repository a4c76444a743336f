"""What must hold of the documents themselves: invoices, payments, their rows, their names."""

from collections.abc import Iterator

from gigafibre_utils.migration.reconcile.rules import Invariant

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
		"Lines add up to the net, taxes to the tax, both to the total; the same in either currency.",
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
		"Returns alone are below nothing, and what one is against is an invoice of its customer.",
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
		"What a payment allocates is its references' sum, and with the rest what was paid.",
		"""
		WITH reference AS (
			SELECT parent, sum(allocated_amount) AS amount
			FROM public."tabPayment Entry Reference" GROUP BY parent
		)
		SELECT payment.name FROM public."tabPayment Entry" AS payment
		JOIN migrated_voucher AS voucher ON voucher.doctype = 'Payment Entry' AND voucher.name = payment.name
		LEFT JOIN reference ON reference.parent = payment.name
		WHERE total_allocated_amount <> abs(coalesce(reference.amount, 0))
			OR total_allocated_amount + unallocated_amount <> paid_amount
			OR coalesce(difference_amount, 0) <> 0 OR unallocated_amount < 0
			OR (received_amount, base_paid_amount, base_received_amount)
				<> (paid_amount, paid_amount, paid_amount)
		""",
	),
	Invariant(
		"payment_accounts",
		"What is received comes from the receivable, what is paid out goes to it, and nothing else.",
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
		JOIN migrated_voucher AS voucher
			ON voucher.doctype = 'Payment Entry' AND voucher.name = reference.parent
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


def children() -> Iterator[Invariant]:
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
		SELECT prefix, max(substr(name, length(prefix) + 1)::numeric) AS highest
		FROM (
			SELECT name FROM migrated_voucher
			UNION ALL SELECT name FROM public."tabCustomer" WHERE legacy_id <> ''
			UNION ALL SELECT name FROM public."tabIssue" WHERE legacy_id <> ''
		) AS migrated
		CROSS JOIN LATERAL (SELECT rtrim(name, '0123456789') AS prefix) AS called
		WHERE prefix <> name
		GROUP BY 1
	)
	SELECT prefix || highest AS name FROM used
	LEFT JOIN public."tabSeries" AS series ON series.name = prefix
	WHERE prefix <> '' AND coalesce(series.current, 0) < highest
"""
SERIES = Invariant(
	"series", "Every naming series stands past the highest number used: no new document collides.", _SERIES
)
