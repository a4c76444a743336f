"""Subscriptions and their plans as legacy rows with every trap make them."""

from datetime import date
from decimal import Decimal

import pytest

from tests.migration.by_hand import Migrated
from tests.migration.parties.rows import SERVICE


def test_an_active_subscription_is_billed_from_the_day_after_its_last_billed_period(brought: Migrated):
	row = brought.row("Subscription", "SUB-0000001")
	assert (row["status"], row["party"], row["service_location"]) == ("Active", "CUST-0000001", "SL-0000011")
	assert (row["start_date"], row["billed_to"]) == (date(2015, 2, 10), "Renée Côté-Roy")
	assert (row["current_invoice_start"], row["current_invoice_end"]) == (
		date(2026, 12, 10),
		date(2027, 1, 9),
	)
	assert (row["submit_invoice"], row["generate_invoice_at"]) == (
		0,
		"Beginning of the current subscription period",
	)


def test_a_subscription_whose_billing_had_stopped_goes_on_with_the_next_month(brought: Migrated):
	row = brought.row("Subscription", "SUB-0000002")
	assert (row["current_invoice_start"], row["current_invoice_end"]) == (
		date(2026, 12, 1),
		date(2026, 12, 31),
	)


def test_a_plan_is_an_item_at_a_price(brought: Migrated):
	plans = """
		SELECT d.parent, p.item, p.cost, p.billing_interval FROM "tabSubscription Plan Detail" d
		JOIN "tabSubscription Plan" p ON p.name = d.plan WHERE d.parent IN ('SUB-0000001', 'SUB-0000002')
		ORDER BY 1
	"""
	assert [tuple(row.values()) for row in brought.rows(plans)] == [
		("SUB-0000001", "NET-1", Decimal("59.95"), "Month"),
		("SUB-0000002", "TEL-2", Decimal("17.50"), "Month"),
	]


@pytest.mark.parametrize(
	("number", "start", "end", "cancelled"),
	[
		(3, date(2018, 6, 1), None, None),
		(5, date(2016, 1, 1), date(2018, 3, 31), date(2018, 3, 31)),
		# ERPNext refuses an end within the first month; the date of cancellation tells it.
		(6, date(2016, 1, 1), None, date(2016, 1, 10)),
		(7, date(2016, 1, 1), None, date(2019, 5, 3)),
		(13, date(2016, 1, 1), date(2026, 10, 31), date(2026, 10, 31)),
	],
)
def test_what_is_suspended_ended_or_over_is_not_billed(
	brought: Migrated, number: int, start: date, end: date | None, cancelled: date | None
):
	row = brought.row("Subscription", f"SUB-{number:07}")
	assert row["status"] == "Cancelled"
	assert (row["start_date"], row["end_date"], row["cancelation_date"]) == (start, end, cancelled)


def test_services_that_do_not_add_up_are_repaired_or_rejected_with_a_reason(
	brought: Migrated, findings: dict
):
	services = {number: reasons for (table, number), reasons in findings.items() if table == "service"}
	assert services == {
		3: {"Repaired suspended"},
		4: {"Repaired end_before_start"},
		7: {"Repaired customer_closed"},
		8: {"Repaired delivery_gone"},
		9: {"Rejected delivery_gone"},
		10: {"Rejected product_gone"},
		11: {"Rejected not_recurring"},
		12: {"Repaired undated"},
		13: {"Repaired term_over"},
	}
	moved = brought.row("Subscription", "SUB-0000008")
	assert (moved["party"], moved["service_location"]) == ("CUST-0000004", None)
	assert brought.row("Subscription", "SUB-0000004")["end_date"] is None
	made = {row["legacy_id"] for row in brought.rows('SELECT legacy_id FROM "tabSubscription"')}
	assert made == {str(row["id"]) for row in SERVICE} - {"9", "10", "11"}
