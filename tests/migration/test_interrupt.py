"""Ctrl-C ends a run at once, wherever it is; the same command goes on from there."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from gigafibre_utils.migration.legacy import Legacy
from tests.migration.conftest import AS_OF, Migrated
from tests.migration.test_undo import asked
from tests.patience import PATIENCE

TOLD = "✗ Interrupted: what was committed stays, the same command goes on from there."
LOCKED = ("Sales Invoice", "Customer")
MONEY = """
	SELECT string_agg(t.line, ',' ORDER BY t.line) FROM (
		SELECT name || outstanding_amount || status AS line FROM public."tabSales Invoice"
		UNION ALL SELECT name || debit || credit FROM public."tabGL Entry"
	) AS t
"""
BLOCKED = """
	SELECT EXISTS (
		SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))
	)
"""
PROGRAM = [sys.executable, "-m", "gigafibre_utils.cli", "migrate"]


def command(legacy: str, site: str, out: Path, *more: str) -> list[str]:
	where = ["--legacy", legacy, "--erp", site, "--out", str(out)]
	return [*PROGRAM, "run", *where, "--create-missing", "--as-of", str(AS_OF), *more]


def money(site_url: str) -> str:
	with closing(psycopg2.connect(site_url)) as connection, connection.cursor() as cursor:
		cursor.execute(MONEY)
		return cursor.fetchone()[0]


def wait_until_blocked(cursor: psycopg2.extensions.cursor) -> None:
	"""Until somebody waits for a lock that the cursor's connection holds."""
	deadline = time.monotonic() + PATIENCE
	while time.monotonic() < deadline:
		cursor.execute(BLOCKED)
		if cursor.fetchone()[0]:
			return
		time.sleep(0.05)
	raise AssertionError("The run never came to the table that is locked.")


@pytest.mark.parametrize("doctype", LOCKED)
@pytest.mark.parametrize("options", ((), ("--dry-run",)), ids=("for real", "dry run"))
def test_an_interrupted_run_ends_at_once_and_is_gone_on_with(
	migrated: Migrated, new_site: Callable[[], str], tmp_path: Path, doctype: str, options: tuple[str, ...]
) -> None:
	site_url = new_site()
	with closing(psycopg2.connect(site_url)) as desk, desk.cursor() as cursor:
		cursor.execute(f'LOCK TABLE "tab{doctype}" IN SHARE MODE')
		running = subprocess.Popen(
			command(migrated.legacy_url, site_url, tmp_path, *options),
			stdout=subprocess.DEVNULL,
			stderr=subprocess.PIPE,
			text=True,
		)
		wait_until_blocked(cursor)
		running.send_signal(signal.SIGINT)
		_, told = running.communicate(timeout=PATIENCE)
		assert running.returncode == 130
		assert told.splitlines()[-1] == TOLD
		assert "Traceback" not in told
		cursor.execute('SELECT status, error FROM "tabMigration Run"')
		assert cursor.fetchall() == ([] if options else [("Failed", "Interrupted.")])
	_goes_on(migrated, site_url, tmp_path)


@pytest.mark.parametrize("number", (signal.SIGTERM, signal.SIGHUP))
def test_a_run_that_is_terminated_ends_at_once_and_is_gone_on_with(
	number: signal.Signals, migrated: Migrated, new_site: Callable[[], str], tmp_path: Path
) -> None:
	site_url = new_site()
	run = command(migrated.legacy_url, site_url, tmp_path)
	status, told = _ended_while_locked(site_url, run, number)
	assert (status, told) == (128 + number, TOLD)
	assert asked(site_url, 'SELECT status, error FROM "tabMigration Run"') == [("Failed", "Interrupted.")]
	_goes_on(migrated, site_url, tmp_path)


@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
@pytest.mark.parametrize("work", ("run", "reconcile", "expro", "geocode"))
def test_whatever_waits_for_the_database_is_ended_at_once(
	work: str,
	number: signal.Signals,
	migrated: Migrated,
	new_site: Callable[[], str],
	tmp_path: Path,
) -> None:
	"""Before and after the steps, and where there is but one."""
	site_url = new_site()
	file = tmp_path / "expro.csv"
	file.write_text("date,account number,amount,method,reference\n2024-01-31,none,10.00,card,1\n")
	both = ("--legacy", migrated.legacy_url, "--erp", site_url)
	arguments = {
		"run": ("run", *both, "--create-missing"),
		"reconcile": ("reconcile", *both),
		"expro": ("import-expro-payments", file, "--erp", site_url, "--create-missing"),
		"geocode": (
			"geocode-locations",
			"--erp",
			site_url,
			"--token",
			"x",
			"--endpoint",
			"http://localhost:1",
		),
	}
	status, told = _ended_while_locked(
		site_url, [*PROGRAM, *map(str, arguments[work])], number, 'LOCK TABLE "{}" IN ACCESS EXCLUSIVE MODE'
	)
	assert (status, told) == (128 + number, TOLD)
	assert asked(site_url, "SELECT count(*) FROM \"tabMigration Run\" WHERE status = 'Running'") == [(0,)]


