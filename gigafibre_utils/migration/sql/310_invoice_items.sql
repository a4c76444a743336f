-- The lines of new invoices. An amount is what was billed; the rate is what it makes for one, and a return's quantity
-- is below nothing, as ERPNext wants it. A line stands on the Service Location of its service, if that still is one.

INSERT INTO "tabSales Invoice Item" (
	name, creation, modified, owner, modified_by, docstatus, idx, parent, parentfield, parenttype, item_code,
	item_name, description, item_group, qty, stock_uom, uom, conversion_factor, stock_qty, price_list_rate,
	base_price_list_rate, rate, amount, base_rate, base_amount, stock_uom_rate, net_rate, net_amount,
	base_net_rate, base_net_amount, income_account, service_start_date, service_end_date, item_tax_rate,
	cost_center, service_location
)
SELECT
	line.name,
	bill.created,
	bill.created,
	books.owner,
	books.owner,
	bill.docstatus,
	line.idx,
	bill.name,
	'items',
	'Sales Invoice',
	sold.item_code,
	sold.item_name,
	escaped(coalesce(nullif(line.description, ''), sold.item_name)),
	sold.item_group,
	qty,
	sold.uom,
	sold.uom,
	1,
	qty,
	line.unit_price,
	line.unit_price,
	rate,
	line.amount,
	rate,
	line.amount,
	rate,
	rate,
	line.amount,
	rate,
	line.amount,
	sold.income_account,
	CASE WHEN period_start <= period_end THEN period_start END,
	CASE WHEN period_start <= period_end THEN period_end END,
	'{}',
	books.cost_center,
	place.name
FROM (
	SELECT
		'LI-' || padded(id) AS name,
		invoice_id,
		row_number() OVER (PARTITION BY invoice_id ORDER BY id) AS idx,
		service_id,
		product_id,
		description,
		CASE quantity WHEN 0 THEN 1 ELSE quantity END AS quantity,
		unit_price,
		amount,
		period_start,
		period_end
	FROM invoice_item
	UNION ALL
	SELECT 'LI-A' || padded(invoice_id), invoice_id, idx, 0, 0, '', 1, amount, amount, NULL, NULL
	FROM new_lacking
) AS line
JOIN (SELECT id, name, created, docstatus, is_return FROM new_invoice) AS bill ON bill.id = line.invoice_id
CROSS JOIN books
LEFT JOIN sold AS known ON known.id = line.product_id
JOIN sold ON sold.id = coalesce(known.id, 0)
LEFT JOIN service ON service.id = line.service_id
LEFT JOIN place ON place.id = service.delivery_id
CROSS JOIN LATERAL (SELECT CASE is_return WHEN 1 THEN -abs(quantity) ELSE quantity END AS qty) AS counted
CROSS JOIN LATERAL (
	SELECT
		CASE
			WHEN round(qty * unit_price, 2) = amount THEN unit_price
			ELSE round(amount / qty, 9)
		END AS rate
) AS priced;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT 'Repaired', 'invoice_item', item.id, told.reason, told.detail, to_jsonb(item)
FROM invoice_item AS item
JOIN new_invoice AS bill ON bill.id = item.invoice_id
CROSS JOIN LATERAL (
	VALUES
	(quantity = 0, 'quantity_zero', 'Billed as one of ' || amount || '.'),
	(period_end < period_start, 'period_reversed', 'The line stands without its period.')
) AS told (applies, reason, detail)
WHERE applies AND (quantity = 0 OR period_end < period_start);

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT 'Rejected', 'invoice_item', item.id, 'invoice_gone', NULL, to_jsonb(item)
FROM invoice_item AS item
WHERE EXISTS (SELECT FROM new_invoice) AND NOT EXISTS (SELECT FROM bill WHERE bill.id = item.invoice_id);
