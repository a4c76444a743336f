"""Taking a run back: what it added goes, what it changed is as before, unless something was built on it."""

from collections.abc import Sequence
from contextlib import closing

import psycopg2
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import SQL, Composed, Identifier, Literal

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration.built_on import SHOWN, in_short, leave, obstacles
from gigafibre_utils.migration.history import UNDONE
from gigafibre_utils.migration.run import in_one_sentence
from gigafibre_utils.migration.target import Target, one, rows, run_file, set_path, table_exists
from gigafibre_utils.migration.waiting import keep_writers_out

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


_DOCTYPES = "SELECT DISTINCT doctype FROM added WHERE run = %s ORDER BY doctype"
# A series that was advanced stays so: a number is not given twice.
_CHANGES = """
	SELECT DISTINCT doctype, field FROM changed
	WHERE run = %s AND doctype NOT IN ('Series', 'Selling Settings')
	ORDER BY doctype, field
"""
# Settings have no table of their own; one that staff changed since stays.
_RESTORE_SETTINGS = """
	DELETE FROM public."tabSingles" t USING changed c
	WHERE c.run = %(run)s AND c.doctype = t.doctype AND c.field = t.field AND t.value = c.new_value;
	INSERT INTO public."tabSingles" (doctype, field, value)
	SELECT doctype, field, old_value FROM changed
	WHERE run = %(run)s AND doctype = 'Selling Settings' AND old_value IS NOT NULL
		AND NOT EXISTS (
			SELECT FROM public."tabSingles" t WHERE t.doctype = changed.doctype AND t.field = changed.field
		)
"""
# ERPNext: `frappe.utils.nestedset`; what goes are leaves of the tree.
_CLOSE_GAPS = """
	WITH gone AS (
		SELECT lft, t.name FROM public."tabAccount" AS t
		JOIN leaving ON leaving.doctype = 'Account' AND leaving.name = t.name
	)
	UPDATE public."tabAccount" AS t
	SET lft = t.lft - 2 * (SELECT count(*) FROM gone WHERE gone.lft < t.lft),
		rgt = t.rgt - 2 * (SELECT count(*) FROM gone WHERE gone.lft < t.rgt)
	WHERE t.rgt > (SELECT min(lft) FROM gone) AND t.name NOT IN (SELECT name FROM gone)
"""
# Payments that were out and in again are once more those of the run that made them first.
_GIVE_BACK = (
	"UPDATE added SET run = made_before, made_before = NULL WHERE run = %s AND made_before IS NOT NULL"
)
# A table that was written anew has its changes on record as one list. Lines of later runs are none of them.
_UNFOLD_PLACES = """
	INSERT INTO changed (run, step, doctype, name, field, old_value, new_value)
	SELECT given.run, given.step, 'Sales Invoice Item', line.name, 'service_location', NULL,
		'SL-' || padded(place)
	FROM places_given AS given
	CROSS JOIN LATERAL unnest(places) WITH ORDINALITY AS its (place, number)
	JOIN public."tabSales Invoice Item" AS line ON line.name = 'LI-' || padded(number)
	JOIN added ON added.doctype = line.parenttype AND added.name = line.parent AND added.run <= given.run
	WHERE given.run = %(run)s AND place <> 0;
	DELETE FROM places_given WHERE run = %(run)s
"""
_ADDED = "SELECT doctype, name FROM added WHERE run = %(run)s"
# Payments that were out and in again may have been so once more since, and are then that run's.
_DID_SOMETHING = """
	SELECT bool_or(rows_made > 0 OR note <> '') FROM public."tabMigration Run Step" step
	JOIN public."tabMigration Run" run ON run.name = step.parent
	WHERE parent = %s AND run.arguments::jsonb ->> 'take_out' IS NULL
"""
_IS_KNOWN = """
	SELECT EXISTS (SELECT FROM added WHERE run = number) OR EXISTS (SELECT FROM changed WHERE run = number)
		OR EXISTS (SELECT FROM places_given WHERE run = number)
	FROM (VALUES (%s)) AS its (number)
"""


