"""The Service Location of invoice lines that lack it, by one statement over all of them."""

from psycopg2.extensions import cursor as Cursor

from gigafibre_utils.migration.bulk import without_indexes
from gigafibre_utils.migration.target import run_file

TABLE = "tabSales Invoice Item"
_LACKING = f"""
	SELECT count(*) FILTER (WHERE service_location IS NULL AND name LIKE 'LI-%'), count(*)
	FROM public."{TABLE}"
"""


def service_locations(cursor: Cursor) -> None:
	"""Set them, in the cursor's transaction. Where most of the table is written anew, so are its indexes."""
	cursor.execute(_LACKING)
	lacking, lines = cursor.fetchone()
	with without_indexes(cursor, [TABLE] if lacking > lines / 2 else []):
		run_file(cursor, "350_backfill_service_location.sql")
