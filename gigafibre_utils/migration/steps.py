"""The steps of the migration in their order: what each reads, runs and fills."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from psycopg2.extensions import connection as Connection

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration import backfill, custom_fields, print_format
from gigafibre_utils.migration.books import Books
from gigafibre_utils.migration.tables import TABLES
from gigafibre_utils.migration.target import SQL_FILES

PLAN = "plan"
PLAN_FILES = tuple(sorted(path.name for path in SQL_FILES.glob("0[1-9]*.sql")))
MESSAGES = "ticket_message"
PLAN_READS = tuple(name for name in TABLES if name != MESSAGES)


@dataclass(frozen=True)
class Work:
	"""What a step that is more than SQL is given. Its transaction is the caller's."""

	connection: Connection
	books: Books


@dataclass(frozen=True)
class Step:
	"""One step: its SQL files, or a function, in one transaction.

	`reads` are the legacy tables that it needs beside those of the plan, `loads` the DocTypes that it fills
	by the hundred thousand, `after` the steps that it stands on.
	"""

	name: str
	sql: tuple[str, ...] = ()
	work: Callable[[Work], None] | None = None
	after: tuple[str, ...] = ()
	reads: tuple[str, ...] = ()
	loads: tuple[str, ...] = field(default=())

	@property
	def is_asked_for_as(self) -> tuple[str, ...]:
		"""Its name, and the short form that `--only` takes."""
		return (self.name, self.name.removeprefix("import_"))


def _add_fields(work: Work) -> None:
	custom_fields.add_missing(work.connection)


def _backfill(work: Work) -> None:
	with work.connection.cursor() as cursor:
		backfill.service_locations(cursor)


def _set_print_format(work: Work) -> None:
	print_format.set_up(work.connection)


OUTSTANDING = "600_fix_invoice_outstanding.sql"
PARTIES = ("import_customers", "import_service_locations")
STEPS: tuple[Step, ...] = (
	Step("add_missing_custom_fields", work=_add_fields),
	Step(
		"import_customers",
		("100_customers.sql", "110_addresses_and_contacts.sql"),
		after=("add_missing_custom_fields",),
	),
	Step("import_service_locations", ("150_service_locations.sql",), after=("import_customers",)),
	Step("import_items", ("200_items.sql", "210_rules.sql"), after=("add_missing_custom_fields",)),
	Step("import_subscriptions", ("250_subscriptions.sql",), after=(*PARTIES, "import_items")),
	Step(
		"import_invoices",
		(
			"300_invoices.sql",
			"310_invoice_items.sql",
			"320_invoice_taxes.sql",
			"330_invoice_ledger.sql",
		),
		after=(*PARTIES, "import_items"),
		loads=(
			"Sales Invoice",
			"Sales Invoice Item",
			"Sales Taxes and Charges",
			"Payment Schedule",
			"GL Entry",
			"Payment Ledger Entry",
		),
	),
	Step("backfill_service_location", work=_backfill, after=("import_invoices",)),
	Step(
		"import_payments",
		(
			"400_payments.sql",
			"405_payment_entries.sql",
			"410_payment_references.sql",
			"420_payment_ledger.sql",
			OUTSTANDING,
		),
		after=("import_invoices",),
		# The ledgers stand already: what comes to them here is the smaller part.
		loads=("Payment Entry", "Payment Entry Reference", "Sales Invoice"),
	),
	Step("import_payment_methods", ("450_payment_methods.sql",), after=("import_customers",)),
	Step("import_payment_arrangements", ("500_payment_arrangements.sql",), after=("import_payments",)),
	Step(
		"import_tickets",
		("550_issues.sql", "560_communications.sql"),
		after=PARTIES,
		reads=(MESSAGES,),
		loads=("Issue", "Communication"),
	),
	Step("fix_invoice_outstanding", (OUTSTANDING,), after=("import_payments",)),
	Step("fix_invoice_customer_names", ("610_fix_invoice_customer_names.sql",), after=("import_invoices",)),
	Step("fix_reversals", ("620_fix_reversals.sql", OUTSTANDING), after=("import_payments",)),
	Step("fix_invoice_dates", ("630_fix_invoice_dates.sql", OUTSTANDING), after=("import_invoices",)),
	Step("setup_invoice_print_format", work=_set_print_format),
)
# Numbers of new documents must not meet those of migrated ones: at the end of every run.
ADVANCE_SERIES = Step("advance_series", ("900_series.sql",))


def chosen(only: Iterable[str] = ()) -> tuple[Step, ...]:
	"""The steps that are asked for, in their order; all where none is named.

	Raises InvalidInput where there is no step of a name.
	"""
	wanted = set(only)
	names = {name for step in STEPS for name in step.is_asked_for_as}
	if unknown := sorted(wanted - names):
		told = ", ".join(step.name.removeprefix("import_") for step in STEPS)
		raise InvalidInput(f"There is no step {', '.join(unknown)}; there are {told}.")
	steps = tuple(step for step in STEPS if not wanted or wanted.intersection(step.is_asked_for_as))
	return (*steps, ADVANCE_SERIES)
