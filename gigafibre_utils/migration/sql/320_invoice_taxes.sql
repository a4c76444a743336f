-- The taxes of new invoices, a row for each legacy line, its amount as it was billed and never computed again.

CREATE TEMP TABLE new_tax ON COMMIT DROP AS
SELECT
	invoice_tax.*,
	row_number() OVER (PARTITION BY invoice_id ORDER BY invoice_tax.id) AS idx,
	sum(amount) OVER (PARTITION BY invoice_id ORDER BY invoice_tax.id) AS so_far,
	tax.account
FROM invoice_tax
JOIN new_invoice ON new_invoice.id = invoice_id
JOIN tax USING (code);

ANALYZE new_tax;

INSERT INTO "tabSales Taxes and Charges" (
	name, creation, modified, owner, modified_by, docstatus, idx, parent, parentfield, parenttype, charge_type,
	account_head, description, cost_center, rate, account_currency, net_amount, base_net_amount, tax_amount,
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
	code,
	cost_center,
	rate,
	currency,
	bill.net_total,
	bill.net_total,
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
WHERE NOT EXISTS (SELECT FROM bill WHERE bill.id = invoice_id);
