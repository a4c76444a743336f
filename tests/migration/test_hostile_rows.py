"""Legacy rows that nobody expects: migrated, repaired with a note, rejected, or told before."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from typing import Any

import psycopg2
import pytest

from gigafibre_utils.embedded.mariadb import MariadbServer
from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration import staging
from tests.migration.by_hand import seconds
from tests.migration.checksums import checksums
from tests.migration.conftest import compared, migrate
from tests.migration.hostile_rows import CUSTOMERS, MARCH, invoice, payment
from tests.migration.legacy_rows import written
from tests.migration.test_undo import executed


@pytest.fixture(scope="module")
def site_url(hostile: str, new_site: Callable[[], str]) -> str:
	url = new_site()
	migrate(hostile, url)
	return url


@pytest.fixture
def ask(site_url: str) -> Iterator[Callable[[str], Any]]:
	with closing(psycopg2.connect(site_url)) as connection, connection.cursor() as cursor:

		def answers(query: str) -> list[tuple]:
			cursor.execute(query)
			return cursor.fetchall()

		yield answers


def test_both_sides_agree_and_nothing_is_lost(hostile: str, site_url: str):
	found = compared(hostile, site_url)
	assert found.unexplained == 0
	assert [told for told in found.counted if told.difference] == []


def test_a_second_run_adds_nothing(hostile: str, site_url: str):
	before = checksums(site_url)
	migrate(hostile, site_url)
	assert checksums(site_url) == before


def test_ids_of_more_than_seven_digits_make_names_of_their_own(ask: Callable[[str], Any]):
	names = ask("SELECT name FROM \"tabCustomer\" WHERE legacy_id <> '' ORDER BY legacy_id::bigint")
	assert names == [("CUST-0000001",), ("CUST-12345678",), ("CUST-123456789",)]


def test_words_mean_the_same_in_capitals(ask: Callable[[str], Any]):
	assert ask(
		'SELECT legacy_id, docstatus FROM "tabSales Invoice" '
		"WHERE docstatus <> 1 AND legacy_id <> '' ORDER BY legacy_id"
	) == [("2", 2), ("3", 0)]
	assert ask('SELECT legacy_id FROM "tabPayment Entry" WHERE docstatus = 2') == [("5",)]
	assert ask("SELECT disabled FROM \"tabCustomer\" WHERE legacy_id = '12345678'") == [(1,)]
	assert ask("SELECT status FROM \"tabSubscription\" WHERE legacy_id = '12345678'") == [("Active",)]
	assert ask("SELECT status FROM \"tabIssue\" WHERE legacy_id = '12345678'") == [("Closed",)]


def test_each_payment_has_its_mode_however_it_is_written(ask: Callable[[str], Any]):
	modes = dict(
		ask("SELECT legacy_id, mode_of_payment FROM \"tabPayment Entry\" WHERE legacy_id IN ('2', '3', '4')")
	)
	assert modes == {"2": "Credit Card", "3": "Not Stated", "4": "Cheque"}


def test_a_tax_in_small_letters_is_the_same_tax(ask: Callable[[str], Any]):
	assert ask(
		'SELECT description, account_head, tax_amount::numeric(9, 2)::text FROM "tabSales Taxes and Charges" '
		"WHERE name ~ '^LT-' ORDER BY name"
	) == [
		("TPS", "TPS - T", "4.17"),
		("TVQ", "TVQ - T", "8.33"),
		("TVQ", "TVQ - T", "-0.01"),
		("TPS", "TPS - T", "5.00"),
	]


def test_categories_in_capitals_are_booked_as_the_same_in_small_letters(ask: Callable[[str], Any]):
	assert ask(
		'SELECT parent, income_account FROM "tabItem Default" '
		"WHERE parent IN ('NET', 'TEL', 'TEL2') ORDER BY parent"
	) == [("NET", "Internet - T"), ("TEL", "Téléphonie - T"), ("TEL2", "Téléphonie - T")]


def test_what_is_unknown_is_said(ask: Callable[[str], Any]):
	found = ask(
		'SELECT legacy_table, legacy_id::text, reason FROM "tabMigration Finding" '
		"WHERE reason ~ '_unknown$' OR (legacy_table, legacy_id::text) = ('payment_invoice', '2') "
		"ORDER BY legacy_table, legacy_id"
	)
	assert found == [
		("invoice", "4", "status_unknown"),
		("payment", "3", "method_unknown"),
		("payment", "6", "status_unknown"),
		("payment_invoice", "2", "zero_amount"),
		("ticket", "2", "status_unknown"),
	]


def test_a_product_0_is_the_item_of_what_was_billed_without_one(ask: Callable[[str], Any]):
	assert ask("SELECT name FROM \"tabItem\" WHERE legacy_id = '0'") == [("LEGACY",)]
	assert ask("SELECT item_code FROM \"tabSales Invoice Item\" WHERE name = 'LI-0000005'") == [("LEGACY",)]


def test_since_a_day_a_reversal_of_before_it_counts_on_neither_side(
	mariadb: MariadbServer, new_site: Callable[[], str]
):
	legacy = written(
		mariadb,
		"since",
		customer=CUSTOMERS[:1],
		payment=[
			payment(1, status="nsf", paid_at=seconds(2020, 6, 6)),
			payment(2, amount="-100.00", reversal_of=1, paid_at=seconds(2018, 6, 6)),
			# Undated: as the payment before it, also where that is of nothing.
			payment(3, amount="0.00", paid_at=seconds(2020, 7, 7)),
			payment(4, paid_at=0, status="nsf"),
			payment(5, amount="0.00", paid_at=seconds(2018, 7, 7)),
			payment(6, amount="-100.00", reversal_of=4, paid_at=0),
		],
	)
	site, since = new_site(), date(2020, 1, 1)
	migrate(legacy, site, since=since)
	assert compared(legacy, site, since=since).unexplained == 0


def test_an_instalment_on_a_credit_note_asks_for_nothing(mariadb: MariadbServer, new_site: Callable[[], str]):
	legacy = written(
		mariadb,
		"on_credit",
		customer=CUSTOMERS[:1],
		invoice=[invoice(1, total="-50.00")],
		payment_arrangement=[{"id": 1, "customer_id": 1, "agreed_at": MARCH}],
		payment_arrangement_due=[
			{"id": 1, "arrangement_id": 1, "invoice_id": 1, "due_date": "2026-12-01", "amount": "10.00"}
		],
	)
	site = new_site()
	outcome = migrate(legacy, site)
	assert "invoice_is_credit" in {finding.reason for finding in outcome.findings}
	with closing(psycopg2.connect(site)) as connection, connection.cursor() as cursor:
		cursor.execute("SELECT count(*) FROM \"tabPayment Request\" WHERE name ~ '^PREQ-'")
		assert cursor.fetchone() == (0,)


def test_text_that_erpnext_has_no_room_for_is_told_before_anything_is_written(
	mariadb: MariadbServer, new_site: Callable[[], str]
):
	legacy = written(
		mariadb,
		"wide",
		"ALTER TABLE customer MODIFY company VARCHAR(255) NOT NULL DEFAULT ''",
		customer=[{"id": 7, "company": "x" * 141}],
	)
	site = new_site()
	before = checksums(site)
	with pytest.raises(InvalidInput, match=r"customer\.company of id 7 is 141 characters long"):
		migrate(legacy, site)
	assert checksums(site) == before


def test_a_wider_column_that_is_not_used_is_no_hindrance(mariadb: MariadbServer, new_site: Callable[[], str]):
	change = "ALTER TABLE customer MODIFY company VARCHAR(255) NOT NULL DEFAULT ''"
	legacy = written(mariadb, "wider", change, customer=[{"id": 7, "company": "x" * 140}])
	site = new_site()
	migrate(legacy, site)
	assert compared(legacy, site).unexplained == 0


def test_what_was_staged_is_read_anew_when_it_is_read_otherwise(
	hostile: str, new_site: Callable[[], str], monkeypatch: pytest.MonkeyPatch
):
	site = new_site()
	migrate(hostile, site)
	executed(
		site, "UPDATE gigafibre_migration.customer SET company = 'As an older version read it' WHERE id = 1"
	)
	monkeypatch.setattr(staging, "READ_BY", staging.READ_BY ^ 1)
	migrate(hostile, site)
	with closing(psycopg2.connect(site)) as connection, connection.cursor() as cursor:
		cursor.execute("SELECT company FROM gigafibre_migration.customer WHERE id = 1")
		assert cursor.fetchone() == ("Un",)


def test_the_last_minutes_of_a_year_have_a_fiscal_year(mariadb: MariadbServer, new_site: Callable[[], str]):
	"""At Greenwich it is another year already; no other document is so old."""
	eve = seconds(2018, 12, 31, 23, 59)
	legacy = written(mariadb, "eve", customer=CUSTOMERS[:1], invoice=[invoice(1, issued_at=eve)])
	site = new_site()
	migrate(legacy, site)
	assert compared(legacy, site).unexplained == 0


def test_what_is_there_keeps_its_name_though_the_legacy_rows_changed(
	mariadb: MariadbServer, new_site: Callable[[], str]
):
	"""A number that is used again, dates of another year: nothing comes twice, what comes is tied to it."""
	january = seconds(2020, 1, 5, 12)
	first = {
		"customer": CUSTOMERS[:1],
		"invoice": [invoice(1), invoice(2)],
		"payment": [payment(1)],
		"ticket": [{"id": 1, "subject": "Lent", "opened_at": MARCH}],
	}
	later = {
		**first,
		"invoice": [invoice(1), invoice(2, issued_at=january), invoice(3, number=1)],
		"payment": [payment(1, paid_at=january), payment(2)],
		"payment_invoice": [{"id": 1, "payment_id": 2, "invoice_id": 1, "amount": "100.00"}],
		"ticket": [{"id": 1, "subject": "Lent", "opened_at": january}],
	}
	site = new_site()
	migrate(written(mariadb, "as_it_was", **first), site)
	migrate(written(mariadb, "as_it_is", **later), site)
	with closing(psycopg2.connect(site)) as connection, connection.cursor() as cursor:
		cursor.execute(
			'SELECT name, status, posting_date FROM "tabSales Invoice" '
			"WHERE legacy_id <> '' ORDER BY legacy_id"
		)
		assert cursor.fetchall() == [
			("SINV-2019-0000001", "Paid", date(2019, 3, 5)),
			("SINV-2019-0000002", "Overdue", date(2020, 1, 5)),
			("SINV-2019-L0000003", "Overdue", date(2019, 3, 5)),
		]
		cursor.execute("SELECT name FROM \"tabPayment Entry\" WHERE legacy_id <> '' ORDER BY legacy_id")
		assert cursor.fetchall() == [("PAY-2019-0000001",), ("PAY-2019-0000002",)]
		cursor.execute("SELECT name FROM \"tabIssue\" WHERE legacy_id <> ''")
		assert cursor.fetchall() == [("ISS-2019-0000001",)]
