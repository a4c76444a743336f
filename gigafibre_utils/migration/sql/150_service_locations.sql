-- Service Locations, with the device that belongs to the place. A MAC address is written as the DocType writes it
-- (`AA:BB:CC:DD:EE:FF`); one that is none is kept as it was written, and whoever saves that place is asked for it.

CREATE TEMP TABLE new_place ON COMMIT DROP AS
SELECT
	place.*,
	party.is_placeholder,
	party.disabled,
	mac,
	mac ~ '^[0-9A-F]{12}$' AS is_mac,
	abs(coalesce(latitude, 0)) <= 90 AND abs(coalesce(longitude, 0)) <= 180 AS is_on_earth
FROM place
JOIN party ON party.id = place.customer_id
JOIN delivery ON delivery.id = place.id
CROSS JOIN LATERAL regexp_replace(upper(device_mac), '[-:.\s]', '', 'g') AS mac
WHERE NOT EXISTS (SELECT FROM "tabService Location" AS there WHERE there.name = place.name);

ANALYZE new_place;

INSERT INTO "tabService Location" (
	name, creation, modified, owner, modified_by, docstatus, idx, location_name, customer, disabled,
	legacy_delivery_id, address_line1, address_line2, city, state, pincode, latitude, longitude, device_mac,
	device_serial
)
SELECT
	place.name,
	created,
	created,
	books.owner,
	books.owner,
	0,
	0,
	location_name,
	customer,
	disabled,
	id::text,
	nullif(address1, ''),
	nullif(address2, ''),
	nullif(city, ''),
	nullif(province, ''),
	nullif(postal_code, ''),
	CASE WHEN is_on_earth THEN coalesce(latitude, 0) ELSE 0 END,
	CASE WHEN is_on_earth THEN coalesce(longitude, 0) ELSE 0 END,
	CASE WHEN is_mac THEN regexp_replace(mac, '(..)(?=.)', '\1:', 'g') ELSE nullif(device_mac, '') END,
	nullif(device_serial, '')
FROM new_place AS place
CROSS JOIN books
JOIN delivery USING (id)
ORDER BY id;

INSERT INTO added (doctype, name) SELECT 'Service Location', name FROM new_place ORDER BY id;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT 'Repaired', 'delivery', delivery.id, reason, detail, to_jsonb(delivery)
FROM new_place AS place
JOIN delivery USING (id)
CROSS JOIN LATERAL (
	VALUES
		(is_placeholder, 'customer_gone', 'It stands on the placeholder ' || customer || '.'),
		(mac <> '' AND NOT is_mac, 'mac_invalid', 'Kept as it was written.'),
		(NOT is_on_earth, 'coordinates_invalid', 'Left out: no such place on earth.')
) AS trap (occurs, reason, detail)
WHERE occurs
ORDER BY delivery.id, reason;