@pytest.mark.parametrize("work", ("run", "reconcile"))
def test_a_lock_on_a_legacy_table_is_not_waited_for_by_who_is_ended(
	work: str, migrated: Migrated, new_site: Callable[[], str], tmp_path: Path
) -> None:
	"""In a run another thread waits for it, in a comparison the one that hears of signals."""
	site_url = migrated.site_url if work == "reconcile" else new_site()
	both = ("--legacy", migrated.legacy_url, "--erp", site_url, "--out", str(tmp_path))
	program = [*PROGRAM, work, *both, *(["--create-missing"] if work == "run" else [])]
	with closing(Legacy(migrated.legacy_url).connect()) as held, closing(held.cursor()) as cursor:
		cursor.execute("LOCK TABLES payment WRITE")
		running = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
		_wait_until_legacy_is(cursor, b"Waiting for table metadata lock")
		running.send_signal(signal.SIGINT)
		_, told = running.communicate(timeout=PATIENCE)
	assert running.returncode == 130
	assert told.splitlines()[-1] == TOLD
	assert "Traceback" not in told


def test_whoever_is_impatient_ends_a_run_as_well(
	migrated: Migrated, new_site: Callable[[], str], tmp_path: Path
) -> None:
	"""Ctrl-C over and over, to the last moment of the process."""
	site_url = new_site()
	with closing(psycopg2.connect(site_url)) as desk, desk.cursor() as cursor:
		cursor.execute('LOCK TABLE "tabCustomer" IN SHARE MODE')
		run = command(migrated.legacy_url, site_url, tmp_path)
		running = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
		wait_until_blocked(cursor)
		while running.poll() is None:
			running.send_signal(signal.SIGINT)
			time.sleep(0.05)
		told = running.stderr.read()
		running.stderr.close()
	assert running.returncode == 130
	assert told.splitlines()[-1] == TOLD
	assert "Traceback" not in told


def test_an_embedded_run_that_is_ended_does_not_say_that_anything_stays(
	migrated: Migrated, tmp_path: Path
) -> None:
	run = [*PROGRAM, "run", "--embedded", "--create-missing", "--legacy", migrated.legacy_url]
	environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
	running = subprocess.Popen(run, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
	while not any(tmp_path.glob(".host/*/site_config.json")):
		assert running.poll() is None
		time.sleep(0.01)
	running.send_signal(signal.SIGINT)
	_, told = running.communicate(timeout=PATIENCE)
	assert running.returncode == 130
	assert told.splitlines()[-1] == "✗ Interrupted: nothing is left but the reports."
	assert [path.name for path in (tmp_path / ".host").iterdir()] == ["lock"]


def _wait_until_legacy_is(cursor: Any, state: bytes) -> None:
	deadline = time.monotonic() + PATIENCE
	while time.monotonic() < deadline:
		cursor.execute("SELECT count(*) FROM information_schema.processlist WHERE state = %s", [state])
		if cursor.fetchone()[0] != b"0":
			return
		time.sleep(0.05)
	raise AssertionError("Nobody came to the legacy table that is locked.")


def _ended_while_locked(
	site_url: str,
	program: list[str],
	number: signal.Signals,
	lock: str = 'LOCK TABLE "tabSales Invoice" IN SHARE MODE',
) -> tuple[int, str]:
	"""How a command ends that gets a signal while it waits for a table, and the last that it says."""
	names = {"import-expro-payments": "tabCustomer", "geocode-locations": "tabService Location"}
	table = next((names[word] for word in program if word in names), "tabCompany")
	with closing(psycopg2.connect(site_url)) as desk, desk.cursor() as cursor:
		cursor.execute(lock.format(table))
		running = subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
		wait_until_blocked(cursor)
		running.send_signal(number)
		_, told = running.communicate(timeout=PATIENCE)
	assert "Traceback" not in told
	return running.returncode, told.splitlines()[-1]


def _goes_on(migrated: Migrated, site_url: str, tmp_path: Path) -> None:
	again = subprocess.run(
		command(migrated.legacy_url, site_url, tmp_path, "--no-reconcile"), capture_output=True, text=True
	)
	assert again.returncode == 0, again.stderr
	assert money(site_url) == money(migrated.site_url)
