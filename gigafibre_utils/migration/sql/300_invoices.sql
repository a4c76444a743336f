-- Sales Invoices, as ERPNext has them once they are submitted, cancelled or drafts. What 310 to 330 add to them is
-- for `new_invoice` alone: those that are not there yet.

CREATE TEMP TABLE new_invoice ON COMMIT DROP AS
SELECT bill.*, party.address, party.contact, party.customer_group
FROM bill
JOIN party ON party.id = bill.customer_id
WHERE in_scope AND NOT EXISTS (SELECT FROM "tabSales Invoice" AS there WHERE there.name = bill.name)
ORDER BY bill.id;

ALTER TABLE new_invoice ADD PRIMARY KEY (id);
ANALYZE new_invoice;

-- What each of them brings in on which account; lines that name no product, or one that is gone, are row 0's.
CREATE TEMP TABLE new_income ON COMMIT DROP AS
SELECT invoice_id, income_account AS account, sum(amount) AS amount, sum(quantity) AS quantity
FROM (
	SELECT
		item.invoice_id,
		coalesce(sold.income_account, nothing.income_account) AS income_account,
		item.amount,
		CASE WHEN item.quantity = 0 THEN 1 ELSE item.quantity END AS quantity
	FROM invoice_item AS item
	CROSS JOIN (SELECT income_account FROM sold WHERE id = 0) AS nothing
	LEFT JOIN sold ON sold.id = item.product_id
	UNION ALL
	SELECT new_invoice.id, income_account, net_total, 1 FROM new_invoice CROSS JOIN sold
	WHERE sold.id = 0 AND has_no_line
	UNION ALL
	SELECT new_invoice.id, income_account, adjustment, 1 FROM new_invoice CROSS JOIN sold
	WHERE sold.id = 0 AND adjustment <> 0 AND NOT has_no_line
) AS line
WHERE invoice_id IN (SELECT id FROM new_invoice)
GROUP BY invoice_id, income_account;

ANALYZE new_income;

CREATE TEMP TABLE new_credit ON COMMIT DROP AS
SELECT return_against AS name, sum(total) AS credited
FROM bill
WHERE return_against IS NOT NULL AND in_scope
GROUP BY return_against;

INSERT INTO "tabSales Invoice" (
	name, creation, modified, owner, modified_by, docstatus, idx, company, naming_series, customer, customer_name,
	posting_date, posting_time, set_posting_time, due_date, is_return, return_against,
	update_outstanding_for_self, cost_center, currency, conversion_rate, price_list_currency,
	plc_conversion_rate, total_qty, base_total, base_net_total, total, net_total,
	base_total_taxes_and_charges, total_taxes_and_charges, grand_total, base_grand_total,
	disable_rounded_total, rounding_adjustment, base_rounding_adjustment, rounded_total, base_rounded_total,
	outstanding_amount, customer_address, contact_person, contact_email, contact_mobile, territory, debit_to,
	party_account_currency, against_income_account, amount_eligible_for_commission, language, status, remarks,
	customer_group, legacy_id, legacy_number
)
SELECT
	bill.name,
	created,
	created,
	owner,
	owner,
	docstatus,
	0,
	books.company,
	'SINV-.YYYY.-',
	customer,
	customer_name,
	posting_date,
	posting_time,
	1,
	due_date,
	is_return,
	return_against,
	against_self::int,
	cost_center,
	currency,
	1,
	currency,
	1,
	CASE is_return WHEN 1 THEN -abs(income.quantity) ELSE income.quantity END,
	net_total,
	net_total,
	net_total,
	net_total,
	tax_total,
	tax_total,
	grand_total,
	grand_total,
	(rounding = 0)::int,
	rounding,
	rounding,
	CASE WHEN rounding <> 0 THEN bill.total ELSE 0 END,
	CASE WHEN rounding <> 0 THEN bill.total ELSE 0 END,
	owed.outstanding,
	address,
	contact,
	customer.emails[1],
	coalesce(cell_e164, home_e164),
	territory,
	receivable,
	currency,
	income.accounts,
	net_total,
	bill.language,
	-- ERPNext: `SalesInvoice.set_status`.
	CASE
		WHEN docstatus = 2 THEN 'Cancelled'
		WHEN docstatus = 0 THEN 'Draft'
		WHEN owed.outstanding > 0 AND due_date < as_of THEN 'Overdue'
		WHEN owed.outstanding > 0 AND owed.outstanding < bill.total THEN 'Partly Paid'
		WHEN owed.outstanding > 0 THEN 'Unpaid'
		WHEN is_return = 1 THEN 'Return'
		WHEN credited IS NOT NULL THEN 'Credit Note Issued'
		ELSE 'Paid'
	END,
	coalesce(nullif(invoice.notes, ''), 'No Remarks'),
	bill.customer_group,
	bill.id,
	bill.number
FROM new_invoice AS bill
CROSS JOIN books
JOIN invoice USING (id)
LEFT JOIN customer ON customer.id = bill.customer_id
LEFT JOIN new_credit ON new_credit.name = bill.name
LEFT JOIN (
	SELECT return_against AS name, sum(total) AS taken_off FROM bill
	WHERE NOT against_self AND in_scope GROUP BY return_against
) AS applied ON applied.name = bill.name
LEFT JOIN (
	SELECT invoice_id, sum(quantity) AS quantity, string_agg(account, ',' ORDER BY account) AS accounts
	FROM new_income GROUP BY invoice_id
) AS income ON income.invoice_id = bill.id
CROSS JOIN LATERAL (
	SELECT CASE
		WHEN docstatus = 1 AND NOT against_self THEN 0
		ELSE bill.total + coalesce(taken_off, 0)
	END AS outstanding
) AS owed
ORDER BY bill.id;

INSERT INTO added (doctype, name) SELECT 'Sales Invoice', name FROM new_invoice ORDER BY id;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT 'Repaired', 'invoice', bill.id, told.reason, told.detail, to_jsonb(invoice)
FROM new_invoice AS bill
JOIN invoice USING (id)
CROSS JOIN LATERAL (
	VALUES
	(is_dated_by_repair, 'undated', 'Dated ' || posting_date || ', as the invoices around it.'),
	(is_due_by_repair, 'no_due_date', 'Due ' || due_date || '.'),
	(has_no_line, 'no_items', 'One line of ' || net_total || ' stands for all.'),
	(adjustment <> 0, 'items_do_not_add_up', 'A line of ' || adjustment || ' makes up for it.'),
	(rounding <> 0, 'total_rounded', 'Rounded by ' || rounding || '.'),
	(
		bill.name NOT LIKE 'SINV-____-L%' IS FALSE AND bill.number <> '',
		'number_used_twice',
		'Number ' || bill.number || ' is another''s too, or not a number: it is called ' || bill.name || '.'
	),
	(bill.number = '', 'no_number', 'It is called ' || bill.name || '.'),
	(
		bill.reversal_of <> 0 AND return_against IS NULL AND is_return = 1,
		'reversal_gone',
		'What it reverses, ' || bill.reversal_of || ', is not this customer''s invoice: it is credit by itself.'
	),
	(
		return_against IS NOT NULL AND against_self,
		'reversed_after_payment',
		'Of ' || return_against || ' less is owed than it takes back: it is credit by itself.'
	),
	(
		NOT EXISTS (SELECT FROM customer WHERE customer.id = bill.customer_id),
		'customer_gone',
		'It stands with ' || customer || '.'
	)
) AS told (applies, reason, detail)
WHERE applies;
