"""Taking a run back: what it added goes, what it changed is as before, unless something was built on it."""

from dataclasses import dataclass

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import SQL, Composed, Identifier, Literal

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration.history import UNDONE
from gigafibre_utils.migration.target import Target, one, rows, run_file, set_path, table_exists

SHOWN = 5
"""Obstacles told by name."""

CHILDREN = {
	"Address": ("Dynamic Link",),
	"Contact": ("Contact Email", "Contact Phone", "Dynamic Link"),
	"Item": ("Item Default", "UOM Conversion Detail"),
	"Mode of Payment": ("Mode of Payment Account",),
	"Payment Arrangement": ("Payment Arrangement Instalment",),
	"Payment Entry": ("Payment Entry Reference",),
	"Sales Invoice": ("Sales Invoice Item", "Sales Taxes and Charges", "Payment Schedule"),
	"Subscription": ("Subscription Plan Detail",),
}
VOUCHERS = ("Sales Invoice", "Payment Entry")
LEDGERS = ("GL Entry", "Payment Ledger Entry")


@dataclass(frozen=True)
class Link:
	"""A column that names documents of a DocType. `holder` is the DocType of its rows' parents, if any."""

	doctype: str
	table: str
	column: str
	holder: str | None = None
	where: str = "true"


# Only what staff, customers or the site itself make of migrated documents.
LINKS = (
	Link("Account", "GL Entry", "account"),
	Link("Customer", "Sales Invoice", "customer"),
	Link("Customer", "Payment Entry", "party", where="t.party_type = 'Customer'"),
	Link("Customer", "Journal Entry Account", "party", "Journal Entry", "t.party_type = 'Customer'"),
	Link("Customer", "Service Location", "customer"),
	Link("Customer", "Subscription", "party", where="t.party_type = 'Customer'"),
	Link("Customer", "Issue", "customer"),
	Link("Customer", "Stored Payment Method", "customer"),
	Link("Customer", "Payment Arrangement", "customer"),
	Link("Customer", "Dynamic Link", "link_name", "Contact", "t.link_doctype = 'Customer'"),
	Link("Customer", "Dynamic Link", "link_name", "Address", "t.link_doctype = 'Customer'"),
	Link("Fiscal Year", "GL Entry", "fiscal_year"),
	Link(
		"Issue",
		"Communication",
		"reference_name",
		# Messages of the legacy database go with their issue.
		where="t.reference_doctype = 'Issue' AND t.name NOT LIKE 'LM-%'",
	),
	Link("Issue Priority", "Issue", "priority"),
	Link("Item", "Sales Invoice Item", "item_code", "Sales Invoice"),
	Link("Item", "Subscription Plan", "item"),
	Link("Item Group", "Item", "item_group"),
	Link("Mode of Payment", "Payment Entry", "mode_of_payment"),
	Link(
		"Payment Entry",
		"Payment Entry Reference",
		"reference_name",
		"Payment Entry",
		"t.reference_doctype = 'Payment Entry'",
	),
	Link("Sales Invoice", "Sales Invoice", "return_against"),
	Link(
		"Sales Invoice",
		"Payment Entry Reference",
		"reference_name",
		"Payment Entry",
		"t.reference_doctype = 'Sales Invoice'",
	),
	Link(
		"Sales Invoice",
		"Journal Entry Account",
		"reference_name",
		"Journal Entry",
		"t.reference_type = 'Sales Invoice'",
	),
	Link("Sales Invoice", "Payment Request", "reference_name", where="t.reference_doctype = 'Sales Invoice'"),
	Link("Sales Invoice", "Stripe Checkout Session", "invoice"),
	Link("Service Location", "Sales Invoice Item", "service_location", "Sales Invoice"),
	Link("Service Location", "Subscription", "service_location"),
	Link("Subscription Plan", "Subscription Plan Detail", "plan", "Subscription"),
)

_DOCTYPES = "SELECT DISTINCT doctype FROM added WHERE run = %s ORDER BY doctype"
# A series that was advanced stays so: a number is not given twice.
_CHANGES = """
	SELECT DISTINCT doctype, field FROM changed
	WHERE run = %s AND doctype NOT IN ('Series', 'Selling Settings')
	ORDER BY doctype, field
"""
# Settings have no table of their own.
_RESTORE_SETTINGS = """
	DELETE FROM public."tabSingles" t USING changed c
	WHERE c.run = %(run)s AND c.doctype = t.doctype AND c.field = t.field;
	INSERT INTO public."tabSingles" (doctype, field, value)
	SELECT doctype, field, old_value FROM changed
	WHERE run = %(run)s AND doctype = 'Selling Settings' AND old_value IS NOT NULL
"""
# A row of a ledger belongs to its voucher.
_HOLDER = {"GL Entry": ("voucher_no", "voucher_type")}


def undo(target: Target, number: int) -> int:
	"""Take back what a run did; gives how many documents went.

	Raises InvalidInput where there is no such run, or something stands in the way: nothing is changed then.
	"""
	with target.alone() as control:
		target.check(control)
		name = f"MIG-{number:04d}"
		status = one(control, 'SELECT status FROM public."tabMigration Run" WHERE name = %s', name)
		if not status or status == UNDONE:
			raise InvalidInput(f"{target.name} has no run {name} to be taken back.")
		connection = target.connect()
		try:
			with connection.cursor() as cursor:
				set_path(cursor)
				gone = _undo(cursor, number)
				cursor.execute('UPDATE "tabMigration Run" SET status = %s WHERE name = %s', [UNDONE, name])
			connection.commit()
		finally:
			connection.close()
	return gone


