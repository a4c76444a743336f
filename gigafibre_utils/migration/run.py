"""A run of the migration: from the checks before anything is written to the last step's commit.

Each step is one transaction, in which its record in the run's history is written too: a run that was killed
goes on with the first step that is not behind it. A dry run is one transaction, rolled back at the end.
"""

import json
import logging
import platform
import shlex
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, Protocol

import psycopg2
from psycopg2.errors import DiskFull, QueryCanceled
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from gigafibre_utils import __version__
from gigafibre_utils.errors import GigafibreError, InvalidInput, ServiceUnavailable
from gigafibre_utils.migration import bulk, staging
from gigafibre_utils.migration.books import Named, Resolved, resolve
from gigafibre_utils.migration.checks import brought_since, check_invoices_are_there, check_site, judging_day
from gigafibre_utils.migration.history import DONE, Finding, History, StepRecord
from gigafibre_utils.migration.lanes import Task, do_all
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.reimport import Payments
from gigafibre_utils.migration.staging import stage
from gigafibre_utils.migration.steps import PLAN, PLAN_FILES, PLAN_READS, Step, Work, chosen
from gigafibre_utils.migration.tables import TABLES
from gigafibre_utils.migration.target import Target, one, run_file

LANES = 2
BOOKS = "set_up_books"

log = logging.getLogger("gigafibre.migration")


class Progress(Protocol):
	"""Who is told how a run goes on. Called from several threads."""

	def began(self, step: str) -> None:
		"""A step is at work."""

	def rows(self, step: str, count: int) -> None:
		"""So many rows were staged."""

	def done(self, record: StepRecord) -> None:
		"""A step is behind."""


@dataclass(frozen=True)
class Options:
	"""What a run is asked to do.

	`as_of` is the day by which an invoice is overdue; None is that of the runs before, or today.
	"""

	as_of: date | None
	company: str | None = None
	only: tuple[str, ...] = ()
	since: date | None = None
	create_missing: bool = False
	is_dry_run: bool = False
	take_out: Payments | None = None

	def arguments(self) -> dict[str, Any]:
		"""What makes two runs the same work; the day is the one on which it was begun."""
		return {
			"company": self.company,
			"only": sorted(self.only),
			"since": self.since and self.since.isoformat(),
			"create_missing": self.create_missing,
			"as_of": self.as_of and self.as_of.isoformat(),
			"take_out": self.take_out and self.take_out.as_arguments(),
		}


@dataclass(frozen=True)
class Outcome:
	"""What a run did."""

	run: str
	steps: list[StepRecord]
	findings: list[Finding]


Afterwards = Callable[[Connection, Outcome], None]
"""Called with a connection that sees all that a run did, also in a dry run."""


