-- Payment Arrangements with their instalments, and a Payment Request for each that is still due.
--
-- An instalment is met when the payment that it names is a migrated one and was not taken back, or when nothing is
-- owed on its invoice any more; else it was missed when its day is over. An active arrangement's instalment that is
-- not met has a Payment Request, as ERPNext's `make_payment_request` leaves one, as far as its invoice owes so much:
-- ERPNext lets the requests of an invoice not exceed that (`validate_payment_request_amount`).
-- What has been agreed before `since` comes over only while it is active.

CREATE TEMP TABLE new_arrangement ON COMMIT DROP AS
WITH told AS (
	SELECT
		agreed.*,
		local_time(agreed_at) AS agreed,
		coalesce(
			local_time(agreed_at), min(due.due_date) FILTER (WHERE due.due_date <= as_of), party.created
		) AS at,
		party.name AS customer
	FROM payment_arrangement AS agreed
	CROSS JOIN books
	JOIN party ON party.id = agreed.customer_id
	LEFT JOIN payment_arrangement_due AS due ON due.arrangement_id = agreed.id
	GROUP BY agreed.id, party.id, as_of
)
SELECT
	told.*,
	'ARR-' || padded(told.id) AS name,
	CASE told.status
		WHEN 'active' THEN 'Active' WHEN 'kept' THEN 'Kept' WHEN 'broken' THEN 'Broken' ELSE 'Cancelled'
	END AS stands
FROM told
CROSS JOIN books
WHERE (since IS NULL OR at::date >= since OR told.status = 'active')
	AND NOT EXISTS (SELECT FROM "tabPayment Arrangement" AS there WHERE there.name = 'ARR-' || padded(told.id));

ANALYZE new_arrangement;

-- What the customers with an arrangement owe, invoice by invoice.
CREATE TEMP TABLE owing ON COMMIT DROP AS
WITH billed AS (
	SELECT id, name, customer_id, total
	FROM bill
	WHERE docstatus = 1 AND is_return = 0 AND in_scope
		AND customer_id IN (SELECT customer_id FROM new_arrangement)
),
paid AS (
	SELECT
		invoice_id,
		sum(allocation.amount) AS amount,
		(array_agg(receipt.name ORDER BY receipt.created DESC, receipt.id DESC))[1] AS last_payment
	FROM allocation
	JOIN billed ON billed.id = invoice_id
	JOIN receipt ON receipt.id = payment_id
	GROUP BY invoice_id
),
credited AS (
	SELECT return_against, sum(-total) AS amount
	FROM bill
	WHERE return_against IS NOT NULL AND NOT against_self AND docstatus = 1 AND in_scope
	GROUP BY return_against
)
SELECT
	billed.id,
	billed.customer_id,
	billed.total - coalesce(paid.amount, 0) - coalesce(credited.amount, 0) AS owed,
	paid.last_payment
FROM billed
LEFT JOIN paid ON paid.invoice_id = billed.id
LEFT JOIN credited ON credited.return_against = billed.name;

ANALYZE owing;

CREATE TEMP TABLE new_instalment ON COMMIT DROP AS
WITH judged AS (
	SELECT
		due.id,
		due.arrangement_id,
		due.invoice_id,
		due.amount,
		due.payment_id,
		agreed.name AS arrangement,
		agreed.stands,
		agreed.at,
		as_of,
		CASE WHEN due.due_date BETWEEN date '2000-01-01' AND as_of + 730 THEN due.due_date END AS due_date,
		CASE
			WHEN due.invoice_id = 0 THEN NULL
			WHEN bill.id IS NULL THEN 'invoice_gone'
			WHEN bill.customer_id <> agreed.customer_id THEN 'invoice_of_another_customer'
			WHEN bill.docstatus = 2 THEN 'invoice_void'
			WHEN bill.is_return = 1 THEN 'invoice_is_credit'
			WHEN NOT bill.in_scope THEN 'invoice_before_since'
		END AS objection,
		bill.name AS invoice,
		owing.owed,
		owing.last_payment,
		receipt.name AS payment,
		receipt.in_scope AS payment_in_scope,
		receipt.docstatus = 1 AND receipt.payment_type = 'Receive' AND receipt.taken_back < receipt.amount AS is_good
	FROM new_arrangement AS agreed
	CROSS JOIN books
	JOIN payment_arrangement_due AS due ON due.arrangement_id = agreed.id AND due.amount > 0
	LEFT JOIN bill ON bill.id = due.invoice_id
	LEFT JOIN owing ON owing.id = due.invoice_id AND owing.customer_id = agreed.customer_id
	LEFT JOIN receipt ON receipt.id = due.payment_id
),
decided AS (
	SELECT
		judged.*,
		CASE
			WHEN is_good OR owed <= 0 THEN 'Met'
			WHEN due_date < as_of THEN 'Missed'
			ELSE 'Due'
		END AS status
	FROM judged
)
SELECT
	decided.*,
	row_number() OVER (PARTITION BY arrangement_id ORDER BY due_date, id) AS idx,
	CASE WHEN objection IS NULL THEN invoice END AS linked_invoice,
	CASE
		WHEN is_good THEN CASE WHEN payment_in_scope THEN payment END
		WHEN status = 'Met' THEN last_payment
	END AS payment_entry,
	-- Met with all that was owed on its invoice: due again when something is.
	(status = 'Met' AND is_good IS NOT TRUE AND objection IS NULL)::int AS is_paid_off,
	CASE WHEN status <> 'Met' AND stands = 'Active' THEN greatest(0, least(
		amount,
		owed - coalesce(sum(amount) FILTER (WHERE status <> 'Met' AND stands = 'Active') OVER earlier, 0)
	)) ELSE 0 END AS requested
