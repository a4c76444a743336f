"""Places of service as legacy rows with every trap make them."""

from decimal import Decimal

from tests.migration.by_hand import Migrated


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
