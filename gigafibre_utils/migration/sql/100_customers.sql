-- Customers, those that are gone included, so that nothing of theirs is left without one. Suspended ones stay
-- enabled: they are billed. What has no field of its own is kept as text in `customer_details`. The referral code
-- is given by the hourly job.

CREATE TEMP TABLE new_customer ON COMMIT DROP AS
SELECT party.* FROM party
WHERE NOT EXISTS (SELECT FROM "tabCustomer" AS there WHERE there.name = party.name);

ANALYZE new_customer;

INSERT INTO "tabCustomer" (
	name, creation, modified, owner, modified_by, docstatus, idx, naming_series, customer_type, customer_name,
	customer_group, territory, language, disabled, first_name, last_name, email_id, mobile_no,
	customer_primary_contact, customer_primary_address, primary_address, customer_details, legacy_id,
	account_number, stripe_customer_id
)
SELECT
	party.name,
	party.created,
	party.created,
	books.owner,
	books.owner,
	0,
	0,
	'CUST-.YYYY.-',
	party.customer_type,
	party.customer_name,
	party.customer_group,
	books.territory,
	party.language,
	party.disabled,
	nullif(customer.first_name, ''),
	nullif(customer.last_name, ''),
	-- Fetched from the contact, which has '' for none.
	CASE WHEN party.contact IS NOT NULL THEN coalesce(customer.emails[1], '') END,
	CASE WHEN party.contact IS NOT NULL THEN coalesce(customer.cell_e164, '') END,
	party.contact,
	party.address,
	-- As ERPNext renders an address, one line under the other.
	nullif(
		concat_ws(
			E'<br>\n',
			nullif(escaped(customer.address1), ''),
			nullif(escaped(customer.address2), ''),
			nullif(escaped(customer.city), ''),
			CASE WHEN party.address IS NOT NULL THEN nullif(escaped(customer.province), '') END,
			nullif(escaped(customer.postal_code), ''),
			CASE WHEN party.address IS NOT NULL THEN books.country END
		),
		''
	),
	nullif(
		concat_ws(
			E'\n',
			nullif(customer.notes, ''),
			'Nom au dossier : ' || nullif(
				coalesce(nullif(customer.company, ''), nullif(party.person_name, '')), party.customer_name
			),
			'Suspendu dans l''ancien système' || CASE WHEN customer.status = 'suspended' THEN '.' END,
			'Fermé le ' || CASE WHEN customer.status = 'closed' THEN local_time(customer.closed_at)::date END,
			'Courriels non valides : ' || nullif(array_to_string(customer.bad_emails, ', '), ''),
			'Téléphones non valides : ' || nullif(array_to_string(customer.bad_phones, ', '), '')
		),
		''
	),
	party.id::text,
	nullif(customer.account_no, ''),
	nullif(customer.stripe_customer_id, '')
FROM new_customer AS party
CROSS JOIN books
LEFT JOIN customer USING (id)
ORDER BY party.id;

-- The groups of customers, which a site that was set up in French has under other names. They come last in the nested
-- set, as `frappe.utils.nestedset.update_add_node` puts them.
CREATE TEMP TABLE new_customer_group ON COMMIT DROP AS
SELECT customer_group AS name, row_number() OVER (ORDER BY customer_group) AS place, root.name AS root, rgt
FROM (
	SELECT DISTINCT customer_group FROM new_customer
	EXCEPT SELECT name FROM "tabCustomer Group"
) AS missing
CROSS JOIN (
	SELECT name, rgt FROM "tabCustomer Group"
	WHERE coalesce(parent_customer_group, '') = ''
	ORDER BY rgt DESC
	LIMIT 1
) AS root;

INSERT INTO "tabCustomer Group" (
	name, creation, modified, owner, modified_by, docstatus, idx, customer_group_name, parent_customer_group,
	is_group, lft, rgt, old_parent
)
SELECT
	name, timestamp '2011-01-01', timestamp '2011-01-01', owner, owner, 0, 0, name, root, 0, rgt + 2 * (place - 1),
	rgt + 2 * place - 1, root
FROM new_customer_group
CROSS JOIN books
ORDER BY place;

INSERT INTO changed (doctype, name, field, old_value, new_value)
SELECT 'Customer Group', root, 'rgt', rgt, rgt + 2 * count(*) FROM new_customer_group GROUP BY root, rgt;

UPDATE "tabCustomer Group" AS there
SET rgt = wider.rgt
FROM (SELECT root, rgt + 2 * count(*) AS rgt FROM new_customer_group GROUP BY root, new_customer_group.rgt) AS wider
WHERE there.name = wider.root;

INSERT INTO added (doctype, name) SELECT 'Customer Group', name FROM new_customer_group ORDER BY place;

INSERT INTO added (doctype, name) SELECT 'Customer', name FROM new_customer ORDER BY id;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT 'Repaired', 'customer', id, 'customer_gone', 'Documents name it; a closed placeholder stands for it.',
	jsonb_build_object('id', id)
FROM new_customer
WHERE is_placeholder
UNION ALL
SELECT 'Repaired', 'customer', customer.id, reason, detail, to_jsonb(customer)
FROM new_customer
JOIN customer USING (id)
LEFT JOIN (
	SELECT account_no, count(*) AS customers FROM customer WHERE account_no <> '' GROUP BY account_no
) AS account USING (account_no)
LEFT JOIN (
	SELECT customer_id AS id, sum(balance) AS balance FROM invoice
	WHERE status NOT IN ('void', 'draft')
	GROUP BY customer_id
) AS owed USING (id)
CROSS JOIN LATERAL (
	VALUES
		(
			customer.company = '' AND person_name = '',
			'nameless',
			'It is called ' || customer_name || '.'
		),
		(
			account.customers > 1,
			'account_number_shared',
			account.customers || ' customers have this account number; each keeps it.'
		),
		(
			customer.status = 'closed' AND owed.balance <> 0,
			'closed_with_balance',
			'By the old system''s balance ' || owed.balance || ' is still owed.'
		),
		(
			customer.status NOT IN ('active', 'suspended', 'closed'),
			'status_unknown',
			'Its status is "' || customer.status || '": it stands as active.'
		),
		(bad_emails <> '{}', 'email_invalid', 'Kept in the customer''s details.'),
		(bad_phones <> '{}', 'phone_invalid', 'Kept in the customer''s details.'),
		(local_time(customer.created_at) IS NULL, 'undated', 'Dated ' || created::date || '.')
) AS trap (occurs, reason, detail)
WHERE occurs
ORDER BY 3, 4;
