-- Dates of migrated invoices, and of their rows in the ledgers, put back to the legacy ones where they differ, as
-- after a run by another time zone.

CREATE TEMP TABLE misdated ON COMMIT DROP AS
SELECT
	invoice.name,
	invoice.posting_date AS old_posting_date,
	invoice.due_date AS old_due_date,
	bill.posting_date,
	bill.due_date,
	fiscal_year(bill.posting_date) AS fiscal_year
FROM "tabSales Invoice" AS invoice
JOIN bill USING (name)
WHERE (invoice.posting_date, invoice.due_date) IS DISTINCT FROM (bill.posting_date, bill.due_date);

ANALYZE misdated;

INSERT INTO changed (doctype, name, field, old_value, new_value)
SELECT 'Sales Invoice', name, field, old_value::text, new_value::text
FROM misdated
CROSS JOIN LATERAL (
	VALUES ('posting_date', old_posting_date, posting_date), ('due_date', old_due_date, due_date)
) AS dates (field, old_value, new_value)
WHERE old_value IS DISTINCT FROM new_value
UNION ALL
SELECT 'GL Entry', entry.name, 'posting_date', entry.posting_date::text, misdated.posting_date::text
FROM "tabGL Entry" AS entry
JOIN misdated ON misdated.name = voucher_no
WHERE voucher_type = 'Sales Invoice' AND entry.posting_date <> misdated.posting_date
UNION ALL
SELECT 'Payment Ledger Entry', entry.name, 'posting_date', entry.posting_date::text, misdated.posting_date::text
FROM "tabPayment Ledger Entry" AS entry
JOIN misdated ON misdated.name = voucher_no
WHERE voucher_type = 'Sales Invoice' AND entry.posting_date <> misdated.posting_date
ORDER BY 1, 2, 3;

UPDATE "tabSales Invoice" AS invoice
SET posting_date = misdated.posting_date, due_date = misdated.due_date
FROM misdated
WHERE misdated.name = invoice.name;

UPDATE "tabGL Entry" AS entry
SET
	posting_date = misdated.posting_date,
	transaction_date = misdated.posting_date,
	fiscal_year = misdated.fiscal_year,
	due_date = CASE WHEN party <> '' THEN misdated.due_date END
FROM misdated
WHERE voucher_type = 'Sales Invoice' AND voucher_no = misdated.name;

UPDATE "tabPayment Ledger Entry" AS entry
SET posting_date = misdated.posting_date, due_date = misdated.due_date
FROM misdated
WHERE voucher_type = 'Sales Invoice' AND voucher_no = misdated.name;
