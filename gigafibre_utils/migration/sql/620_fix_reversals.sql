-- Migrated credit notes tied to the invoices that they reverse, where they are not; and their entry in the Payment
-- Ledger put against that invoice, where the plan says so.

CREATE TEMP TABLE untied ON COMMIT DROP AS
SELECT note.name, bill.return_against, bill.against_self, note.return_against AS old_value
FROM "tabSales Invoice" AS note
JOIN bill USING (name)
JOIN "tabSales Invoice" AS original ON original.name = bill.return_against AND original.docstatus = 1
WHERE note.docstatus = 1 AND note.return_against IS DISTINCT FROM bill.return_against;

UPDATE "tabSales Invoice" AS note
SET return_against = untied.return_against, is_return = 1, update_outstanding_for_self = against_self::int
FROM untied
WHERE untied.name = note.name;

INSERT INTO changed (doctype, name, field, old_value, new_value)
SELECT 'Sales Invoice', name, 'return_against', old_value, return_against FROM untied ORDER BY name;

INSERT INTO changed (doctype, name, field, old_value, new_value)
SELECT 'Payment Ledger Entry', entry.name, 'against_voucher_no', against_voucher_no, return_against
FROM "tabPayment Ledger Entry" AS entry
JOIN untied ON untied.name = voucher_no
WHERE voucher_type = 'Sales Invoice' AND NOT against_self AND against_voucher_no <> return_against
UNION ALL
SELECT 'GL Entry', entry.name, 'against_voucher', against_voucher, return_against
FROM "tabGL Entry" AS entry
JOIN untied ON untied.name = voucher_no
WHERE voucher_type = 'Sales Invoice' AND NOT against_self AND party <> '' AND against_voucher <> return_against
ORDER BY 1, 2;

UPDATE "tabPayment Ledger Entry" AS entry
SET against_voucher_no = return_against
FROM untied
WHERE untied.name = voucher_no AND voucher_type = 'Sales Invoice' AND NOT against_self;

UPDATE "tabGL Entry" AS entry
SET against_voucher = return_against
FROM untied
WHERE untied.name = voucher_no AND voucher_type = 'Sales Invoice' AND NOT against_self AND party <> '';
