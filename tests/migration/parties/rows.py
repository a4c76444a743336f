"""Customers, places, items and subscriptions as legacy rows with every trap, and their steps."""

from tests.migration.by_hand import Migrated, seconds

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
