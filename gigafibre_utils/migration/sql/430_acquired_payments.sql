-- Payments of an acquired company (`acquired_payment`, a row for each line of its file): Payment Entries, submitted
-- and wholly unallocated, so that staff decide what they pay. A customer is known by the account number. ERPNext, as
-- in 400 and 420: `PaymentEntry.add_party_gl_entries` (what is unallocated stands against the payment itself),
-- `add_bank_gl_entries`.

CREATE TEMP TABLE judged_acquired ON COMMIT DROP AS
SELECT
	payment.*,
	holder.name AS customer,
	holders,
	coalesce(
		payment.reason,
		CASE
			WHEN posting_date > as_of THEN 'date_in_future'
			WHEN holders IS NULL THEN 'account_unknown'
			WHEN holders > 1 THEN 'account_ambiguous'
		END
	) AS refusal
FROM acquired_payment AS payment
CROSS JOIN books
LEFT JOIN (
	SELECT account_number, min(name) AS name, count(*) AS holders
	FROM "tabCustomer"
	WHERE account_number <> ''
	GROUP BY account_number
) AS holder ON holder.account_number = payment.account;

CREATE TEMP TABLE new_acquired ON COMMIT DROP AS
SELECT
	payment.*,
	payment.posting_date::timestamp AS created,
	customer.customer_name,
	mode.mode_of_payment,
	mode.account AS bank,
	mode.account_type AS bank_type,
	payment.method = 'other' AS is_method_unknown,
	'Received by the acquired company, account ' || payment.account
		|| coalesce(', ' || nullif(written_method, ''), '') || '.' AS remarks
FROM judged_acquired AS payment
JOIN "tabCustomer" AS customer ON customer.name = payment.customer
JOIN mode ON mode.method = payment.method
WHERE refusal IS NULL AND NOT EXISTS (SELECT FROM "tabPayment Entry" AS there WHERE there.name = payment.name);

ALTER TABLE new_acquired ADD PRIMARY KEY (line);
ANALYZE new_acquired;

INSERT INTO "tabPayment Entry" (
	name, creation, modified, owner, modified_by, docstatus, idx, naming_series, payment_type, payment_order_status,
	posting_date, company, mode_of_payment, party_type, party, party_name, paid_from, paid_from_account_type,
	paid_from_account_currency, paid_to, paid_to_account_type, paid_to_account_currency, paid_amount,
	paid_amount_after_tax, source_exchange_rate, base_paid_amount, base_paid_amount_after_tax, received_amount,
	received_amount_after_tax, target_exchange_rate, base_received_amount, base_received_amount_after_tax,
	total_allocated_amount, base_total_allocated_amount, unallocated_amount, reference_no, reference_date,
	cost_center, status, remarks, title
)
SELECT
	payment.name,
	created,
	created,
	owner,
	owner,
	1,
	0,
	'PAY-.YYYY.-',
	'Receive',
	'Initiated',
	posting_date,
	company,
	mode_of_payment,
	'Customer',
	customer,
	customer_name,
	receivable,
	'Receivable',
	currency,
	bank,
	bank_type,
	currency,
	amount, amount, 1, amount, amount,
	amount, amount, 1, amount, amount,
	0,
	0,
	amount,
	left(coalesce(nullif(reference, ''), payment.name), 140),
	posting_date,
	cost_center,
	'Submitted',
	remarks,
	customer_name
FROM new_acquired AS payment
CROSS JOIN books
ORDER BY line;

CREATE TEMP TABLE new_acquired_entry ON COMMIT DROP AS
SELECT line, 1 AS number, -amount AS amount FROM new_acquired
UNION ALL
SELECT line, 2, amount FROM new_acquired;

INSERT INTO "tabGL Entry" (
	name, creation, modified, owner, modified_by, docstatus, idx, posting_date, fiscal_year, account,
	account_currency, against, party_type, party, voucher_type, voucher_no, voucher_subtype,
	transaction_currency, against_voucher_type, against_voucher, transaction_exchange_rate,
	reporting_currency_exchange_rate, debit_in_account_currency, debit, debit_in_transaction_currency,
	debit_in_reporting_currency, credit_in_account_currency, credit, credit_in_transaction_currency,
	credit_in_reporting_currency, cost_center, company, is_opening, is_advance, to_rename, is_cancelled, remarks
)
WITH year AS MATERIALIZED (
	SELECT on_date, fiscal_year(on_date) FROM (SELECT DISTINCT posting_date AS on_date FROM new_acquired) AS day
)
SELECT
	'LG-' || payment.name || '-' || number,
	created,
	created,
	owner,
	owner,
	1,
	0,
	posting_date,
	year.fiscal_year,
	CASE number WHEN 1 THEN receivable ELSE bank END,
	currency,
	CASE number WHEN 1 THEN bank ELSE customer END,
	CASE number WHEN 1 THEN 'Customer' END,
	CASE number WHEN 1 THEN customer END,
	'Payment Entry',
	payment.name,
	'Receive',
	currency,
	CASE number WHEN 1 THEN 'Payment Entry' END,
	CASE number WHEN 1 THEN payment.name END,
	1,
	1,
	debit, debit, debit, debit,
	credit, credit, credit, credit,
	cost_center,
	company,
	'No',
	'No',
	0,
	0,
	remarks
FROM new_acquired_entry AS entry
JOIN new_acquired AS payment USING (line)
CROSS JOIN books
JOIN year ON year.on_date = posting_date
CROSS JOIN LATERAL (
	SELECT greatest(entry.amount, 0) AS debit, greatest(-entry.amount, 0) AS credit
) AS sides
ORDER BY line, number;

INSERT INTO "tabPayment Ledger Entry" (
	name, creation, modified, owner, modified_by, docstatus, idx, posting_date, company, account_type, account,
	party_type, party, cost_center, voucher_type, voucher_no, against_voucher_type, against_voucher_no,
	amount, account_currency, amount_in_account_currency, delinked, remarks
)
SELECT
	'LP-' || payment.name || '-1',
	created,
	created,
	owner,
	owner,
	1,
	0,
	posting_date,
	company,
	'Receivable',
	receivable,
	'Customer',
	customer,
	cost_center,
	'Payment Entry',
	payment.name,
	'Payment Entry',
	payment.name,
	-amount,
	currency,
	-amount,
	0,
	remarks
FROM new_acquired AS payment
CROSS JOIN books
ORDER BY line;

INSERT INTO added (doctype, name) SELECT 'Payment Entry', name FROM new_acquired ORDER BY line;

-- Lines that are refused are told as often as their file is read; nothing of them is in the site.
INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT
	'Rejected',
	'expro',
	line,
	refusal,
	CASE refusal
		WHEN 'date_in_future' THEN 'It lies after ' || as_of || '.'
		WHEN 'account_unknown' THEN 'No customer has this account number.'
		WHEN 'account_ambiguous' THEN holders || ' customers have this account number.'
		ELSE detail
	END,
	written
FROM judged_acquired
CROSS JOIN books
WHERE refusal IS NOT NULL
UNION ALL
SELECT 'Repaired', 'expro', line, told.reason, told.detail, written
FROM new_acquired AS payment
CROSS JOIN LATERAL (
	VALUES
	(
		same_as IS NOT NULL,
		'repeated',
		'It says the same as line ' || same_as || '; both are payments: cancel ' || name || ' if it was one.'
	),
	(is_method_unknown, 'method_unknown', 'Its mode of payment is ' || mode_of_payment || '.')
) AS told (applies, reason, detail)
WHERE applies
ORDER BY 3, 4;
