-- Subscriptions, one for each service that is billed by the month, on its Service Location; their plans, one for
-- each item and price. What is billed once or by use is no subscription: ERPNext would bill it every month.
--
-- ERPNext's `Subscription.process` looks every day at all that are not Cancelled, and bills a period on the day it
-- begins (`generate_invoice_at`). So
--   * the current period of an active one is the first that was not billed: the day after the last billed one, or,
--     where billing had stopped before the cut-over, the next month. No period is billed twice.
--   * ERPNext makes drafts (`submit_invoice`): which taxes apply is for staff to see before the first is owed.
--   * an unpaid invoice does not stop the next (`generate_new_invoices_past_due_date`), as it never did.
--   * a suspended one is Cancelled without a cancellation date: every other status is billed, or set back to Active
--     by `set_subscription_status`, and "Restart Subscription" takes up a Cancelled one. So is that of a closed
--     customer. `Subscription.validate_end_date` refuses an end within the first month; the cancellation date,
--     which an ended one has, tells it.

CREATE TEMP TABLE new_service ON COMMIT DROP AS
WITH usable AS (
	SELECT
		service.id,
		delivery_id,
		product_id,
		bill_to_name,
		service.price,
		status,
		CASE WHEN start_date BETWEEN date '2000-01-01' AND as_of + 730 THEN start_date END AS start_date,
		CASE WHEN end_date >= coalesce(start_date, date '2000-01-01') THEN end_date END AS end_date,
		end_date < start_date AS is_reversed,
		as_of
	FROM service
	CROSS JOIN books
	WHERE NOT EXISTS (
		SELECT FROM "tabSubscription" AS there WHERE there.name = 'SUB-' || padded(service.id)
	)
),
billed AS (
	SELECT
		service_id,
		min(period_start) AS first_start,
		max(period_start) AS last_start,
		max(period_end) AS last_end
	FROM invoice_item
	JOIN invoice ON invoice.id = invoice_id
	WHERE service_id <> 0
		AND period_start >= date '2000-01-01'
		AND period_end BETWEEN period_start AND (SELECT as_of + 730 FROM books)
		AND status NOT IN ('void', 'draft', 'reversed')
		AND reversal_of = 0
	GROUP BY service_id
),
-- Of a service whose delivery is gone: who was billed for it last.
payer AS (
	SELECT DISTINCT ON (service_id) service_id, customer_id
	FROM invoice_item
	JOIN usable ON usable.id = service_id
	JOIN invoice ON invoice.id = invoice_id
	WHERE NOT EXISTS (SELECT FROM place WHERE place.id = delivery_id)
	ORDER BY service_id, invoice_item.id DESC
),
placed AS (
	SELECT
		usable.*,
		'SUB-' || padded(usable.id) AS name,
		party.name AS customer,
		party.disabled,
		local_time(customer.closed_at)::date AS closed,
		place.name AS service_location,
		item_code,
		is_monthly,
		coalesce(usable.price, sold.price) AS cost,
		first_start,
		last_start,
		last_end,
		coalesce(
			start_date, least(coalesce(first_start, place.created::date, party.created::date), end_date)
		) AS starts
	FROM usable
	LEFT JOIN place ON place.id = delivery_id
	LEFT JOIN payer ON payer.service_id = usable.id
	LEFT JOIN party ON party.id = coalesce(place.customer_id, payer.customer_id)
	LEFT JOIN customer ON customer.id = party.id
	LEFT JOIN sold ON sold.id = product_id AND product_id <> 0
	LEFT JOIN billed ON billed.service_id = usable.id
),
timed AS (
	SELECT
		*,
		greatest(
			starts,
			CASE
				WHEN last_end >= as_of THEN last_end + 1
				ELSE (date_trunc('month', as_of) + interval '1 month')::date
			END
		) AS next_start,
		(starts + interval '1 month - 1 day')::date AS first_end
	FROM placed
),
planned AS (
	SELECT *, end_date <= first_end OR end_date < next_start AS is_over FROM timed
)
SELECT
	*,
	item_code || ' ' || to_char(cost, 'FM9999999990.00') AS plan,
	status = 'active' AND disabled = 0 AND is_over IS NOT TRUE AS is_billed,
	CASE
		WHEN item_code IS NULL THEN 'product_gone'
		WHEN NOT is_monthly THEN 'not_recurring'
		WHEN customer IS NULL THEN 'delivery_gone'
	END AS rejected
FROM planned;

ANALYZE new_service;

