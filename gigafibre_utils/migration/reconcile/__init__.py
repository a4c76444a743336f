"""Both sides compared to the cent: sums, the ledger's rules, invoices drawn by chance, the legacy balances."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.books import TIME_ZONE
from gigafibre_utils.migration.history import Finding, History, StepRecord
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.reconcile import erpnext_side, legacy_side
from gigafibre_utils.migration.reconcile.draw import Drawn, draw
from gigafibre_utils.migration.reconcile.invariants import Checked, check
from gigafibre_utils.migration.reconcile.sums import ZERO, Line, compared
from gigafibre_utils.migration.target import one, rows

_TIME_ZONE = (
	"""SELECT value FROM public."tabSingles" WHERE doctype = 'System Settings' AND field = 'time_zone'"""
)
_LATEST = """SELECT name FROM public."tabMigration Run" WHERE status <> 'Undone' ORDER BY name DESC LIMIT 1"""
_NAMES = """
	SELECT legacy_id::int, customer_name FROM public."tabCustomer" WHERE legacy_id <> '' AND legacy_id = ANY (%s)
"""


@dataclass(frozen=True)
class Balance:
	"""A customer whose legacy `balance` is not what his own invoices and payments come to."""

	customer: int
	name: str
	balance: Decimal
	documents: Decimal

	@property
	def difference(self) -> Decimal:
		"""What the legacy system believed too much."""
		return self.balance - self.documents


@dataclass(frozen=True)
class Reconciliation:
	"""All that was compared; `lines` hold the group (total, year, tax, customer) beside each amount."""

	run: str
	legacy: str
	site: str
	as_of: date
	since: date | None
	lines: list[tuple[str, Line]]
	checked: list[Checked]
	drawn: Drawn
	balances: list[Balance]
	undated: int
	findings: list[Finding]
	steps: list[StepRecord]

	@property
	def unexplained(self) -> int:
		"""How many amounts, rules and fields are not as they must be."""
		differing = sum(1 for _, line in self.lines if line.difference)
		return differing + sum(1 for rule in self.checked if rule.broken) + len(self.drawn.mismatches)

	def of(self, group: str) -> list[Line]:
		"""The amounts of one group."""
		return [line for which, line in self.lines if which == group]


def reconcile(
	legacy: Legacy, connection: Connection, site: str, as_of: date, since: date | None = None
) -> Reconciliation:
	"""Compare a legacy database with what of it is in a site. Nothing is written."""
	zone = one(connection, _TIME_ZONE) or TIME_ZONE
	run = one(connection, _LATEST) or "MIG-0000"
	history = History(connection, run)
	theirs = legacy_side.read(legacy, zone, as_of, since)
	ours = erpnext_side.read(connection, theirs.undated_invoices, theirs.undated_payments, since)
	return Reconciliation(
		run=run,
		legacy=legacy.name,
		site=site,
		as_of=as_of,
		since=since,
		lines=list(compared(theirs.side, ours)),
		checked=check(connection),
		drawn=draw(legacy, connection, zone, as_of, history.number, since),
		balances=_balances(connection, theirs),
		undated=len(theirs.undated_invoices) + len(theirs.undated_payments),
		findings=history.findings(),
		steps=history.steps(),
	)


def _balances(connection: Connection, theirs: legacy_side.LegacySide) -> list[Balance]:
	owed = {customer: sums.owed for customer, sums in theirs.side.by_customer.items()}
	wrong = [
		customer
		for customer in {*owed, *theirs.balances}
		if owed.get(customer, ZERO) != theirs.balances.get(customer, ZERO)
	]
	names = dict(rows(connection, _NAMES, [str(customer) for customer in wrong]))
	found = [
		Balance(
			customer, names.get(customer, ""), theirs.balances.get(customer, ZERO), owed.get(customer, ZERO)
		)
		for customer in wrong
	]
	return sorted(found, key=lambda balance: (-abs(balance.difference), balance.customer))
