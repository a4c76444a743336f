"""Taking runs back, and payments out and in again."""

from collections.abc import Callable

import psycopg2
import pytest

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration.reimport import Payments
from gigafibre_utils.migration.target import Target
from gigafibre_utils.migration.undo import undo
from tests.migration.checksums import checksums
from tests.migration.conftest import Migrated, migrate

# A series stands where it was advanced to: no number is given twice.
KEPT = "tabSeries"


@pytest.fixture
def brought(sample, new_site: Callable[[], str]) -> str:
	"""A site that the sample was brought into."""
	site_url = new_site()
	migrate(sample[0], site_url)
	return site_url


def executed(site_url: str, statement: str, *values: object) -> None:
	connection = psycopg2.connect(site_url)
	connection.autocommit = True
	connection.cursor().execute(statement, values or None)
	connection.close()


def asked(site_url: str, query: str) -> list[tuple]:
	connection = psycopg2.connect(site_url)
	with connection.cursor() as cursor:
		cursor.execute(query)
		found = cursor.fetchall()
	connection.close()
	return found


def without(sums: dict[str, str], *tables: str) -> dict[str, str]:
	return {table: checksum for table, checksum in sums.items() if table not in tables}


def test_a_run_that_is_taken_back_leaves_what_was_there_before(sample, new_site: Callable[[], str]):
	site_url = new_site()
	before = checksums(site_url)
	migrate(sample[0], site_url)
	assert undo(Target(site_url), 1) > 1000
	# Accounts that made room for others stand elsewhere in the tree, in the same order.
	assert without(checksums(site_url), KEPT, "tabAccount") == without(before, KEPT, "tabAccount")
	assert asked(site_url, 'SELECT count(*) FROM "tabAccount" a JOIN "tabAccount" b ON a.lft = b.rgt') == [
		(0,)
	]


def test_what_was_taken_back_can_be_brought_in_again(sample, brought: str, migrated: Migrated):
	before = checksums(brought)
	undo(Target(brought), 1)
	migrate(sample[0], brought)
	assert without(checksums(brought), "tabAccount", "tabFiscal Year") == without(
		before, "tabAccount", "tabFiscal Year"
	)


def test_a_later_run_alone_is_taken_back(sample, new_site: Callable[[], str]):
	site_url = new_site()
	migrate(sample[0], site_url, only=("customers", "service_locations", "items", "invoices"))
	before = checksums(site_url)
	migrate(sample[0], site_url, only=("payments",))
	assert checksums(site_url)["tabSales Invoice"] != before["tabSales Invoice"]
	undo(Target(site_url), 2)
	assert without(checksums(site_url), KEPT) == without(before, KEPT)


@pytest.mark.parametrize(
	("change", "told"),
	[
		(
			"""INSERT INTO "tabSales Invoice" (name, customer) SELECT 'BY-HAND', customer
			FROM "tabSales Invoice" WHERE name LIKE 'SINV-%' LIMIT 1""",
			"Sales Invoice BY-HAND stands on Customer CUST-",
		),
		(
			"""INSERT INTO "tabPayment Entry Reference"
				(name, parent, parenttype, reference_doctype, reference_name)
			SELECT 'x', 'PAID-SINCE', 'Payment Entry', 'Sales Invoice', name
			FROM "tabSales Invoice" WHERE name LIKE 'SINV-%' LIMIT 1""",
			"Payment Entry PAID-SINCE stands on Sales Invoice SINV-",
		),
		(
			"""INSERT INTO "tabCommunication" (name, reference_doctype, reference_name)
			SELECT 'reply', 'Issue', name FROM "tabIssue" LIMIT 1""",
			"Communication reply stands on Issue ISS-",
		),
		(
			"""UPDATE "tabCustomer" SET modified = now(), modified_by = 'comptes@targo.ca'
			WHERE name = (SELECT min(name) FROM "tabCustomer" WHERE name LIKE 'CUST-%')""",
			"Customer CUST-[0-9]+ was changed since",
		),
	],
)
def test_what_was_built_on_a_run_keeps_it(change: str, told: str, brought: str):
	executed(brought, change)
	before = checksums(brought)
	with pytest.raises(InvalidInput, match=f"Run 1 cannot be taken back: {told}"):
		undo(Target(brought), 1)
	assert checksums(brought) == before


def test_a_run_that_never_was_or_was_taken_back_is_none(brought: str):
	with pytest.raises(InvalidInput, match="has no run MIG-0007"):
		undo(Target(brought), 7)
	undo(Target(brought), 1)
	with pytest.raises(InvalidInput, match="has no run MIG-0001"):
		undo(Target(brought), 1)


def test_payments_out_and_in_again_are_the_same_payments(sample, brought: str):
	before = checksums(brought)
	executed(
		brought,
		'UPDATE "tabPayment Entry" SET paid_amount = paid_amount + 1 WHERE party = %s',
		"CUST-0000003",
	)
	assert checksums(brought) != before
	migrate(sample[0], brought, only=("import_payments",), take_out=Payments(customer=3))
	assert checksums(brought) == before


def test_a_payment_that_another_stands_against_is_not_taken_out_without_it(sample, brought: str):
	((back, day),) = asked(
		brought,
		"""SELECT back.name, back.posting_date FROM "tabPayment Entry Reference" reference
		JOIN "tabPayment Entry" original ON original.name = reference.parent
		JOIN "tabPayment Entry" back ON back.name = reference.reference_name
		WHERE reference_doctype = 'Payment Entry' AND back.posting_date > original.posting_date
		ORDER BY back.name LIMIT 1""",
	)
	before = checksums(brought)
	with pytest.raises(InvalidInput, match=f"{back} cannot be taken out: PAY-.* stands against it"):
		migrate(sample[0], brought, only=("import_payments",), take_out=Payments(first=day, last=day))
	assert checksums(brought) == before
