"""What runs there were and what each of their steps did: the site's *Migration Run* documents.

Written on a connection that commits by itself, but for what must stand or fall with a step's own rows.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor

from gigafibre_utils.migration.target import one, rows, set_path
from gigafibre_utils.signals import held_back

RUNNING, FAILED, DONE, UNDONE = "Running", "Failed", "Done", "Undone"
USER = "Administrator"

log = logging.getLogger("gigafibre.migration")

_NEXT = """
	SELECT coalesce(max(substr(name, 5)::int), 0) + 1 FROM public."tabMigration Run"
	WHERE name ~ '^MIG-[0-9]+$'
"""
_INSERT_RUN = """
	INSERT INTO public."tabMigration Run" (
		name, creation, modified, owner, modified_by, status, legacy, arguments, versions, started_at
	)
	VALUES (
		%(name)s, now(), now(), %(user)s, %(user)s, %(status)s, %(legacy)s, %(arguments)s, %(versions)s, now()
	)
"""
_INSERT_STEP = """
	INSERT INTO public."tabMigration Run Step" (
		name, creation, modified, owner, modified_by, parent, parenttype, parentfield, idx, step, status
	)
	VALUES (
		%(run)s || '-' || %(step)s, now(), now(), %(user)s, %(user)s, %(run)s, 'Migration Run', 'steps',
		%(idx)s, %(step)s, 'Pending'
	)
"""
_UNFINISHED = """
	SELECT run.name FROM public."tabMigration Run" run
	JOIN public."tabMigration Run Step" step ON step.parent = run.name AND step.step = %s
	WHERE run.status = ANY (%s) ORDER BY run.name DESC LIMIT 1
"""
_FINDING = """
	CREATE TEMP TABLE finding (
		outcome text NOT NULL, legacy_table text NOT NULL, legacy_id bigint NOT NULL, reason text NOT NULL,
		detail text, legacy_row jsonb
	) ON COMMIT DROP
"""
_MOVE_FINDINGS = """
	INSERT INTO public."tabMigration Finding" (
		name, creation, modified, owner, modified_by, run, step, outcome, legacy_table, legacy_id, reason,
		detail, legacy_row
	)
	SELECT DISTINCT ON (legacy_table, legacy_id, reason)
		concat_ws('-', %(run)s, %(step)s, legacy_table, legacy_id, reason), now(), now(), %(user)s, %(user)s,
		%(run)s, %(step)s, outcome, legacy_table, legacy_id, reason, detail, legacy_row::text
	FROM finding ORDER BY legacy_table, legacy_id, reason, detail
"""
# Some rows are judged whenever there is anything to bring in, as payments that moved no money.
_LEAVE_OUT_KNOWN = """
	DELETE FROM finding USING public."tabMigration Finding" known, public."tabMigration Run" run
	WHERE run.name = known.run AND run.name <> %s AND run.status <> %s
		AND known.legacy_table = finding.legacy_table AND known.legacy_id = finding.legacy_id::text
		AND known.reason = finding.reason AND known.outcome = finding.outcome
		AND known.detail IS NOT DISTINCT FROM finding.detail
"""
_COUNT_FINDINGS = """
	SELECT count(*) FILTER (WHERE outcome = 'Rejected'), count(*) FILTER (WHERE outcome = 'Repaired')
	FROM public."tabMigration Finding" WHERE run = %s AND step = %s
"""
_COUNT_CHANGED = """
	SELECT (SELECT count(*) FROM changed WHERE run = %(run)s AND step = %(step)s) + (
		SELECT coalesce(sum(cardinality(array_remove(places, 0))), 0) FROM places_given
		WHERE run = %(run)s AND step = %(step)s
	)
"""
_STEP_DONE = """
	UPDATE public."tabMigration Run Step"
	SET status = 'Done', rows_read = %(rows_read)s, rows_made = %(rows_made)s, rejected = %(rejected)s,
		repaired = %(repaired)s, seconds = %(seconds)s, note = %(note)s, ended_at = now(), modified = now()
	WHERE parent = %(run)s AND step = %(step)s
"""
_SUMMARY = """
	SELECT step, outcome, reason, count(*) FROM public."tabMigration Finding" WHERE run = %s
	GROUP BY step, outcome, reason ORDER BY step, outcome, reason
