"""What must hold, each rule one query over the migrated documents that names who breaks it."""

from dataclasses import dataclass
from datetime import date

from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.reconcile.document_rules import DOCUMENTS, SERIES, children
from gigafibre_utils.migration.reconcile.ledger_rules import GENERAL_LEDGER, RECEIVABLE
from gigafibre_utils.migration.reconcile.reports import complete
from gigafibre_utils.migration.reconcile.rules import Invariant
from gigafibre_utils.migration.target import rows

NAMED = 10
"""Offenders that are named."""


@dataclass(frozen=True)
class Checked:
	"""How often an invariant is broken, and by whom first."""

	name: str
	rule: str
	count: int
	offenders: list[str]


def check(connection: Connection, as_of: date) -> list[Checked]:
	"""Check them all; `migrated_voucher` must be there. `as_of` is the day by which an invoice is overdue."""
	every = (*GENERAL_LEDGER, *RECEIVABLE, *DOCUMENTS, *children(), SERIES, *complete())
	return [_checked(connection, invariant, as_of) for invariant in every]


def _checked(connection: Connection, invariant: Invariant, as_of: date) -> Checked:
	offenders = invariant.offenders.replace("{as_of}", f"DATE '{as_of.isoformat()}'")
	query = f"""
		SELECT count(*), coalesce((array_agg(DISTINCT name::text ORDER BY name::text))[1:{NAMED}], '{{}}')
		FROM ({offenders}) AS offender
	"""
	((count, named),) = rows(connection, query)
	return Checked(invariant.name, invariant.rule, count, named)