def undo(target: Target, number: int) -> int:
	"""Take back what a run did; gives how many documents went.

	Raises InvalidInput where there is no such run, or something stands in the way: nothing is changed then.
	"""
	name = f"MIG-{number:04d}"
	try:
		with target.alone() as control:
			target.check(control)
			status = one(control, 'SELECT status FROM public."tabMigration Run" WHERE name = %s', name)
			if not status or status == UNDONE:
				raise InvalidInput(f"{target.name} has no run {name} to be taken back.")
			with closing(target.connect()) as connection, connection.cursor() as cursor:
				run_file(cursor, "000_schema.sql")
				set_path(cursor)
				_see_that_it_is_known(connection, number, name)
				gone = _undo(cursor, number)
				cursor.execute('UPDATE "tabMigration Run" SET status = %s WHERE name = %s', [UNDONE, name])
				connection.commit()
				return gone
	except psycopg2.Error as error:
		raise in_one_sentence(f"Taking {name} back", target.name, error) from error


def _see_that_it_is_known(connection: Connection, number: int, name: str) -> None:
	"""Refuse a run that did something of which nothing is on record any more."""
	if one(connection, _DID_SOMETHING, name) and not one(connection, _IS_KNOWN, number):
		raise InvalidInput(f"{name} cannot be taken back: what it did is no longer on record.")


def _undo(cursor: Cursor, number: int) -> int:
	connection = cursor.connection
	cursor.execute(_GIVE_BACK, [number])
	if one(connection, "SELECT EXISTS (SELECT FROM places_given WHERE run = %s)", number):
		cursor.execute(_UNFOLD_PLACES, {"run": number})
	cursor.execute("ANALYZE added, changed")
	doctypes = [doctype for (doctype,) in rows(connection, _DOCTYPES, number)]
	_keep_staff_out(cursor, number, doctypes)
	leave(cursor, _ADDED, {"run": number})
	_see_that_nothing_stands_in_the_way(number, [*obstacles(connection), *_changed_since(connection, number)])
	_restore(cursor, number)
	cursor.execute(_CLOSE_GAPS)
	gone = sum(_remove(cursor, number, doctype) for doctype in doctypes)
	# Staff were kept from these tables, not from writing elsewhere to what they still read in them.
	_see_that_nothing_stands_in_the_way(number, obstacles(connection))
	cursor.execute("DELETE FROM added WHERE run = %s", [number])
	cursor.execute("DELETE FROM changed WHERE run = %s", [number])
	if {*VOUCHERS} & {*doctypes} and one(connection, "SELECT to_regclass('books') IS NOT NULL"):
		run_file(cursor, "600_fix_invoice_outstanding.sql")
	return gone


def _keep_staff_out(cursor: Cursor, number: int, doctypes: Sequence[str]) -> None:
	"""Let nobody else write to what goes or is put back, from before it is looked at until it is done."""
	connection = cursor.connection
	written = [*doctypes, *(doctype for doctype, _ in rows(connection, _CHANGES, number))]
	if {*VOUCHERS} & {*doctypes}:
		written += VOUCHERS
	written += [hanging for doctype in written for hanging, *_ in _hanging(doctype)]
	tables = [f"tab{doctype}" for doctype in dict.fromkeys(written)]
	if there := [table for table in tables if table_exists(connection, table)]:
		keep_writers_out(cursor, there)


def _see_that_nothing_stands_in_the_way(number: int, told: Sequence[str]) -> None:
	if told:
		raise InvalidInput(f"Run {number} cannot be taken back: {in_short(told)}.")


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
	for table, column, kind in _hanging(doctype):
		cursor.execute(_delete(table, SQL("t.{} = a.name AND t.{} = a.doctype"), column, kind), values)
	cursor.execute(_delete(doctype, SQL("t.{} = a.name"), "name"), values)
	return cursor.rowcount


def _hanging(doctype: str) -> list[tuple[str, str, str]]:
	"""What goes with documents of a DocType: its table, and the columns that name document and DocType."""
	hanging = [(child, "parent", "parenttype") for child in CHILDREN.get(doctype, ())]
	if doctype in VOUCHERS:
		hanging += [(ledger, "voucher_no", "voucher_type") for ledger in LEDGERS]
	if doctype == "Issue":
		hanging.append(("Communication", "reference_name", "reference_doctype"))
	return hanging


def _delete(doctype: str, condition: SQL, *columns: str) -> Composed:
	return SQL(
		"DELETE FROM public.{} t USING added a WHERE a.run = %(run)s AND a.doctype = %(doctype)s AND {}"
	).format(Identifier(f"tab{doctype}"), condition.format(*map(Identifier, columns)))
