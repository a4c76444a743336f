"""A step that is Python, run on a site as a run does it."""

from collections.abc import Callable
from typing import Any

from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.target import run_file, set_path
from tests.migration.by_hand import FINDING, Migrated

RUN = 7


def begin(connection: Connection) -> None:
	"""A step's transaction."""
	with connection.cursor() as cursor:
		set_path(cursor)
		cursor.execute("SELECT set_config('gigafibre.run', %s, true)", [str(RUN)])
		cursor.execute("SELECT set_config('gigafibre.step', 'one_step', true)")
		cursor.execute(FINDING)


def checkpoint(connection: Connection) -> None:
	"""Keep what was done so far, and go on as before."""
	connection.commit()
	begin(connection)


def run(site: Migrated, work: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[Any, list[tuple]]:
	"""What `work` gives, and outcome, table, id and reason of its findings. An error takes it all back."""
	connection = site.connection
	with connection.cursor() as cursor:
		run_file(cursor, "000_schema.sql")
		begin(connection)
		try:
			given = work(connection, *arguments, **named)
		except BaseException:
			connection.rollback()
			raise
		cursor.execute("SELECT outcome, legacy_table, legacy_id, reason FROM finding ORDER BY 2, 3, 4")
		found = cursor.fetchall()
	connection.commit()
	return given, found


def undone(site: Migrated) -> None:
	"""Take the run back, as `undo` does once it has its connection."""
	from gigafibre_utils.migration import undo

	with site.connection.cursor() as cursor:
		set_path(cursor)
		undo._undo(cursor, RUN)
	site.connection.commit()
