"""The Service Location of invoice lines that lack it, by one statement over all of them."""

from psycopg2.extensions import cursor as Cursor

from gigafibre_utils.migration.target import one, run_file

LARGEST_ID = 10_000_000
"""Up to which a list with an entry for the id of every legacy line is of a size to be held."""

# A view on the column keeps the table from being written anew.
_IS_TO_BE_REWRITTEN = """
	SELECT count(service_location) < count(*) / 10.0
		AND (SELECT max(id) FROM gigafibre_migration.invoice_item) <= %s
		AND (
			SELECT pg_has_role(relowner, 'USAGE') FROM pg_class
			WHERE oid = 'public."tabSales Invoice Item"'::regclass
		)
		AND NOT EXISTS (
			SELECT FROM pg_depend
			JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
			WHERE refobjid = 'public."tabSales Invoice Item"'::regclass AND attname = 'service_location'
				AND pg_depend.classid = 'pg_rewrite'::regclass
		)
	FROM public."tabSales Invoice Item" WHERE name LIKE 'LI-%%'
"""


def service_locations(cursor: Cursor) -> None:
	"""Set them, in the cursor's transaction."""
	rewrites = one(cursor.connection, _IS_TO_BE_REWRITTEN, LARGEST_ID)
	run_file(cursor, "351_rewrite_service_location.sql" if rewrites else "350_update_service_location.sql")
