"""The compact description of ERPNext's tables says what a real site has."""

import os
import re
from pathlib import Path

import pytest

from gigafibre_utils.embedded import schema

DUMP = Path(os.environ.get("ERPNEXT_SCHEMA", Path(__file__).parents[3] / "shared" / "erpnext" / "schema.sql"))
STANDARD = {"name", "creation", "modified", "modified_by", "owner", "docstatus", "idx"}
# Tables of which the description holds what the host needs, and the dump nothing.
NOT_DUMPED = (
	"User",
	"Has Role",
	"Portal User",
	"Issue Priority",
	"Issue Type",
	"Property Setter",
	"UOM Conversion Detail",
)
COMMON = STANDARD | {"parent", "parentfield", "parenttype", "_user_tags", "_comments", "_assign", "_liked_by"}


def _dumped_tables() -> dict[str, dict[str, str]]:
	found = {}
	for doctype, body in re.findall(
		r'CREATE TABLE public\."tab([^"]+)" \((.*?)\n\);', DUMP.read_text(), re.S
	):
		columns = re.findall(r"^\s+\"?(\w+)\"? (.+?),?$", body, re.M)
		found[doctype] = {name: _kind(declared) for name, declared in columns if name not in COMMON}
	return found


def _kind(declared: str) -> str:
	declared = re.sub(r'CONSTRAINT "[^"]+" | NOT NULL| DEFAULT .*| without time zone|\s+UNIQUE', "", declared)
	return declared.replace("character varying", "varchar").strip()


@pytest.mark.skipif(not DUMP.exists(), reason="a dump of a real site's schema is not on this machine")
def test_described_tables_have_exactly_the_columns_and_types_of_a_real_site():
	dumped = _dumped_tables()
	described = {t.doctype: t for t in schema._described() if t.doctype not in NOT_DUMPED}
	assert described
	for doctype, description in described.items():
		assert {column.name: _kind(column.type) for column in description.columns} == dumped[doctype], doctype


def test_own_doctypes_and_custom_fields_become_columns():
	tables = schema.tables()
	assert "payload" in {column.name for column in tables["Stripe Event"].columns}
	intent = [c for c in tables["Payment Entry"].columns if c.name == "stripe_payment_intent"]
	assert intent[0].unique
