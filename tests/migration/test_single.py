"""Payments of an acquired company and coordinates from Mapbox, as an engineer brings them in."""

import codecs
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration import geocode
from gigafibre_utils.migration.command import migrate
from gigafibre_utils.migration.target import Target
from gigafibre_utils.migration.undo import undo
from tests.doubles.mapbox import TOKEN, Known, MapboxDouble, served
from tests.migration import conftest
from tests.migration.checksums import checksums
from tests.migration.test_undo import asked, executed
from tests.patience import PATIENCE

SCRIPTS = Path(__file__).parents[2] / "scripts" / "migration"
AS_OF = "2026-11-21"
OWN = ("tabMigration Run", "tabMigration Run Step", "tabMigration Finding")
CUSTOMER = """
	INSERT INTO "tabCustomer" (name, customer_name, account_number) VALUES
		('CUST-A1', 'Ève Roy', 'A-100'), ('CUST-A2', 'Ferme Roy', 'A-200')
"""
PLACED = 'UPDATE "tabService Location" SET latitude = 44, longitude = -73'
PLACE = """
	INSERT INTO "tabService Location" (name, location_name, address_line1, city, legacy_delivery_id, disabled)
	VALUES (%s, 'x', %s, 'Laval', %s, %s)
"""


@pytest.fixture
def site_url(new_site: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
	"""A site with two customers more; reports go where the test may read them."""
	monkeypatch.chdir(tmp_path)
	url = new_site()
	executed(url, CUSTOMER)
	executed(url, PLACED)
	return url


@pytest.fixture
def payments(tmp_path: Path) -> Path:
	path = tmp_path / "expro.csv"
	path.write_text(
		"Date;Numéro de compte;Montant;Mode;Référence\n"
		"2024-01-31;A-100;1 234,56;Carte;CH-9\n"
		"2019-03-25;A-200;50,00 $;Comptant;\n"
		"2024-02-01;A-300;10,00;Chèque;12\n"
	)
	return path


@pytest.fixture
def mapbox() -> Iterator[MapboxDouble]:
	with served() as double:
		yield double


def told(*arguments: object) -> Result:
	return CliRunner().invoke(migrate, [str(argument) for argument in arguments])


def brought(site_url: str, path: Path, *options: str) -> Result:
	return told("import-expro-payments", path, "--erp", site_url, "--as-of", AS_OF, *options)


def documents(site_url: str) -> dict[str, str]:
	"""Checksums of all but the record of runs."""
	return {table: checksum for table, checksum in checksums(site_url).items() if table not in OWN}


def runs(site_url: str) -> list[tuple]:
	return asked(site_url, 'SELECT name, status, legacy, error FROM "tabMigration Run" ORDER BY name')


def geocoded(site_url: str, mapbox: MapboxDouble, token: str = TOKEN) -> Result:
	asking = ("--erp", site_url, "--token", token, "--endpoint", mapbox.url, "--per-second", 1000)
	return told("geocode-locations", *asking)


def test_payments_of_a_file_stand_in_the_books_and_in_the_run(site_url: str, payments: Path, tmp_path: Path):
	result = brought(site_url, payments, "--create-missing")
	assert result.exit_code == 0, result.output
	assert "account_unknown" in result.output
	assert asked(
		site_url,
		"SELECT party, posting_date::text, paid_amount::float, mode_of_payment, reference_no "
		"FROM \"tabPayment Entry\" WHERE name LIKE 'EXPRO-%' AND docstatus = 1 "
		"AND unallocated_amount = paid_amount ORDER BY 1",
	) == [
		("CUST-A1", "2024-01-31", 1234.56, "Credit Card", "CH-9"),
		("CUST-A2", "2019-03-25", 50, "Cash", _name_of_second(site_url)),
	]
	assert asked(
		site_url,
		"SELECT sum(debit)::float, sum(credit)::float, count(*), count(DISTINCT fiscal_year) "
		"FROM \"tabGL Entry\" WHERE voucher_no LIKE 'EXPRO-%'",
	) == [(1284.56, 1284.56, 4, 2)]
	assert asked(
		site_url, "SELECT sum(amount)::float FROM \"tabPayment Ledger Entry\" WHERE voucher_no LIKE 'EXPRO-%'"
	) == [(-1284.56,)]
	assert runs(site_url) == [("MIG-0001", "Done", "expro.csv", None)]
	assert asked(
		site_url, 'SELECT legacy_table, legacy_id, reason FROM "tabMigration Finding" ORDER BY legacy_id'
	) == [("expro", "4", "account_unknown")]
	assert asked(site_url, 'SELECT rows_read, rejected, status FROM "tabMigration Run Step"') == [
		(3, 1, "Done")
	]
	(rejects,) = tmp_path.glob("out/*/rejects/import_expro_payments.csv")
	assert "A-300" in rejects.read_text(encoding="utf-8-sig")
	assert rejects.read_bytes().startswith(codecs.BOM_UTF8)  # else Excel shows accents as something else
	assert rejects.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("lines", ["", "tomorrow;A-100;10;Carte;1\n", "2026-11-22;A-100;10;Carte;1\n"])
def test_a_file_without_a_payment_that_counts_is_done_with(site_url: str, payments: Path, lines: str):
	payments.write_text("Date;Compte;Montant;Mode;Référence\n" + lines)
	result = brought(site_url, payments)
	assert result.exit_code == 0, result.output
	assert runs(site_url) == [("MIG-0001", "Done", "expro.csv", None)]
	assert asked(site_url, "SELECT count(*) FROM \"tabPayment Entry\" WHERE name LIKE 'EXPRO-%'") == [(0,)]


def _name_of_second(site_url: str) -> str:
	((name,),) = asked(site_url, "SELECT name FROM \"tabPayment Entry\" WHERE party = 'CUST-A2'")
	return name


def test_the_same_file_twice_changes_nothing_but_the_list_of_runs(site_url: str, payments: Path):
	brought(site_url, payments, "--create-missing")
	before = documents(site_url)
	assert brought(site_url, payments).exit_code == 0
	assert documents(site_url) == before
	assert [(name, status) for name, status, *_ in runs(site_url)] == [
		("MIG-0001", "Done"),
		("MIG-0002", "Done"),
	]


def test_a_dry_run_tells_the_same_and_keeps_nothing(site_url: str, payments: Path):
	before = checksums(site_url)
	result = brought(site_url, payments, "--create-missing", "--dry-run")
	assert result.exit_code == 0, result.output
	assert "account_unknown" in result.output and "nothing was kept" in result.output
	assert checksums(site_url) == before


def test_undo_leaves_what_was_there_before(site_url: str, payments: Path):
	before = documents(site_url)
	brought(site_url, payments, "--create-missing")
	assert documents(site_url) != before
	undo(Target(site_url), 1)
	assert documents(site_url) == before


def test_what_the_site_lacks_is_told_before_anything_is_written(site_url: str, payments: Path):
	before = checksums(site_url)
	result = brought(site_url, payments)
	assert result.exit_code == 1
	assert "fiscal year 2019" in result.output and "--create-missing creates what it lacks" in result.output
	# A line that is no payment asks for nothing.
	assert "2001" not in result.output
	assert checksums(site_url) == before
	payments.write_text("Date;Montant\n2024-01-31;5\n")
	assert "has none of the columns account, method, reference" in brought(site_url, payments).output
	assert checksums(site_url) == before


def test_a_run_that_failed_stands_in_nobodys_way(site_url: str, payments: Path, sample):
	executed(site_url, 'ALTER TABLE "tabPayment Ledger Entry" ADD CONSTRAINT no CHECK (amount > -1000)')
	before = documents(site_url)
	result = brought(site_url, payments, "--create-missing")
	assert result.exit_code == 1 and len(result.output.strip().splitlines()) == 1
	assert documents(site_url) == before
	((name, status, _, error),) = runs(site_url)
	assert (name, status) == ("MIG-0001", "Failed") and "violates check constraint" in error
	assert conftest.migrate(sample[0], site_url, only=("items",)).run == "MIG-0002"
	executed(site_url, 'ALTER TABLE "tabPayment Ledger Entry" DROP CONSTRAINT no')
	assert brought(site_url, payments, "--create-missing").exit_code == 0
	assert runs(site_url)[0] == ("MIG-0001", "Done", "expro.csv", None)


def test_a_migration_that_is_not_finished_is_left_as_it_is(site_url: str, payments: Path, sample):
	executed(site_url, "ALTER TABLE \"tabItem\" ADD CONSTRAINT no CHECK (name = '') NOT VALID")
	with pytest.raises(InvalidInput):
		conftest.migrate(sample[0], site_url)
	assert brought(site_url, payments, "--create-missing").exit_code == 0
	assert [(name, status) for name, status, *_ in runs(site_url)] == [
		("MIG-0001", "Failed"),
		("MIG-0002", "Done"),
	]
	assert asked(site_url, "SELECT as_of FROM gigafibre_migration.books") == [(conftest.AS_OF,)]
	executed(site_url, 'ALTER TABLE "tabItem" DROP CONSTRAINT no')
	assert conftest.migrate(sample[0], site_url).run == "MIG-0001"


def test_a_migrated_customer_is_found_by_the_account_number(migrated, new_site, sample, tmp_path: Path):
	site_url = new_site()
	conftest.migrate(sample[0], site_url, only=("customers",))
	found = asked(
		site_url,
		"SELECT min(name), account_number FROM \"tabCustomer\" WHERE account_number <> '' "
		"GROUP BY account_number ORDER BY count(*) DESC, 1",
	)
	(_, shared), (customer, own) = found[0], found[-1]
	path = tmp_path / "expro.csv"
	path.write_text(
		"date,account number,amount,method,reference\n"
		f"2024-01-31,{own},5.00,card,1\n2024-01-31,{shared},5.00,card,1\n"
	)
	assert brought(site_url, path, "--create-missing").exit_code == 0
	assert asked(site_url, "SELECT party FROM \"tabPayment Entry\" WHERE name LIKE 'EXPRO-%'") == [
		(customer,)
	]
	assert asked(
		site_url, "SELECT reason FROM \"tabMigration Finding\" WHERE step = 'import_expro_payments'"
	) == [("account_ambiguous",)]


def test_places_get_their_coordinates_and_undo_takes_them_away(site_url: str, mapbox: MapboxDouble):
	executed(site_url, PLACE, "SL-0000001", "12 rue de l'Église", "1", 0)
	executed(site_url, PLACE, "SL-0000002", "9 rang du Moulin", "2", 0)
	executed(site_url, PLACE, "SL-0000003", "1 rue Fermée", "3", 1)
	before = documents(site_url)
	mapbox.known["12 rue de l'Église"] = Known(45.6066487, -73.7124043)
	result = geocoded(site_url, mapbox)
	assert result.exit_code == 0, result.output
	assert "not_found" in result.output
	assert asked(
		site_url, 'SELECT latitude::text, longitude::text FROM "tabService Location" WHERE latitude > 45'
	) == [("45.606648700", "-73.712404300")]
	assert {question["address_line1"] for question in mapbox.asked} == {
		"12 rue de l'Église",
		"9 rang du Moulin",
	}
	assert runs(site_url) == [("MIG-0001", "Done", "Mapbox", None)]
	undo(Target(site_url), 1)
	assert documents(site_url) == before


def test_a_token_that_is_refused_is_one_sentence_without_it(site_url: str, mapbox: MapboxDouble):
	executed(site_url, PLACE, "SL-0000001", "12 rue de l'Église", "1", 0)
	result = geocoded(site_url, mapbox, "pk.a-secret-of-mine")
	assert result.exit_code == 1 and len(result.output.strip().splitlines()) == 1
	assert "refuses the access token" in result.output
	((_, status, _, error),) = runs(site_url)
	assert status == "Failed" and error in result.output
	kept = asked(site_url, 'SELECT arguments, versions, error FROM "tabMigration Run"')
	assert "pk.a-secret-of-mine" not in result.output + json.dumps(kept)
	assert geocoded(site_url, mapbox).exit_code == 0
	assert runs(site_url) == [("MIG-0001", "Done", "Mapbox", None)]


class Held(dict[str, Known]):
	"""What Mapbox knows, and tells of two questions after the first checkpoint, but no more until let go."""

	def __init__(self) -> None:
		super().__init__()
		self.asked = 0
		self.is_waited_for, self.let_go = threading.Event(), threading.Event()

	def get(self, street: str, default: Known | None = None) -> Known | None:
		self.asked += 1
		if self.asked > geocode.CHECKPOINT + 2:
			self.is_waited_for.set()
			assert self.let_go.wait(PATIENCE)
		return super().get(street, default)


def test_one_that_is_killed_goes_on_and_asks_nothing_twice(site_url: str, mapbox: MapboxDouble):
	places = 3 * geocode.CHECKPOINT
	mapbox.known = held = Held()
	for number in range(1, places + 1):
		executed(site_url, PLACE, f"SL-{number:07d}", f"{number} rue Principale", str(number), 0)
		mapbox.known[f"{number} rue Principale"] = Known(45 + number / 100, -73.5)
	script = [sys.executable, SCRIPTS / "geocode_locations.py", "--erp", site_url]
	process = subprocess.Popen(
		[*script, "--endpoint", mapbox.url, "--per-second", "1000"],
		env=os.environ | {"MAPBOX_TOKEN": TOKEN},
		stdout=subprocess.DEVNULL,
		stderr=subprocess.DEVNULL,
	)
	assert held.is_waited_for.wait(PATIENCE)
	process.send_signal(signal.SIGKILL)
	process.wait()
	held.let_go.set()
	killed_at = len(mapbox.asked)
	assert runs(site_url)[0][1] == "Running"
	assert geocoded(site_url, mapbox).exit_code == 0
	assert len(mapbox.asked) <= places + killed_at % geocode.CHECKPOINT
	assert runs(site_url) == [("MIG-0001", "Done", "Mapbox", None)]
	assert asked(site_url, 'SELECT count(*) FROM "tabService Location" WHERE latitude > 45') == [(places,)]
