-- What is owed on migrated invoices, by the Payment Ledger, and the status that follows. Touches only those that are
-- wrong. ERPNext: `accounts.utils.update_voucher_outstanding`, `SalesInvoice.set_status`.

WITH owed AS (
	SELECT against_voucher_no AS name, sum(amount_in_account_currency) AS outstanding
	FROM "tabPayment Ledger Entry"
	WHERE delinked = 0 AND against_voucher_type = 'Sales Invoice'
	GROUP BY against_voucher_no
),
credited AS (
	SELECT DISTINCT return_against AS name FROM "tabSales Invoice"
	WHERE is_return = 1 AND docstatus = 1 AND return_against <> ''
),
right_ones AS (
	SELECT
		invoice.name,
		coalesce(owed.outstanding, 0) AS outstanding,
		CASE
			WHEN owed.outstanding > 0 AND due_date < as_of THEN 'Overdue'
			WHEN owed.outstanding > 0 AND owed.outstanding < coalesce(nullif(rounded_total, 0), grand_total)
				THEN 'Partly Paid'
			WHEN owed.outstanding > 0 THEN 'Unpaid'
			WHEN is_return = 1 THEN 'Return'
			WHEN credited.name IS NOT NULL THEN 'Credit Note Issued'
			ELSE 'Paid'
		END AS status
	FROM "tabSales Invoice" AS invoice
	CROSS JOIN books
	LEFT JOIN owed ON owed.name = invoice.name
	LEFT JOIN credited ON credited.name = invoice.name
	WHERE invoice.docstatus = 1 AND invoice.legacy_id <> '' AND invoice.company = books.company
)
UPDATE "tabSales Invoice" AS invoice
SET outstanding_amount = right_ones.outstanding, status = right_ones.status
FROM right_ones
WHERE right_ones.name = invoice.name
	AND (invoice.outstanding_amount, invoice.status) IS DISTINCT FROM (right_ones.outstanding, right_ones.status);
