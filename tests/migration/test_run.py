"""Runs: again, on, dry, side by side, refused."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path

import psycopg2
import pytest

from gigafibre_utils.errors import GigafibreError, InvalidInput, ServiceUnavailable
from gigafibre_utils.migration import target
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.run import Migration, Options
from gigafibre_utils.migration.target import Target
from tests.migration.checksums import checksums
from tests.migration.conftest import AS_OF, Migrated, Silent, migrate
from tests.patience import PATIENCE

# One after the other, and those of a row side by side, a run comes to write to these.
WRITTEN = (
	('"tabMigration Run"',),
	("gigafibre_migration.staged",),
	('"tabCustomer"',),
	('"tabSales Invoice Item"', '"tabCommunication"'),
	('"tabPayment Entry Reference"',),
	('"tabPayment Arrangement Instalment"',),
)
WAITING = """
	SELECT count(DISTINCT pid) FROM pg_locks
	WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))
"""


@pytest.fixture(scope="module")
def undisturbed(migrated: Migrated) -> dict[str, str]:
	"""The checksum of every table of a site that was migrated in one go."""
	return checksums(migrated.site_url)


def executed(site_url: str, statement: str) -> None:
	connection = psycopg2.connect(site_url)
	connection.autocommit = True
	connection.cursor().execute(statement)
	connection.close()


def begun(legacy_url: str, site_url: str, out: Path) -> subprocess.Popen:
	"""The migration as a process of its own."""
	command = [sys.executable, "-m", "gigafibre_utils.cli", "migrate", "run", "--create-missing"]
	command += ["--no-reconcile", "--as-of", AS_OF.isoformat(), "--out", str(out)]
	environment = os.environ | {"GIGAFIBRE_LEGACY": legacy_url, "GIGAFIBRE_ERP": site_url}
	return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_until_waiting(cursor: psycopg2.extensions.cursor, count: int) -> None:
	"""Until so many connections wait for locks of the cursor's."""
	deadline = time.monotonic() + PATIENCE
	while time.monotonic() < deadline:
		cursor.execute(WAITING)
		if cursor.fetchone()[0] == count:
			return
		time.sleep(0.05)
	raise AssertionError("The run never came to the tables that are locked.")


def test_a_run_that_is_killed_again_and_again_ends_in_the_same_rows(
	sample, new_site: Callable[[], str], out: Path, undisturbed: dict[str, str]
):
	site_url = new_site()
	for tables in WRITTEN:
		with closing(psycopg2.connect(site_url)) as other, other.cursor() as cursor:
			cursor.execute(f"LOCK TABLE {', '.join(tables)} IN SHARE MODE")
			process = begun(sample[0], site_url, out)
			wait_until_waiting(cursor, len(tables))
			process.kill()
			process.wait()
	migrate(sample[0], site_url)
	assert checksums(site_url) == undisturbed


def test_a_second_run_changes_nothing(sample, brought: str, undisturbed: dict[str, str]):
	outcome = migrate(sample[0], brought)
	assert checksums(brought) == undisturbed
	assert {step.step: step.rows_made for step in outcome.steps if step.rows_made} == {}


def test_a_dry_run_finds_the_same_and_keeps_nothing(sample, new_site: Callable[[], str], migrated: Migrated):
	site_url = new_site()
	before = checksums(site_url)
	outcome = migrate(sample[0], site_url, is_dry_run=True)
	assert outcome.findings == migrated.outcome.findings
	made = {step.step: step.rows_made for step in outcome.steps}
	assert made == {step.step: step.rows_made for step in migrated.outcome.steps}
	assert checksums(site_url) == before


def test_steps_one_by_one_end_as_all_at_once(
	sample, new_site: Callable[[], str], migrated: Migrated, undisturbed: dict[str, str]
):
	site_url = new_site()
	for step in migrated.outcome.steps:
		if not step.step.startswith(("stage_", "set_up", "plan", "advance")):
			migrate(sample[0], site_url, only=(step.step,))
	assert checksums(site_url) == undisturbed


def test_a_step_is_refused_before_those_that_it_stands_on(sample, new_site: Callable[[], str]):
	with pytest.raises(InvalidInput, match="import_payments needs import_invoices"):
		migrate(sample[0], new_site(), only=("payments",))


def test_a_step_that_is_none_is_told_with_those_that_are(sample, new_site: Callable[[], str]):
	with pytest.raises(InvalidInput, match=r"no step invoice; there are .*invoices"):
		migrate(sample[0], new_site(), only=("invoice",))


def test_a_run_that_is_not_finished_is_not_gone_on_with_as_another(sample, new_site: Callable[[], str]):
	site_url = new_site()
	executed(site_url, "ALTER TABLE \"tabGL Entry\" ADD CONSTRAINT none CHECK (voucher_no NOT LIKE 'SINV-%')")
	with pytest.raises(InvalidInput, match=r"import_invoices: .* refused it"):
		migrate(sample[0], site_url)
	with pytest.raises(
		InvalidInput,
		match=r"MIG-0001 is not finished, .* as migrate run --create-missing from .* --run 1",
	):
		migrate(sample[0], site_url, since=date(2020, 1, 1))
	executed(site_url, 'ALTER TABLE "tabGL Entry" DROP CONSTRAINT none')
	assert migrate(sample[0], site_url).run == "MIG-0001"


