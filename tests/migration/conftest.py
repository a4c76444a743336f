"""A legacy database with every trap, and sites to bring it into: a real MariaDB, a real PostgreSQL."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path

import psycopg2
import pytest

from gigafibre_utils.embedded.host import Host
from gigafibre_utils.embedded.mariadb import MariadbServer
from gigafibre_utils.migration.history import StepRecord
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.reconcile import Reconciliation, reconcile
from gigafibre_utils.migration.run import Migration, Options, Outcome
from gigafibre_utils.migration.sample import ControlTotals, write
from gigafibre_utils.migration.target import Target
from tests.migration import by_hand
from tests.migration.by_hand import Sites, sites
from tests.migration.hostile_rows import ROWS
from tests.migration.legacy_rows import written

AS_OF = date(2026, 11, 1)
CUSTOMERS = 40
TEMPLATE, BROUGHT = "site", "brought"
"""What sites are copies of: one with the sample company, and one that the sample was brought into as well."""


class Silent:
	"""Nobody looks on."""

	def began(self, step: str) -> None:
		"""See `Progress`."""

	def rows(self, step: str, count: int) -> None:
		"""See `Progress`."""

	def done(self, record: StepRecord) -> None:
		"""See `Progress`."""


@dataclass(frozen=True)
class Migrated:
	"""A site into which the sample was brought."""

	legacy_url: str
	site_url: str
	totals: ControlTotals
	outcome: Outcome


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MariadbServer]:
	server = MariadbServer(tmp_path_factory.mktemp("mariadb"))
	server.start()
	yield server
	server.stop()


@pytest.fixture(scope="session")
def sample(mariadb: MariadbServer) -> tuple[str, ControlTotals]:
	"""The URL of the legacy database, and what is known from making it."""
	return mariadb.url, write(mariadb.url, CUSTOMERS)


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
	with Host(tmp_path_factory.mktemp("host")) as host:
		host.new_site(TEMPLATE)
		yield host


@pytest.fixture(scope="session")
def new_site(host: Host) -> Callable[..., str]:
	"""Makes one more site with the sample company; gives its URL."""
	numbers = count(1)

	def new_site(template: str = TEMPLATE) -> str:
		return host.postgres.new_database(f"site_{next(numbers)}", template)

	return new_site


def migrate(legacy_url: str, site_url: str, **options: object) -> Outcome:
	asked = Options(**{"as_of": AS_OF, "create_missing": True, **options})
	return Migration(Legacy(legacy_url), Target(site_url), asked, Silent()).run()


def compared(legacy_url: str, site_url: str, **asked: date | None) -> Reconciliation:
	with closing(psycopg2.connect(site_url)) as connection:
		return reconcile(Legacy(legacy_url), connection, AS_OF, **asked)


@pytest.fixture(scope="session")
def new_brought(
	sample: tuple[str, ControlTotals], host: Host, new_site: Callable[..., str]
) -> Callable[[], Migrated]:
	"""Makes one more site that the sample was brought into whole: once, for a copy costs a tenth of that."""
	legacy_url, totals = sample
	outcome = migrate(legacy_url, host.postgres.new_database(BROUGHT, TEMPLATE))
	return lambda: Migrated(legacy_url, new_site(BROUGHT), totals, outcome)


@pytest.fixture(scope="session")
def migrated(new_brought: Callable[[], Migrated]) -> Migrated:
	"""The sample, brought whole into a site. Only to be read."""
	return new_brought()


@pytest.fixture
def brought(new_brought: Callable[[], Migrated]) -> str:
	"""A site of the test's own that the sample was brought into."""
	return new_brought().site_url


@pytest.fixture(scope="session")
def scratch_site(new_brought: Callable[[], Migrated]) -> str:
	"""The sample, brought into a site that tests change; each takes back what it did."""
	return new_brought().site_url


@pytest.fixture(scope="session")
def hostile(mariadb: MariadbServer) -> str:
	"""The URL of a legacy database of rows that nobody expects. Only to be read."""
	return written(mariadb, "hostile", **ROWS)


@pytest.fixture
def changed(sample: tuple[str, ControlTotals], scratch_site: str) -> Iterator[Callable[..., Reconciliation]]:
	"""Compares after changes that each hit a row, and that are taken back afterwards."""
	connection = psycopg2.connect(scratch_site)

	def after(*changes: str, since: date | None = None, **values: object) -> Reconciliation:
		with connection.cursor() as cursor:
			for change in changes:
				cursor.execute(change, values or None)
				assert cursor.rowcount > 0
		return reconcile(Legacy(sample[0]), connection, AS_OF, since)

	yield after
	connection.rollback()
	connection.close()


@pytest.fixture(scope="session")
def databases() -> Iterator[Sites]:
	with sites() as found:
		yield found


@pytest.fixture
def fresh(databases: Sites) -> Iterator[by_hand.Migrated]:
	"""A site with ERPNext's empty tables, for rows written by hand."""
	with databases.site() as found:
		yield found


@pytest.fixture
def rows(migrated: Migrated) -> Iterator[Callable[..., list[tuple]]]:
	"""Asks the migrated site."""
	connection = psycopg2.connect(migrated.site_url)

	def ask(query: str, *values: object) -> list[tuple]:
		with connection.cursor() as cursor:
			cursor.execute(query, values or None)
			return cursor.fetchall()

	yield ask
	connection.close()


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
	"""A directory for reports."""
	return tmp_path_factory.mktemp("out")
