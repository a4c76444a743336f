"""The Service Location of every invoice line, set by our step and by the known way."""

import time
from collections.abc import Callable
from contextlib import closing

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extras import execute_values
from rich.console import Console

from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.migration.backfill import service_locations
from gigafibre_utils.migration.target import SESSION, set_path

BATCH, WANTED = 20_000, 4
WHICH = """
	SELECT line.name, place.name
	FROM gigafibre_migration.invoice_item item
	JOIN "tabSales Invoice Item" line ON line.name = 'LI-' || lpad(item.id::text, 7, '0')
	JOIN gigafibre_migration.service ON service.id = item.service_id
	JOIN gigafibre_migration.place ON place.id = service.delivery_id
	WHERE line.service_location IS NULL
"""
KNOWN_WAY = """
	UPDATE "tabSales Invoice Item" line SET service_location = known.place
	FROM (VALUES %s) known (line, place) WHERE line.name = known.line
"""
CHECKSUM = """
	SELECT md5(string_agg(name || coalesce(service_location, ''), ',' ORDER BY name))
	FROM "tabSales Invoice Item"
"""


def show(running: RunningHost, site: str, console: Console) -> None:
	"""Print what both take for the same lines of the same table, and that both end the same."""
	with closing(psycopg2.connect(running.host.postgres.url, dbname=site)) as connection:
		with connection.cursor() as cursor:
			cursor.execute(SESSION)
		connection.commit()
		known, theirs = _timed(connection, _the_known_way)
		ours_took, ours = _timed(connection, _our_way)
	same = "the same rows" if ours == theirs else "OTHER ROWS"
	console.print(
		f"Service Location of every line: {ours_took:.1f} s; execute_values by {BATCH:,} rows {known:.1f} s: "
		f"{known / ours_took:.1f} × (wanted: at least {WANTED} ×), {same}"
	)


def _timed(connection: Connection, way: Callable[[Connection], None]) -> tuple[float, str]:
	"""Seconds that a way takes on a fresh table in which no line has its place, and a checksum of its end."""
	with connection.cursor() as cursor:
		cursor.execute('ALTER TABLE "tabSales Invoice Item" DROP COLUMN service_location')
		cursor.execute('ALTER TABLE "tabSales Invoice Item" ADD COLUMN service_location varchar(140)')
		cursor.execute('CREATE INDEX ON "tabSales Invoice Item" (service_location)')
	connection.commit()
	connection.autocommit = True
	connection.cursor().execute('VACUUM (FULL, ANALYZE) "tabSales Invoice Item"')
	connection.autocommit = False
	started = time.perf_counter()
	way(connection)
	connection.commit()
	seconds = time.perf_counter() - started
	with connection.cursor() as cursor:
		cursor.execute(CHECKSUM)
		return seconds, cursor.fetchone()[0]


def _the_known_way(connection: Connection) -> None:
	with connection.cursor() as cursor:
		cursor.execute(WHICH)
		execute_values(cursor, KNOWN_WAY, cursor.fetchall(), page_size=BATCH)


def _our_way(connection: Connection) -> None:
	with connection.cursor() as cursor:
		set_path(cursor)
		cursor.execute("SET LOCAL gigafibre.run = 1; SET LOCAL gigafibre.step = backfill_service_location")
		service_locations(cursor)
