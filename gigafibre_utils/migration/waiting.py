"""Who keeps a migration waiting: other people's locks, told while it waits for them."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager

import psycopg2
from psycopg2.errors import LockNotAvailable
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import SQL, Identifier

from gigafibre_utils.errors import GigafibreError
from gigafibre_utils.signals import held_back

log = logging.getLogger("gigafibre.migration")

EVERY = 3.0
"""Seconds between two looks."""

_BLOCKING = """
	SELECT DISTINCT blocker.pid, coalesce(blocker.usename, blocker.backend_type),
		coalesce(nullif(blocker.application_name, ''), 'no name'), coalesce(blocker.state, 'unknown'),
		held.name
	FROM pg_stat_activity AS waiting
	CROSS JOIN LATERAL unnest(pg_blocking_pids(waiting.pid)) AS by (pid)
	JOIN pg_stat_activity AS blocker ON blocker.pid = by.pid
	CROSS JOIN LATERAL (
		SELECT string_agg(DISTINCT relation::regclass::text, ', ') AS name FROM pg_locks
		WHERE pg_locks.pid = waiting.pid AND NOT granted AND relation IS NOT NULL
	) AS held
	WHERE waiting.application_name = %(name)s AND waiting.datname = current_database()
		AND blocker.application_name IS DISTINCT FROM %(name)s
"""


_LOCK = SQL("LOCK TABLE public.{} IN SHARE ROW EXCLUSIVE MODE")


def keep_writers_out(cursor: Cursor, tables: Sequence[str]) -> None:
	"""Until the transaction ends, nobody else writes to these tables; who does already is waited for.

	Readers go on. While it waits it holds none of the tables: whoever writes to several of them, in whatever
	order, is not caught between.
	"""
	awaited = tables[0]
	while True:
		cursor.execute("SAVEPOINT unlocked")
		cursor.execute(_LOCK.format(Identifier(awaited)))
		try:
			for table in tables:
				cursor.execute(_LOCK.format(Identifier(table)) + SQL(" NOWAIT"))
			return
		except LockNotAvailable:
			cursor.execute("ROLLBACK TO SAVEPOINT unlocked")
			awaited = table


@contextmanager
def told(connect: Callable[[], Connection], application: str) -> Iterator[None]:
	"""While within, log who keeps the connections of that application waiting, each of them once.

	What they are doing is not told: it may hold personal data.
	"""
	is_over = threading.Event()
	# A daemon: whatever breaks in here, the process ends.
	watching = threading.Thread(
		target=_watch, args=(connect, application, is_over), name="waiting", daemon=True
	)
	try:
		with held_back():
			watching.start()
		yield
	finally:
		with held_back():
			is_over.set()
			watching.join()


def _watch(connect: Callable[[], Connection], application: str, is_over: threading.Event) -> None:
	known: set[int] = set()
	while not is_over.wait(EVERY):
		try:
			with closing(connect()) as connection, connection.cursor() as cursor:
				cursor.execute(_BLOCKING, {"name": application})
				found = cursor.fetchall()
		except (psycopg2.Error, GigafibreError):
			# That the site is gone is for those who work on it to tell.
			log.debug("Nobody could say who keeps the migration waiting.")
			continue
		for pid, user, name, state, table in found:
			if pid not in known:
				log.warning(
					"Waiting for %s, which process %d of user %s (%s, %s) holds; it goes on after that. "
					"SELECT pg_terminate_backend(%d) would end it.",
					table or "a row",
					pid,
					user,
					name,
					state,
					pid,
				)
		known = {pid for pid, *_ in found}
