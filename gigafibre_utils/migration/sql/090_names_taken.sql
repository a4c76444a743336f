-- A document that staff made under a name that the migration gives would be taken for the migrated one, which would be
-- lost: nothing is brought over until it has another name.

DO $$
DECLARE
	taken text := (
		SELECT string_agg(told, ', ')
		FROM (
			SELECT 'Customer ' || there.name AS told
			FROM party JOIN "tabCustomer" AS there USING (name) WHERE there.legacy_id IS DISTINCT FROM party.id::text
			UNION ALL
			SELECT 'Service Location ' || there.name
			FROM place JOIN "tabService Location" AS there USING (name)
			WHERE there.legacy_delivery_id IS DISTINCT FROM place.id::text
			UNION ALL
			SELECT 'Sales Invoice ' || there.name
			FROM bill JOIN "tabSales Invoice" AS there USING (name) WHERE there.legacy_id IS DISTINCT FROM bill.id::text
			UNION ALL
			SELECT 'Payment Entry ' || there.name
			FROM receipt JOIN "tabPayment Entry" AS there USING (name)
			WHERE there.legacy_id IS DISTINCT FROM receipt.id::text
			UNION ALL
			SELECT 'Issue ' || there.name
			FROM issue JOIN "tabIssue" AS there USING (name) WHERE there.legacy_id IS DISTINCT FROM issue.id::text
			LIMIT 3
		) AS document
	);
BEGIN
	IF taken IS NOT NULL THEN
		RAISE 'made by hand under a name that the migration gives: %; rename or delete it first', taken;
	END IF;
END
$$;
