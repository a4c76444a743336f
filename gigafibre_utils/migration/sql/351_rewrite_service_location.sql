-- The Service Location of migrated invoice lines, where next to none has one: the table is written anew, and its
-- indexes with it. That takes less than updating its rows one by one, and leaves none of their former versions behind.
-- What a table is written anew by may not ask other tables, so it holds the place of every line, by the line's number:
-- 0 where there is none, as in a list without NULL each entry is found at once.

-- PostgreSQL takes a series for a thousand rows, and would look each of its millions up by itself.
SET LOCAL enable_nestloop = off;

DO $$
DECLARE
	places bigint[] := (
		SELECT array_agg(coalesce(place.id, 0) ORDER BY number)
		FROM generate_series(1, (SELECT max(id) FROM invoice_item)) AS number
		LEFT JOIN invoice_item AS item ON item.id = number
		LEFT JOIN service ON service.id = item.service_id
		LEFT JOIN place ON place.id = service.delivery_id
	);
BEGIN
	EXECUTE format(
		$rewrite$
			ALTER TABLE public."tabSales Invoice Item" ALTER service_location TYPE varchar(140) USING coalesce(
				service_location,
				'SL-' || padded(nullif(
					CASE
						WHEN left(name, 4) COLLATE "C" BETWEEN 'LI-0' AND 'LI-9'
						THEN (%L::bigint[])[substr(name, 4)::int]
					END,
					0
				))
			)
		$rewrite$,
		places
	);
END
$$;

SET LOCAL enable_nestloop = on;
ANALYZE "tabSales Invoice Item" (service_location);
