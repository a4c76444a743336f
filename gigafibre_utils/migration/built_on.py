"""What would be left without its ground if documents went: rows that name them, edits, new names."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from psycopg2.extensions import connection as Connection
from psycopg2.extensions import cursor as Cursor
from psycopg2.sql import SQL, Composed, Identifier, Literal

from gigafibre_utils.migration.target import rows, table_exists

SHOWN = 5
"""Obstacles told by name."""


@dataclass(frozen=True)
class Link:
	"""A column that names documents: of `doctype`, or of the DocType that the column `kind` tells."""

	table: str
	column: str
	doctype: str | None = None
	kind: str | None = None


# What staff, customers or the site itself tie to migrated documents, also where no field of the desk says so.
LINKS = (
	Link("Account", "parent_account", "Account"),
	Link("Comment", "reference_name", kind="reference_doctype"),
	Link("Communication", "reference_name", kind="reference_doctype"),
	Link("Dunning", "customer", "Customer"),
	Link("Dynamic Link", "link_name", kind="link_doctype"),
	Link("File", "attached_to_name", kind="attached_to_doctype"),
	Link("GL Entry", "account", "Account"),
	Link("GL Entry", "against_voucher", kind="against_voucher_type"),
	Link("GL Entry", "fiscal_year", "Fiscal Year"),
	Link("Issue", "customer", "Customer"),
	Link("Issue", "priority", "Issue Priority"),
	Link("Item", "item_group", "Item Group"),
	Link("Item Group", "parent_item_group", "Item Group"),
	Link("Journal Entry Account", "party", kind="party_type"),
	Link("Journal Entry Account", "reference_name", kind="reference_type"),
	Link("Mode of Payment Account", "default_account", "Account"),
	Link("Pay Link", "invoice", "Sales Invoice"),
	Link("Overdue Payment", "sales_invoice", "Sales Invoice"),
	Link("Payment Arrangement", "customer", "Customer"),
	Link("Payment Arrangement Instalment", "invoice", "Sales Invoice"),
	Link("Payment Arrangement Instalment", "payment_entry", "Payment Entry"),
	Link("Payment Entry", "mode_of_payment", "Mode of Payment"),
	Link("Payment Entry", "party", kind="party_type"),
	Link("Payment Entry Reference", "reference_name", kind="reference_doctype"),
	Link("Payment Ledger Entry", "against_voucher_no", kind="against_voucher_type"),
	Link("Payment Request", "party", kind="party_type"),
	Link("Payment Request", "reference_name", kind="reference_doctype"),
	Link("Sales Invoice", "customer", "Customer"),
	Link("Sales Invoice", "return_against", "Sales Invoice"),
	Link("Sales Invoice", "subscription", "Subscription"),
	Link("Sales Invoice Advance", "reference_name", kind="reference_type"),
	Link("Sales Invoice Item", "income_account", "Account"),
	Link("Sales Invoice Item", "item_code", "Item"),
	Link("Sales Invoice Item", "service_location", "Service Location"),
	Link("Sales Taxes and Charges", "account_head", "Account"),
	Link("Service Location", "customer", "Customer"),
	Link("Stored Payment Method", "customer", "Customer"),
	Link("Stripe Checkout Session", "invoice", "Sales Invoice"),
	Link("Subscription", "party", kind="party_type"),
	Link("Subscription", "service_location", "Service Location"),
	Link("Subscription Invoice", "invoice", kind="document_type"),
	Link("Subscription Plan", "item", "Item"),
	Link("Subscription Plan Detail", "plan", "Subscription Plan"),
	Link("ToDo", "reference_name", kind="reference_type"),
)
# Who looked at what and when is nobody's work.
_LOGS = (
	"Access Log",
	"Activity Log",
	"Document Follow",
	"Document Share Key",
	"Permission Log",
	"Version",
	"View Log",
)
_FIELDS = """
	SELECT parent, fieldname, fieldtype, options FROM public."tabDocField"
	WHERE fieldtype IN ('Link', 'Dynamic Link') AND parent <> ALL (%s)
"""
_CUSTOM_FIELDS = """
	SELECT dt, fieldname, fieldtype, options FROM public."tabCustom Field"
	WHERE fieldtype IN ('Link', 'Dynamic Link') AND dt <> ALL (%s)
"""
_COLUMNS = """
	SELECT table_name, array_agg(column_name::text) FROM information_schema.columns
	WHERE table_schema = 'public' AND data_type IN ('character varying', 'text') GROUP BY table_name
