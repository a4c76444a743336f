"""The legacy migration at full volume, beside bare COPY of the same final rows; its memory and its growth."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.sql import SQL, Identifier
from rich.console import Console
from rich.table import Table

from benchmarks import backfill, kills
from benchmarks.erpnext_indexes import asked
from gigafibre_utils.embedded.mariadb import MariadbServer
from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.migration.sample import write
from gigafibre_utils.migration.steps import STEPS
from gigafibre_utils.postgres.catalogue import Catalogue

FULL, QUARTER, TENTH = 6_667, 1_667, 667
AS_OF = "2026-11-01"
# What the work must reach.
FLOOR, GROWTH, MEGABYTES = 3.0, 4.6, 300
CHUNK = 1 << 18


@dataclass(frozen=True)
class Measured:
	"""One run of the migration, in a process of its own: wall clock, and the most memory that it held."""

	seconds: float
	megabytes: float
	rows: int


def show(running: RunningHost, console: Console) -> None:
	"""Print seconds, ratios and memory, then the backfill's and what became of the killed runs."""
	with mariadb() as server:
		urls = {}
		for customers in (TENTH, QUARTER, FULL):
			urls[customers] = server.new_database(f"legacy_{customers}")
			started = time.perf_counter()
			write(urls[customers], customers)
			console.print(f"legacy database of {customers:,} customers made in {_since(started):.0f} s")
		measured = {customers: _measured(running, url, customers) for customers, url in urls.items()}
		full = f"migration_{FULL}"
		floor = _floor(running, full, console)
		_show(console, measured, floor)
		backfill.show(running, full, console)
		kills.show(running, server, console)


@contextmanager
def mariadb() -> Iterator[MariadbServer]:
	"""A MariaDB that is gone in the end."""
	with tempfile.TemporaryDirectory() as directory:
		server = MariadbServer(Path(directory))
		server.start()
		try:
			yield server
		finally:
			server.stop()


def _measured(running: RunningHost, legacy: str, customers: int) -> Measured:
	"""Migrate into a fresh site that has the indexes that ERPNext asks for."""
	site = running.host.new_site(f"migration_{customers}")
	with closing(psycopg2.connect(site)) as connection:
		Catalogue(connection).mend(asked())
	started, peak = time.perf_counter(), 0
	process = psutil.Popen(command(), env=os.environ | {"GIGAFIBRE_LEGACY": legacy, "GIGAFIBRE_ERP": site})
	while process.poll() is None:
		try:
			peak = max(peak, process.memory_info().rss)
		except psutil.NoSuchProcess:
			break
		time.sleep(0.05)
	seconds = _since(started)
	if process.wait():
		sys.exit(f"The migration of {customers:,} customers failed.")
	with closing(psycopg2.connect(site)) as connection:
		return Measured(seconds, peak / 1e6, sum(_rows(connection, table) for table in loaded()))


def command() -> list[str]:
	"""The migration as an engineer calls it, without the comparison at its end."""
	asked_for = [
		"--create-missing",
		"--no-reconcile",
		"--as-of",
		AS_OF,
		"--out",
		tempfile.mkdtemp(),
	]
	return [sys.executable, "-m", "gigafibre_utils.cli", "migrate", "run", *asked_for]


def loaded() -> list[str]:
	"""The tables that are filled by the hundred thousand."""
	return [f"tab{doctype}" for doctype in dict.fromkeys(name for step in STEPS for name in step.loads)]


def _floor(running: RunningHost, site: str, console: Console) -> float:
	"""Seconds that COPY takes for the final rows, into the same tables with no index but their keys."""
	source = psycopg2.connect(running.host.postgres.url, dbname=site)
	into = psycopg2.connect(running.host.new_site(f"{site}_floor"))
	seconds = 0.0
	with closing(source), closing(into), tempfile.TemporaryFile() as file:
		for table in loaded():
			_drop_indexes(into, table)
			file.seek(0)
			file.truncate()
			with source.cursor() as cursor:
				cursor.copy_expert(
					SQL("COPY (SELECT * FROM {0} ORDER BY name) TO STDOUT").format(Identifier(table)), file
				)
			file.seek(0)
			started = time.perf_counter()
			with into.cursor() as cursor:
				cursor.execute("SET synchronous_commit = off")
				cursor.execute(SQL("TRUNCATE {}").format(Identifier(table)))
				cursor.copy_expert(SQL("COPY {} FROM STDIN").format(Identifier(table)), file, size=CHUNK)
			into.commit()
			seconds += _since(started)
	console.print(f"bare COPY of the final rows of {len(loaded())} tables: {seconds:.1f} s")
	return seconds


def _show(console: Console, measured: dict[int, Measured], floor: float) -> None:
	table = Table(title="Legacy database into ERPNext, ledger included", show_edge=False)
	for column in ("customers", "rows made", "seconds", "rows a second", "most memory, MB"):
		table.add_column(column, justify="right")
	for customers, run in measured.items():
		speed = f"{run.rows / run.seconds:,.0f}"
		table.add_row(f"{customers:,}", f"{run.rows:,}", f"{run.seconds:.1f}", speed, f"{run.megabytes:.0f}")
	console.print(table)
	full, quarter = measured[FULL], measured[QUARTER]
	console.print(f"{full.seconds / floor:.2f} × bare COPY of the same rows (wanted: at most {FLOOR} ×)")
	console.print(
		f"{full.rows / quarter.rows:.2f} × the rows take {full.seconds / quarter.seconds:.2f} × the time "
		f"(wanted: at most {GROWTH} × for 4 × the rows)"
	)
	console.print(f"At most {full.megabytes:.0f} MB (wanted: below {MEGABYTES})")


def _drop_indexes(connection: Connection, table: str) -> None:
	with connection.cursor() as cursor:
		for index in Catalogue(connection).indexes():
			if index.of.table == table and not index.is_constraint:
				cursor.execute(SQL("DROP INDEX {}").format(Identifier(index.name)))


def _rows(connection: Connection, table: str) -> int:
	with connection.cursor() as cursor:
		cursor.execute(SQL("SELECT count(*) FROM {}").format(Identifier(table)))
		return cursor.fetchone()[0]


def _since(started: float) -> float:
	return time.perf_counter() - started
