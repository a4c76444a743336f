-- The books of new invoices, and what each is to be paid by. ERPNext: `SalesInvoice.get_gl_entries`,
-- `general_ledger.make_gl_entries` (lines of one account merge, none is of nothing, an amount below nothing goes to
-- the other side), `accounts.utils.create_payment_ledger_entry`. A void one has its lines twice, the second time on
-- the other side, all of them cancelled.

INSERT INTO "tabPayment Schedule" (
	name, creation, modified, owner, modified_by, docstatus, idx, parent, parentfield, parenttype, due_date,
	invoice_portion, payment_amount, base_payment_amount, outstanding, base_outstanding
)
SELECT
	'LS-' || padded(id), created, created, owner, owner, docstatus, 1, name, 'payment_schedule', 'Sales Invoice',
	due_date, 100, total, total, total, total
FROM new_invoice
CROSS JOIN books
WHERE is_return = 0
ORDER BY id;

-- How a voucher's lines are written: once, or if it is cancelled once more on the other side. A draft has none.
CREATE TEMP TABLE side ON COMMIT DROP AS
SELECT * FROM (VALUES (1, '', 1), (2, '', 1), (2, 'c', -1)) AS side (docstatus, suffix, sign);

CREATE TEMP TABLE new_entry ON COMMIT DROP AS
SELECT
	line.*,
	row_number() OVER (PARTITION BY invoice_id ORDER BY place, account) AS number
FROM (
	SELECT id AS invoice_id, 1 AS place, receivable AS account, total AS amount
	FROM new_invoice
	CROSS JOIN books
	UNION ALL
	SELECT invoice_id, 2, account, -amount FROM new_income
	UNION ALL
	SELECT invoice_id, 3, account, -sum(amount) FROM new_tax GROUP BY invoice_id, account
	UNION ALL
	SELECT id, 4, round_off, -rounding FROM new_invoice CROSS JOIN books
) AS line
WHERE amount <> 0;

ANALYZE new_entry;

INSERT INTO "tabGL Entry" (
	name, creation, modified, owner, modified_by, docstatus, idx, posting_date, fiscal_year, due_date, account,
	account_currency, against, party_type, party, voucher_type, voucher_no, voucher_subtype,
	transaction_currency, against_voucher_type, against_voucher, transaction_exchange_rate,
	reporting_currency_exchange_rate, debit_in_account_currency, debit, debit_in_transaction_currency,
	debit_in_reporting_currency, credit_in_account_currency, credit, credit_in_transaction_currency,
	credit_in_reporting_currency, cost_center, company, is_opening, is_advance, to_rename, is_cancelled, remarks
)
WITH year AS MATERIALIZED (
	SELECT on_date, fiscal_year(on_date) FROM (SELECT DISTINCT posting_date AS on_date FROM new_invoice) AS day
)
SELECT
	'LG-S' || padded(bill.id) || '-' || entry.number || suffix,
	bill.created,
	bill.created,
	owner,
	owner,
	1,
	0,
	bill.posting_date,
	year.fiscal_year,
	CASE place WHEN 1 THEN bill.due_date END,
	account,
	currency,
	CASE place WHEN 1 THEN summary.accounts ELSE bill.customer END,
	CASE place WHEN 1 THEN 'Customer' END,
	CASE place WHEN 1 THEN bill.customer END,
	'Sales Invoice',
	bill.name,
	CASE is_return WHEN 1 THEN 'Credit Note' ELSE 'Sales Invoice' END,
	currency,
	CASE WHEN place = 1 AND bill.docstatus = 1 THEN 'Sales Invoice' END,
	CASE WHEN place = 1 AND bill.docstatus = 1
		THEN CASE WHEN against_self THEN bill.name ELSE return_against END
	END,
	1,
	1,
	debit, debit, debit, debit,
	credit, credit, credit, credit,
	CASE place WHEN 4 THEN round_off_cost_center ELSE cost_center END,
	company,
	'No',
	'No',
	0,
	(bill.docstatus = 2)::int,
	CASE suffix WHEN '' THEN bill.remarks ELSE 'On cancellation of ' || bill.name END
FROM new_entry AS entry
JOIN new_invoice AS bill ON bill.id = invoice_id
JOIN new_summary AS summary USING (invoice_id)
CROSS JOIN books
JOIN year ON year.on_date = bill.posting_date
JOIN side ON side.docstatus = bill.docstatus
CROSS JOIN LATERAL (
	SELECT greatest(amount * sign, 0) AS debit, greatest(-amount * sign, 0) AS credit
) AS sides;

INSERT INTO "tabPayment Ledger Entry" (
	name, creation, modified, owner, modified_by, docstatus, idx, posting_date, company, account_type, account,
	party_type, party, due_date, cost_center, voucher_type, voucher_no, against_voucher_type, against_voucher_no,
	amount, account_currency, amount_in_account_currency, delinked, remarks
)
SELECT
	'LP-S' || padded(bill.id) || '-1' || suffix,
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
	due_date,
	cost_center,
	'Sales Invoice',
	bill.name,
	'Sales Invoice',
	CASE WHEN against_self THEN bill.name ELSE return_against END,
	bill.total * sign,
	currency,
	bill.total * sign,
	(bill.docstatus = 2)::int,
	remarks
FROM new_invoice AS bill
JOIN side USING (docstatus)
CROSS JOIN books
WHERE bill.total <> 0
ORDER BY bill.id, suffix;

-- What follows joins them before autovacuum has seen them.
ANALYZE "tabSales Invoice" (name, legacy_id, customer, docstatus, return_against);
ANALYZE "tabGL Entry" (voucher_type, voucher_no);
ANALYZE "tabPayment Ledger Entry" (voucher_type, voucher_no, against_voucher_type, against_voucher_no, delinked);
