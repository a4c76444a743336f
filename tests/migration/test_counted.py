"""Rows are counted kind by kind: what is missing is missed, unless it was rejected."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from gigafibre_utils.migration.reconcile import Reconciliation
from gigafibre_utils.migration.reconcile.report import as_html, as_json

# What goes of each kind.
DROPPED = {
	"customers": "UPDATE public.\"tabCustomer\" SET legacy_id = NULL WHERE legacy_id = '1'",
	"addresses": "DELETE FROM public.\"tabAddress\" WHERE name = 'CUST-0000001-Billing'",
	"persons with a contact": """
		DELETE FROM public."tabDynamic Link" WHERE parenttype = 'Contact' AND parent = (
			SELECT min(customer_primary_contact) FROM public."tabCustomer"
			WHERE legacy_id <> '' AND last_name <> ''
		)
	""",
	"service locations": "DELETE FROM public.\"tabService Location\" WHERE legacy_delivery_id = '1'",
	"items": "DELETE FROM public.\"tabItem\" WHERE legacy_id = '0'",
	"subscriptions": "DELETE FROM public.\"tabSubscription\" WHERE legacy_id = '1'",
	"invoice lines": """
		DELETE FROM public."tabSales Invoice Item" WHERE name = (
			SELECT min(name) FROM public."tabSales Invoice Item" WHERE name ~ '^LI-[0-9]'
		)
	""",
	"tax lines": "DELETE FROM public.\"tabSales Taxes and Charges\" WHERE name = 'LT-0000001'",
	"payment methods": "DELETE FROM public.\"tabStored Payment Method\" WHERE legacy_id = '1'",
	"arrangements": "DELETE FROM public.\"tabPayment Arrangement\" WHERE legacy_id = '1'",
	"instalments": "DELETE FROM public.\"tabPayment Arrangement Instalment\" WHERE name = 'LD-0000001'",
	"tickets": "DELETE FROM public.\"tabIssue\" WHERE legacy_id = '1'",
	"messages": "DELETE FROM public.\"tabCommunication\" WHERE name = 'LM-0000001'",
}


def miscounted(found: Reconciliation) -> dict[str, int]:
	return {told.kind: told.difference for told in found.counted if told.difference}


def test_every_kind_is_counted_and_nothing_is_missing(changed: Callable[..., Reconciliation]):
	counted = changed().counted
	assert {told.kind for told in counted} == set(DROPPED)
	assert all(told.legacy for told in counted)
	assert [told.difference for told in counted if told.difference] == []


@pytest.mark.parametrize("kind", DROPPED)
def test_a_row_that_is_missing_is_missed(changed: Callable[..., Reconciliation], kind: str):
	found = changed(DROPPED[kind])
	assert miscounted(found)[kind] == -1
	assert found.unexplained > 0


def test_what_was_rejected_is_not_missed(changed: Callable[..., Reconciliation]):
	"""Of two findings, one is of a service whose subscription is there: that explains nothing."""
	found = changed(
		DROPPED["subscriptions"],
		"""
		INSERT INTO public."tabMigration Finding" (name, run, step, outcome, legacy_table, legacy_id, reason)
		SELECT 'rejected ' || id, 'MIG-0001', 'import_subscriptions', 'Rejected', 'service', id, 'gone'
		FROM (VALUES ('1'), ('2')) AS service (id)
		""",
	)
	(subscriptions,) = (told for told in found.counted if told.kind == "subscriptions")
	assert (subscriptions.rejected, subscriptions.difference) == (1, 0)


def test_what_was_not_brought_over_yet_is_not_counted(changed: Callable[..., Reconciliation]):
	found = changed(
		"UPDATE public.\"tabMigration Run Step\" SET status = 'Pending' WHERE step = 'import_tickets'"
	)
	assert {"tickets", "messages"}.isdisjoint(told.kind for told in found.counted)


def test_since_a_day_what_comes_whole_is_counted(changed: Callable[..., Reconciliation]):
	kinds = {told.kind for told in changed(since=date(2020, 1, 1)).counted}
	assert kinds >= {"customers", "service locations", "items", "subscriptions", "payment methods"}
	assert kinds.isdisjoint({"invoice lines", "tickets", "messages", "arrangements"})


def test_the_page_and_the_json_tell_the_counts(changed: Callable[..., Reconciliation]):
	found = changed()
	short = [replace(found.counted[0], erpnext=found.counted[0].erpnext - 1), *found.counted[1:]]
	found = replace(found, counted=short)
	assert found.unexplained == 1
	page = as_html(found)
	assert "1 difference is unexplained" in page
	assert re.search(r'<th>Customers</th>.*<td class="n off">-1</td>', page)
	told = json.loads(as_json(found))["counted"]
	assert (told[0]["kind"], told[0]["difference"]) == ("customers", -1)
