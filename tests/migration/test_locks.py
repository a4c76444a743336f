"""Locks that others hold, and rights that the user has not: told, and nothing is half done."""

import logging
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg2
import pytest
from psycopg2.sql import SQL, Identifier, Literal

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration import waiting
from gigafibre_utils.migration.target import Target
from gigafibre_utils.migration.undo import undo
from tests.migration.checksums import checksums
from tests.migration.conftest import Migrated, migrate
from tests.migration.test_interrupt import wait_until_blocked
from tests.migration.test_undo import executed
from tests.patience import PATIENCE

TOLD = r"Waiting for .*tab{}.*, which process {} of user .* \(desk, idle in transaction\) holds"

# It gives way after a second, which nobody waits for who looks as often as a test does.
AUTOVACUUM = "autovacuum worker"
WAITS = """
	CREATE FUNCTION waits() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM pg_advisory_xact_lock(1);
		RETURN NULL;
	END
	$$;
	CREATE TRIGGER waits BEFORE {} EXECUTE FUNCTION waits()
"""
IN_ITS_MIDST = 'DELETE ON "tabSubscription"'
COMMENT = """
	INSERT INTO "tabComment" (name, comment_type, reference_doctype, reference_name)
	SELECT 'note', 'Comment', 'Customer', min(name) FROM "tabCustomer" WHERE legacy_id <> ''
"""


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
	monkeypatch.setattr(waiting, "EVERY", 0.2)


class Told(logging.Handler):
	"""Keeps what is logged, and lets go of what the desk holds as soon as the run says that it waits."""

	def __init__(self, let_go: Callable[[], None]):
		super().__init__(logging.WARNING)
		self.said: list[str] = []
		self._let_go = let_go

	def emit(self, record: logging.LogRecord) -> None:
		if AUTOVACUUM in record.getMessage():
			return
		self.said.append(record.getMessage())
		if len(self.said) == 1:
			threading.Timer(1, self._let_go).start()


def while_held(site_url: str, statement: str, work: Callable[[], object]) -> tuple[int, list[str]]:
	"""Do the work while the desk has a transaction open; the desk's process, and what was told meanwhile."""
	with closing(psycopg2.connect(site_url, application_name="desk")) as desk:
		desk.cursor().execute(statement)
		told = Told(desk.rollback)
		waiting.log.addHandler(told)
		try:
			work()
		finally:
			waiting.log.removeHandler(told)
		return desk.info.backend_pid, told.said


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("is_dry_run", (False, True))
def test_a_run_says_once_whom_it_waits_for_and_goes_on(
	sample, new_site: Callable[[], str], migrated: Migrated, is_dry_run: bool
):
	site_url = new_site()
	before = checksums(site_url)
	pid, said = while_held(
		site_url,
		'LOCK TABLE "tabSales Invoice" IN SHARE MODE',
		lambda: migrate(sample[0], site_url, is_dry_run=is_dry_run),
	)
	(only,) = said
	assert re.match(TOLD.format("Sales Invoice", pid), only)
	assert "LOCK TABLE" not in only
	assert checksums(site_url) == (before if is_dry_run else checksums(migrated.site_url))


@pytest.mark.usefixtures("soon")
def test_taking_a_run_back_says_whom_it_waits_for(brought: str):
	pid, said = while_held(
		brought,
		"UPDATE \"tabCustomer\" SET website = 'x' WHERE name = 'CUST-0000001'",
		lambda: undo(Target(brought), 1),
	)
	assert len(said) == 1 and f"process {pid} of user" in said[0]


@pytest.mark.usefixtures("soon")
def test_a_run_that_nobody_keeps_waiting_says_nothing(
	sample, new_site: Callable[[], str], caplog: pytest.LogCaptureFixture
):
	migrate(sample[0], new_site())
	said = [message for message in caplog.messages if AUTOVACUUM not in message]
	assert not [message for message in said if message.startswith("Waiting for")]


@contextmanager
def stopped_at(
	site_url: str, event: str, work: Callable[[], Any]
) -> Iterator[tuple[psycopg2.extensions.cursor, Future]]:
	"""The desk's cursor, and what becomes of the work, which stops before it comes to that meanwhile.

	Another connection stops it: who waits for the work is not to be waited for by it.
	"""
	with (
		closing(psycopg2.connect(site_url)) as gate,
		gate.cursor() as stopping,
		closing(psycopg2.connect(site_url)) as desk,
		desk.cursor() as cursor,
		ThreadPoolExecutor(1) as pool,
	):
		gate.autocommit = desk.autocommit = True
		stopping.execute(WAITS.format(event))
		stopping.execute("SELECT pg_advisory_lock(1)")
		done = pool.submit(work)
		try:
			wait_until_blocked(stopping)
			yield cursor, done
		finally:
			stopping.execute("SELECT pg_advisory_unlock(1)")


