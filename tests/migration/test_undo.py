"""Taking runs back."""

from collections.abc import Callable

import psycopg2
import pytest

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration.target import Target
from gigafibre_utils.migration.undo import undo
from tests.migration.checksums import checksums
from tests.migration.conftest import Migrated, migrate

# A series stands where it was advanced to: no number is given twice.
KEPT = "tabSeries"
CUSTOMER = "(SELECT min(name) FROM \"tabCustomer\" WHERE legacy_id <> '')"
INVOICE = "(SELECT min(name) FROM \"tabSales Invoice\" WHERE legacy_id <> '' AND docstatus = 1)"
# All lines but a few lack their place.
WITHOUT_PLACES = """
	UPDATE "tabSales Invoice Item" SET service_location = NULL WHERE name LIKE 'LI-%' AND name NOT LIKE '%77'
"""
WHERE_LINES_LIE = "SELECT pg_relation_filenode('public.\"tabSales Invoice Item\"')"
# What the desk knows of a DocType's fields, in a site that has a desk.
FIELDS = """
	CREATE TABLE "tabDocField" (
		parent varchar(140), fieldname varchar(140), fieldtype varchar(140), options text
	);
	INSERT INTO "tabDocField" VALUES ('Contract', 'party_type', 'Link', 'DocType'),
		('Contract', 'party_name', 'Dynamic Link', 'party_type'),
		('Timesheet', 'sales_invoice', 'Link', 'Sales Invoice'),
		('Version', 'docname', 'Dynamic Link', 'ref_doctype'), ('Gone', 'customer', 'Link', 'Customer');
	CREATE TABLE "tabContract" (name varchar(140), party_type varchar(140), party_name varchar(140));
	-- Some DocTypes number their documents.
	CREATE TABLE "tabTimesheet" (
		name bigint, parent varchar(140), parenttype varchar(140), sales_invoice varchar(140)
	);
	CREATE TABLE "tabVersion" (name varchar(140), ref_doctype varchar(140), docname varchar(140));
"""


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
	assert without(checksums(site_url), KEPT) == without(before, KEPT)


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
		(
			f"""INSERT INTO "tabComment" (name, comment_type, reference_doctype, reference_name)
			SELECT 'note', 'Comment', 'Customer', {CUSTOMER}""",
			"Comment note stands on Customer CUST-",
		),
		(
			f"""INSERT INTO "tabPayment Request" (name, reference_doctype, reference_name)
			SELECT 'ASKED', 'Sales Invoice', {INVOICE}""",
			"Payment Request ASKED stands on Sales Invoice SINV-",
		),
		(
			f"INSERT INTO \"tabStripe Checkout Session\" (name, invoice) SELECT 'cs_1', {INVOICE}",
			"Stripe Checkout Session cs_1 stands on Sales Invoice SINV-",
		),
		(
			f"""INSERT INTO "tabJournal Entry Account"
				(name, parent, parenttype, reference_type, reference_name)
			SELECT 'x', 'WRITTEN-OFF', 'Journal Entry', 'Sales Invoice', {INVOICE}""",
			"Journal Entry WRITTEN-OFF stands on Sales Invoice SINV-",
		),
		(
			f"INSERT INTO \"tabDunning\" (name, customer) SELECT 'DUNNED', {CUSTOMER}",
			"Dunning DUNNED stands on Customer CUST-",
		),
		(
			"""INSERT INTO "tabSales Invoice" (name, subscription)
			SELECT 'BILLED', min(name) FROM "tabSubscription" WHERE legacy_id <> ''""",
			"Sales Invoice BILLED stands on Subscription SUB-",
		),
		(
			f"UPDATE \"tabCustomer\" SET name = 'ACME' WHERE name = {CUSTOMER}",
			"Customer ACME was renamed since",
		),
	],
)
def test_what_was_built_on_a_run_keeps_it(change: str, told: str, brought: str):
	executed(brought, change)
	before = checksums(brought)
	with pytest.raises(InvalidInput, match=f"Run 1 cannot be taken back: {told}"):
		undo(Target(brought), 1)
	assert checksums(brought) == before


@pytest.mark.parametrize(
	("made", "told"),
	[
		(
			f"INSERT INTO \"tabContract\" SELECT 'AGREED', 'Customer', {CUSTOMER}",
			"Contract AGREED stands on Customer",
		),
		(f"INSERT INTO \"tabTimesheet\" SELECT 7, '', '', {INVOICE}", "Timesheet 7 stands on Sales Invoice"),
		(f"INSERT INTO \"tabVersion\" SELECT 'x', 'Customer', {CUSTOMER}", None),
	],
)
def test_a_link_that_only_the_desk_knows_of_keeps_a_run_but_for_logs(
	made: str, told: str | None, brought: str
):
	executed(brought, FIELDS)
	executed(brought, made)
	if not told:
		assert undo(Target(brought), 1) > 1000
		return
	with pytest.raises(InvalidInput, match=told):
		undo(Target(brought), 1)


