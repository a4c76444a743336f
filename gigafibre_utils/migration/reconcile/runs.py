"""In which order runs brought documents in: the one thing that legacy rows do not tell of what paid what.

It is read from the record by which a run is taken back, and nothing else is.
"""

from dataclasses import dataclass, field

from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.target import one, rows

# What was out and in again is of the run that made it first.
_RUNS = """
	SELECT coalesce(made_before, run), count(*) FROM gigafibre_migration.added
	WHERE doctype = 'Payment Entry' GROUP BY 1 ORDER BY 2 DESC
"""
_PAYMENTS = """
	SELECT payment.legacy_id::bigint, coalesce(made_before, run) FROM gigafibre_migration.added
	JOIN public."tabPayment Entry" AS payment USING (name)
	WHERE doctype = 'Payment Entry' AND coalesce(made_before, run) <> %s AND payment.legacy_id ~ '^[0-9]+$'
"""
_NOTES = """
	SELECT note.legacy_id::bigint, run FROM gigafibre_migration.added
	JOIN public."tabSales Invoice" AS note USING (name)
	WHERE doctype = 'Sales Invoice' AND run < %s AND note.docstatus = 1 AND note.legacy_id ~ '^[0-9]+$'
		AND note.return_against <> '' AND note.update_outstanding_for_self = 0
"""


@dataclass(frozen=True)
class Runs:
	"""Which run made what, by legacy ids: the payments that are not of the `usual` one, and the credit notes
	that were taken off their invoices before some payment came.
	"""

	usual: int = 0
	payments: dict[int, int] = field(default_factory=dict)
	notes: dict[int, int] = field(default_factory=dict)

	@classmethod
	def of(cls, connection: Connection) -> "Runs":
		"""As it is on record; where nothing is any more, all came at once."""
		if not one(connection, "SELECT to_regclass('gigafibre_migration.added') IS NOT NULL"):
			return cls()
		runs = [run for run, _ in rows(connection, _RUNS)]
		if not runs:
			return cls()
		return cls(
			runs[0],
			dict(rows(connection, _PAYMENTS, runs[0])),
			dict(rows(connection, _NOTES, max(runs))),
		)
