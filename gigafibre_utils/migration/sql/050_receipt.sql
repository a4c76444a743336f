-- What was paid: `receipt`, a row for each legacy payment of more or less than nothing. One that bounced or was taken
-- back stands as it came, and its counterpart pays out what it can of it (`against_original`, of the original's side
-- `taken_back`): as much of the one stands against the other. One that bounced and has no counterpart never came in:
-- it is a cancelled Payment Entry. One that is there keeps its name, whatever was done to its date since.

DROP TABLE IF EXISTS receipt;

CREATE UNLOGGED TABLE receipt AS
WITH told AS (
	SELECT
		payment.*,
		-- Stripe's number of a payment is one payment's, and unique in the site.
		CASE
			WHEN reference LIKE 'pi\_%' AND count(*) OVER (PARTITION BY reference) = 1 THEN reference
		END AS intent,
		local_time(paid_at) AS paid,
		count(local_time(paid_at)) OVER (ORDER BY id) AS dated_before
	FROM payment
),
dated AS (
	SELECT
		told.*,
		there.name AS known_name,
		coalesce(
			paid,
			first_value(paid) OVER (PARTITION BY dated_before ORDER BY id),
			(SELECT first.paid FROM told AS first WHERE first.dated_before = 1 ORDER BY first.id LIMIT 1),
			as_of::timestamp
		) AS at
	FROM told
	CROSS JOIN books
	LEFT JOIN (SELECT name, legacy_id FROM "tabPayment Entry") AS there ON there.legacy_id = told.id::text
),
scoped AS (
	SELECT dated.*, since IS NULL OR at::date >= since AS in_scope
	FROM dated
	CROSS JOIN books
	WHERE amount <> 0
),
counterpart AS (
	SELECT
		back.id,
		original.id AS original_id,
		original.amount,
		-back.amount AS wanted,
		sum(-back.amount) OVER (PARTITION BY original.id ORDER BY back.id) AS wanted_so_far
	FROM scoped AS back
	JOIN scoped AS original ON original.id = back.reversal_of
	WHERE back.amount < 0
		AND original.amount > 0
		AND original.customer_id = back.customer_id
		AND original.in_scope
		AND back.in_scope
),
taken AS (
	SELECT
		id,
		original_id,
		greatest(0, least(wanted, amount - (wanted_so_far - wanted))) AS against_original
	FROM counterpart
),
taken_back AS (
	SELECT original_id, sum(against_original) AS taken_back FROM taken GROUP BY original_id
)
SELECT
	scoped.id,
	coalesce(scoped.known_name, 'PAY-' || extract(year FROM scoped.at) || '-' || padded(scoped.id)) AS name,
	party.name AS customer,
	party.id AS customer_id,
	party.customer_name,
	CASE WHEN scoped.amount > 0 THEN 'Receive' ELSE 'Pay' END AS payment_type,
	CASE WHEN scoped.status IN ('nsf', 'reversed') AND scoped.amount > 0 AND taken_back.original_id IS NULL
		THEN 2 ELSE 1
	END::smallint AS docstatus,
	abs(scoped.amount) AS amount,
	scoped.at::date AS posting_date,
	scoped.at AS created,
	scoped.method,
	mode.mode_of_payment,
	mode.account,
	mode.account_type,
	scoped.reference,
	scoped.intent,
	coalesce(taken_back.taken_back, 0) AS taken_back,
	coalesce(taken.against_original, 0) AS against_original,
	coalesce(
		original.known_name, 'PAY-' || extract(year FROM original.at) || '-' || padded(original.id)
	) AS counterpart_of,
	scoped.reversal_of <> 0 AND taken.id IS NULL AS counterpart_is_gone,
	scoped.paid IS NULL AS is_dated_by_repair,
	-- The first run that made it; none where it is not there yet.
	CASE WHEN scoped.known_name IS NOT NULL THEN coalesce(made.first_run, 0) END AS made_by,
	scoped.in_scope
FROM scoped
JOIN party ON party.id = scoped.customer_id
JOIN mode ON mode.method = scoped.method
LEFT JOIN taken_back ON taken_back.original_id = scoped.id
LEFT JOIN taken ON taken.id = scoped.id
LEFT JOIN scoped AS original ON original.id = taken.original_id
LEFT JOIN (
	SELECT name, coalesce(made_before, run) AS first_run FROM added WHERE doctype = 'Payment Entry'
) AS made ON made.name = scoped.known_name
ORDER BY scoped.id;

ALTER TABLE receipt ADD PRIMARY KEY (id);
ANALYZE receipt;
