"""One comparison: who reads what, and what it comes to."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.books import TIME_ZONE
from gigafibre_utils.migration.history import Finding, History, StepRecord
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.reconcile import (
	counted,
	documents,
	draw,
	erpnext_side,
	invariants,
	legacy_side,
)
from gigafibre_utils.migration.reconcile.counted import Counted
from gigafibre_utils.migration.reconcile.documents import Compared
from gigafibre_utils.migration.reconcile.draw import Drawn
from gigafibre_utils.migration.reconcile.figures import CUSTOMER, NOTHING, OWED, Calendar, Row, compared
from gigafibre_utils.migration.reconcile.invariants import Checked
from gigafibre_utils.migration.reconcile.legacy_side import Apart, LegacySide
from gigafibre_utils.migration.target import one, rows

MONEY = ("invoices", "payments")
"""What has sums, and comes by a step of that name."""

_ZONE = """
	SELECT value FROM public."tabSingles"
	WHERE doctype = 'System Settings' AND field = 'time_zone' AND value <> ''
"""
_CURRENCY = """
	SELECT default_currency FROM public."tabCompany" WHERE name = (
		SELECT company FROM public."tabSales Invoice" WHERE legacy_id <> '' LIMIT 1
	)
"""
_NAMES = """SELECT legacy_id, customer_name FROM public."tabCustomer" WHERE legacy_id <> ''"""
_LAST_RUN = """
	SELECT run.name FROM public."tabMigration Run" run
	JOIN public."tabMigration Run Step" step ON step.parent = run.name AND step.step = 'plan'
	WHERE run.name ~ '^MIG-[0-9]+$' ORDER BY substr(run.name, 5)::int DESC LIMIT 1
"""


@dataclass(frozen=True)
class SetApart:
	"""Documents of one kind that count for nothing, on either side."""

	kind: str
	legacy: Apart
	erpnext: Apart

	@property
	def agrees(self) -> bool:
		"""Whether both sides have as many, of the same amount."""
		return self.legacy == self.erpnext


@dataclass(frozen=True)
class Balance:
	"""What the legacy column `balance` says of a customer, and what his documents come to."""

	customer: str
	name: str
	balance: Decimal
	owed: Decimal

	@property
	def difference(self) -> Decimal:
		"""What the column has more than the documents."""
		return self.balance - self.owed


@dataclass(frozen=True)
class Reconciliation:
	"""Both sides next to each other, and whether what differs is explained."""

	run: str
	legacy: str
	site: str
	as_of: date
	since: date | None
	made_at: datetime
	zone: str
	currency: str
	versions: dict[str, str]
	groups: dict[str, list[Row]]
	apart: list[SetApart]
	counted: list[Counted]
	documents: list[Compared]
	invariants: list[Checked]
	seed: int
	drawn: list[Drawn]
	balances: list[Balance]
	findings: list[Finding]
	steps: list[StepRecord]
	lacking: tuple[str, ...] = ()
	"""What of the money no run has brought in, and is not compared."""

	@property
	def unexplained(self) -> int:
		"""Figures and counts that nobody can explain, documents that differ, broken invariants, and fields of
		drawn invoices that are unlike.
		"""
		return (
			sum(row.unexplained for group in self.groups.values() for row in group)
			+ sum(not apart.agrees for apart in self.apart)
			+ sum(bool(told.difference) for told in self.counted)
			+ sum(compared.differences for compared in self.documents)
			+ sum(bool(checked.count) for checked in self.invariants)
			+ sum(len(drawn.unlike) for drawn in self.drawn)
		)

	@property
	def is_explained(self) -> bool:
		"""Whether nothing is left that nobody can explain."""
		return not self.unexplained


def reconcile(
	legacy: Legacy,
	connection: Connection,
	as_of: date,
	since: date | None = None,
	run: str | None = None,
) -> Reconciliation:
	"""Compare a legacy database with the site that it was brought into; writes nothing but a temporary table.

	`as_of` is the day by which an invoice is overdue, `since` the first day of what is compared.
	`run` names the run whose steps and findings are told; the last one unless said otherwise. Raises
	ServiceUnavailable or InvalidInput where the legacy database cannot be read.
	"""
	zone = one(connection, _ZONE) or TIME_ZONE
	calendar = Calendar(zone, as_of, since)
	history = History(connection, run or one(connection, _LAST_RUN) or "MIG-0000")
	with legacy.snapshot() as snapshot:
		rejected = erpnext_side.rejected(connection)
		done = counted.steps_done(connection)
		lacking = tuple(kind for kind in MONEY if f"import_{kind}" not in done)
		has = [kind not in lacking for kind in MONEY]
		side = legacy_side.read(snapshot, calendar, rejected, *has)
		beside = documents.compare(snapshot, connection, calendar, side, rejected, *has)
		counts = counted.count(snapshot, connection, since, rejected)
		drawn = (
			draw.compare(snapshot, connection, calendar, rejected.invoices, history.number)
			if "invoices" not in lacking
			else []
		)
	with erpnext_side.vouchers(connection, side.undated_invoices, side.undated_payments):
		there = erpnext_side.read(connection, since)
		checked = invariants.check(connection, as_of)
	groups = compared(side.tally, side.left_out, there.tally)
	return Reconciliation(
		run=history.name,
		legacy=legacy.name,
		site=one(connection, "SELECT current_database()"),
		as_of=as_of,
		since=since,
		made_at=datetime.now(UTC),
		zone=zone,
		currency=one(connection, _CURRENCY) or "",
		versions=json.loads(history.get("versions") or "{}"),
		groups=groups,
		apart=_apart(side.apart, there.apart),
		counted=counts,
		documents=beside,
		invariants=checked,
		seed=history.number,
		drawn=drawn,
		balances=[] if lacking else _balances(side, connection),
		findings=history.findings(),
		steps=history.steps(),
		lacking=lacking,
	)


def _apart(legacy: dict[str, Apart], erpnext: dict[str, Apart]) -> list[SetApart]:
	return [
		SetApart(kind, legacy.get(kind, Apart()), erpnext.get(kind, Apart()))
		for kind in sorted({*legacy, *erpnext})
	]


def _balances(side: LegacySide, connection: Connection) -> list[Balance]:
	"""The customers whose balance is not what their documents come to, the furthest off first."""
	names = dict(rows(connection, _NAMES))
	every = [
		Balance(
			customer,
			names.get(customer, ""),
			side.balances.get(customer, NOTHING),
			side.tally.sums(CUSTOMER, customer)[OWED],
		)
		for customer in {*side.balances, *side.tally.keys(CUSTOMER)}
	]
	return sorted(
		(balance for balance in every if balance.difference),
		key=lambda balance: (-abs(balance.difference), int(balance.customer)),
	)