CREATE TEMP TABLE new_plan ON COMMIT DROP AS
SELECT plan, min(item_code) AS item_code, min(cost) AS cost
FROM new_service
WHERE rejected IS NULL
	AND NOT EXISTS (SELECT FROM "tabSubscription Plan" AS there WHERE there.name = new_service.plan)
GROUP BY plan;

INSERT INTO "tabSubscription Plan" (
	name, creation, modified, owner, modified_by, docstatus, idx, plan_name, currency, item, price_determination,
	cost, billing_interval, billing_interval_count, cost_center
)
SELECT
	plan, timestamp '2011-01-01', timestamp '2011-01-01', owner, owner, 0, 0, plan, currency, item_code, 'Fixed Rate',
	cost, 'Month', 1, cost_center
FROM new_plan
CROSS JOIN books
ORDER BY plan;

INSERT INTO "tabSubscription" (
	name, creation, modified, owner, modified_by, docstatus, idx, party_type, party, company, status, start_date,
	end_date, cancelation_date, current_invoice_start, current_invoice_end, generate_invoice_at, submit_invoice,
	generate_new_invoices_past_due_date, apply_additional_discount, cost_center, service_location, billed_to,
	legacy_id
)
SELECT
	service.name,
	starts,
	starts,
	owner,
	owner,
	0,
	0,
	'Customer',
	customer,
	books.company,
	CASE WHEN is_billed THEN 'Active' ELSE 'Cancelled' END,
	starts,
	CASE WHEN end_date > first_end THEN end_date END,
	CASE
		WHEN is_billed OR status = 'suspended' AND disabled = 0 THEN NULL
		ELSE coalesce(end_date, closed, last_end, starts)
	END,
	CASE WHEN is_billed THEN next_start ELSE coalesce(last_start, starts) END,
	CASE
		WHEN is_billed THEN least((next_start + interval '1 month - 1 day')::date, end_date)
		ELSE coalesce(last_end, first_end)
	END,
	'Beginning of the current subscription period',
	0,
	1,
	'',
	cost_center,
	service_location,
	nullif(bill_to_name, ''),
	id::text
FROM new_service AS service
CROSS JOIN books
WHERE rejected IS NULL
ORDER BY id;

INSERT INTO "tabSubscription Plan Detail" (
	name, creation, modified, owner, modified_by, docstatus, idx, plan, qty, parent, parentfield, parenttype
)
SELECT 'LB-' || padded(id), starts, starts, owner, owner, 0, 1, plan, 1, name, 'plans', 'Subscription'
FROM new_service
CROSS JOIN books
WHERE rejected IS NULL
ORDER BY id;

INSERT INTO added (doctype, name) SELECT 'Subscription Plan', plan FROM new_plan ORDER BY plan;
INSERT INTO added (doctype, name) SELECT 'Subscription', name FROM new_service WHERE rejected IS NULL ORDER BY id;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT outcome, 'service', service.id, reason, detail, to_jsonb(service)
FROM new_service AS made
JOIN service USING (id)
CROSS JOIN LATERAL (
	VALUES
		('Rejected', rejected IS NOT NULL, rejected, NULL),
		(
			'Repaired',
			rejected IS NULL AND service_location IS NULL,
			'delivery_gone',
			'It is the subscription of ' || customer || ', who was billed for it last, without a location.'
		),
		(
			'Repaired',
			rejected IS NULL AND is_reversed,
			'end_before_start',
			'The end date is left out.'
		),
		(
			'Repaired',
			rejected IS NULL AND made.start_date IS NULL,
			'undated',
			'It starts on ' || starts || '.'
		),
		(
			'Repaired',
			rejected IS NULL AND service.status = 'suspended',
			'suspended',
			'It stands as Cancelled; Restart Subscription takes it up again.'
		),
		(
			'Repaired',
			rejected IS NULL AND service.status = 'active' AND disabled = 1,
			'customer_closed',
			'It stands as Cancelled.'
		),
		(
			'Repaired',
			rejected IS NULL AND service.status = 'active' AND disabled = 0 AND is_over,
			'term_over',
			'It ends on ' || made.end_date || ' and stands as Cancelled.'
		),
		(
			'Repaired',
			rejected IS NULL AND service.status NOT IN ('active', 'suspended', 'ended'),
			'status_unknown',
			'It stands as Cancelled.'
		)
) AS trap (outcome, occurs, reason, detail)
WHERE occurs
ORDER BY service.id, reason;
