"""The doctor of a site, by its functions, its page and its command."""

import json
import subprocess
import sys
from collections.abc import Callable
from types import ModuleType

import pytest

from gigafibre_utils.postgres.indexes import Lack, Wish

PARENT = Wish("tabSales Invoice Item", ("parent",))


def run(frappe: ModuleType, statement: str) -> None:
	"""A change of the schema, for every connection to see."""
	frappe.db.sql_ddl(statement)
	frappe.db.commit()


@pytest.fixture
def command(request: pytest.FixtureRequest) -> Callable[..., subprocess.CompletedProcess]:
	"""`bench gigafibre postgres-doctor …` in a process of its own."""

	def call(*arguments: str) -> subprocess.CompletedProcess:
		site = request.config.getoption("bench_site")
		bench = [sys.executable, "-m", "frappe.utils.bench_helper", "frappe", "--site", site]
		return subprocess.run(
			[*bench, "gigafibre", "postgres-doctor", *arguments], capture_output=True, text=True, timeout=100
		)

	return call


@pytest.fixture
def without_parent(frappe: ModuleType) -> None:
	"""One index is lacking."""
	from gigafibre_utils.postgres import doctor

	doctor.mend()
	run(frappe, f'DROP INDEX "{PARENT.names[0]}"')


def test_a_mended_site_lacks_nothing(frappe: ModuleType):
	from gigafibre_utils.postgres import doctor

	doctor.mend()
	report = doctor.examine()
	assert report.tables == []
	assert report.is_healthy
	assert json.loads(json.dumps(report.as_json()))["is_healthy"] is True


def test_what_is_missing_is_told_with_what_it_costs(frappe: ModuleType, without_parent: None):
	from gigafibre_utils.postgres import doctor

	report = doctor.examine()
	(table,) = report.tables
	assert (table.table, [lack["columns"] for lack in table.lacks]) == (PARENT.table, [PARENT.columns])
	assert table.bytes > 0
	assert table.scans > 0
	assert not report.is_healthy


def test_a_stricter_isolation_is_not_healthy(frappe: ModuleType):
	from gigafibre_utils.postgres import doctor

	doctor.mend()
	frappe.db.rollback()
	frappe.db.sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
	report = doctor.examine()
	assert report.database.isolation == "repeatable read"
	assert not report.is_healthy


def test_a_fix_that_stepped_aside_is_not_healthy(frappe: ModuleType, monkeypatch: pytest.MonkeyPatch):
	from gigafibre_utils.postgres import doctor
	from gigafibre_utils.postgres.fix import FixState
	from gigafibre_utils.postgres.fixes import FIXES

	doctor.mend()
	aside = FixState("erpnext:f", "It speaks MariaDB.", "stepped aside", "There is no such function.")
	monkeypatch.setattr(FIXES, "states", lambda: [aside])
	report = doctor.examine()
	assert not report.is_healthy
	assert report.fixes[0]["detail"] == "There is no such function."


def test_a_fix_that_upstream_made_itself_is_healthy(frappe: ModuleType, monkeypatch: pytest.MonkeyPatch):
	from gigafibre_utils.postgres import doctor
	from gigafibre_utils.postgres.fix import FixState
	from gigafibre_utils.postgres.fixes import FIXES

	doctor.mend()
	mended = FixState("erpnext:f", "It spoke MariaDB.", "mended upstream")
	monkeypatch.setattr(FIXES, "states", lambda: [mended])
	assert doctor.examine().is_healthy


def test_a_query_report_that_moved_is_not_healthy(frappe: ModuleType):
	from gigafibre_utils.postgres import doctor

	doctor.mend()
	frappe.db.set_value("Report", "Trial Balance (Simple)", "query", "select something_else")
	report = doctor.examine()
	assert not report.is_healthy
	(moved,) = [fix for fix in report.fixes if fix["state"] == "stepped aside"]
	assert moved["target"] == "Report: Trial Balance (Simple)"


def test_big_indexes_that_nobody_reads_are_told(frappe: ModuleType, monkeypatch: pytest.MonkeyPatch):
	from gigafibre_utils.postgres import doctor

	name = "tabSales Invoice_scio_idx"
	doctor.mend()
	assert name not in {index.name for index in doctor.examine().unused}
	monkeypatch.setattr(doctor, "BIG", 1)
	run(frappe, 'ALTER TABLE "tabSales Invoice" ADD COLUMN scio varchar(140)')
	try:
		run(frappe, f'CREATE INDEX "{name}" ON "tabSales Invoice" (scio)')
		unused = {index.name: index for index in doctor.examine().unused}
		assert not unused[name].is_asked_for
	finally:
		run(frappe, 'ALTER TABLE "tabSales Invoice" DROP COLUMN scio')


@pytest.mark.parametrize("method", ["report", "mend"])
def test_the_page_is_for_system_managers(frappe: ModuleType, method: str):
	from gigafibre_utils.gigafibre_utils.page.postgres_doctor import postgres_doctor as page

	frappe.set_user("Guest")
	with pytest.raises(frappe.PermissionError):
		getattr(page, method)()


def test_the_page_tells_what_the_job_did(frappe: ModuleType, without_parent: None):
	from gigafibre_utils.gigafibre_utils.page.postgres_doctor import postgres_doctor as page

	assert page.report()["tables"]
	page.mend_now()
	report = page.report()
	assert report["tables"] == []
	assert report["mended"] == {"done": {"missing": 1}, "refused": [], "is_busy": False}


def test_the_page_tells_what_was_refused_and_when_another_was_at_it(
	frappe: ModuleType, without_parent: None, monkeypatch: pytest.MonkeyPatch
):
	from gigafibre_utils.errors import ServiceUnavailable
	from gigafibre_utils.gigafibre_utils.page.postgres_doctor import postgres_doctor as page
	from gigafibre_utils.postgres.catalogue import DUPLICATES, Catalogue, Outcome

	def busy(*_) -> list[Outcome]:
		raise ServiceUnavailable("Busy.")

	refused = [Outcome(Lack(PARENT, PARENT.names[0]), DUPLICATES)]
	monkeypatch.setattr(Catalogue, "mend", lambda *_: refused)
	page.mend_now()
	(told,) = page.report()["mended"]["refused"]
	assert (told["table"], told["refusal"]) == (PARENT.table, "There are rows with equal values.")
	monkeypatch.setattr(Catalogue, "mend", busy)
	page.mend_now()
	assert page.report()["mended"]["is_busy"]


def test_without_postgresql_the_page_has_nothing_to_tell(frappe: ModuleType, monkeypatch: pytest.MonkeyPatch):
	from gigafibre_utils.gigafibre_utils.page.postgres_doctor import postgres_doctor as page

	monkeypatch.setattr(frappe.local.db, "db_type", "mariadb")
	assert page.report() is None


def test_the_commands_exit_status_says_whether_the_site_is_healthy(
	frappe: ModuleType, without_parent: None, command: Callable[..., subprocess.CompletedProcess]
):
	ill = command()
	assert ill.returncode == 1, ill.stderr
	assert "Sales Invoice Item" in ill.stdout
	assert "Not healthy." in ill.stdout
	mended = command("--fix", "--json")
	assert mended.returncode == 0, mended.stderr
	report = json.loads(mended.stdout)
	assert (report["is_healthy"], report["tables"], report["refused"]) == (True, [], [])
	well = command()
	assert well.returncode == 0, well.stderr
	assert "Healthy." in well.stdout
