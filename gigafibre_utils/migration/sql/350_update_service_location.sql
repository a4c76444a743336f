-- The Service Location of migrated invoice lines that lack it, by the service that they were billed for.

WITH filled AS (
	UPDATE "tabSales Invoice Item" AS line
	SET service_location = place.name
	FROM invoice_item AS item
	JOIN service ON service.id = item.service_id
	JOIN place ON place.id = service.delivery_id
	WHERE line.name = 'LI-' || padded(item.id) AND line.service_location IS NULL
	RETURNING line.name, line.service_location
)
INSERT INTO changed (doctype, name, field, old_value, new_value)
SELECT 'Sales Invoice Item', name, 'service_location', NULL, service_location FROM filled ORDER BY name;
