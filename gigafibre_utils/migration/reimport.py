"""Payments of one customer or one period out again, so that the step that follows brings them in anew."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from psycopg2.extensions import cursor as Cursor

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration.built_on import in_short, leave, obstacles
from gigafibre_utils.migration.waiting import keep_writers_out

# What is written to until they are in again, the invoices that they pay as well.
_WRITTEN = (
	"tabPayment Entry",
	"tabPayment Entry Reference",
	"tabGL Entry",
	"tabPayment Ledger Entry",
	"tabSales Invoice",
)
_CHOSEN = """
	SELECT added.doctype, payment.name FROM "tabPayment Entry" payment
	JOIN added ON added.doctype = 'Payment Entry' AND added.name = payment.name
	WHERE payment.legacy_id <> ''
		AND (%(customer)s IS NULL OR payment.party IN (
			SELECT name FROM "tabCustomer" WHERE legacy_id = %(customer)s::text
		))
		AND (%(first)s IS NULL OR payment.posting_date >= %(first)s)
		AND (%(last)s IS NULL OR payment.posting_date <= %(last)s)
"""
_STANDS_AGAINST = """
	SELECT reference.parent, reference.reference_name FROM "tabPayment Entry Reference" reference
	JOIN leaving ON leaving.name = reference.reference_name
	WHERE reference.reference_doctype = 'Payment Entry' AND reference.docstatus = 1
		AND NOT EXISTS (SELECT FROM leaving other WHERE other.name = reference.parent)
	LIMIT 1
"""
_TAKE_OUT = """
	CREATE TEMP TABLE taken_out ON COMMIT DROP AS
	SELECT name, coalesce(made_before, run) AS run FROM added JOIN leaving USING (doctype, name);
	DELETE FROM "tabPayment Entry Reference" USING leaving
	WHERE parenttype = 'Payment Entry' AND parent = leaving.name;
	DELETE FROM "tabGL Entry" USING leaving
	WHERE voucher_type = 'Payment Entry' AND voucher_no = leaving.name;
	DELETE FROM "tabPayment Ledger Entry" USING leaving
	WHERE voucher_type = 'Payment Entry' AND voucher_no = leaving.name;
	DELETE FROM "tabPayment Entry" payment USING leaving WHERE payment.name = leaving.name;
	DELETE FROM added USING leaving WHERE added.doctype = 'Payment Entry' AND added.name = leaving.name;
"""
# Who takes this run back leaves them to the run that made them first.
_REMEMBER = """
	UPDATE added SET made_before = taken_out.run FROM taken_out
	WHERE added.doctype = 'Payment Entry' AND added.name = taken_out.name
"""


@dataclass(frozen=True)
class Payments:
	"""Which migrated payments: a legacy customer's, or those dated from `first` to `last`."""

	customer: int | None = None
	first: date | None = None
	last: date | None = None

	@contextmanager
	def out_and_in(self, cursor: Cursor) -> Iterator[None]:
		"""Delete them with their ledger entries, in the cursor's transaction; within, they are made again.

		Nobody else writes to payments, ledgers and invoices from before they are looked at until it ends.
		Raises InvalidInput where a payment that stays was posted against one of them, or somebody worked on
		one, meanwhile as well.
		"""
		keep_writers_out(cursor, _WRITTEN)
		leave(cursor, _CHOSEN, vars(self))
		cursor.execute(_STANDS_AGAINST)
		if found := cursor.fetchone():
			raise InvalidInput(f"Payment Entry {found[1]} cannot be taken out: {found[0]} stands against it.")
		_see_that_nobody_worked_on_one(cursor)
		cursor.execute(_TAKE_OUT)
		yield
		# Staff were kept from these tables, not from writing elsewhere to what they still read in them.
		_see_that_nobody_worked_on_one(cursor)
		cursor.execute(_REMEMBER)

	def as_arguments(self) -> dict[str, str | int | None]:
		"""As they are written down with a run."""
		return {
			name: value.isoformat() if isinstance(value, date) else value
			for name, value in vars(self).items()
		}


def _see_that_nobody_worked_on_one(cursor: Cursor) -> None:
	if told := obstacles(cursor.connection, come_back=True):
		raise InvalidInput(f"The payments cannot be taken out: {in_short(told)}.")
