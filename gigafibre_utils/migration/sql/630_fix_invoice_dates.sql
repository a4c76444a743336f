-- Dates of migrated invoices, and of their rows in the ledgers, put back to the legacy ones where they differ, as
-- after a run by another time zone. 600 then tells what is overdue.

CREATE TEMP TABLE misdated ON COMMIT DROP AS
SELECT
	invoice.name,
	invoice.posting_date AS old_posting_date,
	invoice.posting_time AS old_posting_time,
	invoice.due_date AS old_due_date,
	invoice.creation AS old_creation,
	bill.posting_date,
	bill.posting_time,
	bill.due_date,
	bill.created,
	fiscal_year(bill.posting_date) AS fiscal_year
FROM "tabSales Invoice" AS invoice
JOIN bill ON bill.id::text = invoice.legacy_id
WHERE (invoice.posting_date, invoice.due_date, invoice.creation)
	IS DISTINCT FROM (bill.posting_date, bill.due_date, bill.created);

ANALYZE misdated;

CREATE TEMP TABLE misdated_entry ON COMMIT DROP AS
SELECT
	entry.name,
	entry.posting_date AS old_posting_date,
	entry.due_date AS old_due_date,
	entry.fiscal_year AS old_fiscal_year,
	misdated.posting_date,
	CASE WHEN entry.due_date IS NOT NULL THEN misdated.due_date END AS due_date,
	misdated.fiscal_year
FROM "tabGL Entry" AS entry
JOIN misdated ON misdated.name = entry.voucher_no
WHERE entry.voucher_type = 'Sales Invoice';

CREATE TEMP TABLE misdated_payable ON COMMIT DROP AS
SELECT
	entry.name,
	entry.posting_date AS old_posting_date,
	entry.due_date AS old_due_date,
	misdated.posting_date,
	misdated.due_date
FROM "tabPayment Ledger Entry" AS entry
JOIN misdated ON misdated.name = entry.voucher_no
WHERE entry.voucher_type = 'Sales Invoice';

CREATE TEMP TABLE misdated_schedule ON COMMIT DROP AS
SELECT schedule.name, schedule.due_date AS old_due_date, misdated.due_date
FROM "tabPayment Schedule" AS schedule
JOIN misdated ON misdated.name = schedule.parent
WHERE schedule.parenttype = 'Sales Invoice';

INSERT INTO changed (doctype, name, field, old_value, new_value)
SELECT doctype, name, field, old_value, new_value
FROM (
	SELECT 'Sales Invoice' AS doctype, name, value.*
	FROM misdated
	CROSS JOIN LATERAL (
		VALUES
		('posting_date', old_posting_date::text, posting_date::text),
		('posting_time', old_posting_time::text, posting_time::text),
		('due_date', old_due_date::text, due_date::text),
		('creation', old_creation::text, created::text)
	) AS value (field, old_value, new_value)
	UNION ALL
	SELECT 'GL Entry', name, value.*
	FROM misdated_entry
	CROSS JOIN LATERAL (
		VALUES
		('posting_date', old_posting_date::text, posting_date::text),
		('due_date', old_due_date::text, due_date::text),
		('fiscal_year', old_fiscal_year, fiscal_year)
	) AS value (field, old_value, new_value)
	UNION ALL
	SELECT 'Payment Ledger Entry', name, value.*
	FROM misdated_payable
	CROSS JOIN LATERAL (
		VALUES
		('posting_date', old_posting_date::text, posting_date::text),
		('due_date', old_due_date::text, due_date::text)
	) AS value (field, old_value, new_value)
	UNION ALL
	SELECT 'Payment Schedule', name, 'due_date', old_due_date::text, due_date::text FROM misdated_schedule
) AS value
WHERE old_value IS DISTINCT FROM new_value
ORDER BY doctype, name, field;

UPDATE "tabSales Invoice" AS invoice
SET
	posting_date = misdated.posting_date,
	posting_time = misdated.posting_time,
	due_date = misdated.due_date,
	creation = misdated.created
FROM misdated
WHERE misdated.name = invoice.name;

UPDATE "tabGL Entry" AS entry
SET posting_date = wrong.posting_date, due_date = wrong.due_date, fiscal_year = wrong.fiscal_year
FROM misdated_entry AS wrong
WHERE wrong.name = entry.name;

UPDATE "tabPayment Ledger Entry" AS entry
SET posting_date = wrong.posting_date, due_date = wrong.due_date
FROM misdated_payable AS wrong
WHERE wrong.name = entry.name;

UPDATE "tabPayment Schedule" AS schedule
SET due_date = wrong.due_date
FROM misdated_schedule AS wrong
WHERE wrong.name = schedule.name;
