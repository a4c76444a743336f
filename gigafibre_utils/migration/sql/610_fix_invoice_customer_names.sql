-- The customer's name on migrated invoices, as the customer is called now.

CREATE TEMP TABLE misnamed ON COMMIT DROP AS
SELECT invoice.name, invoice.customer_name AS old_value, customer.customer_name AS new_value
FROM "tabSales Invoice" AS invoice
JOIN "tabCustomer" AS customer ON customer.name = invoice.customer
WHERE invoice.legacy_id <> '' AND invoice.customer_name IS DISTINCT FROM customer.customer_name;

UPDATE "tabSales Invoice" AS invoice
SET customer_name = new_value
FROM misnamed
WHERE misnamed.name = invoice.name;

INSERT INTO changed (doctype, name, field, old_value, new_value)
SELECT 'Sales Invoice', name, 'customer_name', old_value, new_value FROM misnamed ORDER BY name;
