-- Items, one for each product and one for what was billed without a product, in a group for each category. They
-- are services to ERPNext: sold, neither bought nor stocked. An item of that code that was there before is used as
-- it is; that it now stands for a product is written on it.

-- The root of the groups; on a site that has none, ERPNext's own.
CREATE TEMP TABLE new_root ON COMMIT DROP AS
SELECT 'All Item Groups' AS name
WHERE NOT EXISTS (SELECT FROM "tabItem Group" WHERE coalesce(parent_item_group, '') = '');

INSERT INTO "tabItem Group" (
	name, creation, modified, owner, modified_by, docstatus, idx, item_group_name, parent_item_group, is_group,
	lft, rgt
)
SELECT name, timestamp '2011-01-01', timestamp '2011-01-01', owner, owner, 0, 0, name, '', 1, 1, 2
FROM new_root
CROSS JOIN books;

CREATE TEMP TABLE root ON COMMIT DROP AS
SELECT name, rgt FROM "tabItem Group"
WHERE coalesce(parent_item_group, '') = ''
ORDER BY rgt DESC
LIMIT 1;

CREATE TEMP TABLE new_group ON COMMIT DROP AS
SELECT item_group AS name, row_number() OVER (ORDER BY item_group) AS place
FROM (
	SELECT DISTINCT item_group FROM sold
	EXCEPT SELECT name FROM "tabItem Group"
) AS missing;

CREATE TEMP TABLE new_item ON COMMIT DROP AS
SELECT sold.* FROM sold
WHERE NOT EXISTS (SELECT FROM "tabItem" AS there WHERE there.name = sold.item_code);

CREATE TEMP TABLE known_item ON COMMIT DROP AS
SELECT sold.* FROM sold
JOIN "tabItem" AS there ON there.name = sold.item_code
WHERE coalesce(there.legacy_id, '') = '';

-- The groups come last in the nested set, below its root, as `frappe.utils.nestedset.update_add_node` puts them.
INSERT INTO "tabItem Group" (
	name, creation, modified, owner, modified_by, docstatus, idx, item_group_name, parent_item_group, is_group,
	lft, rgt, old_parent
)
SELECT
	new_group.name, timestamp '2011-01-01', timestamp '2011-01-01', owner, owner, 0, 0, new_group.name, root.name, 0,
	root.rgt + 2 * (place - 1), root.rgt + 2 * place - 1, root.name
FROM new_group
CROSS JOIN root
CROSS JOIN books
ORDER BY place;

INSERT INTO changed (doctype, name, field, old_value, new_value)
SELECT 'Item Group', name, 'rgt', rgt, rgt + 2 * (SELECT count(*) FROM new_group)
FROM root
WHERE EXISTS (SELECT FROM new_group);

UPDATE "tabItem Group" AS there
SET rgt = root.rgt + 2 * (SELECT count(*) FROM new_group)
FROM root
WHERE there.name = root.name AND EXISTS (SELECT FROM new_group);

INSERT INTO "tabItem" (
	name, creation, modified, owner, modified_by, docstatus, idx, naming_series, item_code, item_name, item_name_en,
	item_group, stock_uom, description, standard_rate, is_stock_item, is_sales_item, is_purchase_item,
	valuation_method, customer_code, legacy_id
)
SELECT
	item_code,
	timestamp '2011-01-01',
	timestamp '2011-01-01',
	owner,
	owner,
	0,
	0,
	'STO-ITEM-.YYYY.-',
	item_code,
	item_name,
	nullif(item_name_en, ''),
	item_group,
	sold.uom,
	escaped(item_name),
	price,
	0,
	1,
	0,
	'',
	'',
	id::text
FROM new_item AS sold
CROSS JOIN books
ORDER BY id;

INSERT INTO "tabItem Default" (
	name, creation, modified, owner, modified_by, docstatus, idx, company, income_account, selling_cost_center,
	parent, parentfield, parenttype
)
SELECT
	'LT-I' || padded(id),
	timestamp '2011-01-01',
	timestamp '2011-01-01',
	owner,
	owner,
	0,
	1,
	books.company,
	income_account,
	cost_center,
	item_code,
	'item_defaults',
	'Item'
FROM new_item
CROSS JOIN books
ORDER BY id;

-- ERPNext: `Item.add_default_uom_in_conversion_factor_table`; without it no line of the item can be saved.
INSERT INTO "tabUOM Conversion Detail" (
	name, creation, modified, owner, modified_by, docstatus, idx, uom, conversion_factor, parent, parentfield,
	parenttype
)
SELECT
	'LU-' || padded(id),
	timestamp '2011-01-01',
	timestamp '2011-01-01',
	owner,
	owner,
	0,
	1,
	new_item.uom,
	1,
	item_code,
	'uoms',
	'Item'
FROM new_item
CROSS JOIN books
ORDER BY id;

INSERT INTO added (doctype, name)
SELECT 'Item Group', name FROM new_root
UNION ALL
SELECT 'Item Group', name FROM new_group
UNION ALL
SELECT 'Item', item_code FROM new_item
ORDER BY 1 DESC, 2;

INSERT INTO changed (doctype, name, field, old_value, new_value)
SELECT 'Item', item_code, 'legacy_id', NULL, id::text FROM known_item ORDER BY id;

UPDATE "tabItem" AS there SET legacy_id = sold.id::text FROM known_item AS sold WHERE there.name = sold.item_code;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT
	'Repaired', 'product', sold.id, 'item_was_there', 'The item ' || item_code || ' is used as it is.',
	coalesce(to_jsonb(product), '{"id": 0}')
FROM known_item AS sold
LEFT JOIN product USING (id)
UNION ALL
SELECT 'Repaired', 'product', product.id, 'sku_not_its_own', 'Its item is called ' || item_code || '.',
	to_jsonb(product)
FROM new_item
JOIN product USING (id)
WHERE btrim(sku) <> item_code
ORDER BY 3, 4;
