-- Where service is delivered: `place`, a row for each legacy delivery, also for those whose customer is gone, which
-- stand on that customer's placeholder. It is called by its name, else its address, else its city, else its number.

DROP TABLE IF EXISTS place;

CREATE UNLOGGED TABLE place AS
SELECT
	delivery.id,
	'SL-' || padded(delivery.id) AS name,
	coalesce(
		nullif(delivery.name, ''), nullif(address1, ''), nullif(city, ''), delivery.id::text
	) AS location_name,
	party.name AS customer,
	party.id AS customer_id,
	coalesce(local_time(delivery.created_at), party.created) AS created
FROM delivery
JOIN party ON party.id = delivery.customer_id
ORDER BY delivery.id;

ALTER TABLE place ADD PRIMARY KEY (id);
ANALYZE place;
