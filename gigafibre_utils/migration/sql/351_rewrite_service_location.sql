-- The Service Location of migrated invoice lines, where next to none has one: the table is written anew, and its
-- indexes with it. That takes less than updating its rows one by one, and leaves none of their former versions behind.
-- What a table is written anew by may not ask other tables, so it holds the place of every line, by the line's number:
-- 0 where there is none or the line has one, as in a list without NULL each entry is found at once. The list is kept,
-- for who takes the run back.

DO $$
DECLARE
	-- Line by line in their order, which spares to sort them, and as many entries for each as the next is ahead.
	given bigint[] := (
		SELECT array_fill(0::bigint, ARRAY[min(id)::int - 1])
			|| array_agg(CASE nth WHEN 0 THEN place ELSE 0 END ORDER BY id, nth)
		FROM (
			SELECT id, place, generate_series(0, next - id - 1) AS nth
			FROM (
				SELECT
					item.id,
					lead(item.id, 1, item.id + 1) OVER (ORDER BY item.id) AS next,
					CASE WHEN held.number IS NULL THEN coalesce(place.id, 0) ELSE 0 END AS place
				FROM invoice_item AS item
				LEFT JOIN service ON service.id = item.service_id
				LEFT JOIN place ON place.id = service.delivery_id
				LEFT JOIN (
					SELECT substr(name, 4)::bigint AS number FROM "tabSales Invoice Item"
					WHERE left(name, 4) COLLATE "C" BETWEEN 'LI-0' AND 'LI-9' AND service_location IS NOT NULL
				) AS held ON held.number = item.id
			) AS line
		) AS entry
	);
BEGIN
	INSERT INTO places_given (places) VALUES (given);
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
		given
	);
END
$$;

ANALYZE "tabSales Invoice Item" (service_location);