def _undo(cursor: Cursor, number: int) -> int:
	connection = cursor.connection
	cursor.execute("ANALYZE added")
	doctypes = [doctype for (doctype,) in rows(connection, _DOCTYPES, number)]
	if told := [*_obstacles(connection, number, doctypes), *_changed_since(connection, number)]:
		more = f", and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
		raise InvalidInput(f"Run {number} cannot be taken back: {'; '.join(told[:SHOWN])}{more}.")
	_restore(cursor, number)
	gone = sum(_remove(cursor, number, doctype) for doctype in doctypes)
	cursor.execute("DELETE FROM added WHERE run = %s", [number])
	cursor.execute("DELETE FROM changed WHERE run = %s", [number])
	if "Payment Entry" in doctypes and one(connection, "SELECT to_regclass('books') IS NOT NULL"):
		run_file(cursor, "600_fix_invoice_outstanding.sql")
	return gone


def _obstacles(connection: Connection, number: int, doctypes: list[str]) -> list[str]:
	told = []
	for link in LINKS:
		if link.doctype in doctypes and table_exists(connection, f"tab{link.table}"):
			found = rows(connection, _others(link, number))
			told += [f"{holder} {name} stands on {link.doctype} {of}" for holder, name, of in found]
	for doctype in doctypes:
		if table_exists(connection, f"tab{doctype}"):
			query = SQL(
				"SELECT t.name FROM public.{} t JOIN added a ON a.name = t.name WHERE a.run = %s "
				"AND a.doctype = %s AND t.modified > t.creation AND t.modified_by <> t.owner LIMIT {}"
			).format(Identifier(f"tab{doctype}"), Literal(SHOWN))
			found = rows(connection, query, number, doctype)
			told += [f"{doctype} {name} was changed since" for (name,) in found]
	return told


def _others(link: Link, number: int) -> Composed:
	"""Rows that name an added document and belong to none that was added with it."""
	name, holder = SQL("t.name"), Literal(link.holder or link.table)
	if link.holder:
		name = SQL("t.parent")
	elif link.table in _HOLDER:
		column, kind = _HOLDER[link.table]
		name, holder = SQL("t.{}").format(Identifier(column)), SQL("t.{}").format(Identifier(kind))
	own = SQL("t.parenttype = {}").format(holder) if link.holder else SQL("true")
	return SQL("""
		SELECT {holder}, {name}, t.{column} FROM public.{table} t
		JOIN added a ON a.run = {run} AND a.doctype = {doctype} AND a.name = t.{column}
		WHERE {where} AND {own}
			AND NOT EXISTS (
				SELECT FROM added b WHERE b.run = {run} AND b.doctype = {holder} AND b.name = {name}
			)
		LIMIT {shown}
	""").format(
		run=Literal(number),
		holder=holder,
		name=name,
		column=Identifier(link.column),
		table=Identifier(f"tab{link.table}"),
		doctype=Literal(link.doctype),
		where=SQL(link.where),
		own=own,
		shown=Literal(SHOWN),
	)


def _changed_since(connection: Connection, number: int) -> list[str]:
	told = []
	for doctype, field in rows(connection, _CHANGES, number):
		query = SQL("""
			SELECT c.name FROM changed c JOIN public.{} t ON t.name = c.name
			WHERE c.run = %s AND c.doctype = %s AND c.field = %s
				AND t.{} IS DISTINCT FROM c.new_value::{}
			LIMIT {}
		""").format(*_column(connection, doctype, field), Literal(SHOWN))
		found = rows(connection, query, number, doctype, field)
		told += [f"{field} of {doctype} {name} was changed since" for (name,) in found]
	return told


def _restore(cursor: Cursor, number: int) -> None:
	for doctype, field in rows(cursor.connection, _CHANGES, number):
		table, column, kind = _column(cursor.connection, doctype, field)
		cursor.execute(
			SQL("""
				UPDATE public.{} t SET {} = c.old_value::{} FROM changed c
				WHERE c.name = t.name AND c.run = %s AND c.doctype = %s AND c.field = %s
			""").format(table, column, kind),
			[number, doctype, field],
		)
	cursor.execute(_RESTORE_SETTINGS, {"run": number})


def _column(connection: Connection, doctype: str, field: str) -> tuple[Identifier, Identifier, SQL]:
	kind = one(
		connection,
		"SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
		"WHERE attrelid = to_regclass('public.' || quote_ident(%s)) AND attname = %s",
		f"tab{doctype}",
		field,
	)
	return Identifier(f"tab{doctype}"), Identifier(field), SQL(kind)


def _remove(cursor: Cursor, number: int, doctype: str) -> int:
	"""Delete a run's documents of one DocType with all that hangs on them."""
	values = {"run": number, "doctype": doctype}
	hanging = [(child, "parent", "parenttype") for child in CHILDREN.get(doctype, ())]
	if doctype in VOUCHERS:
		hanging += [(ledger, "voucher_no", "voucher_type") for ledger in LEDGERS]
	if doctype == "Issue":
		hanging.append(("Communication", "reference_name", "reference_doctype"))
	for table, column, kind in hanging:
		cursor.execute(_delete(table, SQL("t.{} = a.name AND t.{} = a.doctype"), column, kind), values)
	cursor.execute(_delete(doctype, SQL("t.{} = a.name"), "name"), values)
	return cursor.rowcount


def _delete(doctype: str, condition: SQL, *columns: str) -> Composed:
	return SQL(
		"DELETE FROM public.{} t USING added a WHERE a.run = %(run)s AND a.doctype = %(doctype)s AND {}"
	).format(Identifier(f"tab{doctype}"), condition.format(*map(Identifier, columns)))
