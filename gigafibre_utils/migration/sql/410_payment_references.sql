-- What new payments pay: invoices, as they were allocated, and of a payment that was taken back the one that took it
-- back. ERPNext: `accounts.utils.update_reference_in_payment_entry`, `payment_entry.get_reference_details`.

CREATE TEMP TABLE new_reference ON COMMIT DROP AS
WITH invoice_paid AS (
	SELECT
		'LR-' || padded(allocation.id) AS name,
		payment.id AS payment_id,
		allocation.id AS place,
		'Sales Invoice' AS doctype,
		bill.name AS against,
		bill.due_date,
		NULL AS account_type,
		NULL AS payment_type,
		bill.total,
		bill.total - coalesce(sum(allocation.amount) OVER earlier, 0) AS outstanding,
		allocation.amount
	FROM allocation
	JOIN bill ON bill.id = allocation.invoice_id
	JOIN receipt AS payment ON payment.id = allocation.payment_id
	WINDOW earlier AS (
		PARTITION BY bill.id ORDER BY payment.made_by, payment.created, payment.id, allocation.id
		ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
	)
)
SELECT *, row_number() OVER (PARTITION BY payment_id ORDER BY doctype DESC, place) AS idx
FROM (
	SELECT * FROM invoice_paid
	UNION ALL
	SELECT
		'LR-P' || padded(back.id),
		original.id,
		back.id,
		'Payment Entry',
		back.name,
		NULL,
		'Receivable',
		'Pay',
		back.amount,
		back.against_original,
		back.against_original
	FROM receipt AS back
	JOIN receipt AS original ON original.name = back.counterpart_of
	WHERE back.against_original > 0
) AS reference
WHERE payment_id IN (SELECT id FROM new_payment);

ANALYZE new_reference;

INSERT INTO "tabPayment Entry Reference" (
	name, creation, modified, owner, modified_by, docstatus, idx, parent, parentfield, parenttype,
	reference_doctype, reference_name, due_date, account_type, payment_type, total_amount, outstanding_amount,
	allocated_amount, exchange_rate, account
)
SELECT
	reference.name,
	payment.created,
	payment.created,
	owner,
	owner,
	1,
	idx,
	payment.name,
	'references',
	'Payment Entry',
	doctype,
	reference.against,
	due_date,
	reference.account_type,
	reference.payment_type,
	total,
	outstanding,
	reference.amount,
	1,
	receivable
FROM new_reference AS reference
JOIN new_payment AS payment ON payment.id = payment_id
CROSS JOIN books
ORDER BY reference.name;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT
	CASE WHEN refusal.accepted > 0 OR reason = 'taken_back' THEN 'Repaired' ELSE 'Rejected' END,
	'payment_invoice',
	refusal.id,
	reason,
	CASE reason
		WHEN 'taken_back' THEN 'The payment was taken back: ' || refusal.accepted || ' of it pays the invoice.'
		WHEN 'payment_not_migrated' THEN 'Its payment moved no money, or is gone.'
		ELSE refusal.accepted || ' of ' || refusal.amount || ' allocated; the rest is the customer''s credit.'
	END,
	to_jsonb(payment_invoice)
FROM refusal
JOIN payment_invoice USING (id)
LEFT JOIN new_payment ON new_payment.id = refusal.payment_id
WHERE new_payment.id IS NOT NULL OR reason = 'payment_not_migrated' AND EXISTS (SELECT FROM new_payment);
