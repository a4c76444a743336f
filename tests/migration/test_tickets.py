"""Issues and their Communications as legacy tickets with every trap make them."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest

from tests.migration.by_hand import Migrated, Sites, seconds

TICKETS = ("550_issues.sql", "560_communications.sql")
OPENED = datetime(2016, 12, 31, 23, 30)
LONG_SUBJECT = "Panne & lenteur <" + "x" * 200

CUSTOMER = [
	{"id": 1, "first_name": "Renée", "last_name": "Côté", "email": "renee@example.com; deux@example.org"},
	{"id": 2, "company": "Sans courriel", "email": "pas de courriel"},
]
DELIVERY = [{"id": 11, "customer_id": 1, "name": "Chalet"}]
TICKET = [
	{
		"id": 1,
		"customer_id": 1,
		"delivery_id": 11,
		"subject": "Panne",
		"department": "Soutien",
		"priority": 3,
		"status": "closed",
		"opened_at": seconds(2016, 12, 31, 23, 30),
		"closed_at": seconds(2017, 1, 1, 1, 30),
	},
	{"id": 2, "customer_id": 0, "subject": LONG_SUBJECT, "priority": 1, "status": "pending"},
	{"id": 3, "customer_id": 99, "delivery_id": 77, "priority": 7, "opened_at": seconds(2020, 5, 1)},
	{"id": 4, "customer_id": 2, "subject": "Muet", "status": "closed", "opened_at": seconds(2021, 5, 1)},
]
MESSAGE = [
	{
		"id": 1,
		"ticket_id": 1,
		"author": "Renee@example.com",
		"body": "<p>Aidez-moi</p><script>alert(1)</script>",
		"sent_at": seconds(2016, 12, 31, 23, 30),
	},
	{
		"id": 2,
		"ticket_id": 1,
		"author": "gilles",
		"body": "Oui\nvoilà",
		"sent_at": seconds(2016, 12, 31, 23, 40),
	},
	{"id": 3, "ticket_id": 1, "author": "renee@example.com", "body": "Merci", "sent_at": 0},
	{"id": 4, "ticket_id": 1, "author": "gilles", "body": "", "sent_at": seconds(2017, 1, 1, 0, 0)},
	{"id": 5, "ticket_id": 2, "author": "Inconnue <qui@example.net>", "body": "Bonjour", "sent_at": 1},
	{"id": 7, "ticket_id": 4, "author": "", "body": "Allô", "sent_at": seconds(2021, 5, 1)},
	{"id": 8, "ticket_id": 4, "author": "pas de courriel", "body": "?", "sent_at": seconds(2021, 5, 2)},
	{"id": 6, "ticket_id": 55, "author": "gilles", "body": "Perdu", "sent_at": seconds(2018, 1, 1)},
]


def staged(site: Migrated, since: date | None = None) -> Migrated:
	site.plan(since, customer=CUSTOMER, delivery=DELIVERY, ticket=TICKET, ticket_message=MESSAGE)
	return site


@pytest.fixture(scope="module")
def whole(databases: Sites) -> Iterator[tuple[Migrated, list[tuple[str, str, int, str]]]]:
	with databases.site() as site:
		yield staged(site), site.step(*TICKETS)


@pytest.fixture
def brought(whole: tuple) -> Migrated:
	return whole[0]


def test_a_ticket_becomes_an_issue_at_the_moment_it_was_opened(brought: Migrated):
	row = brought.row("Issue", "ISS-2016-0000001")
	assert {
		field: row[field] for field in ("subject", "customer", "customer_name", "raised_by", "department")
	} == {
		"subject": "Panne",
		"customer": "CUST-0000001",
		"customer_name": "Renée Côté",
		"raised_by": "renee@example.com",
		"department": "Soutien",
	}
	assert (row["service_location"], row["legacy_id"], row["company"]) == ("SL-0000011", "1", "TARGO")
	assert (row["status"], row["priority"]) == ("Closed", "High")
	assert row["creation"] == row["modified"] == OPENED
	assert (row["opening_date"], row["opening_time"]) == (date(2016, 12, 31), time(23, 30))
	assert row["sla_resolution_date"] == datetime(2017, 1, 1, 1, 30)
	assert row["resolution_time"] == 7200


def test_times_of_response_are_those_that_erpnext_would_have_taken_down(brought: Migrated):
	row = brought.row("Issue", "ISS-2016-0000001")
	assert row["first_responded_on"] == OPENED + timedelta(minutes=10)
	assert row["first_response_time"] == 600
	# Ten minutes for the first answer, twenty for the second: its question has the time of the first answer.
	assert row["avg_response_time"] == Decimal(900)


def test_the_first_message_is_the_description_and_no_script_is_in_it(brought: Migrated):
	assert brought.row("Issue", "ISS-2016-0000001")["description"] == "<p>Aidez-moi</p>"


def test_a_ticket_without_a_date_takes_that_of_the_ticket_before_it(brought: Migrated):
	row = brought.row("Issue", "ISS-2016-0000002")
	assert row["creation"] == OPENED
	assert (row["customer"], row["raised_by"], row["status"], row["priority"]) == (
		None,
		"qui@example.net",
		"On Hold",
		"Low",
	)


def test_a_subject_that_is_too_long_is_whole_in_the_description(brought: Migrated):
	row = brought.row("Issue", "ISS-2016-0000002")
	assert row["subject"] == LONG_SUBJECT[:140]
	assert row["description"] == f"<p>Panne &amp; lenteur &lt;{'x' * 200}</p>Bonjour"


def test_messages_keep_who_wrote_what_and_when(brought: Migrated):
	found = brought.rows(
		"""
		SELECT name, sent_or_received, sender, sender_full_name, content, communication_date
		FROM "tabCommunication" ORDER BY name
		"""
	)
	assert [tuple(row.values()) for row in found] == [
		("LM-0000001", "Received", "renee@example.com", "Renée Côté", "<p>Aidez-moi</p>", OPENED),
		("LM-0000002", "Sent", None, "gilles", "Oui<br>voilà", OPENED + timedelta(minutes=10)),
		(
			"LM-0000003",
			"Received",
			"renee@example.com",
			"Renée Côté",
			"Merci",
			OPENED + timedelta(minutes=10),
		),
		("LM-0000004", "Sent", None, "gilles", "", datetime(2017, 1, 1)),
		("LM-0000005", "Received", "qui@example.net", "Inconnue", "Bonjour", OPENED),
		("LM-0000007", "Received", None, "Sans courriel", "Allô", datetime(2021, 5, 1)),
		("LM-0000008", "Received", None, "Sans courriel", "?", datetime(2021, 5, 2)),
	]


def test_messages_are_linked_to_their_issue_and_nothing_is_left_to_send_or_remind_of(brought: Migrated):
	for row in brought.rows('SELECT * FROM "tabCommunication"'):
		(message,) = (message for message in MESSAGE if message["id"] == int(row["name"].removeprefix("LM-")))
		assert (row["reference_doctype"], row["status"]) == ("Issue", "Linked")
		assert row["reference_name"].endswith(f"-{message['ticket_id']:07}")
		assert (row["communication_type"], row["communication_medium"]) == ("Communication", "Email")
		assert (row["email_account"], row["send_after"], row["delivery_status"]) == (None, None, "")
		assert (row["seen"], row["unread_notification_sent"]) == (1, 1)


def test_what_was_repaired_or_rejected_is_said(whole: tuple):
	_, findings = whole
	assert findings == [
		("Repaired", "ticket", 2, "subject_cut"),
		("Repaired", "ticket", 2, "undated"),
		("Repaired", "ticket", 3, "customer_gone"),
		("Repaired", "ticket", 3, "delivery_gone"),
		("Repaired", "ticket", 3, "no_subject"),
		("Repaired", "ticket_message", 3, "undated"),
		("Repaired", "ticket_message", 5, "undated"),
		("Rejected", "ticket_message", 6, "ticket_gone"),
	]


def test_a_second_run_changes_nothing(databases: Sites):
	with databases.site() as site:
		staged(site).step(*TICKETS)
		once, added = site.checksum(), site.rows("SELECT * FROM added")
		assert staged(site).step(*TICKETS) == [("Rejected", "ticket_message", 6, "ticket_gone")]
		assert site.checksum() == once and site.rows("SELECT * FROM added") == added


def test_priorities_that_the_site_lacks_are_made(databases: Sites):
	with databases.site() as site:
		site.run("INSERT INTO \"tabIssue Priority\" (name) VALUES ('Low'), ('Élevée')")
		staged(site).step(*TICKETS)
		names = {row["name"] for row in site.rows('SELECT name FROM "tabIssue Priority"')}
		assert names == {"Low", "Medium", "High", "Élevée"}
		made = site.rows("SELECT name FROM added WHERE doctype = 'Issue Priority' ORDER BY name")
		assert [row["name"] for row in made] == ["High", "Medium"]


def test_tickets_before_the_asked_day_and_their_messages_are_left_alone(databases: Sites):
	with databases.site() as site:
		staged(site, since=date(2020, 1, 1)).step(*TICKETS)
		names = [row["name"] for row in site.rows('SELECT name FROM "tabIssue" ORDER BY name')]
		assert names == ["ISS-2020-0000003", "ISS-2021-0000004"]
		messages = [row["name"] for row in site.rows('SELECT name FROM "tabCommunication" ORDER BY name')]
		assert messages == ["LM-0000007", "LM-0000008"]


def test_a_message_that_comes_later_is_added_to_its_issue_and_written_down(databases: Sites):
	with databases.site() as site:
		staged(site).step(*TICKETS)
		written = "SELECT name FROM added WHERE doctype = 'Communication'"
		assert not site.rows(written)
		late = {"id": 9, "ticket_id": 4, "author": "gilles", "body": "Enfin", "sent_at": seconds(2021, 5, 3)}
		site.plan(customer=CUSTOMER, delivery=DELIVERY, ticket=TICKET, ticket_message=[*MESSAGE, late])
		site.step(*TICKETS)
		assert site.rows(written) == [{"name": "LM-0000009"}]
		assert site.row("Communication", "LM-0000009")["reference_name"] == "ISS-2021-0000004"
