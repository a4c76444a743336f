-- Payment Entries of new payments, submitted or cancelled.

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
	legacy_id,
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
