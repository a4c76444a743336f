-- What is sold: `sold`, a row for each legacy product, and row 0 for what was billed without one. An item is called
-- by its SKU where no other has it. One that had to get its id behind it can meet no SKU: whoever had that one as his
-- own gets his id behind it too.

DROP TABLE IF EXISTS sold;

CREATE UNLOGGED TABLE sold AS
WITH called AS (
	SELECT
		product.*,
		left(btrim(sku), 100) AS code,
		coalesce(nullif(left(btrim(sku), 100), ''), 'P') || '-' || id AS code_with_id
	FROM product
	WHERE id <> 0
)
SELECT
	called.id,
	CASE
		WHEN code IN ('', 'LEGACY')
			OR count(*) OVER (PARTITION BY code) > 1
			OR code IN (SELECT code_with_id FROM called)
		THEN code_with_id
		ELSE code
	END AS item_code,
	coalesce(nullif(name_fr, ''), nullif(name_en, ''), nullif(code, ''), 'Produit ' || called.id) AS item_name,
	name_en AS item_name_en,
	CASE called.category
		WHEN 'internet' THEN 'Internet'
		WHEN 'phone' THEN 'Téléphonie'
		WHEN 'tv' THEN 'Télévision'
		WHEN 'equipment' THEN 'Équipement'
		WHEN 'fee' THEN 'Frais'
		WHEN 'discount' THEN 'Rabais'
		ELSE 'Autres'
	END AS item_group,
	coalesce(income.account, books.default_income) AS income_account,
	books.uom,
	called.billing = 'monthly' AS is_monthly,
	called.price
FROM called
CROSS JOIN books
LEFT JOIN income ON income.category = called.category
UNION ALL
SELECT
	0,
	'LEGACY',
	'Reprise de l''ancien système',
	'Carried over from the former system',
	'Autres',
	coalesce(income.account, books.default_income),
	books.uom,
	false,
	0
FROM books
LEFT JOIN income ON income.category = ''
ORDER BY 1;

ALTER TABLE sold ADD PRIMARY KEY (id);
ANALYZE sold;