"""


@dataclass(frozen=True)
class StepRecord:
	"""What a step did."""

	step: str
	status: str
	rows_read: int
	rows_made: int
	rejected: int
	repaired: int
	seconds: float


@dataclass(frozen=True)
class Finding:
	"""How many legacy rows a step rejected or repaired for one reason."""

	step: str
	outcome: str
	reason: str
	count: int


class History:
	"""One run's own record."""

	def __init__(self, connection: Connection, name: str):
		self._connection = connection
		self.name = name

	@property
	def number(self) -> int:
		"""The run's number."""
		return int(self.name.removeprefix("MIG-"))

	@classmethod
	def begin(
		cls,
		connection: Connection,
		legacy: str,
		arguments: dict[str, Any],
		versions: dict[str, str],
		steps: Sequence[str],
	) -> "History":
		"""A new run with its steps before it."""
		name = f"MIG-{one(connection, _NEXT):04d}"
		values = {"name": name, "user": USER, "status": RUNNING, "legacy": legacy}
		texts = {"arguments": json.dumps(arguments), "versions": json.dumps(versions)}
		with connection.cursor() as cursor:
			cursor.execute(_INSERT_RUN, values | texts)
			for idx, step in enumerate(steps, 1):
				cursor.execute(_INSERT_STEP, {"run": name, "step": step, "idx": idx, "user": USER})
		return cls(connection, name)

	@classmethod
	def unfinished(cls, connection: Connection, step: str) -> "History | None":
		"""The run with that step that was ended before its end, if there is one."""
		name = one(connection, _UNFINISHED, step, [RUNNING, FAILED])
		return cls(connection, name) if name else None

	def get(self, field: str) -> Any:
		"""A field of the run."""
		return one(
			self._connection, f'SELECT {field} FROM public."tabMigration Run" WHERE name = %s', self.name
		)

	def arguments(self) -> dict[str, Any]:
		"""What it was begun with."""
		return json.loads(self.get("arguments"))

	def done(self) -> set[str]:
		"""The steps that are behind it."""
		query = 'SELECT step FROM public."tabMigration Run Step" WHERE parent = %s AND status = %s'
		return {step for (step,) in rows(self._connection, query, self.name, DONE)}

	def set(self, **values: Any) -> None:
		"""Write fields of the run."""
		assignments = ", ".join(f"{field} = %({field})s" for field in values)
		with self._connection.cursor() as cursor:
			cursor.execute(
				f'UPDATE public."tabMigration Run" SET {assignments}, modified = now() WHERE name = %(name)s',
				values | {"name": self.name},
			)

	def end(self, status: str, error: str | None = None) -> None:
		"""Close the run."""
		self.set(status=status, error=error)
		with self._connection.cursor() as cursor:
			cursor.execute(
				'UPDATE public."tabMigration Run" SET ended_at = now() WHERE name = %s', [self.name]
			)

	def fail(self, told: str) -> None:
		"""Write down why the run ended, where there still is somebody to write to."""
		try:
			with held_back(), self._connection.cursor() as cursor:
				cursor.execute("SET lock_timeout = '10s'")
				self.end(FAILED, told)
				cursor.execute(
					'UPDATE public."tabMigration Run Step" SET status = %s WHERE parent = %s AND status = %s',
					[FAILED, self.name, RUNNING],
				)
		except psycopg2.Error:
			why = "the site's database is gone, or somebody keeps the record locked"
			log.warning("That %s failed could not be written down: %s.", self.name, why)

	def prepare(self, cursor: Cursor, step: str) -> None:
		"""Set a transaction up as the step's: what it adds, changes and finds is kept as the run's."""
		set_path(cursor)
		cursor.execute("SELECT set_config('gigafibre.run', %s, true)", [str(self.number)])
		cursor.execute("SELECT set_config('gigafibre.step', %s, true)", [step])
		cursor.execute(_FINDING)

	def step_began(self, step: str) -> None:
		"""Say that a step is at work."""
		with self._connection.cursor() as cursor:
			cursor.execute(
				'UPDATE public."tabMigration Run Step" SET status = %s, started_at = now(), modified = now() '
				"WHERE parent = %s AND step = %s",
				[RUNNING, self.name, step],
			)

	def leave_out_known(self, cursor: Cursor) -> None:
		"""Leave out of a step's findings what an earlier run that stands says in the same words."""
		cursor.execute(_LEAVE_OUT_KNOWN, [self.name, UNDONE])

	def step_done(self, cursor: Cursor, step: str, rows_read: int, seconds: float) -> StepRecord:
		"""Keep the findings of a step and what it made and changed, in the step's own transaction."""
		values = {"run": self.name, "step": step, "user": USER}
		cursor.execute(_MOVE_FINDINGS, values)
		cursor.execute(_COUNT_FINDINGS, [self.name, step])
		rejected, repaired = cursor.fetchone()
		cursor.execute("SELECT count(*) FROM added WHERE run = %s AND step = %s", [self.number, step])
		(rows_made,) = cursor.fetchone()
		cursor.execute(_COUNT_CHANGED, {"run": self.number, "step": step})
		(changed,) = cursor.fetchone()
		note = f"{changed:,} values changed." if changed else None
		record = StepRecord(step, DONE, rows_read, rows_made, rejected, repaired, round(seconds, 3))
		cursor.execute(_STEP_DONE, values | vars(record) | {"note": note})
		return record

	def findings(self) -> list[Finding]:
		"""How many there are for each reason."""
		return [Finding(*row) for row in rows(self._connection, _SUMMARY, self.name)]

	def steps(self) -> list[StepRecord]:
		"""What each step did, in their order."""
		query = """
			SELECT step, status, rows_read, rows_made, rejected, repaired, seconds
			FROM public."tabMigration Run Step" WHERE parent = %s ORDER BY idx
		"""
		return [StepRecord(*row) for row in rows(self._connection, query, self.name)]
