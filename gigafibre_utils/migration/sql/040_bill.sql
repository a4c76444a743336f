-- What was billed: `bill`, a row for each legacy invoice, and `earned`, what its lines bring in on each account. It is
-- called by its printed number where no other invoice has that, else by its id behind an L, so that the two can never
-- meet; one that is there keeps its name, whatever was done to its number or date since, and what it stands against
-- (`is_tied`). Amounts are those that were billed: the net is the sum of the lines, and what then lacks to the printed
-- total is, up to five cents, a rounding adjustment, and beyond that a line of its own (`adjustment`). A total below
-- nothing is a credit note.

DROP TABLE IF EXISTS bill, earned;
ANALYZE books, tax, mode;

-- Lines that name no product, or one that is gone, are those of row 0. A quantity of nothing is billed as one.
CREATE UNLOGGED TABLE earned AS
SELECT
	item.invoice_id,
	coalesce(sold.income_account, nothing.income_account) AS account,
	sum(item.amount) AS amount,
	count(*) AS lines,
	sum(CASE quantity WHEN 0 THEN 1 ELSE quantity END) AS quantity,
	sum(CASE quantity WHEN 0 THEN 1 ELSE abs(quantity) END) AS returned
FROM invoice_item AS item
CROSS JOIN (SELECT income_account FROM sold WHERE id = 0) AS nothing
LEFT JOIN sold ON sold.id = item.product_id
GROUP BY 1, 2;

ANALYZE earned;

CREATE UNLOGGED TABLE bill AS
WITH told AS (
	SELECT
		id,
		customer_id,
		number,
		subtotal,
		total,
		status,
		reversal_of,
		local_time(issued_at) AS issued,
		local_time(due_at)::date AS due,
		count(local_time(issued_at)) OVER (ORDER BY id) AS dated_before,
		CASE WHEN number ~ '^[0-9]{1,7}$' THEN number::int END AS printed
	FROM invoice
),
-- One without a usable date has that of the nearest before it that has one, else of the first that has one.
dated AS (
	SELECT
		told.*,
		coalesce(
			issued,
			first_value(issued) OVER (PARTITION BY dated_before ORDER BY id),
			(SELECT first.issued FROM told AS first WHERE first.dated_before = 1 ORDER BY first.id LIMIT 1),
			as_of::timestamp
		) AS at,
		printed IS NOT NULL AND count(*) OVER (PARTITION BY printed) = 1 AS is_numbered
	FROM told
	CROSS JOIN books
),
billed AS (
	SELECT invoice_id, sum(amount) AS net, sum(lines) AS lines FROM earned GROUP BY invoice_id
),
taxes AS (
	SELECT invoice_id, sum(amount) AS tax FROM invoice_tax GROUP BY invoice_id
),
summed AS (
	SELECT
		dated.*,
		coalesce(billed.lines, 0) AS lines,
		coalesce(billed.net, subtotal) AS net,
		coalesce(taxes.tax, 0) AS tax,
		total - coalesce(billed.net, subtotal) - coalesce(taxes.tax, 0) AS lacking
	FROM dated
	LEFT JOIN billed ON billed.invoice_id = dated.id
	LEFT JOIN taxes ON taxes.invoice_id = dated.id
)
SELECT
	summed.id,
	coalesce(
		there.name,
		'SINV-' || extract(year FROM at) || '-'
			|| CASE WHEN is_numbered THEN lpad(printed::text, 7, '0') ELSE 'L' || padded(summed.id) END
	) AS name,
	summed.number,
	party.name AS customer,
	party.id AS customer_id,
	party.customer_name,
	party.language,
	at::date AS posting_date,
	at::time AS posting_time,
	greatest(coalesce(due, at::date + 30), at::date) AS due_date,
	at AS created,
	CASE summed.status WHEN 'void' THEN 2 WHEN 'draft' THEN 0 ELSE 1 END::smallint AS docstatus,
	(total < 0)::int::smallint AS is_return,
	NULL::text AS return_against,
	coalesce(there.return_against <> '', false) AS is_tied,
	NOT coalesce(
		there.return_against <> '' AND there.update_outstanding_for_self = 0 AND there.docstatus = 1, false
	) AS against_self,
	lines,
	CASE WHEN abs(lacking) > 0.05 THEN lacking ELSE 0 END AS adjustment,
	net + CASE WHEN abs(lacking) > 0.05 THEN lacking ELSE 0 END AS net_total,
	tax AS tax_total,
	net + tax + CASE WHEN abs(lacking) > 0.05 THEN lacking ELSE 0 END AS grand_total,
	CASE WHEN abs(lacking) > 0.05 THEN 0 ELSE lacking END AS rounding,
	total,
	reversal_of,
	is_numbered,
	issued IS NULL AS is_dated_by_repair,
	due IS NULL AS is_due_by_repair,
	since IS NULL OR at::date >= since AS in_scope
FROM summed
CROSS JOIN books
JOIN party ON party.id = summed.customer_id
LEFT JOIN (
	SELECT name, legacy_id, docstatus, return_against, update_outstanding_for_self FROM "tabSales Invoice"
) AS there ON there.legacy_id = summed.id::text
ORDER BY summed.id;

ALTER TABLE bill ADD PRIMARY KEY (id);
ANALYZE bill;

-- A credit note never reverses another customer's invoice, one that is void or a draft, or another credit note.
UPDATE bill SET return_against = original.name
FROM bill AS original
WHERE original.id = bill.reversal_of
	AND bill.is_return = 1
	AND bill.docstatus = 1
	AND bill.in_scope
	AND original.is_return = 0
	AND original.docstatus = 1
	AND original.in_scope
	AND original.customer_id = bill.customer_id;
