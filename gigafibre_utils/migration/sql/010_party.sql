-- Who is billed: `party`, a row for each legacy customer, and one for each customer that is gone and that a
-- document still names. The name follows from the legacy id alone. The customer's name is the legal one of today
-- (`bill_to_name` of the active services, where these agree), else the company, else the person.

-- An id as it stands in a name: seven digits, more where it has more.
CREATE OR REPLACE FUNCTION padded(id bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN lpad(id::text, greatest(7, length(id::text)), '0');

-- Text as HTML shows it.
CREATE OR REPLACE FUNCTION escaped(plain text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN replace(replace(replace(plain, '&', '&amp;'), '<', '&lt;'), '>', '&gt;');

DROP TABLE IF EXISTS party;

CREATE UNLOGGED TABLE party AS
WITH gone AS (
	SELECT customer_id AS id FROM delivery
	UNION SELECT customer_id FROM invoice
	UNION SELECT customer_id FROM payment
	UNION SELECT customer_id FROM payment_method
	UNION SELECT customer_id FROM payment_arrangement
	UNION SELECT customer_id FROM ticket WHERE customer_id <> 0
	EXCEPT SELECT id FROM customer
),
undated AS (
	SELECT id FROM gone
	UNION ALL SELECT id FROM customer WHERE local_time(created_at) IS NULL
),
dated AS (
	SELECT customer_id, min(local_time(seconds)) AS earliest
	FROM (
		SELECT customer_id, created_at AS seconds FROM delivery
		UNION ALL SELECT customer_id, issued_at FROM invoice
		UNION ALL SELECT customer_id, paid_at FROM payment
		UNION ALL SELECT customer_id, agreed_at FROM payment_arrangement
		UNION ALL SELECT customer_id, opened_at FROM ticket
	) AS document
	JOIN undated ON undated.id = customer_id
	GROUP BY customer_id
),
legal AS (
	SELECT delivery.customer_id, min(service.bill_to_name) AS name
	FROM service
	JOIN delivery ON delivery.id = service.delivery_id
	WHERE service.status = 'active' AND service.bill_to_name <> ''
	GROUP BY delivery.customer_id
	HAVING count(DISTINCT service.bill_to_name) = 1
),
known AS (
	SELECT
		customer.*,
		concat_ws(' ', nullif(first_name, ''), nullif(last_name, '')) AS person_name,
		address1 || address2 || city || postal_code <> '' AS has_address
	FROM customer
)
SELECT
	known.id,
	'CUST-' || padded(known.id) AS name,
	coalesce(legal.name, nullif(company, ''), nullif(person_name, ''), 'Client ' || known.id) AS customer_name,
	person_name,
	CASE language WHEN 'en' THEN 'en' ELSE 'fr' END AS language,
	CASE company WHEN '' THEN 'Individual' ELSE 'Commercial' END AS customer_group,
	CASE company WHEN '' THEN 'Individual' ELSE 'Company' END AS customer_type,
	(status = 'closed')::int::smallint AS disabled,
	false AS is_placeholder,
	coalesce(local_time(created_at), earliest, timestamp '2011-01-01') AS created,
	CASE WHEN has_address THEN 'CUST-' || padded(known.id) || '-Billing' END AS address,
	CASE
		WHEN person_name <> '' OR emails <> '{}' OR cell_e164 IS NOT NULL OR home_e164 IS NOT NULL
		THEN 'CUST-' || padded(known.id)
	END AS contact
FROM known
LEFT JOIN legal ON legal.customer_id = known.id
LEFT JOIN dated ON dated.customer_id = known.id
UNION ALL
SELECT
	gone.id,
	'CUST-' || padded(gone.id),
	'Client ' || gone.id || ' (dossier disparu)',
	'',
	'fr',
	'Individual',
	'Individual',
	1::smallint,
	true,
	coalesce(earliest, timestamp '2011-01-01'),
	NULL,
	NULL
FROM gone
LEFT JOIN dated ON dated.customer_id = gone.id
ORDER BY 1;

ALTER TABLE party ADD PRIMARY KEY (id);
ANALYZE party;
