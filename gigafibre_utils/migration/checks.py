"""What must hold of a site before steps are run into it; what does not is told in one sentence."""

import json
from collections.abc import Sequence
from datetime import date

from psycopg2.extensions import connection as Connection

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration.steps import OUTSTANDING, STEPS, Step
from gigafibre_utils.migration.target import one, rows

_WAS_RUN = """
	SELECT EXISTS (
		SELECT FROM public."tabMigration Run Step" step
		JOIN public."tabMigration Run" run ON run.name = step.parent
		WHERE step.step = %s AND step.status = 'Done' AND run.status <> 'Undone'
	)
"""
_BY_HAND = """
	SELECT name FROM public."tabCustomer"
	WHERE legacy_id <> '' AND name <> 'CUST-' || lpad(legacy_id, greatest(7, length(legacy_id)), '0')
	ORDER BY name LIMIT 4
"""
_DAY = """
	SELECT run.arguments FROM public."tabMigration Run" run
	JOIN public."tabMigration Run Step" step ON step.parent = run.name
	WHERE step.step = ANY (%s) AND step.status = 'Done' AND run.status <> 'Undone'
	ORDER BY run.name DESC LIMIT 1
"""
JUDGING = ("import_invoices", *(step.name for step in STEPS if OUTSTANDING in step.sql))
"""Steps by which an invoice is overdue or is not."""

BY_SINCE = ("import_invoices", "import_payments", "import_payment_arrangements", "fix_reversals")
"""Steps for which `since` decides what pays what."""

_SINCE = """
	SELECT run.name, run.arguments FROM public."tabMigration Run" run
	JOIN public."tabMigration Run Step" step ON step.parent = run.name
	WHERE step.step = 'import_invoices' AND step.status = 'Done' AND run.status <> 'Undone'
	ORDER BY run.name DESC LIMIT 1
"""
_INVOICES_LACKING = """
	SELECT bill.name FROM gigafibre_migration.allocation
	JOIN gigafibre_migration.bill ON bill.id = invoice_id
	JOIN gigafibre_migration.receipt ON receipt.id = payment_id
	WHERE NOT EXISTS (SELECT FROM public."tabSales Invoice" there WHERE there.name = bill.name)
		AND NOT EXISTS (SELECT FROM public."tabPayment Entry" there WHERE there.name = receipt.name)
	LIMIT 1
"""


def brought_since(connection: Connection) -> tuple[str, date | None] | None:
	"""The run that brought invoices into the site, and the first day of them; None where none has."""
	if not (found := rows(connection, _SINCE)):
		return None
	((run, arguments),) = found
	since = json.loads(arguments)["since"]
	return run, since and date.fromisoformat(since)


def last_day(connection: Connection) -> date | None:
	"""The day by which a run last judged what is overdue; None where none has."""
	arguments = one(connection, _DAY, list(JUDGING))
	return date.fromisoformat(json.loads(arguments)["as_of"]) if arguments else None


def judging_day(connection: Connection, asked: date | None) -> date:
	"""The day by which an invoice is overdue: as asked, else that of the runs before, else today."""
	return asked or last_day(connection) or date.today()


def check_site(connection: Connection, steps: Sequence[Step], since: date | None) -> None:
	"""Raises InvalidInput where the steps cannot be run into the site as it is."""
	names = {step.name for step in steps}
	for step in steps:
		for other in step.after:
			if other not in names and other.startswith("import_") and not one(connection, _WAS_RUN, other):
				raise InvalidInput(f"{step.name} needs {other}, which was not run into this site.")
	brought = brought_since(connection) if names.intersection(BY_SINCE) else None
	if brought and brought[1] != since:
		run, first = brought
		told = (
			f"what is dated on or after {first}: say --since {first}" if first else "all: leave --since out"
		)
		raise InvalidInput(
			f"{run} brought in {told}, or take it back first; else payments would lack their invoices."
		)
	if "import_customers" in names:
		_check_customers(connection)


def _check_customers(connection: Connection) -> None:
	if by_hand := [name for (name,) in rows(connection, _BY_HAND)]:
		told = ", ".join(by_hand[:3]) + (" and others" if len(by_hand) > 3 else "")
		raise InvalidInput(
			f"Customers made by hand have a legacy ID already: {told}. Clear it, or delete them."
		)


def check_invoices_are_there(connection: Connection) -> None:
	"""Raises InvalidInput where payments would come in before the invoices that they pay."""
	if name := one(connection, _INVOICES_LACKING):
		raise InvalidInput(f"import_payments: {name} is not in the site yet, run import_invoices first.")
