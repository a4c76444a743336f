"""Every fix stands, and mends what PostgreSQL refuses without it."""

from types import ModuleType

import pytest

from gigafibre_utils.postgres.fix import FixState
from gigafibre_utils.postgres.fixes import FIXES
from tests.bench.inside.conftest import Without


def test_every_fix_finds_what_it_knows(frappe: ModuleType):
	assert [state for state in FIXES.states() if state.state != "applied"] == []


def test_connections_read_what_is_committed(frappe: ModuleType):
	assert frappe.db.sql("SHOW transaction_isolation") == (("read committed",),)


def test_an_aggregate_is_not_ordered_by_default(frappe: ModuleType, refused_without: Without):
	def count() -> int:
		return frappe.get_all("Sales Invoice", fields=[{"COUNT": "name", "as": "n"}])[0].n

	with refused_without("frappe.database.query:Engine.apply_order_by"):
		count()
	assert count() == frappe.db.sql('SELECT count(*) FROM "tabSales Invoice"')[0][0]


def test_a_fix_that_stepped_aside_is_told_once(frappe: ModuleType, monkeypatch: pytest.MonkeyPatch):
	from gigafibre_utils.postgres.load import tell_of_fixes_aside

	aside = FixState(
		"erpnext.somewhere:moved", "It is refused.", "stepped aside", "'if(' stands there 0 times."
	)
	monkeypatch.setattr(FIXES, "states", lambda: [aside, FixState("erpnext.elsewhere:there", "", "applied")])
	title = "PostgreSQL fix stepped aside: erpnext.somewhere:moved"
	for _ in range(2):
		tell_of_fixes_aside()
	(log,) = frappe.get_all("Error Log", {"method": title}, ["error"])
	assert log.error == "It is refused.\n'if(' stands there 0 times."
	assert not frappe.db.exists("Error Log", {"method": ["like", "%erpnext.elsewhere%"]})
