"""Indexes out of the way of a bulk load, within the transaction that loads."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import SQL, Identifier

from gigafibre_utils.migration.target import one

FEW = 1_000
"""Rows of a table that nobody works with in earnest yet."""

# Those that enforce something stay.
_INDEXES = """
	SELECT i.relname, pg_get_indexdef(i.oid)
	FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
	WHERE x.indrelid = to_regclass('public.' || quote_ident(%s)) AND NOT x.indisunique AND x.indisvalid
	ORDER BY i.relname
"""


# Who may write to a table and does not own it leaves its indexes where they are.
_IS_OURS = """
	SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('public.' || quote_ident(%s))
"""


def empty(connection: Connection, doctypes: Iterable[str]) -> list[str]:
	"""The tables among those of these DocTypes that hold next to nothing, and are the user's own."""
	found = []
	for doctype in dict.fromkeys(doctypes):
		count = SQL("SELECT count(*) FROM (SELECT FROM public.{} LIMIT {}) few").format(
			Identifier(f"tab{doctype}"), SQL(str(FEW + 1))
		)
		# A table that is not there is nobody's.
		if one(connection, _IS_OURS, f"tab{doctype}") and one(connection, count) <= FEW:
			found.append(f"tab{doctype}")
	return found


@contextmanager
def without_indexes(cursor: Cursor, tables: Iterable[str]) -> Iterator[None]:
	"""Drop the secondary indexes of the tables, and make them again at the end.

	Both happen in the cursor's transaction: whatever ends it early, the indexes are as they were.
	"""
	definitions: list[str] = []
	for table in tables:
		cursor.execute(_INDEXES, [table])
		for name, definition in cursor.fetchall():
			cursor.execute(SQL("DROP INDEX public.{}").format(Identifier(name)))
			definitions.append(definition)
	yield
	for definition in definitions:
		cursor.execute(definition)
