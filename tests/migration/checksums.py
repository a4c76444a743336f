"""What tells that two sites hold the same rows."""

from contextlib import closing

import psycopg2
from psycopg2.sql import SQL, Identifier

# A run's own record tells when it ran.
RECORDS = ["tabMigration Run", "tabMigration Run Step", "tabMigration Finding"]
TABLES = """
	SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (%s) ORDER BY tablename
"""
CHECKSUM = "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '' ORDER BY t::text)), '') FROM {} t"


def checksums(site_url: str) -> dict[str, str]:
	"""How many rows each table of a site has, and a checksum over every column of them."""
	found = {}
	with closing(psycopg2.connect(site_url)) as connection, connection.cursor() as cursor:
		cursor.execute(TABLES, [RECORDS])
		for (table,) in cursor.fetchall():
			cursor.execute(SQL(CHECKSUM).format(Identifier(table)))
			found[table] = cursor.fetchone()[0]
	return found
