"""A migration that is killed again and again ends in the same rows as one that is left alone."""

import os
import signal
import subprocess
import time
from contextlib import closing
from random import Random

import psycopg2
from psycopg2.sql import SQL, Identifier
from rich.console import Console

from gigafibre_utils.embedded.mariadb import MariadbServer
from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.migration.sample import write

CUSTOMERS, KILLS = 200, 20
TEMPLATE = "migration_template"
# A run's own record tells when it ran.
RECORDS = ("tabMigration Run", "tabMigration Run Step", "tabMigration Finding")
TABLES = """
	SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> ALL (%s) ORDER BY tablename
"""


def show(running: RunningHost, server: MariadbServer, console: Console) -> None:
	"""Print at how many moments a run was killed, and whether every table ended the same."""
	from benchmarks.migration import command

	legacy = server.new_database("legacy_kills")
	write(legacy, CUSTOMERS)
	running.host.new_site(TEMPLATE)
	random = Random(20)
	site = running.host.postgres.new_database("kills_none", TEMPLATE)
	environment = os.environ | {"GIGAFIBRE_LEGACY": legacy}
	started = time.perf_counter()
	subprocess.run(
		command(), env=environment | {"GIGAFIBRE_ERP": site}, check=True, stderr=subprocess.DEVNULL
	)
	seconds = time.perf_counter() - started
	undisturbed = checksums(site)
	differing = []
	for kill in range(KILLS):
		site = running.host.postgres.new_database(f"kills_{kill}", TEMPLATE)
		process = subprocess.Popen(
			command(),
			env=environment | {"GIGAFIBRE_ERP": site},
			stderr=subprocess.DEVNULL,
			stdout=subprocess.DEVNULL,
		)
		time.sleep(random.uniform(0, seconds))
		process.send_signal(signal.SIGKILL)
		process.wait()
		subprocess.run(
			command(),
			env=environment | {"GIGAFIBRE_ERP": site},
			check=True,
			stdout=subprocess.DEVNULL,
			stderr=subprocess.DEVNULL,
		)
		ended = checksums(site)
		differing += [
			f"{table} after kill {kill + 1}" for table in ended if ended[table] != undisturbed[table]
		]
	told = f"other rows in {', '.join(differing)}" if differing else "every table the same as undisturbed"
	console.print(
		f"Killed at {KILLS} moments of {seconds:.1f} s and gone on: {told}, {len(undisturbed)} tables"
	)


def checksums(site: str) -> dict[str, str]:
	"""A checksum of each table of a site, over every column of every row."""
	found = {}
	with closing(psycopg2.connect(site)) as connection, connection.cursor() as cursor:
		cursor.execute(TABLES, [list(RECORDS)])
		for (table,) in cursor.fetchall():
			cursor.execute(
				SQL(
					"SELECT md5(string_agg(md5(t::text), '' ORDER BY t::text COLLATE \"C\")) FROM {} t"
				).format(Identifier(table))
			)
			found[table] = cursor.fetchone()[0]
	return found
