"""Rows counted, kind by kind: what the legacy database has, less what was rejected, is what ERPNext has.

Invoices and payments are counted with their amounts; here stands what no sum would miss.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.legacy import Snapshot
from gigafibre_utils.migration.reconcile.legacy_side import Rejected
from gigafibre_utils.migration.reconcile.wording import line
from gigafibre_utils.migration.target import one, rows

_PERSONS = "SELECT first_name, last_name FROM customer"
_ADDRESSES = "SELECT address1, address2, city, postal_code FROM customer"
# Customers that are gone and still named by something: each has a placeholder.
_GONE = """
	SELECT count(*) FROM (
		SELECT customer_id FROM delivery
		UNION SELECT customer_id FROM invoice
		UNION SELECT customer_id FROM payment
		UNION SELECT customer_id FROM payment_method
		UNION SELECT customer_id FROM payment_arrangement
		UNION SELECT customer_id FROM ticket WHERE customer_id <> 0
	) AS named
	WHERE NOT EXISTS (SELECT 1 FROM customer WHERE customer.id = customer_id)
"""
# Migrated customers that have one of those, tied to them.
_LINKED = """
	SELECT customer.legacy_id AS id FROM public."tabCustomer" AS customer
	WHERE customer.legacy_id <> '' AND {} AND EXISTS (
		SELECT FROM public."tabDynamic Link" AS link
		JOIN public."tab{}" AS linked ON linked.name = link.parent
		WHERE link.parenttype = '{}' AND link.link_doctype = 'Customer' AND link.link_name = customer.name
	)
"""
_INSTALMENTS = """
	SELECT ltrim(substr(part.name, 4), '0') AS id FROM public."tabPayment Arrangement Instalment" AS part
	JOIN public."tabPayment Arrangement" AS agreed ON agreed.name = part.parent
	WHERE part.name ~ '^LD-[0-9]+$' AND agreed.legacy_id <> ''
"""
_REJECTED = """
	SELECT count(DISTINCT finding.legacy_id) FROM public."tabMigration Finding" AS finding
	JOIN public."tabMigration Run" AS run ON run.name = finding.run
	WHERE finding.outcome = 'Rejected' AND finding.legacy_table = %s AND run.status <> 'Undone'
		AND NOT EXISTS (SELECT FROM ({}) AS there WHERE there.id = finding.legacy_id::text)
"""
_DONE = """
	SELECT step.step, bool_or(run.arguments::jsonb ->> 'since' IS NULL)
	FROM public."tabMigration Run Step" AS step
	JOIN public."tabMigration Run" AS run ON run.name = step.parent
	WHERE step.status = 'Done' AND run.status <> 'Undone' GROUP BY step.step
