"""Customers, their contacts and addresses, as legacy rows with every trap make them."""

from datetime import datetime

from tests.migration.by_hand import Migrated


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