class Migration:
	"""One legacy database into one site."""

	def __init__(self, legacy: Legacy, target: Target, options: Options, progress: Progress):
		self._legacy, self._target = legacy, target
		self._options, self._progress = options, progress
		self._control: Connection
		self._dry: Connection | None = None
		self._history: History
		self._bulk: list[str] = []
		self._cleaning = threading.Lock()

	def run(self, afterwards: Afterwards | None = None) -> Outcome:
		"""Do every step that is asked for, or those that a killed run left.

		`afterwards` is called with a connection that sees all that was done, also in a dry run. Raises
		GigafibreError with one sentence; what was committed until then stays, and the same call goes on from
		there.
		"""
		try:
			with self._legacy.attended():
				self._legacy.check()
				with self._target.alone() as control:
					self._control = control
					self._target.check(control)
					if self._options.is_dry_run:
						return self._run_dry(afterwards)
					return self._run(control, afterwards)
		except psycopg2.Error as error:
			raise in_one_sentence("The run", self._target.name, error) from error

	def _run_dry(self, afterwards: Afterwards | None) -> Outcome:
		self._dry = self._target.connect()
		try:
			return self._run(self._dry, afterwards)
		finally:
			self._dry.close()

	def _run(self, control: Connection, afterwards: Afterwards | None) -> Outcome:
		steps = chosen(self._options.only)
		with control.cursor() as cursor:
			run_file(cursor, "000_schema.sql")
		if self._options.take_out and (brought := brought_since(control)):
			self._options = replace(self._options, since=brought[1])
		self._options = replace(self._options, as_of=judging_day(control, self._options.as_of))
		unfinished = self._unfinished(control)
		check_site(control, steps, self._options.since)
		resolved = self._resolved(control, unfinished)
		self._history = unfinished or self._begin(control, steps, resolved)
		self._history.set(status="Running", error=None)
		resolved = replace(resolved, books=replace(resolved.books, run=self._history.number))
		self._bulk = self._history.arguments()["bulk"]
		try:
			do_all(self._tasks(steps, resolved), 1 if self._dry else LANES, self._cancel)
			return conclude(control, self._history, afterwards)
		except BaseException as error:
			if not self._dry:
				self._history.fail(why(error))
			raise

	def _cancel(self) -> None:
		self._legacy.hang_up()
		with suppress(QueryCanceled):  # by who hears of the signal at the same moment: it is called again
			self._target.cancel_others(self._control)

	def _unfinished(self, control: Connection) -> History | None:
		history = History.unfinished(control, PLAN)
		if not history:
			return None
		begun = history.arguments()
		asked = self._options.arguments()
		if history.get("legacy") != self._legacy.name or any(
			begun[key] != asked[key] for key in asked if key != "as_of"
		):
			raise InvalidInput(
				f"{history.name} is not finished, which was begun as {_command(begun)} from "
				f"{history.get('legacy')}: go on with it so, or take it back by migrate undo --run "
				f"{history.number}."
			)
		self._options = replace(self._options, as_of=date.fromisoformat(begun["as_of"]))
		return history

	def _resolved(self, control: Connection, unfinished: History | None) -> Resolved:
		options = self._options
		with self._legacy.snapshot() as snapshot:
			named = Named.read(snapshot, options.as_of)
		number = unfinished.number if unfinished else 0
		resolved = resolve(control, named, options.company, number, options.as_of, options.since)
		if not options.create_missing:
			resolved.require()
		return resolved

	def _begin(self, control: Connection, steps: Sequence[Step], resolved: Resolved) -> History:
		# Where payments are taken out and in again others are at work, and go on reading.
		loads = [] if self._options.take_out else [doctype for step in steps for doctype in step.loads]
		arguments = self._options.arguments() | {"bulk": bulk.empty(control, loads)}
		with self._legacy.snapshot() as snapshot:
			versions = {
				"gigafibre_utils": __version__,
				"python": platform.python_version(),
				"mariadb": snapshot.version(),
				"postgresql": one(control, "SHOW server_version"),
			}
		books = [BOOKS] if resolved.missing else []
		stages = [f"stage_{table}" for table in _reads(steps)]
		names = [*stages, *books, PLAN, *(step.name for step in steps)]
		return History.begin(control, self._legacy.name, arguments, versions, names)

	def _tasks(self, steps: Sequence[Step], resolved: Resolved) -> list[Task]:
		done = self._history.done()
		tables = _reads(steps)
		tasks = [Task(f"stage_{name}", partial(self._stage, name)) for name in tables]
		if BOOKS not in done and resolved.missing:
			tasks.append(Task(BOOKS, partial(self._set_up_books, resolved)))
		before = frozenset([BOOKS, *(f"stage_{name}" for name in PLAN_READS)])
		tasks.append(Task(PLAN, partial(self._plan, resolved), before))
		for step in steps:
			if step.name in done:
				continue
			after = {PLAN, *step.after, *(f"stage_{name}" for name in step.reads)}
			if step is steps[-1]:
				after.update(task.name for task in tasks)
			tasks.append(Task(step.name, partial(self._step, step, resolved), frozenset(after)))
		return tasks

	def _stage(self, name: str) -> None:
		"""Bring one legacy table over, unless it stands in staging as it is now."""
		table, step = TABLES[name], f"stage_{name}"
		# One at a time: two threads that clean rows take the interpreter from each other at every row.
		with self._cleaning, self._transaction(step) as cursor, self._legacy.snapshot() as snapshot:
			self._history.step_began(step)
			started = time.monotonic()
			checksum = snapshot.checksum(name)
			rows = staging.standing(cursor, self._legacy.name, table, checksum)
			if rows is None:
				rows = stage(snapshot, cursor.connection, table, partial(self._progress.rows, step))
				staging.remember(cursor, self._legacy.name, table, checksum, rows)
			record = self._history.step_done(cursor, step, rows, time.monotonic() - started)
		self._progress.done(record)

	def _set_up_books(self, resolved: Resolved) -> None:
		self._do(BOOKS, lambda cursor: resolved.create_missing(cursor))

	def _plan(self, resolved: Resolved) -> None:
		def plan(cursor: Cursor) -> None:
			resolved.write(cursor)
			_run_files(cursor, PLAN_FILES)

		self._do(PLAN, plan)

	def _step(self, step: Step, resolved: Resolved) -> None:
		def work(cursor: Cursor) -> None:
			loaded = [f"tab{doctype}" for doctype in step.loads]
			with ExitStack() as around:
				if step.name == "import_payments":
					if self._options.take_out:
						around.enter_context(self._options.take_out.out_and_in(cursor))
					check_invoices_are_there(cursor.connection)
				around.enter_context(
					bulk.without_indexes(cursor, [table for table in loaded if table in self._bulk])
				)
				_run_files(cursor, step.sql)
				if step.work:
					step.work(Work(cursor.connection, resolved.books))

		self._do(step.name, work)

	def _do(self, step: str, work: Callable[[Cursor], None]) -> None:
		self._progress.began(step)
		self._history.step_began(step)
		started = time.monotonic()
		with self._transaction(step) as cursor:
			work(cursor)
			self._history.leave_out_known(cursor)
			record = self._history.step_done(cursor, step, 0, time.monotonic() - started)
		self._progress.done(record)

	def _transaction(self, step: str) -> AbstractContextManager[Cursor]:
		return transaction(self._target, self._history, step, self._dry)


