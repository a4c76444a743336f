-- The taxes of new invoices, a row for each legacy line, its amount as it was billed and never computed again. One
-- without a code is booked as the first of the taxes.

CREATE TEMP TABLE new_tax ON COMMIT DROP AS
SELECT
	invoice_tax.*,
	row_number() OVER (PARTITION BY invoice_id ORDER BY invoice_tax.id) AS idx,
	sum(amount) OVER (PARTITION BY invoice_id ORDER BY invoice_tax.id) AS so_far,
	coalesce(tax.account, first_tax.account, default_income) AS account
FROM invoice_tax
JOIN new_invoice ON new_invoice.id = invoice_id
CROSS JOIN books
LEFT JOIN tax USING (code)
LEFT JOIN (SELECT account FROM tax ORDER BY code LIMIT 1) AS first_tax ON tax.code IS NULL;

ANALYZE new_tax;

INSERT INTO "tabSales Taxes and Charges" (
	name, creation, modified, owner, modified_by, docstatus, idx, parent, parentfield, parenttype, charge_type,
	account_head, description, cost_center, rate, account_currency, tax_amount,
	tax_amount_after_discount_amount, base_tax_amount, base_tax_amount_after_discount_amount, total, base_total
)
SELECT
	'LT-' || padded(new_tax.id),
	bill.created,
	bill.created,
	owner,
	owner,
	bill.docstatus,
	idx,
	bill.name,
	'taxes',
	'Sales Invoice',
	'Actual',
	account,
	coalesce(nullif(code, ''), 'Taxe'),
	cost_center,
	rate,
	currency,
	amount,
	amount,
	amount,
	amount,
	bill.net_total + so_far,
	bill.net_total + so_far
FROM new_tax
JOIN new_invoice AS bill ON bill.id = new_tax.invoice_id
CROSS JOIN books
ORDER BY new_tax.id;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT 'Rejected', 'invoice_tax', id, 'invoice_gone', NULL, to_jsonb(invoice_tax)
FROM invoice_tax
WHERE EXISTS (SELECT FROM new_invoice) AND NOT EXISTS (SELECT FROM bill WHERE bill.id = invoice_id)
UNION ALL
SELECT 'Repaired', 'invoice_tax', id, 'no_tax_code', 'Booked to ' || new_tax.account || '.', to_jsonb(invoice_tax)
FROM new_tax
JOIN invoice_tax USING (id)
WHERE new_tax.code NOT IN (SELECT code FROM tax);
