"""Ctrl-C ends a run at once, wherever it is; the same command goes on from there."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tests.migration.conftest import AS_OF, Migrated

LOCKED = ("Sales Invoice", "Customer")
MONEY = """
	SELECT string_agg(t.line, ',' ORDER BY t.line) FROM (
		SELECT name || outstanding_amount || status AS line FROM public."tabSales Invoice"
		UNION ALL SELECT name || debit || credit FROM public."tabGL Entry"
	) AS t
"""
PROGRAM = [sys.executable, "-m", "gigafibre_utils.cli", "migrate", "run", "--create-missing"]


def command(legacy: str, site: str, out: Path, *more: str) -> list[str]:
	return [*PROGRAM, "--legacy", legacy, "--erp", site, "--as-of", str(AS_OF), "--out", str(out), *more]


def money(site_url: str) -> str:
	with closing(psycopg2.connect(site_url)) as connection, connection.cursor() as cursor:
		cursor.execute(MONEY)
		return cursor.fetchone()[0]


def wait_until_blocked(cursor: psycopg2.extensions.cursor) -> None:
	deadline = time.monotonic() + 60
	while time.monotonic() < deadline:
		cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
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
		_, told = running.communicate(timeout=15)
		assert running.returncode == 130
		assert told.splitlines()[-1] == (
			"✗ Interrupted: what is behind it stays, the same command goes on from there."
		)
		assert "Traceback" not in told
		cursor.execute('SELECT status, error FROM "tabMigration Run"')
		assert cursor.fetchall() == ([] if options else [("Failed", "Interrupted.")])
	again = subprocess.run(
		command(migrated.legacy_url, site_url, tmp_path, "--no-reconcile"), capture_output=True, text=True
	)
	assert again.returncode == 0, again.stderr
	assert money(site_url) == money(migrated.site_url)
