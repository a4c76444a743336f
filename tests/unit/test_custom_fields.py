"""What the app adds to ERPNext's DocTypes can be added, told apart and taken back."""

import json
import re
from pathlib import Path

from gigafibre_utils.custom_fields import CUSTOM_FIELDS, CUSTOMIZATIONS
from gigafibre_utils.embedded import schema
from gigafibre_utils.printing.pdf_hook import GENERATOR

DOCTYPES = Path(schema.__file__).parents[1] / "gigafibre_utils" / "doctype"
FIELDS = [(doctype, field) for doctype, fields in CUSTOM_FIELDS.items() for field in fields]


def own(doctype: str) -> dict:
	name = doctype.lower().replace(" ", "_")
	return json.loads((DOCTYPES / name / f"{name}.json").read_text())


def test_every_field_says_what_and_where_it_is():
	for doctype, field in FIELDS:
		assert {"fieldname", "label", "fieldtype", "insert_after"} <= set(field), (doctype, field)
		assert re.fullmatch(r"[a-z_]+", field["fieldname"])


def test_no_field_of_ours_hides_one_of_erpnext():
	theirs = {table.doctype: {column.name for column in table.columns} for table in schema._described()}
	for doctype, field in FIELDS:
		assert field["fieldname"] not in theirs[doctype], f"{doctype} has {field['fieldname']} itself"


def test_what_is_unique_can_be_empty():
	"""Text that is not given is NULL, of which there may be many; a number would be 0."""
	service_location = own("Service Location")["fields"]
	unique = [field for _, field in FIELDS if field.get("unique")]
	unique += [field for field in service_location if field.get("unique")]
	assert {field["fieldname"] for field in unique} >= {
		"legacy_id",
		"legacy_delivery_id",
		"referral_code",
		"stripe_payment_intent",
	}
	for field in unique:
		assert field["fieldtype"] == "Data" and field["read_only"] and field["no_copy"]


def test_the_pdf_generator_that_is_offered_is_the_one_that_answers():
	assert CUSTOMIZATIONS["Print Format"]["options"] == {"pdf_generator": GENERATOR}


def test_a_service_location_has_room_for_what_the_old_system_knew():
	fields = {field["fieldname"]: field for field in own("Service Location")["fields"]}
	assert {"latitude", "longitude", "device_mac", "device_serial", "legacy_delivery_id"} <= set(fields)
	assert fields["device_mac"]["search_index"]
