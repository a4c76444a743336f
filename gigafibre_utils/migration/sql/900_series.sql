-- Naming series set past every number that the migration used, prefix by prefix, so that the next document made by
-- hand collides with none. A series never goes back.

CREATE TEMP TABLE new_series ON COMMIT DROP AS
SELECT prefix, highest, there.current
FROM (
	SELECT substring(name FROM '^(.*?)[0-9]+$') AS prefix, max(substring(name FROM '[0-9]+$')::bigint) AS highest
	FROM added
	WHERE doctype IN (
		'Customer', 'Service Location', 'Subscription', 'Sales Invoice', 'Payment Entry', 'Stored Payment Method',
		'Payment Arrangement', 'Issue'
	)
	GROUP BY 1
) AS used
LEFT JOIN "tabSeries" AS there ON there.name = prefix
WHERE prefix <> '' AND highest > coalesce(there.current, 0);

INSERT INTO "tabSeries" AS there (name, current)
SELECT prefix, highest FROM new_series ORDER BY prefix
ON CONFLICT (name) DO UPDATE SET current = greatest(there.current, excluded.current);

INSERT INTO changed (doctype, name, field, old_value, new_value)
SELECT 'Series', prefix, 'current', coalesce(current, 0), highest FROM new_series ORDER BY prefix;