def test_a_lost_connection_is_told_and_the_run_goes_on(
	sample, new_site: Callable[[], str], undisturbed: dict[str, str]
):
	site_url = new_site()

	class Cutting(Silent):
		"""Ends every connection to the site when the invoices are begun."""

		def began(self, step: str) -> None:
			if step == "import_invoices":
				executed(
					site_url,
					"SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
					"WHERE datname = current_database() AND pid <> pg_backend_pid()",
				)

	asked = Options(as_of=AS_OF, create_missing=True)
	with pytest.raises(ServiceUnavailable, match=r"connection to .* was lost|does not answer"):
		Migration(Legacy(sample[0]), Target(site_url), asked, Cutting()).run()
	migrate(sample[0], site_url)
	assert checksums(site_url) == undisturbed


def test_two_migrations_at_once_are_one_too_many(
	sample, new_site: Callable[[], str], monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(target, "PATIENCE", 0)
	site_url = new_site()
	with Target(site_url).alone(), pytest.raises(InvalidInput, match="Another migration"):
		migrate(sample[0], site_url)


def test_customers_made_by_hand_with_a_legacy_id_are_told(sample, new_site: Callable[[], str]):
	site_url = new_site()
	executed(
		site_url,
		'UPDATE "tabCustomer" SET legacy_id = \'7\' WHERE name = (SELECT min(name) FROM "tabCustomer")',
	)
	with pytest.raises(InvalidInput, match="have a legacy ID already"):
		migrate(sample[0], site_url)


def test_what_the_books_lack_is_told_before_anything_is_written(sample, new_site: Callable[[], str]):
	site_url = new_site()
	before = checksums(site_url)
	with pytest.raises(InvalidInput, match=r"lacks .*the fiscal year 2011.*--create-missing"):
		migrate(sample[0], site_url, create_missing=False)
	assert checksums(site_url) == before


@pytest.mark.parametrize(
	("change", "told"),
	[
		('UPDATE "tabCompany" SET default_receivable_account = NULL', "no default receivable account"),
		("UPDATE \"tabCompany\" SET default_bank_account = ''", "no default bank account"),
		('DROP TABLE "tabMigration Run"', "gigafibre_utils is not installed"),
		('DROP TABLE "tabPayment Arrangement"', "or not migrated to this version: no table"),
		('DROP TABLE "tabGL Entry"', "is no ERPNext site"),
	],
)
def test_a_site_that_is_not_fit_is_told(change: str, told: str, sample, new_site: Callable[[], str]):
	site_url = new_site()
	executed(site_url, change)
	with pytest.raises(InvalidInput, match=told):
		migrate(sample[0], site_url)


def test_a_company_that_is_not_there_is_told(sample, new_site: Callable[[], str]):
	with pytest.raises(InvalidInput, match="no company Autre; it has TARGO"):
		migrate(sample[0], new_site(), company="Autre")


@pytest.mark.parametrize(
	("legacy", "told"),
	[
		("mysql://nobody:wrong@127.0.0.1:1/gestionclient", "does not answer"),
		("mysql://nobody@127.0.0.1:port/gestionclient", "must be given as mysql://"),
		("postgresql://nobody@localhost/gestionclient", "must be given as mysql://"),
	],
)
def test_a_legacy_database_that_cannot_be_reached_is_told(
	legacy: str, told: str, new_site: Callable[[], str]
):
	with pytest.raises(GigafibreError, match=told) as refused:
		migrate(legacy, new_site())
	assert "wrong" not in str(refused.value)


def test_a_wrong_password_is_told_and_not_shown(sample, new_site: Callable[[], str]):
	user, _, rest = sample[0].partition("@")
	with pytest.raises(InvalidInput, match="refuses the user") as refused:
		migrate(f"{user}secret@{rest}", new_site())
	assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
	("change", "told"),
	[
		("DROP TABLE invoice_tax", "has no table invoice_tax that its user may read"),
		("ALTER TABLE invoice DROP COLUMN reversal_of", "invoice has no column reversal_of"),
		("ALTER TABLE invoice MODIFY issued_at DATETIME", "invoice.issued_at is of type datetime"),
	],
)
def test_another_schema_is_told_before_anything_is_written(
	change: str, told: str, mariadb, new_site: Callable[[], str]
):
	legacy = mariadb.new_database(f"other_{abs(hash(change))}")
	connection = Legacy(legacy).connect()
	schema = Path(sys.modules["gigafibre_utils.migration.sample"].__file__).with_name("legacy_schema.sql")
	with connection.cursor() as cursor:
		cursor.execute("SET sql_mode = ''")
		for statement in schema.read_text().split(";\n"):
			if statement.strip():
				cursor.execute(statement)
		cursor.execute(change)
	connection.close()
	site_url = new_site()
	before = checksums(site_url)
	with pytest.raises(InvalidInput, match=told):
		migrate(legacy, site_url)
	assert checksums(site_url) == before


@pytest.mark.parametrize(
	("erp", "told"),
	[
		("postgresql://nobody:secret@127.0.0.1:1/erp", "does not answer"),
		("mysql://nobody@127.0.0.1/erp", "must be given as postgresql://"),
	],
)
def test_a_site_that_cannot_be_reached_is_told(erp: str, told: str, sample):
	with pytest.raises(GigafibreError, match=told) as refused:
		migrate(sample[0], erp)
	assert "secret" not in str(refused.value)