def test_a_setting_that_staff_changed_since_stays(brought: str):
	executed(brought, "UPDATE \"tabSingles\" SET value = '2' WHERE field = 'allow_negative_rates_for_items'")
	undo(Target(brought), 1)
	assert asked(
		brought, "SELECT value FROM \"tabSingles\" WHERE field = 'allow_negative_rates_for_items'"
	) == [("2",)]


def test_a_run_on_which_another_stands_is_taken_back_after_it(sample, new_site: Callable[[], str]):
	site_url = new_site()
	before = checksums(site_url)
	migrate(sample[0], site_url, only=("customers", "service_locations", "items", "invoices"))
	migrate(sample[0], site_url, only=("payments",))
	with pytest.raises(
		InvalidInput, match=r"Run 1 cannot be taken back: run 2 stands on it: take that back first\."
	):
		undo(Target(site_url), 1)
	undo(Target(site_url), 2)
	undo(Target(site_url), 1)
	assert without(checksums(site_url), KEPT) == without(before, KEPT)


def test_a_run_of_which_nothing_is_on_record_is_not_taken_back(sample, brought: str):
	executed(brought, "DROP SCHEMA gigafibre_migration CASCADE")
	for _ in range(2):
		before = checksums(brought)
		with pytest.raises(InvalidInput, match="what it did is no longer on record"):
			undo(Target(brought), 1)
		assert checksums(brought) == before
		migrate(sample[0], brought)


def test_what_the_database_refuses_is_told_in_one_sentence_and_nothing_is_taken_back(brought: str):
	executed(
		brought, "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not now'; END$$"
	)
	executed(brought, 'CREATE TRIGGER no BEFORE DELETE ON "tabSubscription" EXECUTE FUNCTION no()')
	before = checksums(brought)
	with pytest.raises(InvalidInput, match=r"Taking MIG-0001 back: .* refused it: not now"):
		undo(Target(brought), 1)
	assert checksums(brought) == before


def test_a_run_that_never_was_or_was_taken_back_is_none(brought: str):
	with pytest.raises(InvalidInput, match="has no run MIG-0007"):
		undo(Target(brought), 7)
	undo(Target(brought), 1)
	with pytest.raises(InvalidInput, match="has no run MIG-0001"):
		undo(Target(brought), 1)


def test_places_that_a_table_was_written_anew_with_are_taken_back(sample, brought: str):
	right = checksums(brought)
	executed(brought, WITHOUT_PLACES)
	before = checksums(brought)
	(lies,) = asked(brought, WHERE_LINES_LIE)
	migrate(sample[0], brought, only=("backfill_service_location",))
	assert asked(brought, WHERE_LINES_LIE) != [lies]
	assert checksums(brought) == right
	undo(Target(brought), 2)
	assert checksums(brought) == before
	assert asked(brought, "SELECT count(*) FROM gigafibre_migration.places_given") == [(0,)]


def test_a_place_that_staff_changed_since_a_table_was_written_anew_keeps_the_run(sample, brought: str):
	executed(brought, WITHOUT_PLACES)
	migrate(sample[0], brought, only=("backfill_service_location",))
	((line,),) = asked(
		brought, "SELECT max(name) FROM \"tabSales Invoice Item\" WHERE service_location = 'SL-0000002'"
	)
	executed(
		brought,
		"UPDATE \"tabSales Invoice Item\" SET service_location = 'SL-0000001' WHERE name = %s",
		line,
	)
	before = checksums(brought)
	with pytest.raises(
		InvalidInput, match=f"service_location of Sales Invoice Item {line} was changed since"
	):
		undo(Target(brought), 2)
	assert checksums(brought) == before


def test_changes_that_are_no_longer_on_record_are_not_said_to_be_taken_back(sample, brought: str):
	executed(brought, WITHOUT_PLACES)
	migrate(sample[0], brought, only=("backfill_service_location",))
	executed(brought, "DROP SCHEMA gigafibre_migration CASCADE")
	with pytest.raises(InvalidInput, match="what it did is no longer on record"):
		undo(Target(brought), 2)


@pytest.mark.parametrize(
	("step", "change"),
	[
		(
			"backfill_service_location",
			"UPDATE \"tabSales Invoice Item\" SET service_location = NULL WHERE name LIKE 'LI-00000%'",
		),
		(
			"fix_invoice_dates",
			"""UPDATE "tabSales Invoice" SET posting_date = posting_date - 1, posting_time = '01:02:03',
				creation = creation - interval '1 day'
			WHERE name LIKE 'SINV-2025%'""",
		),
		(
			"fix_invoice_customer_names",
			"UPDATE \"tabSales Invoice\" SET customer_name = 'x' WHERE name LIKE 'SINV-2025%'",
		),
	],
)
def test_what_a_step_put_right_is_as_before_when_that_is_taken_back(
	step: str, change: str, sample, brought: str
):
	right = checksums(brought)
	executed(brought, change)
	before = checksums(brought)
	assert before != right
	migrate(sample[0], brought, only=(step,))
	assert checksums(brought) == right
	undo(Target(brought), 2)
	assert checksums(brought) == before