"""


def _rows_of(table: str) -> Callable[[Snapshot], int]:
	return lambda snapshot: _number(snapshot, f"SELECT count(*) FROM {table}")


def _any_filled(query: str) -> Callable[[Snapshot], int]:
	return lambda snapshot: sum(any(line(value or b"") for value in row) for row in snapshot.rows(query))


def _number(snapshot: Snapshot, query: str) -> int:
	((count,),) = snapshot.rows(query)
	return int(count)


def _by_id(doctype: str, column: str = "legacy_id") -> str:
	return f"""SELECT {column} AS id FROM public."tab{doctype}" WHERE {column} <> ''"""


def _by_name(doctype: str, prefix: str) -> str:
	"""Rows that have no legacy id but in their name."""
	return (
		f"SELECT ltrim(substr(name, {len(prefix) + 1}), '0') AS id "
		f"FROM public.\"tab{doctype}\" WHERE name ~ '^{prefix}[0-9]+$'"
	)


@dataclass(frozen=True)
class Kind:
	"""What is counted, and by which step it comes. `there` is a query for the legacy ids that ERPNext has."""

	name: str
	step: str
	table: str
	there: str
	legacy: Callable[[Snapshot], int]
	besides: Callable[[Snapshot], int] = lambda snapshot: 0
	"""What is made beside the legacy rows."""

	is_whole: bool = True
	"""Whether all of it comes over, however late `since` is."""

	is_of_invoice: bool = False
	"""Whether it stays behind with its invoice."""


KINDS = (
	Kind(
		"customers",
		"import_customers",
		"customer",
		_by_id("Customer"),
		_rows_of("customer"),
		besides=lambda snapshot: _number(snapshot, _GONE),
	),
	Kind(
		"addresses",
		"import_customers",
		"customer",
		_LINKED.format("true", "Address", "Address"),
		_any_filled(_ADDRESSES),
	),
	Kind(
		"persons with a contact",
		"import_customers",
		"customer",
		_LINKED.format("concat(customer.first_name, customer.last_name) <> ''", "Contact", "Contact"),
		_any_filled(_PERSONS),
	),
	Kind(
		"service locations",
		"import_service_locations",
		"delivery",
		_by_id("Service Location", "legacy_delivery_id"),
		_rows_of("delivery"),
	),
	# One more for what was billed without any; a product 0 is that one.
	Kind(
		"items",
		"import_items",
		"product",
		_by_id("Item"),
		_rows_of("product"),
		besides=lambda snapshot: 1 - _number(snapshot, "SELECT count(*) FROM product WHERE id = 0"),
	),
	Kind("subscriptions", "import_subscriptions", "service", _by_id("Subscription"), _rows_of("service")),
	Kind(
		"invoice lines",
		"import_invoices",
		"invoice_item",
		_by_name("Sales Invoice Item", "LI-"),
		_rows_of("invoice_item"),
		is_whole=False,
		is_of_invoice=True,
	),
	Kind(
		"tax lines",
		"import_invoices",
		"invoice_tax",
		_by_name("Sales Taxes and Charges", "LT-"),
		_rows_of("invoice_tax"),
		is_whole=False,
		is_of_invoice=True,
	),
	Kind(
		"payment methods",
		"import_payment_methods",
		"payment_method",
		_by_id("Stored Payment Method"),
		_rows_of("payment_method"),
	),
	Kind(
		"arrangements",
		"import_payment_arrangements",
		"payment_arrangement",
		_by_id("Payment Arrangement"),
		_rows_of("payment_arrangement"),
		is_whole=False,
	),
	Kind(
		"instalments",
		"import_payment_arrangements",
		"payment_arrangement_due",
		_INSTALMENTS,
		_rows_of("payment_arrangement_due"),
		is_whole=False,
	),
	Kind("tickets", "import_tickets", "ticket", _by_id("Issue"), _rows_of("ticket"), is_whole=False),
	Kind(
		"messages",
		"import_tickets",
		"ticket_message",
		_by_name("Communication", "LM-"),
		_rows_of("ticket_message"),
		is_whole=False,
	),
)


@dataclass(frozen=True)
class Counted:
	"""How many rows of a kind either side has; `besides` were made of no legacy row of that kind."""

	kind: str
	legacy: int
	besides: int
	rejected: int
	erpnext: int

	@property
	def difference(self) -> int:
		"""What ERPNext has more than it must have."""
		return self.erpnext - (self.legacy + self.besides - self.rejected)


def steps_done(connection: Connection) -> dict[str, bool]:
	"""The steps of all runs that stand, and whether they brought in all, whatever its date."""
	return dict(rows(connection, _DONE))


def count(
	snapshot: Snapshot, connection: Connection, since: date | None, rejected: Rejected
) -> list[Counted]:
	"""Count what was brought over: the kinds whose step was run, with `since` those that come whole."""
	done = steps_done(connection)
	return [
		Counted(
			kind.name,
			kind.legacy(snapshot),
			kind.besides(snapshot),
			one(connection, _REJECTED.format(kind.there), kind.table)
			+ (_left_behind(snapshot, kind.table, rejected.invoices) if kind.is_of_invoice else 0),
			one(connection, f"SELECT count(*) FROM ({kind.there}) AS there"),
		)
		for kind in KINDS
		if kind.step in done and (kind.is_whole or (not since and done[kind.step]))
	]


def _left_behind(snapshot: Snapshot, table: str, invoices: set[int]) -> int:
	ids = ", ".join(map(str, invoices))
	return _number(snapshot, f"SELECT count(*) FROM {table} WHERE invoice_id IN ({ids})") if ids else 0
