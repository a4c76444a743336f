"""Of a migrated sample, every link leads somewhere, and every row became a document or has a reason."""

from collections.abc import Callable

import pytest

LINKS = (
	("Customer", "customer_primary_contact", "Contact"),
	("Customer", "customer_primary_address", "Address"),
	("Contact Email", "parent", "Contact"),
	("Contact Phone", "parent", "Contact"),
	("Dynamic Link", "link_name", "Customer"),
	("Service Location", "customer", "Customer"),
	("Item", "item_group", "Item Group"),
	("Item Group", "parent_item_group", "Item Group"),
	("Subscription", "party", "Customer"),
	("Subscription", "service_location", "Service Location"),
	("Subscription Plan", "item", "Item"),
	("Subscription Plan Detail", "plan", "Subscription Plan"),
	("Subscription Plan Detail", "parent", "Subscription"),
	("Issue", "customer", "Customer"),
	("Issue", "service_location", "Service Location"),
	("Issue", "priority", "Issue Priority"),
	("Communication", "reference_name", "Issue"),
)


@pytest.mark.parametrize(("doctype", "field", "linked"), LINKS)
def test_every_link_of_a_migrated_sample_leads_somewhere(
	rows: Callable[..., list[tuple]], doctype: str, field: str, linked: str
):
	(there, lost) = rows(
		f"""
		SELECT count(*), count(*) FILTER (WHERE to_.name IS NULL) FROM "tab{doctype}" from_
		LEFT JOIN "tab{linked}" to_ ON to_.name = from_.{field} WHERE from_.{field} <> ''
			AND {"from_.link_doctype = 'Customer'" if doctype == "Dynamic Link" else "true"}
		"""
	)[0]
	assert there and not lost


@pytest.mark.parametrize(
	("table", "doctype"),
	[("customer", "Customer"), ("product", "Item"), ("ticket", "Issue")],
)
def test_every_legacy_row_of_a_sample_became_a_document(
	rows: Callable[..., list[tuple]], table: str, doctype: str
):
	missing = f"""
		SELECT id FROM gigafibre_migration.{table}
		WHERE NOT EXISTS (SELECT FROM "tab{doctype}" WHERE legacy_id = id::text)
	"""
	assert rows(f"SELECT count(*) FROM gigafibre_migration.{table}")[0][0]
	assert not rows(missing)


def test_every_service_of_a_sample_became_a_subscription_or_has_a_reason(rows: Callable[..., list[tuple]]):
	missing = """
		SELECT id FROM gigafibre_migration.service
		WHERE NOT EXISTS (SELECT FROM "tabSubscription" WHERE legacy_id = id::text)
			AND NOT EXISTS (
				SELECT FROM "tabMigration Finding"
				WHERE outcome = 'Rejected' AND legacy_table = 'service' AND legacy_id::bigint = id
			)
	"""
	assert not rows(missing)
