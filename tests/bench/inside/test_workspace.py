"""The workspace: its numbers are those of the tables, and it is shown to those who keep the books."""

import json
import secrets
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest

from tests.bench.inside import documents

ACCOUNTANT = "comptes@targo.ca"
MODULE, WORKSPACE, CHART = "Gigafibre Utils", "Gigafibre", "Payments per Day"


def card(frappe: ModuleType, name: str) -> Decimal:
	"""What a number card shows; as the desk asks for it."""
	from frappe.desk.doctype.number_card.number_card import get_result

	document = frappe.get_doc("Number Card", name)
	return Decimal(str(get_result(document.as_json(), document.filters_json)))


def event(frappe: ModuleType, status: str) -> None:
	values = {"event_id": f"evt_{secrets.token_hex(8)}", "event_type": "charge.refunded", "status": status}
	frappe.get_doc({"doctype": "Stripe Event", **values}).insert(ignore_permissions=True)


@pytest.mark.parametrize(
	("name", "status"), [("Waiting Stripe Events", "Received"), ("Failed Stripe Events", "Failed")]
)
def test_a_card_counts_events_of_its_status(frappe: ModuleType, name: str, status: str):
	frappe.set_user(ACCOUNTANT)
	before = card(frappe, name)
	for other in ("Received", "Processed", "Failed", "Ignored", "Needs Attention"):
		event(frappe, other)
	assert card(frappe, name) == before + 1


def test_a_card_counts_payments_that_wait_for_staff(frappe: ModuleType):
	before = card(frappe, "Payments to Look At")
	visit = {"session_id": f"cs_{secrets.token_hex(8)}", "status": "Paid", "needs_attention": 1}
	invoice = frappe.db.get_value("Sales Invoice", {"docstatus": 1})
	visit = {"doctype": "Stripe Checkout Session", "invoice": invoice, **visit}
	frappe.get_doc(visit).insert(ignore_permissions=True)
	assert card(frappe, "Payments to Look At") == before + 1


def test_what_was_paid_today_is_the_sum_of_todays_submitted_receipts(frappe: ModuleType):
	before = card(frappe, "Paid Today")
	owing = documents.invoice(documents.customer().name, 80)
	documents.payment(owing, 30)
	documents.payment(owing, 50, submit=False)
	assert card(frappe, "Paid Today") == before + 30


def test_the_chart_shows_each_day_what_was_received_on_it(frappe: ModuleType):
	from frappe.desk.doctype.dashboard_chart.dashboard_chart import get
	from frappe.utils import add_days, getdate

	for days_ago, amount in ((0, 30), (3, 20), (9, 10)):
		owing = documents.invoice(documents.customer().name, amount)
		documents.payment(owing, posting_date=add_days(getdate(), -days_ago))
	shown = get(chart_name=CHART, refresh=1)
	received = frappe.db.sql(
		"""SELECT posting_date, sum(base_received_amount) FROM `tabPayment Entry`
		WHERE docstatus = 1 AND payment_type = 'Receive' GROUP BY posting_date"""
	)
	per_day = {frappe.utils.format_date(day, parse_day_first=True): amount for day, amount in received}
	drawn = dict(zip(shown["labels"], shown["datasets"][0]["values"], strict=True))
	assert len(drawn) > 25
	assert {day: round(amount, 2) for day, amount in drawn.items() if amount} == {
		day: round(amount, 2) for day, amount in per_day.items() if day in drawn
	}


def _blocks(frappe: ModuleType) -> dict[str, list[str]]:
	"""What the page of the workspace gets, as the desk asks for it."""
	from frappe.desk.desktop import get_desktop_page

	page = json.dumps({"name": WORKSPACE, "title": WORKSPACE, "public": 1})
	shown: dict[str, Any] = get_desktop_page(page)
	return {
		kind: [
			item.get("link_to") or item.get("number_card_name") or item.get("chart_name") for item in items
		]
		for kind in ("number_cards", "charts", "shortcuts")
		if (items := shown[kind]["items"])
	}


def test_an_accountant_gets_cards_chart_and_shortcuts(frappe: ModuleType):
	frappe.set_user(ACCOUNTANT)
	blocks = _blocks(frappe)
	assert len(blocks["number_cards"]) == 4
	assert blocks["charts"] == [CHART]
	wanted = {
		"Sales Invoice",
		"Stripe Event",
		"Service Location",
		"Accounts Receivable",
		"Gigafibre Settings",
	}
	assert set(blocks["shortcuts"]) >= wanted


def test_every_block_of_the_page_has_its_row(frappe: ModuleType):
	"""A block whose row is missing is an empty place on the page."""
	workspace = frappe.get_doc("Workspace", WORKSPACE)
	rows = {
		"number_card": {row.number_card_name for row in workspace.number_cards},
		"chart": {row.chart_name for row in workspace.charts},
		"shortcut": {row.label for row in workspace.shortcuts},
	}
	blocks: dict[str, set[str]] = {kind: set() for kind in rows}
	for block in json.loads(workspace.content):
		blocks[block["type"]].add(block["data"][f"{block['type']}_name"])
	assert blocks == rows


def test_everything_that_is_linked_to_exists(frappe: ModuleType):
	workspace, sidebar = (
		frappe.get_doc("Workspace", WORKSPACE),
		frappe.get_doc("Workspace Sidebar", WORKSPACE),
	)
	links = [(row.type, row.link_to) for row in workspace.shortcuts]
	links += [(row.link_type, row.link_to) for row in sidebar.items if row.type == "Link"]
	assert len(links) > 15
	assert [link for link in links if not frappe.db.exists(*link)] == []


def test_the_workspace_is_shown_to_those_who_keep_the_books(frappe: ModuleType):
	from frappe.desk.desktop import get_workspace_sidebar_items

	frappe.set_user(ACCOUNTANT)
	assert WORKSPACE in {page["name"] for page in get_workspace_sidebar_items()["pages"]}
	storekeeper = f"{secrets.token_hex(5)}@targo.ca"
	frappe.set_user("Administrator")
	values = {"email": storekeeper, "first_name": "S", "send_welcome_email": 0, "user_type": "System User"}
	frappe.get_doc({"doctype": "User", **values, "roles": [{"role": "Stock User"}]}).insert()
	frappe.set_user(storekeeper)
	assert WORKSPACE not in {page["name"] for page in get_workspace_sidebar_items()["pages"]}