"""
# Messages of the legacy database go with their issue; what the site writes down by itself is no comment.
_ONLY = {"Communication": "t.name NOT LIKE 'LM-%'", "Comment": "t.comment_type = 'Comment'"}
_LEGACY_IDS = ("legacy_id", "legacy_delivery_id")


def leave(cursor: Cursor, documents: str, values: Mapping[str, object]) -> None:
	"""The temporary table `leaving`: what goes, by a query for their DocTypes and names."""
	cursor.execute("CREATE TEMP TABLE leaving (doctype text, name text) ON COMMIT DROP")
	cursor.execute(f"INSERT INTO leaving SELECT DISTINCT doctype, name FROM ({documents}) AS gone", values)
	cursor.execute("CREATE INDEX ON leaving (name, doctype)")
	cursor.execute("ANALYZE leaving")


def obstacles(connection: Connection, come_back: bool = False) -> list[str]:
	"""What keeps the documents in `leaving` from going, each told in a few words.

	Where they come back under their names, what runs have made on them stands in nobody's way.
	"""
	doctypes = [doctype for (doctype,) in rows(connection, "SELECT DISTINCT doctype FROM leaving ORDER BY 1")]
	found = [row for query in _queries(connection, doctypes) for row in rows(connection, query)]
	runs = _runs(connection, found)
	told = [
		f"{holder} {name} stands on {doctype} {of}"
		for holder, name, doctype, of in found
		if (holder, name) not in runs
	]
	if not come_back:
		told += [f"run {run} stands on it: take that back first" for run in sorted(set(runs.values()))]
	for doctype in doctypes:
		if table_exists(connection, f"tab{doctype}"):
			told += _edited(connection, doctype)
			told += [] if come_back else _renamed(connection, doctype)
	return list(dict.fromkeys(told))


def in_short(obstacles: Sequence[str]) -> str:
	"""The first few of them."""
	return "; ".join(obstacles[:SHOWN]) + (", and more" if len(obstacles) > SHOWN else "")


def _queries(connection: Connection, doctypes: Sequence[str]) -> Iterator[Composed]:
	columns = {table: set(names) for table, names in rows(connection, _COLUMNS)}
	for link in dict.fromkeys((*LINKS, *_described(connection))):
		there = columns.get(f"tab{link.table}", set())
		if {link.column, link.kind or link.column} <= there and (link.kind or link.doctype in doctypes):
			yield _others(link, there)


def _described(connection: Connection) -> Iterator[Link]:
	"""The links that the desk's fields tell of."""
	found: list[tuple] = []
	for table, query in (("tabDocField", _FIELDS), ("tabCustom Field", _CUSTOM_FIELDS)):
		if table_exists(connection, table):
			found += rows(connection, query, list(_LOGS))
	for table, column, kind, options in found:
		if kind == "Link":
			yield Link(table, column, options)
		else:
			yield Link(table, column, kind=options)


def _runs(connection: Connection, found: Sequence[tuple]) -> dict[tuple[str, str], int]:
	"""The runs by which some of those that stand in the way were made."""
	query = """
		SELECT doctype, name, run FROM added
		JOIN unnest(%s::text[], %s::text[]) AS holder (doctype, name) USING (doctype, name)
	"""
	holders = [[row[place] for row in found] for place in (0, 1)]
	return {(doctype, name): run for doctype, name, run in rows(connection, query, *holders)}


def _others(link: Link, columns: Iterable[str]) -> Composed:
	"""Rows that name a document that leaves, and stay themselves."""
	doctype, name = Literal(link.table), SQL("t.name::text")  # some are numbers
	holder, holder_name = doctype, name
	# A row of a document, or of a ledger, belongs to its document.
	for kind, of in (("parenttype", "parent"), ("voucher_type", "voucher_no")):
		if {kind, of} <= set(columns):
			holder = SQL("coalesce(nullif(t.{}, ''), {})").format(Identifier(kind), doctype)
			holder_name = SQL("coalesce(nullif(t.{}, ''), t.name::text)").format(Identifier(of))
			break
	return SQL("""
		SELECT {holder}, {holder_name}, gone.doctype, gone.name FROM public.{table} AS t
		JOIN leaving AS gone ON gone.name = t.{column} AND gone.doctype = {named}
		WHERE {only}
			AND NOT EXISTS (
				SELECT FROM leaving AS its
				WHERE its.name = {holder_name} AND its.doctype = {holder}
			)
			AND NOT EXISTS (
				SELECT FROM leaving AS its
				WHERE its.name = t.name::text AND its.doctype = {doctype}
			)
		LIMIT {shown}
	""").format(
		holder=holder,
		holder_name=holder_name,
		table=Identifier(f"tab{link.table}"),
		column=Identifier(link.column),
		named=SQL("t.{}").format(Identifier(link.kind)) if link.kind else Literal(link.doctype),
		only=SQL(_ONLY.get(link.table, "true")),
		doctype=doctype,
		shown=Literal(SHOWN),
	)


def _edited(connection: Connection, doctype: str) -> list[str]:
	query = SQL("""
		SELECT t.name FROM public.{} AS t JOIN leaving AS gone ON gone.name = t.name AND gone.doctype = %s
		WHERE t.modified > t.creation AND t.modified_by <> t.owner LIMIT {}
	""").format(Identifier(f"tab{doctype}"), Literal(SHOWN))
	return [f"{doctype} {name} was changed since" for (name,) in rows(connection, query, doctype)]


def _renamed(connection: Connection, doctype: str) -> list[str]:
	"""Those with a legacy ID under a name that no run gave."""
	columns = {table: names for table, names in rows(connection, _COLUMNS)}[f"tab{doctype}"]
	told = []
	for column in set(_LEGACY_IDS) & set(columns):
		query = SQL("""
			SELECT t.name FROM public.{} AS t
			WHERE t.{} <> ''
				AND NOT EXISTS (SELECT FROM added WHERE added.doctype = %s AND added.name = t.name)
				AND NOT EXISTS (SELECT FROM changed WHERE changed.doctype = %s AND changed.name = t.name)
			LIMIT {}
		""").format(Identifier(f"tab{doctype}"), Identifier(column), Literal(SHOWN))
		found = rows(connection, query, doctype, doctype)
		told += [f"{doctype} {name} was renamed since" for (name,) in found]
	return told
