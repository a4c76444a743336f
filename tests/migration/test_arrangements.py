"""Stored payment methods and payment arrangements as legacy rows with every trap make them."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from gigafibre_utils.migration.target import run_file, set_path
from tests.migration.by_hand import FINDING, Migrated, Sites, seconds

AMOUNTS = ("040_bill.sql", "050_receipt.sql", "060_allocation.sql")
# As far as a Payment Request copies from them.
INVOICES = """
	INSERT INTO "tabSales Invoice" (
		name, docstatus, customer, customer_name, currency, party_account_currency, cost_center, legacy_id
	)
	SELECT name, docstatus, customer, customer_name, 'CAD', 'CAD', 'Main - T', id
	FROM gigafibre_migration.bill WHERE in_scope
"""
METHODS, ARRANGEMENTS = "450_payment_methods.sql", "500_payment_arrangements.sql"
ISSUED = seconds(2026, 9, 1, 10)
AGREED = seconds(2026, 9, 15, 9, 30)

CUSTOMER = [
	{"id": 1, "last_name": "Roy", "email": "roy@example.com", "created_at": seconds(2015, 3, 4, 8)},
	{"id": 2, "company": "Ferme"},
]


def billed(id: int, total: int, **more: Any) -> dict[str, Any]:
	"""A legacy invoice of customer 1 that is one amount."""
	return {"id": id, "customer_id": 1, "issued_at": ISSUED, "subtotal": total, "total": total, **more}


def paid(id: int, amount: int, **more: Any) -> dict[str, Any]:
	return {
		"id": id,
		"customer_id": 1,
		"paid_at": seconds(2026, 10, 1),
		"amount": amount,
		"method": "card",
		**more,
	}


def agreed(id: int, **more: Any) -> dict[str, Any]:
	return {"id": id, "customer_id": 1, "agreed_at": AGREED, "status": "active", **more}


def due(id: int, arrangement: int, day: str, amount: int, invoice: int = 0, **more: Any) -> dict[str, Any]:
	return {
		"id": id,
		"arrangement_id": arrangement,
		"due_date": day,
		"amount": amount,
		"invoice_id": invoice,
		**more,
	}


INVOICE = [
	billed(1, 300),
	billed(2, 50),
	billed(3, 80, status="void"),
	billed(4, 70, customer_id=2),
	billed(5, 90, issued_at=seconds(2018, 2, 1)),
	billed(6, -20, reversal_of=1),
]
PAYMENT = [
	paid(1, 100),
	paid(2, 50),
	paid(3, 40),
	paid(4, -40, reversal_of=3),
	paid(5, 60, status="nsf"),
	paid(6, 25, paid_at=seconds(2018, 3, 1)),
]
PAYMENT_INVOICE = [
	{"id": 1, "payment_id": 1, "invoice_id": 1, "amount": 100},
	{"id": 2, "payment_id": 2, "invoice_id": 2, "amount": 50},
]
ARRANGEMENT = [
	agreed(1, note="Appelé le 15"),
	agreed(2, status="kept", agreed_at=0),
	agreed(3, status="broken", agreed_at=seconds(2018, 2, 15)),
	agreed(4, status="paused"),
	agreed(5, customer_id=99, agreed_at=seconds(2018, 2, 15)),
	agreed(6, status="cancelled"),
]
DUE = [
	# Of 300, 100 was paid and 20 credited: 180 is owed, and asked for is 190.
	due(11, 1, "2026-10-01", 100, 1, payment_id=1),
	due(12, 1, "2026-11-01", 100, 1),
	due(13, 1, "2026-12-01", 60, 1),
	due(14, 1, "2027-01-01", 30, 1),
	due(15, 1, "2026-10-10", 50, 2),
	due(16, 1, "0000-00-00", 10, 3),
	due(17, 1, "2026-12-15", 10, 4),
	due(18, 1, "2026-12-15", 10, 777),
	due(19, 1, "2026-12-15", 0, 1),
	due(21, 2, "2026-10-01", 40, 0, payment_id=3),
	due(22, 2, "2026-10-02", 60, 0, payment_id=5),
	due(23, 2, "2026-10-03", 5, 0, payment_id=999),
	due(31, 3, "2018-03-01", 25, 5, payment_id=6),
	due(61, 6, "2027-02-01", 80, 1),
	due(91, 404, "2026-12-01", 10),
]
METHOD = [
	{"id": 1, "customer_id": 1, "kind": "card", "stripe_token": "pm_1", "last4": "4242", "is_default": 1},
	{
		"id": 2,
		"customer_id": 1,
		"kind": "card",
		"stripe_token": "pm_2",
		"last4": "0002",
		"expires": "04/29",
		"is_default": 1,
	},
	{"id": 3, "customer_id": 1, "kind": "ach", "stripe_token": "pm_3"},
	{"id": 4, "customer_id": 2, "kind": "card", "is_default": 1},
	{"id": 5, "customer_id": 99, "kind": "pigeon"},
]


def staged(site: Migrated, since: date | None = None) -> Migrated:
	"""The rows with the plan made from them, and the invoices on the site."""
	site.plan(
		since,
		customer=CUSTOMER,
		invoice=INVOICE,
		payment=PAYMENT,
		payment_invoice=PAYMENT_INVOICE,
		payment_arrangement=ARRANGEMENT,
		payment_arrangement_due=DUE,
		payment_method=METHOD,
	)
	site.run(
		"INSERT INTO gigafibre_migration.mode VALUES ('card', 'Credit Card', 'Bank - T', 'Bank') "
		"ON CONFLICT DO NOTHING"
	)
	site.step(*AMOUNTS)
	site.run(INVOICES)
	return site


@pytest.fixture(scope="module")
def whole(databases: Sites) -> Iterator[tuple[Migrated, list[tuple[str, str, int, str]]]]:
	with databases.site() as site:
		yield staged(site), site.step(METHODS) + site.step(ARRANGEMENTS)


@pytest.fixture
def brought(whole: tuple) -> Migrated:
	return whole[0]


def instalments(site: Migrated, arrangement: str) -> dict[str, dict[str, Any]]:
	parts = site.rows(
		'SELECT * FROM "tabPayment Arrangement Instalment" WHERE parent = %s ORDER BY idx', arrangement
	)
	assert [part["idx"] for part in parts] == list(range(1, len(parts) + 1))
	return {part["name"]: part for part in parts}


def test_a_method_is_stored_with_its_token_and_its_mode(brought: Migrated):
	row = brought.row("Stored Payment Method", "SPM-0000002")
	assert (row["customer"], row["kind"], row["mode_of_payment"]) == ("CUST-0000001", "card", "Credit Card")
	assert (row["stripe_token"], row["last4"], row["expires"]) == ("pm_2", "0002", "04/29")
	assert (row["legacy_id"], row["creation"]) == ("2", datetime(2015, 3, 4, 8))
	# No payment was ever made that way, so the site has no mode for it.
	assert brought.row("Stored Payment Method", "SPM-0000003")["mode_of_payment"] is None


def test_of_several_defaults_the_last_is_the_default(brought: Migrated):
	rows = brought.rows('SELECT name FROM "tabStored Payment Method" WHERE is_default = 1 ORDER BY name')
	assert [row["name"] for row in rows] == ["SPM-0000002", "SPM-0000004"]


def test_no_finding_holds_a_token(databases: Sites):
	with databases.site() as site, staged(site).connection.cursor() as cursor:
		set_path(cursor)
		cursor.execute(
			"SELECT set_config('gigafibre.run', '1', true), set_config('gigafibre.step', 'x', true)"
		)
		cursor.execute(FINDING)
		run_file(cursor, METHODS)
		cursor.execute("SELECT legacy_row FROM finding WHERE legacy_id = 1")
		((row,),) = cursor.fetchall()
		assert (row["last4"], "stripe_token" in row) == ("4242", False)


def test_an_arrangement_has_its_parts_in_the_order_of_their_days(brought: Migrated):
	row = brought.row("Payment Arrangement", "ARR-0000001")
	assert (row["customer"], row["company"], row["status"]) == ("CUST-0000001", "TARGO", "Active")
	assert (row["agreed_on"], row["note"], row["legacy_id"]) == (date(2026, 9, 15), "Appelé le 15", "1")
	assert row["creation"] == row["modified"] == datetime(2026, 9, 15, 9, 30)
	assert (row["total"], row["paid"]) == (370, 150)
	assert list(instalments(brought, "ARR-0000001")) == [
		"LD-0000011",
		"LD-0000015",
		"LD-0000012",
		"LD-0000013",
		"LD-0000017",
		"LD-0000018",
		"LD-0000014",
		"LD-0000016",
	]


def test_a_part_is_met_by_the_payment_it_names_or_when_nothing_is_owed_any_more(brought: Migrated):
	parts = instalments(brought, "ARR-0000001")
	assert (parts["LD-0000011"]["status"], parts["LD-0000011"]["payment_entry"]) == (
		"Met",
		"PAY-2026-0000001",
	)
	assert (parts["LD-0000015"]["status"], parts["LD-0000015"]["payment_entry"]) == (
		"Met",
		"PAY-2026-0000002",
	)
	assert parts["LD-0000012"]["status"] == "Missed"
	assert parts["LD-0000013"]["status"] == "Due"
	assert parts["LD-0000016"]["status"] == "Due"
	assert [name for name, part in parts.items() if part["is_paid_off"]] == ["LD-0000015"]


def test_a_payment_that_bounced_or_is_gone_meets_nothing(brought: Migrated):
	statuses = {name: part["status"] for name, part in instalments(brought, "ARR-0000002").items()}
	assert statuses == dict.fromkeys(("LD-0000021", "LD-0000022", "LD-0000023"), "Missed")


def test_a_part_names_its_customers_invoice_alone_and_none_that_is_void(brought: Migrated):
	parts = instalments(brought, "ARR-0000001")
	assert (
		parts["LD-0000012"]["invoice"]
		== brought.rows("SELECT name FROM \"tabSales Invoice\" WHERE legacy_id = '1'")[0]["name"]
	)
	assert [parts[f"LD-00000{n}"]["invoice"] for n in (16, 17, 18)] == [None] * 3


def test_requests_ask_for_what_is_to_come_and_never_for_more_than_is_owed(brought: Migrated):
	requests = brought.rows('SELECT * FROM "tabPayment Request" ORDER BY name')
	assert [(row["name"], row["grand_total"]) for row in requests] == [
		("PREQ-0000012", Decimal(100)),
		("PREQ-0000013", Decimal(60)),
		("PREQ-0000014", Decimal(20)),
	]
	parts = instalments(brought, "ARR-0000001")
	for row in requests:
		assert (row["docstatus"], row["status"], row["payment_request_type"]) == (1, "Requested", "Inward")
		assert row["outstanding_amount"] == row["grand_total"]
		assert (row["party_type"], row["party"], row["party_name"]) == ("Customer", "CUST-0000001", "Roy")
		assert (row["email_to"], row["mute_email"], row["currency"]) == ("roy@example.com", 1, "CAD")
		part = parts[row["name"].replace("PREQ", "LD")]
		assert (part["payment_request"], part["invoice"]) == (row["name"], row["reference_name"])
	assert parts["LD-0000011"]["payment_request"] is None


def test_everything_that_was_repaired_or_left_out_is_told(whole: tuple):
	assert whole[1] == [
		("Repaired", "payment_method", 1, "several_defaults"),
		("Repaired", "payment_method", 4, "token_missing"),
		("Repaired", "payment_method", 5, "kind_unknown"),
		("Repaired", "payment_arrangement", 1, "sum_differs"),
		("Repaired", "payment_arrangement", 2, "kept_but_not_met"),
		("Repaired", "payment_arrangement", 2, "undated"),
		("Repaired", "payment_arrangement", 4, "no_instalment"),
		("Repaired", "payment_arrangement", 4, "status_unknown"),
		("Repaired", "payment_arrangement", 5, "no_instalment"),
		("Repaired", "payment_arrangement_due", 15, "met_already"),
		("Repaired", "payment_arrangement_due", 16, "invoice_void"),
		("Repaired", "payment_arrangement_due", 16, "undated"),
		("Repaired", "payment_arrangement_due", 17, "invoice_of_another_customer"),
		("Repaired", "payment_arrangement_due", 18, "invoice_gone"),
		("Rejected", "payment_arrangement_due", 19, "no_amount"),
		("Repaired", "payment_arrangement_due", 21, "payment_taken_back"),
		("Repaired", "payment_arrangement_due", 22, "payment_taken_back"),
		("Repaired", "payment_arrangement_due", 23, "payment_gone"),
		("Rejected", "payment_arrangement_due", 91, "arrangement_gone"),
	]


def test_a_second_run_adds_nothing(databases: Sites):
	with databases.site() as site:
		staged(site)
		site.step(METHODS)
		site.step(ARRANGEMENTS)
		before = site.checksum()
		assert site.step(METHODS) == []
		assert site.step(ARRANGEMENTS) == [("Rejected", "payment_arrangement_due", 91, "arrangement_gone")]
		assert site.checksum() == before


def test_what_was_agreed_before_since_comes_over_while_it_is_active(databases: Sites):
	with databases.site() as site:
		staged(site, date(2020, 1, 1))
		site.step(ARRANGEMENTS)
		rows = site.rows('SELECT name FROM "tabPayment Arrangement" ORDER BY name')
		assert "ARR-0000005" in {row["name"] for row in rows}
		assert "ARR-0000003" not in {row["name"] for row in rows}
