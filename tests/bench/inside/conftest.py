"""A site of a bench, looked at from inside: these tests run in the bench's own Python.

In the bench's folder: `env/bin/python -m pytest apps/gigafibre_utils/tests/bench/inside --bench-site …`.
Every test is rolled back.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, chdir, contextmanager
from types import ModuleType

import pytest

Without = Callable[[str], AbstractContextManager[None]]


@pytest.fixture(scope="session")
def opened(request: pytest.FixtureRequest) -> Iterator[ModuleType]:
	"""Frappe, connected to the site; skips where the options name none."""
	name = request.config.getoption("bench_site")
	if not name:
		pytest.skip("runs inside a bench: name its site by --bench-site")
	import frappe

	from gigafibre_utils.postgres.fixes import FIXES

	FIXES.await_postgres()
	with chdir(request.config.getoption("bench_sites")):
		frappe.init(name)
		frappe.connect()
		yield frappe
		frappe.destroy()


@pytest.fixture
def frappe(opened: ModuleType) -> Iterator[ModuleType]:
	"""Frappe as Administrator; what the test writes is undone."""
	opened.set_user("Administrator")
	yield opened
	opened.db.rollback()
	opened.local.message_log = []


@pytest.fixture
def refused_without(frappe: ModuleType) -> Without:
	"""`with refused_without(target):` — PostgreSQL refuses what the block does while that fix is off."""
	import psycopg2

	from gigafibre_utils.postgres.fixes import FIXES

	@contextmanager
	def refused(target: str) -> Iterator[None]:
		FIXES.states()
		frappe.db.savepoint("without")
		refusals = psycopg2.ProgrammingError, psycopg2.DataError, psycopg2.NotSupportedError
		with FIXES.without(target), pytest.raises(refusals):
			yield
		frappe.db.rollback(save_point="without")

	return refused


@pytest.fixture
def as_upstream(frappe: ModuleType) -> Without:
	"""`with as_upstream(target):` — that fix is off; what the block writes or breaks is undone."""
	from gigafibre_utils.postgres.fixes import FIXES

	@contextmanager
	def off(target: str) -> Iterator[None]:
		FIXES.states()
		frappe.db.savepoint("as_upstream")
		with FIXES.without(target):
			yield
		frappe.db.rollback(save_point="as_upstream")

	return off