def why(error: BaseException) -> str:
	"""Why a run ended, for its record. What is no sentence of ours may hold values of rows."""
	if isinstance(error, KeyboardInterrupt | SystemExit):
		return "Interrupted."
	return str(error) if isinstance(error, GigafibreError) else f"{type(error).__name__}."


def conclude(control: Connection, history: History, afterwards: Afterwards | None) -> Outcome:
	"""Close a run whose steps are all behind it; `afterwards` is told what it did before that."""
	outcome = Outcome(history.name, history.steps(), history.findings())
	history.set(summary=json.dumps([vars(finding) for finding in outcome.findings]))
	if afterwards:
		afterwards(control, outcome)
	history.end(DONE)
	return outcome


@contextmanager
def transaction(
	target: Target, history: History, step: str, dry: Connection | None = None
) -> Iterator[Cursor]:
	"""A step's own, committed at the end. In a dry run all steps are in that of `dry`, which is not.

	Raises GigafibreError with one sentence for what PostgreSQL refuses.
	"""
	connection = dry or target.connect()
	try:
		with connection.cursor() as cursor:
			history.prepare(cursor, step)
			yield cursor
			if dry:
				cursor.execute("DISCARD TEMP")
		if not dry:
			connection.commit()
	except psycopg2.Error as error:
		raise in_one_sentence(step, target.name, error) from error
	finally:
		if not dry:
			connection.close()


def _reads(steps: Sequence[Step]) -> list[str]:
	needed = {*PLAN_READS, *(name for step in steps for name in step.reads)}
	# The largest first, the other lane takes what is short meanwhile; what the plan does not need last.
	order = ["invoice_item", *PLAN_READS, *TABLES]
	return [name for name in dict.fromkeys(order) if name in needed]


def _command(begun: dict[str, Any]) -> str:
	"""What was said to begin a run, but for its databases."""
	which = begun["take_out"]
	if which:
		said = {"customer": which["customer"], "from": which["first"], "to": which["last"]}
	else:
		said = {"only": ",".join(begun["only"]), "since": begun["since"]}
	options = {"company": begun["company"], **said}
	words = [f"--{name} {shlex.quote(str(value))}" for name, value in options.items() if value]
	command = ["migrate", "reimport-payments" if which else "run", *words]
	return " ".join([*command, *(["--create-missing"] if begun["create_missing"] else [])])


def _run_files(cursor: Cursor, names: Sequence[str]) -> None:
	for name in names:
		started = time.monotonic()
		run_file(cursor, name)
		log.info("%s took %.1f s", name, time.monotonic() - started)


def in_one_sentence(step: str, target: str, error: psycopg2.Error) -> GigafibreError:
	"""PostgreSQL's error as one sentence, without its details: they hold values of rows."""
	again = "What was not committed is as before; the same command goes on from here"
	if isinstance(error, DiskFull):
		return ServiceUnavailable(f"{step}: the disk of {target} is full. {again} once there is room.")
	if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError) and not error.pgcode:
		return ServiceUnavailable(f"{step}: the connection to {target} was lost. {again}.")
	reason = (error.diag.message_primary if error.diag else None) or str(error)
	return InvalidInput(f"{step}: {target} refused it: {reason}. {again}.")
