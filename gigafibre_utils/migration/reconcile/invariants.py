"""What must hold of the migrated documents, rule by rule, and who breaks it."""

from dataclasses import dataclass
from datetime import date

from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.reconcile.document_rules import DOCUMENTS, SERIES, children
from gigafibre_utils.migration.reconcile.ledger_rules import ENTRIES, GENERAL_LEDGER, RECEIVABLE, VOUCHERS
from gigafibre_utils.migration.reconcile.reports import complete
from gigafibre_utils.migration.reconcile.rules import Invariant, OfEach, Rows
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
	by_queries = (*GENERAL_LEDGER, *RECEIVABLE, *DOCUMENTS, *children(), SERIES, *complete())
	return [
		*_of_each(connection, VOUCHERS),
		*_of_each(connection, ENTRIES),
		*(_checked(connection, invariant, as_of) for invariant in by_queries),
	]


def _of_each(connection: Connection, gone_over: Rows) -> list[Checked]:
	"""In one pass; who breaks a rule is asked where anybody does."""
	counts = ", ".join(f"count(*) FILTER (WHERE {rule.broken})" for rule in gone_over.rules)
	(broken,) = rows(connection, f"SELECT {counts} FROM {gone_over.source}")
	return [
		Checked(rule.name, rule.rule, count, _offenders(connection, gone_over, rule) if count else [])
		for rule, count in zip(gone_over.rules, broken, strict=True)
	]


def _offenders(connection: Connection, gone_over: Rows, rule: OfEach) -> list[str]:
	query = f"""
		SELECT DISTINCT {gone_over.offender}::text AS offender FROM {gone_over.source}
		WHERE {rule.broken} ORDER BY offender LIMIT {NAMED}
	"""
	return [name for (name,) in rows(connection, query)]


def _checked(connection: Connection, invariant: Invariant, as_of: date) -> Checked:
	offenders = invariant.offenders.replace("{as_of}", f"DATE '{as_of.isoformat()}'")
	query = f"""
		SELECT count(*), coalesce((array_agg(DISTINCT name::text ORDER BY name::text))[1:{NAMED}], '{{}}')
		FROM ({offenders}) AS offender
	"""
	((count, named),) = rows(connection, query)
	return Checked(invariant.name, invariant.rule, count, named)
