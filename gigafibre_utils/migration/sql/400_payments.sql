-- Payment Entries, submitted; cancelled where the money never came in. What 410 and 420 add to them is for
-- `new_payment` alone: those that are not there yet. A payment that was taken back stands against the one that took
-- it back, which to ERPNext is like an invoice: so its Payment Reconciliation ties the two.

CREATE TEMP TABLE new_payment ON COMMIT DROP AS
SELECT
	receipt.*,
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

INSERT INTO "tabPayment Entry" (
	name, creation, modified, owner, modified_by, docstatus, idx, naming_series, payment_type, payment_order_status,
	posting_date, company, mode_of_payment, party_type, party, party_name, paid_from, paid_from_account_type,
	paid_from_account_currency, paid_to, paid_to_account_type, paid_to_account_currency, paid_amount,
	paid_amount_after_tax, source_exchange_rate, base_paid_amount, base_paid_amount_after_tax, received_amount,
	received_amount_after_tax, target_exchange_rate, base_received_amount, base_received_amount_after_tax,
	total_allocated_amount, base_total_allocated_amount, unallocated_amount, reference_no, reference_date,
	cost_center, status, remarks, title, legacy_id, stripe_payment_intent
)
SELECT
	payment.name,
	created,
	created,
	owner,
	owner,
	docstatus,
	0,
	'PAY-.YYYY.-',
	payment_type,
	'Initiated',
	posting_date,
	company,
	mode_of_payment,
	'Customer',
	customer,
	customer_name,
	from_account,
	from_type,
	currency,
	to_account,
	to_type,
	currency,
	amount, amount, 1, amount, amount,
	amount, amount, 1, amount, amount,
	allocated,
	allocated,
	unallocated,
	reference_no,
	posting_date,
	cost_center,
	CASE docstatus WHEN 2 THEN 'Cancelled' ELSE 'Submitted' END,
	remarks,
	customer_name,
	payment.id,
	CASE
		WHEN NOT EXISTS (SELECT FROM "tabPayment Entry" AS there WHERE there.stripe_payment_intent = intent)
		THEN intent
	END
FROM new_payment AS payment
CROSS JOIN books
CROSS JOIN LATERAL (
	SELECT
		CASE payment_type WHEN 'Receive' THEN receivable ELSE account END AS from_account,
		CASE payment_type WHEN 'Receive' THEN 'Receivable' ELSE account_type END AS from_type,
		CASE payment_type WHEN 'Receive' THEN account ELSE receivable END AS to_account,
		CASE payment_type WHEN 'Receive' THEN account_type ELSE 'Receivable' END AS to_type
) AS way
ORDER BY payment.id;

INSERT INTO added (doctype, name) SELECT 'Payment Entry', name FROM new_payment ORDER BY id;

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
