-- The books of new payments. ERPNext: `PaymentEntry.add_party_gl_entries` (a line for each reference, and one for what
-- is unallocated, which stands against the payment itself), `add_bank_gl_entries`. One that is cancelled has its lines
-- twice, the second time on the other side.

CREATE TEMP TABLE new_payment_entry ON COMMIT DROP AS
SELECT
	line.*,
	row_number() OVER (PARTITION BY payment_id ORDER BY place, against_type DESC, against) AS number
FROM (
	-- The receivable: what came in lowers it, what went out raises it.
	SELECT payment_id, 1 AS place, doctype AS against_type, against, -sum(amount) AS amount
	FROM new_reference
	GROUP BY payment_id, doctype, against
	UNION ALL
	SELECT id, 2, 'Payment Entry', name, CASE payment_type WHEN 'Receive' THEN -unallocated ELSE unallocated END
	FROM new_payment
	UNION ALL
	SELECT id, 3, NULL, NULL, CASE payment_type WHEN 'Receive' THEN amount ELSE -amount END FROM new_payment
) AS line
WHERE amount <> 0;

ANALYZE new_payment_entry;

CREATE TEMP TABLE payment_side ON COMMIT DROP AS
SELECT * FROM (VALUES (1, '', 1), (2, '', 1), (2, 'c', -1)) AS side (docstatus, suffix, sign);

INSERT INTO "tabGL Entry" (
	name, creation, modified, owner, modified_by, docstatus, idx, posting_date, fiscal_year, account,
	account_currency, against, party_type, party, voucher_type, voucher_no, voucher_subtype,
	transaction_currency, against_voucher_type, against_voucher, transaction_exchange_rate,
	reporting_currency_exchange_rate, debit_in_account_currency, debit, debit_in_transaction_currency,
	debit_in_reporting_currency, credit_in_account_currency, credit, credit_in_transaction_currency,
	credit_in_reporting_currency, cost_center, company, is_opening, is_advance, to_rename, is_cancelled, remarks
)
WITH year AS MATERIALIZED (
	SELECT on_date, fiscal_year(on_date) FROM (SELECT DISTINCT posting_date AS on_date FROM new_payment) AS day
)
SELECT
	'LG-' || ledger_name || '-' || number || suffix,
	payment.created,
	payment.created,
	owner,
	owner,
	1,
	0,
	payment.posting_date,
	year.fiscal_year,
	CASE place WHEN 3 THEN payment.account ELSE receivable END,
	currency,
	CASE place WHEN 3 THEN payment.customer ELSE payment.account END,
	CASE WHEN place < 3 THEN 'Customer' END,
	CASE WHEN place < 3 THEN payment.customer END,
	'Payment Entry',
	payment.name,
	payment_type,
	currency,
	against_type,
	entry.against,
	1,
	1,
	debit, debit, debit, debit,
	credit, credit, credit, credit,
	cost_center,
	company,
	'No',
	'No',
	0,
	(payment.docstatus = 2)::int,
	CASE suffix WHEN '' THEN remarks ELSE 'On cancellation of ' || payment.name END
FROM new_payment_entry AS entry
JOIN new_payment AS payment ON payment.id = payment_id
CROSS JOIN books
JOIN year ON year.on_date = payment.posting_date
JOIN payment_side AS side ON side.docstatus = payment.docstatus
CROSS JOIN LATERAL (
	SELECT greatest(entry.amount * sign, 0) AS debit, greatest(-entry.amount * sign, 0) AS credit
) AS sides;

INSERT INTO "tabPayment Ledger Entry" (
	name, creation, modified, owner, modified_by, docstatus, idx, posting_date, company, account_type, account,
	party_type, party, cost_center, voucher_type, voucher_no, against_voucher_type, against_voucher_no,
	amount, account_currency, amount_in_account_currency, delinked, remarks
)
SELECT
	'LP-' || ledger_name || '-' || number || suffix,
	payment.created,
	payment.created,
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
	against_type,
	against,
	entry.amount * sign,
	currency,
	entry.amount * sign,
	(payment.docstatus = 2)::int,
	remarks
FROM new_payment_entry AS entry
JOIN new_payment AS payment ON payment.id = payment_id
JOIN payment_side AS side USING (docstatus)
CROSS JOIN books
WHERE place < 3;
