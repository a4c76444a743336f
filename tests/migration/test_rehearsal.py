"""A rehearsal as an engineer makes it: migrated, compared, an invoice opened on the pay page and printed."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import psycopg2
import pytest
import requests
from pypdfium2 import PdfDocument

from gigafibre_utils.embedded.mariadb import MariadbServer
from gigafibre_utils.embedded.rehearsal import addresses_of_migrated, migrate_into
from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.run import Options
from tests.migration.conftest import AS_OF
from tests.patience import PATIENCE

STEPS = Path(__file__).parents[2] / "scripts" / "migration"


@pytest.fixture(scope="module")
def running(sample, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHost]:
	"""A served host that the sample was brought into."""
	with RunningHost(tmp_path_factory.mktemp("rehearsal")) as running:
		out = tmp_path_factory.mktemp("out")
		assert migrate_into(running, Legacy(sample[0]), Options(as_of=AS_OF, create_missing=True), out)
		assert json.loads((out / "reconciliation.json").read_text())
		assert (out / "reconciliation.html").stat().st_mode & 0o077 == 0
		assert {path.stem for path in (out / "rejects").iterdir()} >= {"import_payments"}
		yield running


def test_a_migrated_invoice_opens_on_the_pay_page_with_what_is_owed(running: RunningHost):
	pages = {
		title: address for title, address in addresses_of_migrated(running) if title.startswith("Pay page")
	}
	assert pages
	for address in pages.values():
		answer = requests.get(address, timeout=PATIENCE)
		invoice = answer.url.partition("invoice=")[2].partition("&")[0]
		assert answer.status_code == 200
		assert invoice in answer.text
		connection = psycopg2.connect(running.host.postgres.url)
		with connection.cursor() as cursor:
			cursor.execute('SELECT outstanding_amount FROM "tabSales Invoice" WHERE name = %s', [invoice])
			(owed,) = cursor.fetchone()
		connection.close()
		digits = f"{owed:.2f}".replace(".", ",")
		assert (
			digits in answer.text.replace("\u202f", "").replace("\xa0", "") or f"{owed:,.2f}" in answer.text
		)


def test_a_migrated_invoice_prints_with_its_lines_and_total(running: RunningHost):
	address = next(address for title, address in addresses_of_migrated(running) if title.startswith("PDF"))
	answer = requests.get(address, timeout=PATIENCE)
	assert answer.headers["Content-Type"] == "application/pdf"
	with closing(PdfDocument(answer.content)) as pdf:
		text = "".join(page.get_textpage().get_text_range() for page in pdf)
	invoice = address.partition("name=")[2].partition("&")[0]
	connection = psycopg2.connect(running.host.postgres.url)
	with connection.cursor() as cursor:
		cursor.execute('SELECT item_name, amount FROM "tabSales Invoice Item" WHERE parent = %s', [invoice])
		lines = cursor.fetchall()
		cursor.execute('SELECT description FROM "tabSales Taxes and Charges" WHERE parent = %s', [invoice])
		taxes = [code for (code,) in cursor.fetchall()]
	connection.close()
	plain = "".join(text.split())
	assert invoice in text
	for _, amount in lines:
		shown = {f"{abs(amount):.2f}".replace(".", ","), f"{abs(amount):,.2f}"}
		assert any(figure in plain for figure in shown), amount
	assert all(code in text for code in taxes)


def test_the_sample_comes_to_what_is_known_from_making_it(sample, running: RunningHost):
	totals = sample[1]
	connection = psycopg2.connect(running.host.postgres.url)
	with connection.cursor() as cursor:
		cursor.execute(
			"""SELECT sum(coalesce(nullif(rounded_total, 0), grand_total)) FROM "tabSales Invoice"
			WHERE legacy_id <> '' AND docstatus = 1"""
		)
		(billed,) = cursor.fetchone()
		cursor.execute(
			"""SELECT sum(CASE payment_type WHEN 'Receive' THEN paid_amount ELSE -paid_amount END)
			FROM "tabPayment Entry" WHERE legacy_id <> '' AND docstatus = 1"""
		)
		(paid,) = cursor.fetchone()
	connection.close()
	assert (Decimal(billed), Decimal(paid)) == (totals.all.billed, totals.all.paid)


def test_every_step_has_its_script_and_each_script_says_what_it_does():
	scripts = sorted(STEPS.glob("*.py"))
	assert len(scripts) == 20
	for script in scripts:
		shown = subprocess.run([sys.executable, script, "--help"], capture_output=True, text=True)
		assert shown.returncode == 0, shown.stderr
		assert f"Usage: {script.name}" in shown.stdout


def test_a_port_that_is_taken_is_told_before_anything_is_made(tmp_path: Path):
	with socket.create_server(("127.0.0.1", 0)) as taken:
		port = str(taken.getsockname()[1])
		run = rehearsed(tmp_path, "--port", port)
		told = run.communicate()[1]
	assert run.returncode == 1
	assert told == f"✗ 127.0.0.1:{port} cannot be served: Address already in use.\n"
	assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
	"made", ["postgres/data", "postgres/postgres.log", "mariadb", "mariadb/data/mysql", "mariadb/mariadb.log"]
)
def test_a_rehearsal_that_is_ended_leaves_nothing_behind(made: str, tmp_path: Path):
	run = rehearsed(tmp_path, "--no-serve")
	while not any(tmp_path.glob(f".host/*/{made}")):
		assert run.poll() is None
		time.sleep(0.01)
	run.terminate()
	run.communicate(timeout=PATIENCE)
	assert run.returncode == 143
	assert [path.name for path in (tmp_path / ".host").iterdir()] == ["lock"]
	assert str(tmp_path).encode() not in b"".join(_commands_that_run())


def test_a_server_that_starts_leaves_the_temporary_tables_of_another(mariadb: MariadbServer, tmp_path: Path):
	other = MariadbServer(tmp_path / "mariadb")
	with closing(Legacy(mariadb.url).connect()) as connection, connection.cursor() as cursor:
		cursor.execute("CREATE TEMPORARY TABLE kept (id int) ENGINE = Aria")
		try:
			other.start()
		finally:
			other.stop()
		cursor.execute("DROP TEMPORARY TABLE kept")


def rehearsed(directory: Path, *options: str) -> subprocess.Popen[str]:
	command = [sys.executable, "-m", "gigafibre_utils.cli", "rehearse", "--customers", "40", *options]
	environment = os.environ | {"PYTHONPATH": str(STEPS.parents[1])}
	return subprocess.Popen(
		command,
		cwd=directory,
		env=environment,
		stdout=subprocess.PIPE,
		stderr=subprocess.PIPE,
		text=True,
	)


def _commands_that_run() -> Iterator[bytes]:
	for process in Path("/proc").glob("[0-9]*"):
		with contextlib.suppress(OSError):  # it may have ended meanwhile
			yield (process / "cmdline").read_bytes()
