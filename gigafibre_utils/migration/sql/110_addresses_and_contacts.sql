-- The billing address and the contact of a customer, for those that have any of it, tied to the customer as
-- ERPNext does by `Dynamic Link`. Their owner is the site's own, so that what staff had on file is trusted.

CREATE TEMP TABLE new_address ON COMMIT DROP AS
SELECT party.* FROM party
WHERE address IS NOT NULL
	AND NOT EXISTS (SELECT FROM "tabAddress" AS there WHERE there.name = party.address);

CREATE TEMP TABLE new_contact ON COMMIT DROP AS
SELECT party.* FROM party
WHERE contact IS NOT NULL
	AND NOT EXISTS (SELECT FROM "tabContact" AS there WHERE there.name = party.contact);

ANALYZE new_address;
ANALYZE new_contact;

INSERT INTO "tabAddress" (
	name, creation, modified, owner, modified_by, docstatus, idx, address_title, address_type, address_line1,
	address_line2, city, state, country, pincode, is_primary_address, is_shipping_address
)
SELECT
	party.address,
	party.created,
	party.created,
	books.owner,
	books.owner,
	0,
	0,
	party.customer_name,
	'Billing',
	coalesce(nullif(customer.address1, ''), customer.address2),
	CASE WHEN customer.address1 <> '' THEN nullif(customer.address2, '') END,
	customer.city,
	nullif(customer.province, ''),
	books.country,
	nullif(customer.postal_code, ''),
	1,
	0
FROM new_address AS party
CROSS JOIN books
JOIN customer USING (id)
ORDER BY party.id;

INSERT INTO "tabContact" (
	name, creation, modified, owner, modified_by, docstatus, idx, first_name, last_name, full_name, company_name,
	email_id, phone, mobile_no, image, status, is_primary_contact, is_billing_contact
)
SELECT
	party.contact,
	party.created,
	party.created,
	books.owner,
	books.owner,
	0,
	0,
	-- Whoever has no name is called as the customer is: of the two ERPNext makes the full name.
	coalesce(
		nullif(customer.first_name, ''),
		CASE WHEN party.person_name = '' AND party.customer_type <> 'Company' THEN party.customer_name END
	),
	nullif(customer.last_name, ''),
	coalesce(nullif(party.person_name, ''), party.customer_name),
	CASE party.customer_type WHEN 'Company' THEN party.customer_name END,
	coalesce(customer.emails[1], ''),
	coalesce(customer.home_e164, ''),
	coalesce(customer.cell_e164, ''),
	'',
	'Passive',
	1,
	1
FROM new_contact AS party
CROSS JOIN books
JOIN customer USING (id)
ORDER BY party.id;

INSERT INTO "tabContact Email" (
	name, creation, modified, owner, modified_by, docstatus, idx, email_id, is_primary, parent, parentfield,
	parenttype
)
SELECT
	'LE-' || padded(party.id) || '-' || place,
	party.created,
	party.created,
	books.owner,
	books.owner,
	0,
	place,
	written.email,
	(place = 1)::int,
	party.contact,
	'email_ids',
	'Contact'
FROM new_contact AS party
CROSS JOIN books
JOIN customer USING (id)
CROSS JOIN LATERAL unnest(emails) WITH ORDINALITY AS written (email, place)
ORDER BY party.id, place;

-- The mobile first; one number for both is one row.
INSERT INTO "tabContact Phone" (
	name, creation, modified, owner, modified_by, docstatus, idx, phone, is_primary_phone, is_primary_mobile_no,
	parent, parentfield, parenttype
)
SELECT
	'LN-' || padded(party.id) || '-' || place,
	party.created,
	party.created,
	books.owner,
	books.owner,
	0,
	place,
	phone,
	(phone IS NOT DISTINCT FROM home_e164)::int,
	(phone IS NOT DISTINCT FROM cell_e164)::int,
	party.contact,
	'phone_nos',
	'Contact'
FROM new_contact AS party
CROSS JOIN books
JOIN customer USING (id)
CROSS JOIN LATERAL unnest(
	array_remove(ARRAY[cell_e164, nullif(home_e164, coalesce(cell_e164, ''))], NULL)
) WITH ORDINALITY AS written (phone, place)
ORDER BY party.id, place;

INSERT INTO "tabDynamic Link" (
	name, creation, modified, owner, modified_by, docstatus, idx, link_doctype, link_name, link_title, parent,
	parentfield, parenttype
)
SELECT
	linked.name, created, created, books.owner, books.owner, 0, 1, 'Customer', customer, customer_name, parent,
	'links', parenttype
FROM (
	SELECT id, created, name AS customer, customer_name, 'LD-A' || padded(id) AS name, address AS parent,
		'Address' AS parenttype
	FROM new_address
	UNION ALL
	SELECT id, created, name, customer_name, 'LD-C' || padded(id), contact, 'Contact' FROM new_contact
) AS linked
CROSS JOIN books
ORDER BY id, linked.name;

INSERT INTO added (doctype, name)
SELECT 'Address', address FROM new_address
UNION ALL
SELECT 'Contact', contact FROM new_contact
ORDER BY 1, 2;
