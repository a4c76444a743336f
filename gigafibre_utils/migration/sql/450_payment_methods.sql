-- Stored Payment Methods: the cards and bank accounts that customers agreed to be charged on, with Stripe's token.
-- The legacy system says nothing of when one was stored, so it is dated as its customer is. Of several defaults of
-- one customer the last stays. No finding holds a token.

CREATE TEMP TABLE new_method ON COMMIT DROP AS
SELECT
	stored.*,
	'SPM-' || padded(stored.id) AS name,
	party.name AS customer,
	party.created,
	mode.mode_of_payment,
	is_default <> 0 AND stored.id < max(stored.id) FILTER (WHERE is_default <> 0) OVER (
		PARTITION BY customer_id
	) AS is_outdone
FROM payment_method AS stored
JOIN party ON party.id = stored.customer_id
LEFT JOIN mode ON mode.method = stored.kind
WHERE NOT EXISTS (
	SELECT FROM "tabStored Payment Method" AS there WHERE there.name = 'SPM-' || padded(stored.id)
);

ANALYZE new_method;

INSERT INTO "tabStored Payment Method" (
	name, creation, modified, owner, modified_by, docstatus, idx, customer, mode_of_payment, kind, is_default, last4,
	expires, legacy_id, stripe_token
)
SELECT
	name,
	created,
	created,
	owner,
	owner,
	0,
	0,
	customer,
	mode_of_payment,
	kind,
	(is_default <> 0 AND NOT is_outdone)::int,
	nullif(last4, ''),
	nullif(expires, ''),
	id::text,
	nullif(stripe_token, '')
FROM new_method
CROSS JOIN books
ORDER BY id;

INSERT INTO added (doctype, name) SELECT 'Stored Payment Method', name FROM new_method ORDER BY id;

INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
SELECT 'Repaired', 'payment_method', stored.id, reason, detail, to_jsonb(stored) - 'stripe_token'
FROM new_method AS made
JOIN payment_method AS stored USING (id)
CROSS JOIN LATERAL (
	VALUES
		(is_outdone, 'several_defaults', 'A later method of ' || customer || ' is the default.'),
		(
			made.kind IN ('card', 'ach') AND made.stripe_token = '',
			'token_missing',
			'It cannot be charged until the customer gives it again.'
		),
		(made.kind NOT IN ('card', 'ach', 'cheque'), 'kind_unknown', NULL)
) AS trap (occurs, reason, detail)
WHERE occurs
ORDER BY stored.id, reason;
