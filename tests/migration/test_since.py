"""A part of fifteen years, or of the steps: brought in, compared, and not mixed with another part."""

import json
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import psycopg2
import pytest
from click.testing import CliRunner

from gigafibre_utils.embedded.host import Host
from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration import command
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.reconcile import Reconciliation, reconcile
from gigafibre_utils.migration.reconcile.report import verdict
from gigafibre_utils.migration.reimport import Payments
from tests.migration.checksums import checksums
from tests.migration.conftest import AS_OF, TEMPLATE, migrate
from tests.migration.test_undo import asked, executed

SINCE = date(2022, 6, 15)
PARTIES = ("customers", "service_locations", "items")
# What a payment pays, and what stands against an invoice, is there.
STRAY = """
	SELECT count(*) FROM "tabPayment Ledger Entry" entry
	WHERE against_voucher_type = 'Sales Invoice'
		AND NOT EXISTS (SELECT FROM "tabSales Invoice" invoice WHERE invoice.name = against_voucher_no)
"""
OLDER = "SELECT count(*) FROM \"tabSales Invoice\" WHERE legacy_id <> '' AND posting_date < '{}'"
A_CENT = """
	UPDATE "tabSales Invoice" SET outstanding_amount = outstanding_amount + 0.01
	WHERE name = (SELECT min(name) FROM "tabSales Invoice" WHERE legacy_id <> '' AND outstanding_amount > 1)
"""


@pytest.fixture(scope="module")
def new_partial(sample, host: Host, new_site: Callable[..., str]) -> Callable[[], str]:
	"""Makes one more site with what is dated on or after."""
	migrate(sample[0], host.postgres.new_database("partial", TEMPLATE), since=SINCE)
	return lambda: new_site("partial")


@pytest.fixture(scope="module")
def partial(new_partial: Callable[[], str]) -> str:
	"""A site with what is dated on or after. Only to be read."""
	return new_partial()


def compared(legacy_url: str, site_url: str, since: date | None = None, *changes: str) -> Reconciliation:
	"""The comparison after changes that are taken back."""
	with closing(psycopg2.connect(site_url)) as connection:
		for change in changes:
			with connection.cursor() as cursor:
				cursor.execute(change)
				assert cursor.rowcount > 0
		return reconcile(Legacy(legacy_url), connection, AS_OF, since)


def told(*arguments: object) -> tuple[int, str]:
	"""What a command ends with, and the last that it says."""
	result = CliRunner().invoke(command.migrate, [str(argument) for argument in arguments])
	assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
	return result.exit_code, result.output.splitlines()[-1]


@pytest.mark.parametrize(
	"since", (date(2012, 1, 1), date(2019, 12, 31), date(2024, 6, 15), AS_OF - timedelta(days=1))
)
def test_what_is_brought_in_since_a_day_is_reconciled(sample, new_site: Callable[[], str], since: date):
	site_url = new_site()
	migrate(sample[0], site_url, since=since)
	assert asked(site_url, STRAY) == [(0,)]
	found = compared(sample[0], site_url, since)
	assert found.is_explained and verdict(found) == "Reconciled to the cent"
	assert asked(site_url, OLDER.format(since)) == [(0,)]


def test_payments_across_the_border_are_credit_and_told(sample, partial: str):
	"""Of either, the one that is too old is not there, and the other is whole."""
	assert asked(
		partial, "SELECT count(*) > 0 FROM \"tabMigration Finding\" WHERE reason = 'before_since'"
	) == [(True,)]
	assert compared(sample[0], partial, SINCE).is_explained


@pytest.mark.parametrize(
	"change",
	(
		A_CENT,
		"""UPDATE "tabPayment Ledger Entry" SET amount = amount + 0.01,
			amount_in_account_currency = amount_in_account_currency + 0.01
		WHERE name = (SELECT max(name) FROM "tabPayment Ledger Entry" WHERE name LIKE 'LP-S%')""",
		"""UPDATE "tabSales Taxes and Charges" SET tax_amount = tax_amount + 0.01
		WHERE name = (SELECT max(name) FROM "tabSales Taxes and Charges" WHERE name LIKE 'LT-%')""",
		"""UPDATE "tabPayment Entry" SET paid_amount = paid_amount + 0.01
		WHERE name = (SELECT max(name) FROM "tabPayment Entry" WHERE docstatus = 1 AND legacy_id <> '')""",
		"""DELETE FROM "tabSales Invoice"
		WHERE name = (SELECT max(name) FROM "tabSales Invoice" WHERE legacy_id <> '')""",
	),
	ids=("outstanding", "ledger", "tax", "payment", "invoice"),
)
def test_a_cent_too_many_is_found_since_a_day(sample, partial: str, change: str):
	assert not compared(sample[0], partial, SINCE, change).is_explained