FROM decided
WINDOW earlier AS (
	PARTITION BY invoice_id ORDER BY due_date, id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
);

ANALYZE new_instalment;

CREATE TEMP TABLE new_request ON COMMIT DROP AS
SELECT
	part.id,
	'PREQ-' || padded(part.id) AS name,
	part.at,
	part.requested,
	invoice.name AS invoice,
	invoice.customer,
	invoice.customer_name,
	invoice.currency,
	invoice.party_account_currency,
	invoice.cost_center,
	invoice.project,
	legacy.emails[1] AS email
FROM new_instalment AS part
JOIN "tabSales Invoice" AS invoice ON invoice.name = part.linked_invoice AND invoice.docstatus = 1
JOIN payment_arrangement AS agreed ON agreed.id = part.arrangement_id
LEFT JOIN customer AS legacy ON legacy.id = agreed.customer_id
WHERE part.requested > 0
	AND NOT EXISTS (SELECT FROM "tabPayment Request" AS there WHERE there.name = 'PREQ-' || padded(part.id));

INSERT INTO "tabPayment Arrangement" (
	name, creation, modified, owner, modified_by, docstatus, idx, customer, company, agreed_on, status, legacy_id,
	total, paid, note
)
SELECT
	agreed.name,
	at,
	at,
	owner,
	owner,
	0,
	0,
	customer,
	books.company,
	at::date,
	stands,
	agreed.id::text,
	coalesce(parts.total, 0),
	coalesce(parts.paid, 0),
	nullif(note, '')
FROM new_arrangement AS agreed
CROSS JOIN books
LEFT JOIN (
	SELECT arrangement_id AS id, sum(amount) AS total, sum(amount) FILTER (WHERE status = 'Met') AS paid
	FROM new_instalment
	GROUP BY arrangement_id
) AS parts USING (id)
ORDER BY agreed.id;

INSERT INTO "tabPayment Arrangement Instalment" (
	name, creation, modified, owner, modified_by, docstatus, idx, due_date, amount, invoice, status, payment_request,
	payment_entry, is_paid_off, parent, parentfield, parenttype
)
SELECT
	'LD-' || padded(part.id),
	part.at,
	part.at,
	owner,
	owner,
	0,
	part.idx,
	due_date,
	amount,
	linked_invoice,
	part.status,
	request.name,
	payment_entry,
	is_paid_off,
	arrangement,
	'instalments',
	'Payment Arrangement'
FROM new_instalment AS part
CROSS JOIN books
LEFT JOIN new_request AS request USING (id)
ORDER BY part.id;

INSERT INTO "tabPayment Request" (
	name, creation, modified, owner, modified_by, docstatus, idx, payment_request_type, transaction_date,
	naming_series, company, party_type, party, party_name, reference_doctype, reference_name, grand_total, currency,
	outstanding_amount, party_account_currency, cost_center, project, email_to, subject, status, mute_email,
	payment_channel
)
SELECT
	name,
	at,
	at,
	owner,
	owner,
	1,
	0,
	'Inward',
	at::date,
	'ACC-PRQ-.YYYY.-',
	books.company,
	'Customer',
	customer,
	customer_name,
	'Sales Invoice',
	invoice,
	requested,
	request.currency,
	requested,
	party_account_currency,
	request.cost_center,
	project,
	coalesce(email, owner),
	'Payment Request for ' || invoice,
	'Requested',
	1,
	''
