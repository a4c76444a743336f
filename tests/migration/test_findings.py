"""What could not be brought over is told by the run that found it, and by no later one while that stands."""

from collections.abc import Callable
from contextlib import closing

import pytest

from gigafibre_utils.embedded.mariadb import MariadbServer
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.sample import write
from gigafibre_utils.migration.target import Target
from gigafibre_utils.migration.undo import undo
from tests.migration.conftest import CUSTOMERS, migrate
from tests.migration.test_undo import asked

# What is judged whenever there is anything to bring in, whether or not the sample has it.
GONE = (
	"INSERT INTO payment (id, customer_id, amount, method) VALUES (900001, 1, 0, 'card')",
	"INSERT INTO payment_invoice (id, payment_id, invoice_id, amount) VALUES (900001, 900001, 1, 5)",
	"INSERT INTO invoice_item (id, invoice_id, quantity, amount) VALUES (900001, 900001, 1, 1)",
	"INSERT INTO invoice_tax (id, invoice_id, code, amount) VALUES (900001, 900001, 'TPS', 1)",
	"INSERT INTO ticket_message (id, ticket_id, body) VALUES (900001, 900001, 'x')",
)
WHOLE_TABLES = {"zero_amount", "payment_not_migrated", "invoice_gone", "ticket_gone"}
# One more row of every table, as of one that was brought over, and one more that moved no money.
TABLES = ("customer", "delivery", "product", "service", "invoice", "payment", "ticket", "ticket_message")
TOLD = """
	SELECT legacy_table, legacy_id, reason FROM "tabMigration Finding" WHERE run = 'MIG-000{}'
"""


@pytest.fixture
def legacy(mariadb: MariadbServer) -> str:
	"""The sample with every trap in a database of its own."""
	url = mariadb.new_database("told_once")
	write(url, CUSTOMERS)
	executed(url, *GONE)
	return url


def executed(url: str, *statements: str) -> None:
	with closing(Legacy(url).connect()) as connection, connection.cursor() as cursor:
		cursor.execute("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'")
		for statement in statements:
			cursor.execute(statement)
		connection.commit()


def one_more(url: str, table: str) -> str:
	with closing(Legacy(url).connect()) as connection, connection.cursor() as cursor:
		cursor.execute(f"SELECT * FROM {table} LIMIT 0")
		columns = ", ".join(f"`{column[0]}`" for column in cursor.description[1:])
	return (
		f"INSERT INTO {table} (id, {columns}) SELECT 900002, {columns} FROM {table} WHERE id < 900000 "
		"ORDER BY id LIMIT 1"
	)


def told(site_url: str, run: int) -> set[tuple]:
	return set(asked(site_url, TOLD.format(run)))


def test_a_finding_is_repeated_by_no_later_run_until_its_own_is_taken_back(
	legacy: str, new_site: Callable[[], str]
):
	site_url = new_site()
	migrate(legacy, site_url)
	first = told(site_url, 1)
	reasons = {reason for *_, reason in first}
	assert reasons > WHOLE_TABLES and len(reasons) > 30
	executed(legacy, *(one_more(legacy, table) for table in TABLES))
	executed(legacy, "INSERT INTO payment (id, customer_id, amount, method) VALUES (900003, 1, 0, 'card')")
	made = {step.step for step in migrate(legacy, site_url).steps if step.rows_made}
	assert {"import_customers", "import_invoices", "import_payments", "import_tickets"} <= made
	second = told(site_url, 2)
	assert ("payment", "900003", "zero_amount") in second
	assert not {(table, id_) for table, id_, _ in second} & {(table, id_) for table, id_, _ in first}
	undo(Target(site_url), 2)
	undo(Target(site_url), 1)
	migrate(legacy, site_url)
	assert told(site_url, 3) >= first | second
