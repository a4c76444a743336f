"""The legacy database under the hands of others: what cannot be read is told in a sentence."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import parse_qs, quote, unquote, urlsplit

import MySQLdb
import pytest

from gigafibre_utils.embedded.mariadb import MariadbServer
from gigafibre_utils.errors import GigafibreError
from gigafibre_utils.migration import legacy
from gigafibre_utils.migration.history import StepRecord
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.run import Migration, Options
from gigafibre_utils.migration.sample import write
from gigafibre_utils.migration.target import Target
from tests.migration.checksums import checksums
from tests.migration.conftest import AS_OF, CUSTOMERS, Migrated, Silent, migrate

PASSWORD = "a@/#?%:é\"'\\ +&="
DATABASE = "legacy_of_others"


@pytest.fixture
def database(mariadb: MariadbServer) -> str:
	"""A sample of one's own."""
	url = mariadb.new_database(DATABASE)
	write(url, CUSTOMERS)
	return url


@pytest.fixture
def owner(database: str) -> Iterator[MySQLdb.cursors.Cursor]:
	parts = urlsplit(database)
	connection = MySQLdb.connect(
		unix_socket=parse_qs(parts.query)["unix_socket"][0],
		user=parts.username,
		password=unquote(parts.password or ""),
		database=DATABASE,
		charset="utf8mb4",
	)
	with closing(connection), connection.cursor() as cursor:
		yield cursor


class Meddling(Silent):
	"""Somebody who does something to the legacy database as soon as a step is behind."""

	def __init__(self, step: str, meddle: Callable[[], object]):
		self._step, self._meddle = step, meddle

	def done(self, record: StepRecord) -> None:
		"""See `Progress`."""
		if record.step == self._step:
			self._meddle()


def refusal(work: Callable[[], object]) -> str:
	with pytest.raises(GigafibreError) as refused:
		work()
	return str(refused.value)


def test_a_table_that_somebody_keeps_locked_is_told(
	database: str, owner, new_site: Callable[[], str], monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(legacy, "LOCK_SECONDS", 1)
	site_url = new_site()
	before = checksums(site_url)
	owner.execute("LOCK TABLES payment WRITE")
	told = refusal(lambda: migrate(database, site_url))
	assert told.endswith(f"/{DATABASE} cannot be read: somebody has kept a table locked for 1 seconds.")
	assert checksums(site_url) == before
	owner.execute("UNLOCK TABLES")
	migrate(database, site_url)


def test_a_table_that_goes_on_the_way_is_told(database: str, owner, new_site: Callable[[], str]):
	meddling = Meddling("stage_customer", lambda: owner.execute("DROP TABLE ticket_message"))
	options = Options(as_of=AS_OF, create_missing=True)
	run = Migration(Legacy(database), Target(new_site()), options, meddling).run
	assert refusal(run) == "The legacy table ticket_message cannot be read: it is gone or damaged."


def test_a_user_who_may_read_all_but_the_passwords_brings_in_the_same_rows(
	database: str, owner, new_site: Callable[[], str], migrated: Migrated
):
	owner.execute("CREATE OR REPLACE USER reader@localhost IDENTIFIED BY %s", [PASSWORD])
	user = f"reader:{quote(PASSWORD, safe='')}@"
	url = database.replace(urlsplit(database).netloc.rpartition("@")[0] + "@", user, 1)
	site_url = new_site()
	assert "refuses the user reader" in refusal(lambda: migrate(url, site_url))
	owner.execute("SHOW TABLES")
	for (table,) in owner.fetchall():
		owner.execute(f"SHOW COLUMNS FROM {table}")
		columns = ", ".join(name for name, *_ in owner.fetchall() if name != "password")
		if table == "payment":
			owner.execute(f"GRANT SELECT (id) ON {table} TO reader@localhost")
			continue
		owner.execute(f"GRANT SELECT ({columns}) ON {table} TO reader@localhost")
	assert "has no column customer_id that its user may read" in refusal(lambda: migrate(url, site_url))
	owner.execute("GRANT SELECT ON payment TO reader@localhost")
	migrate(url, site_url)
	assert checksums(site_url) == checksums(migrated.site_url)


def test_an_environment_of_another_encoding_brings_in_the_same_rows(
	migrated: Migrated, new_site: Callable[[], str], tmp_path
):
	site_url = new_site()
	ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PGCLIENTENCODING": "LATIN1"}
	command = [sys.executable, "-m", "gigafibre_utils.cli", "migrate", "run", "--create-missing"]
	where = [
		"--legacy",
		migrated.legacy_url,
		"--erp",
		site_url,
		"--out",
		str(tmp_path),
		"--as-of",
		str(AS_OF),
	]
	run = subprocess.run([*command, *where], env=os.environ | ascii_only, capture_output=True)
	assert run.returncode == 0, run.stderr
	assert checksums(site_url) == checksums(migrated.site_url)
