-- What ERPNext must allow for lines as they were billed, else no migrated invoice that has such a line can be
-- cancelled or credited, nor the next one be made: quantities of use that are no whole number, and discounts, whose
-- rate is below nothing. ERPNext: `transaction_base.validate_uom_is_integer`, `StatusUpdater.validate_qty`.

CREATE TEMP TABLE billed_by ON COMMIT DROP AS
SELECT
	coalesce(sold.id, 0) AS id,
	bool_or(quantity <> trunc(quantity)) AS in_fractions,
	bool_or(unit_price < 0) AS below_nothing
FROM invoice_item
LEFT JOIN sold ON sold.id = product_id
GROUP BY 1;

CREATE TEMP TABLE whole_unit ON COMMIT DROP AS
SELECT DISTINCT unit.name
FROM billed_by
JOIN sold USING (id)
JOIN "tabItem" AS item ON item.name = sold.item_code
JOIN "tabUOM" AS unit ON unit.name IN (sold.uom, item.stock_uom)
WHERE in_fractions AND unit.must_be_whole_number = 1;

INSERT INTO changed (doctype, name, field, old_value, new_value)
SELECT 'UOM', name, 'must_be_whole_number', '1', '0' FROM whole_unit ORDER BY name;

UPDATE "tabUOM" AS unit SET must_be_whole_number = 0 FROM whole_unit WHERE unit.name = whole_unit.name;

CREATE TEMP TABLE forbidden ON COMMIT DROP AS
SELECT 'Selling Settings' AS doctype, 'allow_negative_rates_for_items' AS field, setting.value AS old_value
FROM (SELECT bool_or(below_nothing) AS any_below_nothing FROM billed_by) AS billed
LEFT JOIN "tabSingles" AS setting
	ON setting.doctype = 'Selling Settings' AND setting.field = 'allow_negative_rates_for_items'
WHERE any_below_nothing AND coalesce(setting.value, '0') <> '1';

INSERT INTO changed (doctype, name, field, old_value, new_value)
SELECT doctype, doctype, field, old_value, '1' FROM forbidden;

DELETE FROM "tabSingles" AS setting USING forbidden
WHERE setting.doctype = forbidden.doctype AND setting.field = forbidden.field;

INSERT INTO "tabSingles" (doctype, field, value) SELECT doctype, field, '1' FROM forbidden;
