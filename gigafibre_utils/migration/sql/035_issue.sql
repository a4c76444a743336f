-- What was asked: `issue`, a row for each ticket. Its name holds its year, so a ticket without a usable date takes
-- that of the ticket before it. One that is there keeps its name, whatever was done to its date since.

DROP TABLE IF EXISTS issue;

CREATE UNLOGGED TABLE issue AS
WITH dated AS (
	SELECT
		id,
		customer_id,
		delivery_id,
		local_time(opened_at) AS opened,
		count(local_time(opened_at)) OVER (ORDER BY id) AS since_dated
	FROM ticket
),
opened AS (
	SELECT
		id,
		customer_id,
		delivery_id,
		opened IS NULL AS is_dated_by_repair,
		coalesce(
			first_value(opened) OVER (PARTITION BY since_dated ORDER BY id), timestamp '2011-01-01'
		) AS opened
	FROM dated
)
SELECT
	opened.id,
	coalesce(there.name, 'ISS-' || to_char(opened, 'YYYY') || '-' || padded(opened.id)) AS name,
	party.name AS customer,
	party.customer_name,
	customer.email,
	customer.emails,
	place.name AS service_location,
	opened,
	is_dated_by_repair,
	coalesce(opened::date >= books.since, true) AS in_scope
FROM opened
CROSS JOIN books
LEFT JOIN party ON party.id = opened.customer_id AND opened.customer_id <> 0
LEFT JOIN customer ON customer.id = party.id
LEFT JOIN place ON place.id = opened.delivery_id
LEFT JOIN (SELECT name, legacy_id FROM "tabIssue") AS there ON there.legacy_id = opened.id::text
ORDER BY opened.id;

ALTER TABLE issue ADD PRIMARY KEY (id);
ANALYZE issue;