FROM new_request AS request
CROSS JOIN books
ORDER BY id;

INSERT INTO added (doctype, name) SELECT 'Payment Arrangement', name FROM new_arrangement ORDER BY id;
INSERT INTO added (doctype, name) SELECT 'Payment Request', name FROM new_request ORDER BY id;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT 'Repaired', 'payment_arrangement', agreed.id, reason, detail, to_jsonb(agreed)
FROM new_arrangement AS made
JOIN payment_arrangement AS agreed USING (id)
LEFT JOIN (
	SELECT
		arrangement_id AS id,
		count(*) FILTER (WHERE status <> 'Met') AS open_parts,
		coalesce(sum(amount) FILTER (WHERE status <> 'Met'), 0) AS open_amount
	FROM new_instalment
	GROUP BY arrangement_id
) AS parts USING (id)
-- Owed is what the invoices owe that its instalments name; of one that names none, all that the customer owes.
LEFT JOIN (
	SELECT arrangement_id, customer_id, sum(owed) AS owed, bool_or(is_linked) AS names_any
	FROM (
		SELECT arrangement_id, invoice_id, bool_or(linked_invoice IS NOT NULL) AS is_linked
		FROM new_instalment
		GROUP BY arrangement_id, invoice_id
	) AS part
	LEFT JOIN owing ON owing.id = invoice_id
	GROUP BY arrangement_id, customer_id
) AS named ON named.arrangement_id = made.id AND named.customer_id = made.customer_id AND names_any
LEFT JOIN (SELECT customer_id, sum(owed) AS owed FROM owing GROUP BY customer_id) AS everything
	ON everything.customer_id = made.customer_id
CROSS JOIN LATERAL (
	SELECT coalesce(CASE WHEN names_any THEN named.owed ELSE everything.owed END, 0) AS still_owed
) AS owing
CROSS JOIN LATERAL (
	VALUES
		(made.agreed IS NULL, 'undated', 'Dated ' || made.at::date || '.'),
		(
			agreed.status NOT IN ('active', 'kept', 'broken', 'cancelled'),
			'status_unknown',
			'It stands as Cancelled.'
		),
		(parts.id IS NULL, 'no_instalment', NULL),
		(
			stands = 'Active' AND open_amount <> still_owed,
			'sum_differs',
			'Its instalments to come are ' || open_amount || ', owed is ' || still_owed || '.'
		),
		(stands = 'Kept' AND open_parts > 0, 'kept_but_not_met', open_parts || ' instalments were not met.')
) AS trap (occurs, reason, detail)
WHERE occurs
ORDER BY agreed.id, reason;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT 'Repaired', 'payment_arrangement_due', due.id, reason, detail, to_jsonb(due)
FROM new_instalment AS made
JOIN payment_arrangement_due AS due USING (id)
CROSS JOIN LATERAL (
	VALUES
		(made.due_date IS NULL, 'undated', 'Nobody is reminded of it until it has a due date.'),
		(objection IS NOT NULL, objection, 'It names no invoice.'),
		(made.payment_id <> 0 AND made.payment IS NULL, 'payment_gone', 'It stands as ' || made.status || '.'),
		(
			made.payment IS NOT NULL AND NOT is_good,
			'payment_taken_back',
			'It stands as ' || made.status || '.'
		),
		(
			made.payment_id = 0 AND made.status = 'Met',
			'met_already',
			'Nothing is owed on ' || made.invoice || ' any more.'
		)
) AS trap (occurs, reason, detail)
WHERE occurs
UNION ALL
SELECT
	'Rejected',
	'payment_arrangement_due',
	due.id,
	CASE WHEN agreed.id IS NULL THEN 'arrangement_gone' ELSE 'no_amount' END,
	NULL,
	to_jsonb(due)
FROM payment_arrangement_due AS due
LEFT JOIN payment_arrangement AS agreed ON agreed.id = due.arrangement_id
LEFT JOIN new_arrangement AS made ON made.id = agreed.id
WHERE agreed.id IS NULL OR made.id IS NOT NULL AND due.amount <= 0
ORDER BY 3, 4;
