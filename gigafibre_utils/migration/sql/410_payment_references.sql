-- What new payments pay: invoices, as they were allocated, and by what takes a payment back, that payment. ERPNext
-- lets a Payment Entry that pays a customer out stand against one that he made.

CREATE TEMP TABLE new_reference ON COMMIT DROP AS
SELECT
	'LR-' || padded(allocation.id) AS name,
	payment.id AS payment_id,
	row_number() OVER (PARTITION BY payment.id ORDER BY allocation.id) AS idx,
	'Sales Invoice' AS doctype,
	bill.name AS reference,
	bill.due_date,
	bill.total,
	allocation.amount,
	bill.total - coalesce(sum(allocation.amount) OVER (
		PARTITION BY bill.id ORDER BY payment.created, payment.id, allocation.id
		ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
	), 0) AS outstanding
FROM allocation
JOIN bill ON bill.id = allocation.invoice_id
JOIN receipt AS payment ON payment.id = allocation.payment_id
UNION ALL
SELECT
	'LR-P' || padded(id), id, 1, 'Payment Entry', counterpart_of, NULL, -against_original, against_original,
	-against_original
FROM receipt
WHERE against_original > 0;

DELETE FROM new_reference WHERE payment_id NOT IN (SELECT id FROM new_payment);

ANALYZE new_reference;

INSERT INTO "tabPayment Entry Reference" (
	name, creation, modified, owner, modified_by, docstatus, idx, parent, parentfield, parenttype,
	reference_doctype, reference_name, due_date, total_amount, outstanding_amount, allocated_amount,
	exchange_rate, account
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
	reference.reference,
	due_date,
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
	CASE WHEN refusal.accepted > 0 THEN 'Repaired' ELSE 'Rejected' END,
	'payment_invoice',
	refusal.id,
	reason,
	refusal.accepted || ' of ' || refusal.amount || ' allocated; the rest is the customer''s credit.',
	to_jsonb(payment_invoice)
FROM refusal
JOIN payment_invoice USING (id)
WHERE refusal.payment_id IN (SELECT id FROM new_payment)
	OR reason = 'payment_not_migrated';