def being_taken_back(
	site_url: str,
) -> AbstractContextManager[tuple[psycopg2.extensions.cursor, Future[int]]]:
	"""Run 1 is taken back, and stops in the midst of its deletes."""
	return stopped_at(site_url, IN_ITS_MIDST, lambda: undo(Target(site_url), 1))


def assert_read_only(desk: psycopg2.extensions.cursor, *doctypes: str) -> None:
	desk.execute("SET lock_timeout = '200ms'")
	for doctype in doctypes:
		desk.execute(f'SELECT count(*) FROM "tab{doctype}"')
		assert desk.fetchone()[0] > 10
		with pytest.raises(psycopg2.errors.LockNotAvailable):
			desk.execute(f"INSERT INTO \"tab{doctype}\" (name) VALUES ('by hand')")


def test_while_a_run_is_taken_back_staff_read_and_do_not_write(brought: str):
	with being_taken_back(brought) as (desk, taken_back):
		assert_read_only(desk, "Sales Invoice", "Payment Entry Reference", "GL Entry", "Customer")
	assert taken_back.result() > 1000


def test_what_is_built_on_a_run_while_it_is_taken_back_keeps_it(brought: str):
	before = checksums(brought)
	with being_taken_back(brought) as (desk, taken_back):
		desk.execute(COMMENT)
	with pytest.raises(
		InvalidInput, match="Run 1 cannot be taken back: Comment note stands on Customer CUST-"
	):
		taken_back.result()
	executed(brought, 'DELETE FROM "tabComment"')
	assert checksums(brought) == before


def test_who_is_waited_for_is_not_kept_waiting(brought: str):
	"""Who writes to one table may come to any other next."""
	with closing(psycopg2.connect(brought)) as desk, desk.cursor() as cursor, ThreadPoolExecutor(1) as pool:
		cursor.execute("UPDATE \"tabSubscription\" SET status = 'Active'")
		taken_back = pool.submit(undo, Target(brought), 1)
		try:
			wait_until_blocked(cursor)
			cursor.execute("SET lock_timeout = '200ms'")
			cursor.execute("INSERT INTO \"tabAddress\" (name) VALUES ('by hand')")
		finally:
			desk.rollback()
	assert taken_back.result() > 1000


def test_taking_a_run_back_is_interrupted_while_it_waits(brought: str):
	before = checksums(brought)
	with closing(psycopg2.connect(brought)) as desk, desk.cursor() as cursor:
		cursor.execute('LOCK TABLE "tabPayment Entry" IN SHARE MODE')
		command = [
			sys.executable,
			"-m",
			"gigafibre_utils.cli",
			"migrate",
			"undo",
			"--erp",
			brought,
			"--run",
			"1",
		]
		running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
		wait_until_blocked(cursor)
		running.send_signal(signal.SIGINT)
		_, told = running.communicate(timeout=PATIENCE)
	assert running.returncode == 130
	assert told.splitlines()[-1].startswith("✗ Interrupted") and "Traceback" not in told
	assert checksums(brought) == before
	assert undo(Target(brought), 1) > 1000


@pytest.fixture
def with_few_rights(new_site: Callable[[], str]) -> Iterator[tuple[str, str]]:
	"""A site by its owner's URL, and by that of a user who may read and write rows, and no more."""
	site_url, user, password = new_site(), f"few_{secrets.token_hex(4)}", "p@s/s#w?o%r:d é"
	with closing(psycopg2.connect(site_url)) as connection, connection, connection.cursor() as cursor:
		cursor.execute(SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(Identifier(user), Literal(password)))
		cursor.execute(
			SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}").format(
				Identifier(user)
			)
		)
	yield site_url, re.sub("//.*?@", f"//{user}:{quote(password, safe='')}@", site_url)
	with closing(psycopg2.connect(site_url)) as connection, connection, connection.cursor() as cursor:
		cursor.execute(SQL("DROP OWNED BY {0} CASCADE; DROP ROLE {0}").format(Identifier(user)))


def test_a_user_who_owns_no_table_brings_in_the_same_rows(
	sample, with_few_rights: tuple[str, str], migrated: Migrated
):
	owner, url = with_few_rights
	before = checksums(owner)
	with pytest.raises(InvalidInput, match="permission denied for database") as refused:
		migrate(sample[0], url)
	assert "p@s" not in str(refused.value) and checksums(owner) == before
	with closing(psycopg2.connect(owner)) as connection, connection, connection.cursor() as cursor:
		names = (urlsplit(owner).path.lstrip("/"), urlsplit(url).username or "")
		cursor.execute(SQL("GRANT CREATE ON DATABASE {} TO {}").format(*map(Identifier, names)))
	migrate(sample[0], url)
	assert checksums(owner) == checksums(migrated.site_url)
