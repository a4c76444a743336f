"""A piece of work without a legacy database behind it, as a run of its own."""

import json
import platform
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from gigafibre_utils import __version__
from gigafibre_utils.migration.history import RUNNING, History
from gigafibre_utils.migration.run import (
	Afterwards,
	Outcome,
	Progress,
	conclude,
	in_one_sentence,
	transaction,
	why,
)
from gigafibre_utils.migration.target import Target, one, run_file


@dataclass(frozen=True)
class Work:
	"""What the work is given: its run's number and connection, and whom it tells how many rows it has read.

	`commit` keeps what was done so far, and does nothing in a dry run.
	"""

	connection: Connection
	run: int
	progress: Callable[[int], None]
	commit: Callable[[], None]


@dataclass(frozen=True)
class Single:
	"""One step in one run. `source` is where its rows come from, `work` gives how many it has read.

	`check` is called before anything is written, and raises where the work cannot be done.
	"""

	step: str
	source: str
	work: Callable[[Work], int]
	arguments: dict[str, Any] = field(default_factory=dict)
	check: Callable[[Connection], object] | None = None


def run(
	target: Target,
	single: Single,
	progress: Progress,
	afterwards: Afterwards | None = None,
	is_dry_run: bool = False,
) -> Outcome:
	"""Do the work, all of it in one transaction unless it commits on its way.

	Where a run of the step did not end, its record becomes this one's: it made nothing. Raises GigafibreError
	with one sentence.
	"""
	try:
		with target.alone() as control:
			target.check(control)
			if not is_dry_run:
				return _run(target, single, progress, afterwards, control)
			with closing(target.connect()) as dry:
				return _run(target, single, progress, afterwards, dry, dry)
	except psycopg2.Error as error:
		raise in_one_sentence("The run", target.name, error) from error


def _run(
	target: Target,
	single: Single,
	progress: Progress,
	afterwards: Afterwards | None,
	control: Connection,
	dry: Connection | None = None,
) -> Outcome:
	if single.check:
		single.check(control)
	with control.cursor() as cursor:
		run_file(cursor, "000_schema.sql")
	history = _begin(control, single)
	try:
		_do(target, single, progress, history, dry)
		return conclude(control, history, afterwards)
	except BaseException as error:
		if not dry:
			history.fail(why(error))
		raise


def _begin(control: Connection, single: Single) -> History:
	versions = {
		"gigafibre_utils": __version__,
		"python": platform.python_version(),
		"postgresql": one(control, "SHOW server_version"),
	}
	history = History.unfinished(control, single.step)
	if not history:
		return History.begin(control, single.source, single.arguments, versions, [single.step])
	history.set(
		legacy=single.source,
		arguments=json.dumps(single.arguments),
		versions=json.dumps(versions),
		status=RUNNING,
		error=None,
	)
	return history


def _do(target: Target, single: Single, progress: Progress, history: History, dry: Connection | None) -> None:
	progress.began(single.step)
	started = time.monotonic()

	def keep(cursor: Cursor) -> None:
		if not dry:
			cursor.connection.commit()
			history.prepare(cursor, single.step)

	with transaction(target, history, single.step, dry) as cursor:
		work = Work(
			cursor.connection,
			history.number,
			lambda count: progress.rows(single.step, count),
			lambda: keep(cursor),
		)
		rows_read = single.work(work)
		record = history.step_done(cursor, single.step, rows_read, time.monotonic() - started)
	progress.done(record)
