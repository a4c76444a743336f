"""Payments out and in again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta

import psycopg2
import pytest
from click.testing import CliRunner

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration import command
from gigafibre_utils.migration.reimport import Payments
from gigafibre_utils.migration.target import Target
from gigafibre_utils.migration.undo import undo
from tests.migration.checksums import checksums
from tests.migration.conftest import AS_OF, migrate
from tests.migration.test_interrupt import wait_until_blocked
from tests.migration.test_locks import assert_read_only, stopped_at
from tests.migration.test_undo import KEPT, asked, executed, without

CUSTOMER = 3
PAYMENT = f"(SELECT min(name) FROM \"tabPayment Entry\" WHERE party = 'CUST-{CUSTOMER:07d}')"
EDIT = f"""
	UPDATE "tabPayment Entry" SET remarks = 'by hand', modified = now(), modified_by = 'comptes@targo.ca'
	WHERE name = {PAYMENT}
"""
COMMENT = f"""
	INSERT INTO "tabComment" (name, comment_type, reference_doctype, reference_name)
	SELECT 'note', 'Comment', 'Payment Entry', {PAYMENT}
"""
# The last of what a reimport does to the tables of the site.
THE_END = 'UPDATE ON "tabSales Invoice"'


def test_payments_out_and_in_again_are_the_same_payments(sample, brought: str):
	before = checksums(brought)
	executed(
		brought,
		'UPDATE "tabPayment Entry" SET paid_amount = paid_amount + 1 WHERE party = %s',
		"CUST-0000003",
	)
	assert checksums(brought) != before
	migrate(sample[0], brought, only=("import_payments",), take_out=Payments(customer=3))
	assert checksums(brought) == before


def test_a_payment_that_another_stands_against_is_not_taken_out_without_it(sample, brought: str):
	((back, day),) = asked(
		brought,
		"""SELECT back.name, back.posting_date FROM "tabPayment Entry Reference" reference
		JOIN "tabPayment Entry" original ON original.name = reference.parent
		JOIN "tabPayment Entry" back ON back.name = reference.reference_name
		WHERE reference_doctype = 'Payment Entry' AND back.posting_date > original.posting_date
		ORDER BY back.name LIMIT 1""",
	)
	before = checksums(brought)
	with pytest.raises(InvalidInput, match=f"{back} cannot be taken out: PAY-.* stands against it"):
		migrate(sample[0], brought, only=("import_payments",), take_out=Payments(first=day, last=day))
	assert checksums(brought) == before


@pytest.mark.parametrize(
	("change", "told"),
	[
		(
			"""UPDATE "tabPayment Entry" SET modified = now(), modified_by = 'comptes@targo.ca'
			WHERE name = (SELECT min(name) FROM "tabPayment Entry" WHERE party = 'CUST-0000003')""",
			"Payment Entry PAY-.* was changed since",
		),
		(
			"""INSERT INTO "tabJournal Entry Account"
				(name, parent, parenttype, reference_type, reference_name)
			SELECT 'x', 'TIED', 'Journal Entry', 'Payment Entry', min(name)
			FROM "tabPayment Entry" WHERE party = 'CUST-0000003'""",
			"Journal Entry TIED stands on Payment Entry PAY-",
		),
	],
)
def test_a_payment_on_which_staff_worked_is_not_taken_out(change: str, told: str, sample, brought: str):
	executed(brought, change)
	before = checksums(brought)
	with pytest.raises(InvalidInput, match=f"The payments cannot be taken out: {told}"):
		migrate(sample[0], brought, only=("import_payments",), take_out=Payments(customer=3))
	assert checksums(brought) == before


def test_payments_out_and_in_again_stay_when_that_is_taken_back(sample, new_site: Callable[[], str]):
	site_url = new_site()
	empty = checksums(site_url)
	migrate(sample[0], site_url)
	before = checksums(site_url)
	for _ in range(2):
		migrate(sample[0], site_url, only=("import_payments",), take_out=Payments(customer=3))
	assert undo(Target(site_url), 3) == 0
	assert checksums(site_url) == before
	undo(Target(site_url), 1)
	assert without(checksums(site_url), KEPT) == without(empty, KEPT)


def test_payments_that_were_out_and_in_twice_are_taken_back_run_by_run(sample, brought: str):
	before = checksums(brought)
	for which in (Payments(customer=3), Payments(last=date(2026, 12, 31))):
		migrate(sample[0], brought, only=("import_payments",), take_out=which)
	assert undo(Target(brought), 2) == undo(Target(brought), 3) == 0
	assert checksums(brought) == before
	assert undo(Target(brought), 1) > 1000


def out_and_in(legacy_url: str, site_url: str) -> None:
	migrate(legacy_url, site_url, only=("import_payments",), take_out=Payments(customer=CUSTOMER))


def test_while_payments_are_out_staff_read_and_do_not_write(sample, brought: str):
	before = checksums(brought)
	with stopped_at(brought, THE_END, lambda: out_and_in(sample[0], brought)) as (desk, done):
		assert_read_only(
			desk,
			"Payment Entry",
			"Payment Entry Reference",
			"GL Entry",
			"Payment Ledger Entry",
			"Sales Invoice",
		)
	done.result()
	assert checksums(brought) == before


def test_what_is_tied_to_a_payment_while_it_is_out_keeps_it(sample, brought: str):
	before = checksums(brought)
	with stopped_at(brought, THE_END, lambda: out_and_in(sample[0], brought)) as (desk, done):
		desk.execute(COMMENT)
	with pytest.raises(
		InvalidInput, match="The payments cannot be taken out: Comment note stands on Payment Entry PAY-"
	):
		done.result()
	executed(brought, 'DELETE FROM "tabComment"')
	assert checksums(brought) == before


def test_a_payment_at_which_somebody_is_at_work_is_waited_for_and_not_taken_out(sample, brought: str):
	with (
		closing(psycopg2.connect(brought)) as desk,
		desk.cursor() as cursor,
		ThreadPoolExecutor(1) as pool,
	):
		cursor.execute(EDIT)
		done = pool.submit(out_and_in, sample[0], brought)
		try:
			wait_until_blocked(cursor)
		finally:
			desk.commit()
		edited = checksums(brought)
		with pytest.raises(InvalidInput, match=r"Payment Entry PAY-.* was changed since"):
			done.result()
	assert checksums(brought) == edited


@pytest.mark.parametrize("days", (None, 30))
def test_what_is_overdue_is_judged_by_the_day_of_the_runs_before_or_as_told(
	days: int | None, sample, brought: str, tmp_path, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.chdir(tmp_path)
	before = checksums(brought)
	arguments = ["reimport-payments", "--legacy", sample[0], "--erp", brought, "--customer", str(CUSTOMER)]
	if days:
		arguments += ["--as-of", str(AS_OF + timedelta(days))]
	told = CliRunner().invoke(command.migrate, arguments)
	assert told.exit_code == 0, told.output
	assert asked(brought, "SELECT DISTINCT as_of FROM gigafibre_migration.books") == [
		(AS_OF + timedelta(days or 0),)
	]
	changed = {table for table, checksum in checksums(brought).items() if checksum != before[table]}
	assert changed == ({"tabSales Invoice"} if days else set())
