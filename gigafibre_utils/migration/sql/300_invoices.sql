-- Sales Invoices, as ERPNext has them once they are submitted, cancelled or drafts. What 310 to 330 add to them is
-- for `new_invoice` alone: those that are not there yet.

CREATE TEMP TABLE new_invoice ON COMMIT DROP AS
SELECT bill.*, nullif(invoice.notes, '') AS remarks
FROM bill
JOIN invoice USING (id)
WHERE in_scope AND NOT EXISTS (SELECT FROM "tabSales Invoice" AS there WHERE there.name = bill.name)
ORDER BY bill.id;

ALTER TABLE new_invoice ADD PRIMARY KEY (id);
ANALYZE new_invoice;

-- The lines that an invoice lacks: all of them, or one that makes up the total. They are of no product.
CREATE TEMP TABLE new_lacking ON COMMIT DROP AS
SELECT id AS invoice_id, lines + 1 AS idx, CASE lines WHEN 0 THEN net_total ELSE adjustment END AS amount
FROM new_invoice
WHERE lines = 0 OR adjustment <> 0;

-- What each of them brings in on which account.
CREATE TEMP TABLE new_income ON COMMIT DROP AS
SELECT invoice_id, account, sum(amount) AS amount, sum(quantity) AS quantity, sum(returned) AS returned
FROM (
	SELECT invoice_id, account, amount, quantity, returned
	FROM earned
	JOIN new_invoice ON new_invoice.id = invoice_id
	UNION ALL
	SELECT invoice_id, income_account, amount, 1, 1 FROM new_lacking CROSS JOIN sold WHERE sold.id = 0
) AS part
GROUP BY invoice_id, account;

CREATE TEMP TABLE new_summary ON COMMIT DROP AS
SELECT
	invoice_id,
	string_agg(account, ',' ORDER BY account) AS accounts,
	sum(quantity) AS quantity,
	sum(returned) AS returned
FROM new_income
GROUP BY invoice_id;

ANALYZE new_income;
ANALYZE new_summary;

INSERT INTO "tabSales Invoice" (
	name, creation, modified, owner, modified_by, docstatus, idx, company, naming_series, customer, customer_name,
	posting_date, posting_time, set_posting_time, due_date, is_return, return_against,
	update_outstanding_for_self, cost_center, currency, conversion_rate, selling_price_list,
	price_list_currency, plc_conversion_rate, total_qty, base_total, base_net_total, total, net_total,
	base_total_taxes_and_charges, total_taxes_and_charges, grand_total, base_grand_total,
	disable_rounded_total, rounding_adjustment, base_rounding_adjustment, rounded_total, base_rounded_total,
	outstanding_amount, customer_address, address_display, contact_person, contact_display, contact_mobile,
	contact_email, territory, debit_to, party_account_currency, against_income_account, language, status,
	remarks, customer_group, legacy_id, legacy_number
)
SELECT
	bill.name,
	bill.created,
	bill.created,
	owner,
	owner,
	docstatus,
	0,
	books.company,
	'SINV-.YYYY.-',
	bill.customer,
	bill.customer_name,
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
	price_list,
	currency,
	1,
	CASE is_return WHEN 1 THEN -returned ELSE quantity END,
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
	party.address,
	there.primary_address,
	party.contact,
	CASE WHEN party.contact IS NOT NULL THEN coalesce(nullif(person_name, ''), party.customer_name) END,
	there.mobile_no,
	there.email_id,
	books.territory,
	receivable,
	currency,
	summary.accounts,
	bill.language,
	-- ERPNext: `SalesInvoice.set_status`.
	CASE
		WHEN docstatus = 2 THEN 'Cancelled'
		WHEN docstatus = 0 THEN 'Draft'
		WHEN owed.outstanding > 0 AND due_date < as_of THEN 'Overdue'
		WHEN owed.outstanding > 0 AND owed.outstanding < bill.total THEN 'Partly Paid'
		WHEN owed.outstanding > 0 THEN 'Unpaid'
		WHEN is_return = 1 THEN 'Return'
		WHEN credit.name IS NOT NULL THEN 'Credit Note Issued'
		ELSE 'Paid'
	END,
	remarks,
	party.customer_group,
	bill.id,
	nullif(bill.number, '')
FROM new_invoice AS bill
CROSS JOIN books
-- No price is taken from it; without one ERPNext saves no invoice.
LEFT JOIN (
	SELECT nullif(value, '') AS price_list FROM "tabSingles"
	WHERE doctype = 'Selling Settings' AND field = 'selling_price_list'
) AS setting ON true
JOIN party ON party.id = bill.customer_id
JOIN new_summary AS summary ON summary.invoice_id = bill.id
LEFT JOIN (SELECT name, primary_address, mobile_no, email_id FROM "tabCustomer") AS there ON there.name = bill.customer
LEFT JOIN (
	SELECT return_against AS name, coalesce(sum(total) FILTER (WHERE NOT against_self), 0) AS taken_off
	FROM bill
	WHERE return_against IS NOT NULL
	GROUP BY return_against
) AS credit ON credit.name = bill.name
CROSS JOIN LATERAL (
	SELECT CASE WHEN against_self THEN bill.total + coalesce(taken_off, 0) ELSE 0 END AS outstanding
) AS owed
ORDER BY bill.id;

INSERT INTO added (doctype, name) SELECT 'Sales Invoice', name FROM new_invoice ORDER BY id;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT 'Repaired', 'invoice', bill.id, told.reason, told.detail, to_jsonb(invoice)
FROM new_invoice AS bill
JOIN invoice USING (id)
JOIN party ON party.id = bill.customer_id
CROSS JOIN LATERAL (
	VALUES
	(is_dated_by_repair, 'undated', 'Dated ' || posting_date || ', as the invoices around it.'),
	(
		invoice.status NOT IN ('open', 'paid', 'void', 'reversed', 'draft'),
		'status_unknown',
		'Its status is "' || invoice.status || '": it stands as billed.'
	),
	(is_due_by_repair, 'no_due_date', 'Due ' || due_date || '.'),
	(lines = 0, 'no_items', 'One line of ' || net_total || ' stands for all.'),
	(lines > 0 AND adjustment <> 0, 'items_do_not_add_up', 'A line of ' || adjustment || ' makes up for it.'),
	(rounding <> 0, 'total_rounded', 'Rounded by ' || rounding || '.'),
	(
		bill.number <> '' AND NOT is_numbered,
		'number_used_twice',
		'Number ' || bill.number || ' is another''s too, or not a number: it is called ' || bill.name || '.'
	),
	(bill.number = '', 'no_number', 'It is called ' || bill.name || '.'),
	(
		bill.reversal_of <> 0 AND is_return = 0,
		'reverses_nothing',
		'It says that it reverses ' || bill.reversal_of || ', and takes nothing back: it is an invoice.'
	),
	(
		bill.reversal_of <> 0 AND is_return = 1 AND docstatus = 1 AND return_against IS NULL,
		'reversal_gone',
		'What it reverses, ' || bill.reversal_of || ', is no invoice that stands of this customer: it is credit by '
			|| 'itself.'
	),
	(
		return_against IS NOT NULL AND against_self,
		'reversed_after_payment',
		'Of ' || return_against || ' less is owed than it takes back: it is credit by itself.'
	),
	(is_placeholder, 'customer_gone', 'It stands with ' || bill.customer || '.')
) AS told (applies, reason, detail)
WHERE applies;
