"""Customers, places, items and subscriptions as legacy rows with every trap make them."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.migration.by_hand import Migrated, Sites, seconds

CUSTOMERS = ("100_customers.sql", "110_addresses_and_contacts.sql")
PLACES = "150_service_locations.sql"
ITEMS = "200_items.sql"
SUBSCRIPTIONS = "250_subscriptions.sql"
LONG_AGO = seconds(2012, 3, 4, 21, 30)

CUSTOMER = [
	{
		"id": 1,
		"account_no": "A-100",
		"first_name": b"Ren\xc3\xa9e",
		"last_name": b"C\xf4t\xe9",
		"language": "fr",
		"email": "Renee@Example.com; pas une adresse, deux@example.org",
		"phone_home": "(514) 555-0142",
		"phone_cell": "438.555.0143",
		"address1": "12, rue de l'Église",
		"address2": "app. 3",
		"city": "Laval",
		"province": "QC",
		"postal_code": "H7A 1A1",
		"stripe_customer_id": "cus_1",
		"status": "active",
		"notes": "Chien &amp; chat",
		"created_at": LONG_AGO,
	},
	{
		"id": 2,
		"account_no": "A-100",
		"company": "Ferme <Roy>",
		"first_name": "Guy",
		"last_name": "Roy",
		"language": "en",
		"phone_home": "12345",
		"status": "closed",
		"closed_at": seconds(2019, 5, 3, 12),
	},
	{"id": 3, "status": "suspended", "created_at": 86_400 * 365},
	{"id": 4, "last_name": "Tremblay", "phone_cell": "5145550144", "phone_home": "514-555-0144"},
	{"id": 12345678, "company": "Loin", "created_at": LONG_AGO},
]
DELIVERY = [
	{"id": 11, "customer_id": 1, "name": "Chalet", "device_mac": "aabb.ccdd.eeff", "latitude": "45.5000000"},
	{"id": 12, "customer_id": 1, "address1": "9, rang 4", "device_mac": "N/A", "longitude": "-373.0000000"},
	{"id": 13, "customer_id": 2, "city": "Granby", "created_at": LONG_AGO},
	{"id": 14, "customer_id": 99},
]
PRODUCT = [
	{
		"id": 1,
		"sku": "NET-1",
		"name_fr": "Fibre",
		"name_en": "Fibre line",
		"category": "internet",
		"price": "59.95",
	},
	{"id": 2, "sku": "TEL", "name_fr": "Téléphone", "category": "phone", "price": "20.00"},
	{"id": 3, "sku": "TEL", "name_fr": "Téléphone 2", "category": "Phone", "price": "25.00"},
	{"id": 4, "sku": "TEL-3", "name_fr": "", "name_en": "Tricky", "category": "other"},
	{"id": 5, "sku": "", "name_fr": "Sans code", "category": "fee", "price": "5.00"},
	{"id": 6, "sku": "INST", "name_fr": "Installation", "category": "fee", "billing": "once"},
]
PRODUCT = [{"billing": "monthly", **row} for row in PRODUCT]
SERVICE = [
	{
		"id": 1,
		"delivery_id": 11,
		"product_id": 1,
		"bill_to_name": "Renée Côté-Roy",
		"start_date": "2015-02-10",
	},
	{"id": 2, "delivery_id": 11, "product_id": 2, "price": "17.50", "start_date": "2016-01-01"},
	{"id": 3, "delivery_id": 12, "product_id": 1, "start_date": "2018-06-01", "status": "suspended"},
	{"id": 4, "delivery_id": 12, "product_id": 1, "start_date": "2018-06-01", "end_date": "2017-01-01"},
	{
		"id": 5,
		"delivery_id": 11,
		"product_id": 2,
		"start_date": "2016-01-01",
		"end_date": "2018-03-31",
		"status": "ended",
	},
	{
		"id": 6,
		"delivery_id": 11,
		"product_id": 2,
		"start_date": "2016-01-01",
		"end_date": "2016-01-10",
		"status": "ended",
	},
	{"id": 7, "delivery_id": 13, "product_id": 2, "start_date": "2016-01-01"},
	{"id": 8, "delivery_id": 77, "product_id": 2, "start_date": "2016-01-01"},
	{"id": 9, "delivery_id": 77, "product_id": 2, "start_date": "2016-01-01"},
	{"id": 10, "delivery_id": 11, "product_id": 66, "start_date": "2016-01-01"},
	{"id": 11, "delivery_id": 11, "product_id": 6, "start_date": "2016-01-01"},
	{"id": 12, "delivery_id": 12, "product_id": 2},
	{"id": 13, "delivery_id": 11, "product_id": 1, "start_date": "2016-01-01", "end_date": "2026-10-31"},
]
SERVICE = [{"status": "active", **row} for row in SERVICE]
INVOICE = [
	{"id": 1, "customer_id": 1, "issued_at": seconds(2026, 11, 1), "status": "open"},
	{"id": 2, "customer_id": 4, "issued_at": seconds(2014, 7, 1, 23, 30), "status": "paid"},
	{"id": 3, "customer_id": 2, "issued_at": seconds(2013, 7, 1), "status": "open", "balance": "12.34"},
	{"id": 4, "customer_id": 1, "issued_at": seconds(2026, 12, 1), "status": "void"},
	{"id": 5, "customer_id": 98, "issued_at": seconds(2017, 7, 1), "status": "paid"},
]
INVOICE_ITEM = [
	{"id": 1, "invoice_id": 1, "service_id": 1, "period_start": "2026-11-10", "period_end": "2026-12-09"},
	{"id": 2, "invoice_id": 4, "service_id": 1, "period_start": "2026-12-10", "period_end": "2027-01-09"},
	{"id": 3, "invoice_id": 2, "service_id": 2, "period_start": "2014-07-01", "period_end": "2014-07-31"},
	{"id": 4, "invoice_id": 2, "service_id": 8},
	{"id": 5, "invoice_id": 2, "service_id": 12, "period_start": "2014-08-01", "period_end": "2014-07-01"},
]


def staged(site: Migrated) -> Migrated:
	site.plan(
		customer=CUSTOMER,
		delivery=DELIVERY,
		product=PRODUCT,
		service=SERVICE,
		invoice=INVOICE,
		invoice_item=INVOICE_ITEM,
	)
	return site


def everything(site: Migrated) -> dict[tuple[str, int], set[str]]:
	"""Run all steps of parties; the reasons found, by table and id."""
	found: dict[tuple[str, int], set[str]] = {}
	for files in (CUSTOMERS, (PLACES,), (ITEMS,), (SUBSCRIPTIONS,), ("900_series.sql",)):
		for outcome, table, number, reason in site.step(*files):
			found.setdefault((table, number), set()).add(f"{outcome} {reason}")
	return found


@pytest.fixture(scope="module")
def whole(databases: Sites) -> Iterator[tuple[Migrated, dict[tuple[str, int], set[str]]]]:
	with databases.site() as site:
		yield staged(site), everything(site)


@pytest.fixture
def brought(whole: tuple) -> Migrated:
	return whole[0]


@pytest.fixture
def findings(whole: tuple) -> dict[tuple[str, int], set[str]]:
	return whole[1]


def test_a_customer_keeps_all_that_was_known_of_him(brought: Migrated):
	row = brought.row("Customer", "CUST-0000001")
	assert {
		field: row[field] for field in ("customer_name", "customer_group", "customer_type", "language")
	} == {
		"customer_name": "Renée Côté-Roy",
		"customer_group": "Individual",
		"customer_type": "Individual",
		"language": "fr",
	}
	assert (row["legacy_id"], row["account_number"], row["stripe_customer_id"]) == ("1", "A-100", "cus_1")
	assert (row["email_id"], row["mobile_no"]) == ("renee@example.com", "+14385550143")
	assert row["creation"] == row["modified"] == datetime(2012, 3, 4, 21, 30)
	assert row["disabled"] == 0 and row["referral_code"] is None
	assert row["customer_details"].splitlines() == [
		"Chien & chat",
		"Nom au dossier : Renée Côté",
		"Courriels non valides : pas, une, adresse",
	]
	assert row["primary_address"].split("<br>\n") == [
		"12, rue de l'Église",
		"app. 3",
		"Laval",
		"QC",
		"H7A 1A1",
		"Canada",
	]


def test_a_closed_company_is_disabled_and_its_person_is_its_contact(brought: Migrated, findings: dict):
	row = brought.row("Customer", "CUST-0000002")
	assert (row["customer_name"], row["customer_group"], row["customer_type"]) == (
		"Ferme <Roy>",
		"Commercial",
		"Company",
	)
	assert row["disabled"] == 1 and row["language"] == "en"
	assert "Fermé le 2019-05-03" in row["customer_details"]
	assert "Téléphones non valides : 12345" in row["customer_details"]
	contact = brought.row("Contact", row["customer_primary_contact"])
	assert (contact["full_name"], contact["company_name"]) == ("Guy Roy", "Ferme <Roy>")
	assert row["customer_primary_address"] is None
	assert findings["customer", 2] == {
		"Repaired account_number_shared",
		"Repaired closed_with_balance",
		"Repaired phone_invalid",
		"Repaired undated",
	}


def test_a_nameless_customer_is_called_by_his_number_and_a_suspended_one_stays_enabled(
	brought: Migrated, findings: dict
):
	row = brought.row("Customer", "CUST-0000003")
	assert row["customer_name"] == "Client 3" and row["disabled"] == 0
	assert row["customer_primary_contact"] is None
	assert row["creation"] == datetime(2011, 1, 1)
	assert findings["customer", 3] == {"Repaired nameless", "Repaired undated"}


def test_an_undated_customer_is_as_old_as_his_earliest_document(brought: Migrated):
	assert brought.row("Customer", "CUST-0000004")["creation"] == datetime(2014, 7, 1, 23, 30)


def test_ids_of_more_than_seven_digits_keep_all_of_them(brought: Migrated):
	assert brought.row("Customer", "CUST-12345678")["customer_name"] == "Loin"


def test_customers_that_are_gone_have_a_closed_placeholder(brought: Migrated, findings: dict):
	for number in (98, 99):
		row = brought.row("Customer", f"CUST-{number:07}")
		assert row["customer_name"] == f"Client {number} (dossier disparu)" and row["disabled"] == 1
		assert findings["customer", number] == {"Repaired customer_gone"}


def test_a_contact_has_every_valid_address_and_number_as_erpnext_keeps_them(brought: Migrated):
	contact = brought.row("Contact", "CUST-0000001")
	assert contact["owner"] == "Administrator"
	assert (contact["first_name"], contact["last_name"], contact["full_name"]) == (
		"Renée",
		"Côté",
		"Renée Côté",
	)
	assert (contact["email_id"], contact["phone"], contact["mobile_no"]) == (
		"renee@example.com",
		"+15145550142",
		"+14385550143",
	)
	emails = brought.rows(
		'SELECT email_id, is_primary, idx FROM "tabContact Email" WHERE parent = %s ORDER BY idx',
		"CUST-0000001",
	)
	assert [tuple(row.values()) for row in emails] == [
		("renee@example.com", 1, 1),
		("deux@example.org", 0, 2),
	]
	phones = """
		SELECT phone, is_primary_phone, is_primary_mobile_no, idx FROM "tabContact Phone" WHERE parent = %s
		ORDER BY idx
	"""
	assert [tuple(row.values()) for row in brought.rows(phones, "CUST-0000001")] == [
		("+14385550143", 0, 1, 1),
		("+15145550142", 1, 0, 2),
	]
	assert [tuple(row.values()) for row in brought.rows(phones, "CUST-0000004")] == [
		("+15145550144", 1, 1, 1)
	]


def test_address_and_contact_are_tied_to_their_customer(brought: Migrated):
	links = brought.rows(
		'SELECT parent, parenttype, link_title FROM "tabDynamic Link" WHERE link_name = %s ORDER BY 2',
		"CUST-0000001",
	)
	assert [tuple(row.values()) for row in links] == [
		("CUST-0000001-Billing", "Address", "Renée Côté-Roy"),
		("CUST-0000001", "Contact", "Renée Côté-Roy"),
	]
	address = brought.row("Address", "CUST-0000001-Billing")
	assert (address["address_line1"], address["city"], address["is_primary_address"]) == (
		"12, rue de l'Église",
		"Laval",
		1,
	)


def test_places_keep_their_device_and_stand_on_their_customer(brought: Migrated, findings: dict):
	chalet = brought.row("Service Location", "SL-0000011")
	assert (chalet["location_name"], chalet["customer"]) == ("Chalet", "CUST-0000001")
	assert chalet["device_mac"] == "AA:BB:CC:DD:EE:FF" and chalet["latitude"] == Decimal("45.5")
	odd = brought.row("Service Location", "SL-0000012")
	assert (odd["location_name"], odd["device_mac"], odd["longitude"]) == ("9, rang 4", "N/A", 0)
	assert findings["delivery", 12] == {"Repaired mac_invalid", "Repaired coordinates_invalid"}
	closed = brought.row("Service Location", "SL-0000013")
	assert (closed["location_name"], closed["disabled"]) == ("Granby", 1)
	gone = brought.row("Service Location", "SL-0000014")
	assert (gone["location_name"], gone["customer"], gone["disabled"]) == ("14", "CUST-0000099", 1)
	assert findings["delivery", 14] == {"Repaired customer_gone"}


def test_items_have_codes_of_their_own_whatever_the_skus_were(brought: Migrated):
	found = brought.rows(
		'SELECT legacy_id, name, item_name, item_group FROM "tabItem" ORDER BY legacy_id::int'
	)
	assert [tuple(row.values()) for row in found] == [
		("0", "LEGACY", "Reprise de l'ancien système", "Autres"),
		("1", "NET-1", "Fibre", "Internet"),
		("2", "TEL-2", "Téléphone", "Téléphonie"),
		("3", "TEL-3", "Téléphone 2", "Téléphonie"),
		("4", "TEL-3-4", "Tricky", "Autres"),
		("5", "P-5", "Sans code", "Frais"),
		("6", "INST", "Installation", "Frais"),
	]
	fibre = brought.row("Item", "NET-1")
	assert (fibre["is_stock_item"], fibre["is_sales_item"], fibre["is_purchase_item"]) == (0, 1, 0)
	assert (fibre["stock_uom"], fibre["standard_rate"], fibre["item_name_en"]) == (
		"Nos",
		Decimal("59.95"),
		"Fibre line",
	)
	(default,) = brought.rows('SELECT * FROM "tabItem Default" WHERE parent = %s', "NET-1")
	assert (default["company"], default["income_account"], default["selling_cost_center"]) == (
		"TARGO",
		"Internet - T",
		"Main - T",
	)


def assert_nested(site: Migrated) -> None:
	"""The groups are a nested set: the bounds are 1 to 2n, and every group lies within its parent."""
	groups = site.rows('SELECT name, lft, rgt, parent_item_group FROM "tabItem Group"')
	bounds = sorted(bound for group in groups for bound in (group["lft"], group["rgt"]))
	assert bounds == list(range(1, 2 * len(groups) + 1))
	by_name = {group["name"]: group for group in groups}
	for group in groups:
		assert group["lft"] < group["rgt"]
		if parent := by_name.get(group["parent_item_group"]):
			assert parent["lft"] < group["lft"] and group["rgt"] < parent["rgt"]


def test_item_groups_are_a_nested_set(brought: Migrated, databases: Sites):
	assert_nested(brought)
	with databases.site() as site:
		site.run(
			"""
			INSERT INTO "tabItem Group" (name, item_group_name, parent_item_group, is_group, lft, rgt) VALUES
			('Tous les groupes', 'Tous les groupes', '', 1, 1, 6),
			('Services', 'Services', 'Tous les groupes', 0, 2, 3),
			('Frais', 'Frais', 'Tous les groupes', 0, 4, 5)
			"""
		)
		staged(site).step(ITEMS)
		assert_nested(site)
		(changed,) = site.rows("SELECT doctype, name, field, old_value, new_value FROM changed")
		assert tuple(changed.values()) == ("Item Group", "Tous les groupes", "rgt", "6", "12")


def test_an_item_that_was_there_is_used_as_it_is(databases: Sites):
	with databases.site() as site:
		site.run("INSERT INTO \"tabItem\" (name, item_code, item_name) VALUES ('NET-1', 'NET-1', 'Ours')")
		found = staged(site).step(ITEMS)
		assert ("Repaired", "product", 1, "item_was_there") in found
		assert (site.row("Item", "NET-1")["item_name"], site.row("Item", "NET-1")["legacy_id"]) == (
			"Ours",
			"1",
		)
		assert not site.rows("SELECT FROM added WHERE doctype = 'Item' AND name = 'NET-1'")
		assert site.rows(
			"SELECT old_value, new_value FROM changed WHERE doctype = 'Item' AND name = 'NET-1'"
		) == [{"old_value": None, "new_value": "1"}]
		assert site.step(ITEMS) == []


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


def test_a_second_run_changes_nothing(databases: Sites):
	with databases.site() as site:
		everything(staged(site))
		once, added = site.checksum(), site.rows("SELECT * FROM added")
		again = everything(staged(site))
		assert site.checksum() == once and site.rows("SELECT * FROM added") == added
		assert {reason for reasons in again.values() for reason in reasons} == {
			"Rejected delivery_gone",
			"Rejected product_gone",
			"Rejected not_recurring",
		}


def test_series_stand_past_every_name_and_never_go_back(databases: Sites):
	with databases.site() as site:
		site.run("INSERT INTO \"tabSeries\" (name, current) VALUES ('SL-', 9), ('SUB-', 500)")
		everything(staged(site))
		series = {row["name"]: row["current"] for row in site.rows('SELECT * FROM "tabSeries"')}
		assert series == {"CUST-": 12345678, "SL-": 14, "SUB-": 500}
		changed = site.rows(
			"SELECT name, old_value, new_value FROM changed WHERE doctype = 'Series' ORDER BY 1"
		)
		assert [tuple(row.values()) for row in changed] == [("CUST-", "0", "12345678"), ("SL-", "9", "14")]


def test_lines_can_be_handled_as_they_were_billed(rows: Callable[..., list[tuple]]):
	"""By the fraction, and below nothing; and each item in its own unit."""
	assert rows("""SELECT must_be_whole_number FROM "tabUOM" WHERE name = 'Nos'""") == [(0,)]
	assert rows("""SELECT value FROM "tabSingles" WHERE field = 'allow_negative_rates_for_items'""") == [
		("1",)
	]
	made, units = rows(
		"""SELECT count(DISTINCT name), count(uom) FROM gigafibre_migration.added
		LEFT JOIN (
			SELECT parent AS name, uom FROM "tabUOM Conversion Detail" WHERE conversion_factor = 1
		) AS unit USING (name) WHERE doctype = 'Item'"""
	)[0]
	assert made == units > 0


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
