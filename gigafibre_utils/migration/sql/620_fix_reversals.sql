-- Migrated credit notes tied to the invoices that they reverse, where they are not. Their entries in the ledgers go
-- against that invoice where the plan says so, it still owes as much, and nothing was paid out of the credit; 600 then
-- tells what is owed.

CREATE TEMP TABLE untied ON COMMIT DROP AS
SELECT
	note.name,
	note.return_against AS old_return_against,
	original.name AS return_against,
	note.update_outstanding_for_self AS old_for_self,
	(
		bill.against_self OR note.outstanding_amount <> bill.total OR original.outstanding_amount < -bill.total
	)::int::smallint AS for_self
FROM bill
JOIN bill AS reversed ON reversed.name = bill.return_against
JOIN "tabSales Invoice" AS note ON note.legacy_id = bill.id::text
JOIN "tabSales Invoice" AS original ON original.legacy_id = reversed.id::text
WHERE note.docstatus = 1
	AND note.is_return = 1
	AND original.docstatus = 1
	AND nullif(note.return_against, '') IS NULL;

CREATE TEMP TABLE moved ON COMMIT DROP AS
SELECT
	'GL Entry' AS doctype,
	entry.name,
	'against_voucher' AS field,
	entry.against_voucher AS old_value,
	untied.return_against
FROM "tabGL Entry" AS entry
JOIN untied ON untied.name = entry.voucher_no
WHERE for_self = 0 AND entry.voucher_type = 'Sales Invoice' AND entry.against_voucher = untied.name
UNION ALL
SELECT 'Payment Ledger Entry', entry.name, 'against_voucher_no', entry.against_voucher_no, untied.return_against
FROM "tabPayment Ledger Entry" AS entry
JOIN untied ON untied.name = entry.voucher_no
WHERE for_self = 0 AND entry.voucher_type = 'Sales Invoice' AND entry.against_voucher_no = untied.name;

INSERT INTO changed (doctype, name, field, old_value, new_value)
SELECT * FROM moved
UNION ALL
SELECT 'Sales Invoice', name, 'return_against', old_return_against, return_against FROM untied
UNION ALL
SELECT 'Sales Invoice', name, 'update_outstanding_for_self', old_for_self::text, for_self::text FROM untied
WHERE old_for_self <> for_self
ORDER BY 1, 2, 3;

UPDATE "tabSales Invoice" AS note
SET return_against = untied.return_against, update_outstanding_for_self = for_self
FROM untied
WHERE untied.name = note.name;

UPDATE "tabGL Entry" AS entry
SET against_voucher = moved.return_against
FROM moved
WHERE moved.doctype = 'GL Entry' AND moved.name = entry.name;

UPDATE "tabPayment Ledger Entry" AS entry
SET against_voucher_no = moved.return_against
FROM moved
WHERE moved.doctype = 'Payment Ledger Entry' AND moved.name = entry.name;
