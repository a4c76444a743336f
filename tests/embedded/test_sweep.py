"""The sweep: what waits is taken up again, and nothing keeps anything else from its turn."""

import pytest

from gigafibre_utils.embedded.ledger import EmbeddedLedger
from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.embedded.site import EmbeddedSite
from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.payments import inbox, sweep
from tests.acceptance.site import Site
from tests.embedded.test_failures import fail_for_want_of_an_account, waiting_event

SESSION = '"tabStripe Checkout Session"'


def swept(running: RunningHost) -> None:
	with EmbeddedSite(running.host):
		sweep.run()


def overdue(site: Site, **pay) -> tuple[str, str]:
	"""An invoice and its session, whose event was lost and whose time is over."""
	site.deliver(lost=True)
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	if pay.get("how") != "nothing":
		site.pay(session, **pay)
	site.sql(f"UPDATE {SESSION} SET expires_at = expires_at - interval '2 hours' WHERE name = %s", session)
	return invoice, session


def test_an_event_that_just_came_is_left_to_its_job(site: Site, running: RunningHost):
	invoice, event = waiting_event(site, running)
	swept(running)
	assert site.payments(invoice) == []
	with EmbeddedSite(running.host):
		inbox.process(event)


def test_an_event_that_failed_too_often_is_put_before_staff(site: Site, running: RunningHost):
	invoice, event = waiting_event(site, running)
	site.sql('UPDATE "tabStripe Event" SET attempts = %s WHERE name = %s', inbox.MAX_ATTEMPTS - 1, event)
	fail_for_want_of_an_account(site, running, event)
	row = site.sql('SELECT status, note FROM "tabStripe Event" WHERE name = %s', event)[0]
	assert row["status"] == "Needs Attention"
	assert "Mode of Payment" in row["note"]
	assert site.payments(invoice) == []


def test_a_debit_that_cleared_unheard_is_posted(site: Site, running: RunningHost):
	invoice, session = overdue(site, how="debit")
	site.sql(f"UPDATE {SESSION} SET status = 'Processing' WHERE name = %s", session)
	site.until(lambda: swept(running) or site.outstanding(invoice), lambda owed: owed == 0)
	assert len(site.payments(invoice)) == 1


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> set[str]:
	"""Names of sessions on which settling breaks in a way that nobody foresaw."""
	names: set[str] = set()
	settle = sweep.settle

	def settle_or_break(session: str):
		if session in names:
			raise ZeroDivisionError
		return settle(session)

	monkeypatch.setattr(sweep, "settle", settle_or_break)
	return names


def test_a_hundred_sessions_that_break_keep_none_from_its_turn(
	site: Site, running: RunningHost, breaking: set[str]
):
	_, template = overdue(site)
	breaking |= {template, *(f"cs_test_broken_{number:03d}" for number in range(sweep.BATCH + 5))}
	for name in breaking - {template}:
		site.sql(
			f"INSERT INTO {SESSION} (name, session_id, invoice, status, expires_at, modified) "
			"SELECT %s, %s, invoice, 'Open', expires_at, modified - interval '1 day' "
			f"FROM {SESSION} WHERE name = %s",
			name,
			name,
			template,
		)
	invoice, _ = overdue(site)
	swept(running)
	assert site.payments(invoice) == []
	swept(running)
	assert len(site.payments(invoice)) == 1
	site.sql(f"DELETE FROM {SESSION} WHERE name = ANY(%s)", list(breaking))


def test_one_that_breaks_does_not_stop_the_rest(site: Site, running: RunningHost, breaking: set[str]):
	_, broken = overdue(site)
	breaking.add(broken)
	invoice, _ = overdue(site)
	swept(running)
	assert len(site.payments(invoice)) == 1


def test_what_is_owed_is_read_when_nobody_else_can_change_it(site: Site, running: RunningHost):
	invoice, event = waiting_event(site, running)
	clerk = running.host.database.connection()
	clerk.run('UPDATE "tabSales Invoice" SET outstanding_amount = 50 WHERE name = %s', [invoice])
	running.host.run_job(inbox.JOB, {"event_id": event})
	site.until(
		lambda: site.sql("SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'")[0]["n"],
		lambda waiting: waiting >= 1,
	)
	clerk.commit()
	clerk.release()
	assert site.event(event)["status"] == "Needs Attention"
	(entry,) = site.payments(invoice)
	assert (entry["total_allocated_amount"], entry["unallocated_amount"]) == (50, entry["paid_amount"] - 50)


def test_an_event_is_worked_on_by_one_job_at_a_time(site: Site, running: RunningHost):
	invoice, event = waiting_event(site, running)
	for _ in range(4):
		running.host.run_job(inbox.JOB, {"event_id": event})
	assert site.event(event)["status"] == "Processed"
	site.until(lambda: site.outstanding(invoice), lambda owed: owed == 0)
	row = site.sql('SELECT attempts, status FROM "tabStripe Event" WHERE name = %s', event)[0]
	assert (row["attempts"], row["status"]) == (1, "Processed")
	assert len(site.payments(invoice)) == 1


def test_an_invoice_that_refuses_the_payment_leaves_it_to_the_customer(
	site: Site, running: RunningHost, monkeypatch: pytest.MonkeyPatch
):
	post = EmbeddedLedger.post_payment

	def refuse_allocation(ledger, payment):
		if payment.allocated:
			raise InvalidInput("Select a Payment Term.")
		return post(ledger, payment)

	monkeypatch.setattr(EmbeddedLedger, "post_payment", refuse_allocation)
	invoice, event = waiting_event(site, running)
	with EmbeddedSite(running.host):
		inbox.process(event)
	row = site.sql('SELECT status, note FROM "tabStripe Event" WHERE name = %s', event)[0]
	assert row["status"] == "Needs Attention"
	assert "Payment Term" in row["note"]
	(entry,) = site.payments(invoice)
	assert entry["unallocated_amount"] == entry["paid_amount"]