def test_the_comparison_goes_by_the_day_since_which_the_site_was_filled(
	sample, new_partial: Callable[[], str], tmp_path: Path
):
	site_url = new_partial()
	where = ("--legacy", sample[0], "--erp", site_url, "--out", tmp_path)
	assert told("reconcile", *where)[0] == 0
	assert json.loads((tmp_path / "reconciliation.json").read_text())["since"] == SINCE.isoformat()
	assert asked(site_url, 'SELECT count(*) FROM "tabMigration Run" WHERE length(report) > 1000') == [(1,)]
	executed(site_url, A_CENT)
	assert told("reconcile", *where)[0] == 1


@pytest.mark.parametrize(
	("first", "then", "say"),
	(
		(SINCE, None, f"say --since {SINCE}"),
		(SINCE, date(2024, 1, 1), f"say --since {SINCE}"),
		(None, SINCE, "leave --since out"),
	),
)
def test_another_day_is_refused_where_payments_would_lack_their_invoices(
	sample, new_site: Callable[[], str], first: date | None, then: date | None, say: str
):
	site_url = new_site()
	migrate(sample[0], site_url, since=first, only=(*PARTIES, "invoices"))
	before = checksums(site_url)
	with pytest.raises(InvalidInput, match=f"MIG-0001 brought in .*{say}"):
		migrate(sample[0], site_url, since=then, only=("payments",))
	assert checksums(site_url) == before
	migrate(sample[0], site_url, since=then, only=("tickets",))


def test_payments_of_invoices_that_are_not_there_yet_wait_for_them(sample, new_site: Callable[[], str]):
	site_url = new_site()
	migrate(sample[0], site_url, only=(*PARTIES, "invoices"))
	((paid,),) = asked(site_url, "SELECT name FROM \"tabSales Invoice\" WHERE legacy_id = '9'")
	executed(site_url, "DELETE FROM \"tabSales Invoice\" WHERE legacy_id = '9'")
	before = checksums(site_url)
	with pytest.raises(InvalidInput, match=f"{paid} is not in the site yet, run import_invoices first"):
		migrate(sample[0], site_url, only=("payments",))
	assert checksums(site_url) == before


def test_payments_out_and_in_again_are_those_since_the_same_day(sample, new_partial: Callable[[], str]):
	site_url = new_partial()
	before = checksums(site_url)
	for _ in range(2):
		migrate(sample[0], site_url, only=("import_payments",), take_out=Payments(customer=3))
		assert checksums(site_url) == before


def test_steps_alone_are_compared_as_far_as_they_went(sample, new_site: Callable[[], str], tmp_path: Path):
	site_url = new_site()
	run = ("run", "--legacy", sample[0], "--erp", site_url, "--out", tmp_path, "--create-missing", "--as-of")
	status, last = told(*run, AS_OF, "--only", "customers")
	assert status == 0 and "Reconciled so far: invoices and payments were not brought in" in last
	status, last = told(*run, AS_OF, "--only", "service_locations,items,invoices")
	assert status == 0 and "Reconciled so far: payments were not brought in" in last
	executed(site_url, A_CENT)
	assert told(*run, AS_OF, "--only", "customers")[0] == 1
	status, last = told(*run, AS_OF, "--only", "payments")
	assert status == 0 and "Reconciled to the cent" in last
	# What is overdue was judged by an earlier day, and stays so.
	for more in ((), ("--since", "2022-01-01")):
		status, last = told(*run, AS_OF + timedelta(days=20), "--only", "tickets", *more)
		assert status == 0 and "Reconciled to the cent" in last
