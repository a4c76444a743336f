"""Payments of one customer or one period out again, so that the step that follows brings them in anew."""

from dataclasses import dataclass
from datetime import date

from psycopg2.extensions import cursor as Cursor

from gigafibre_utils.errors import InvalidInput

_CHOSEN = """
	CREATE TEMP TABLE taken_out ON COMMIT DROP AS
	SELECT payment.name FROM "tabPayment Entry" payment
	JOIN added ON added.doctype = 'Payment Entry' AND added.name = payment.name
	WHERE payment.legacy_id <> ''
		AND (%(customer)s IS NULL OR payment.party = 'CUST-' || lpad(%(customer)s::text, 7, '0'))
		AND (%(first)s IS NULL OR payment.posting_date >= %(first)s)
		AND (%(last)s IS NULL OR payment.posting_date <= %(last)s)
"""
_STANDS_IN_THE_WAY = """
	SELECT reference.parent, reference.reference_name FROM "tabPayment Entry Reference" reference
	JOIN taken_out ON taken_out.name = reference.reference_name
	WHERE reference.reference_doctype = 'Payment Entry' AND reference.docstatus = 1
		AND NOT EXISTS (SELECT FROM taken_out other WHERE other.name = reference.parent)
	LIMIT 1
"""
_TAKE_OUT = """
	DELETE FROM "tabPayment Entry Reference" USING taken_out
	WHERE parenttype = 'Payment Entry' AND parent = taken_out.name;
	DELETE FROM "tabGL Entry" USING taken_out
	WHERE voucher_type = 'Payment Entry' AND voucher_no = taken_out.name;
	DELETE FROM "tabPayment Ledger Entry" USING taken_out
	WHERE voucher_type = 'Payment Entry' AND voucher_no = taken_out.name;
	DELETE FROM "tabPayment Entry" payment USING taken_out WHERE payment.name = taken_out.name;
	DELETE FROM added USING taken_out WHERE doctype = 'Payment Entry' AND added.name = taken_out.name;
"""


@dataclass(frozen=True)
class Payments:
	"""Which migrated payments: a legacy customer's, or those dated from `first` to `last`."""

	customer: int | None = None
	first: date | None = None
	last: date | None = None

	def take_out(self, cursor: Cursor) -> None:
		"""Delete them with their ledger entries, in the cursor's transaction.

		Raises InvalidInput where a payment that stays was posted against one of them.
		"""
		cursor.execute(_CHOSEN, vars(self))
		cursor.execute(_STANDS_IN_THE_WAY)
		if found := cursor.fetchone():
			raise InvalidInput(f"Payment Entry {found[1]} cannot be taken out: {found[0]} stands against it.")
		cursor.execute(_TAKE_OUT)

	def as_arguments(self) -> dict[str, str | int | None]:
		"""As they are written down with a run."""
		return {
			name: value.isoformat() if isinstance(value, date) else value
			for name, value in vars(self).items()
		}
