-- Which payments are not there yet: `new_payment`, of which 405, 410 and 420 make what ERPNext has of a payment. It is
-- cancelled where the money never came in. A payment that was taken back stands against the one that took it back,
-- which to ERPNext is like an invoice: so its Payment Reconciliation ties the two.

CREATE TEMP TABLE new_payment ON COMMIT DROP AS
SELECT
	receipt.*,
	'P' || padded(receipt.id) AS ledger_name,
	receipt.id AS legacy_id,
	coalesce(allocated.amount, 0) + taken_back AS allocated,
	receipt.amount - taken_back - coalesce(allocated.amount, 0) AS unallocated,
	coalesce(nullif(reference, ''), 'Legacy ' || receipt.id) AS reference_no,
	CASE payment_type WHEN 'Receive' THEN 'Received' ELSE 'Paid out' END
		|| ' in the former system, payment ' || receipt.id || '.' AS remarks
FROM receipt
LEFT JOIN (SELECT payment_id, sum(abs(amount)) AS amount FROM allocation GROUP BY payment_id) AS allocated
	ON allocated.payment_id = receipt.id
WHERE in_scope AND NOT EXISTS (SELECT FROM "tabPayment Entry" AS there WHERE there.name = receipt.name)
ORDER BY receipt.id;

ALTER TABLE new_payment ADD PRIMARY KEY (id);
ANALYZE new_payment;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT 'Rejected', 'payment', payment.id, 'zero_amount', 'No money moved.', to_jsonb(payment)
FROM payment
WHERE amount = 0 AND EXISTS (SELECT FROM new_payment)
UNION ALL
SELECT 'Repaired', 'payment', made.id, told.reason, told.detail, to_jsonb(payment)
FROM new_payment AS made
JOIN payment USING (id)
JOIN party ON party.id = made.customer_id
CROSS JOIN LATERAL (
	VALUES
	(is_dated_by_repair, 'undated', 'Dated ' || posting_date || ', as the payments around it.'),
	(docstatus = 2, 'never_received', 'It bounced, and nothing took it back: it is cancelled.'),
	(
		counterpart_is_gone,
		'counterpart_gone',
		'What it takes back, ' || payment.reversal_of || ', is no payment of this customer that was brought over.'
	),
	(
		counterpart_of IS NOT NULL AND against_original < made.amount,
		'takes_back_too_much',
		'Of ' || counterpart_of || ' only ' || against_original || ' was left to be taken back.'
	),
	(
		payment.status NOT IN ('ok', 'nsf', 'reversed'),
		'status_unknown',
		'Its status is "' || payment.status || '": it stands as received.'
	),
	(made.method = '', 'no_method', 'Its mode of payment is ' || mode_of_payment || '.'),
	(
		made.method NOT IN ('', 'card', 'ach', 'cheque', 'cash', 'credit'),
		'method_unknown',
		'"' || made.method || '": its mode of payment is ' || mode_of_payment || '.'
	),
	(
		made.reference LIKE 'pi\_%' AND intent IS NULL,
		'payment_intent_used_twice',
		'Another payment names ' || made.reference || ' too: it is kept as the reference alone.'
	),
	(is_placeholder, 'customer_gone', 'It stands with ' || made.customer || '.')
) AS told (applies, reason, detail)
WHERE applies;
