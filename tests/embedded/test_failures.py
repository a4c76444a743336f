"""What breaks for a moment loses nothing, and says what it was."""

import logging
import stat
import threading
from pathlib import Path

import pytest

from gigafibre_utils import pay_page
from gigafibre_utils.embedded.host import WORKERS
from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.embedded.site import EmbeddedSite
from gigafibre_utils.errors import ServiceUnavailable
from gigafibre_utils.paylink import links
from gigafibre_utils.payments import inbox, sweep
from tests.acceptance.ledger import assert_books_hold
from tests.acceptance.site import Site, message, sentence
from tests.acceptance.test_webhook import event_of
from tests.patience import PATIENCE

OWN_ROWS = 4  # Payment Entry, its reference, its GL Entries, its Payment Ledger Entries: a statement each


def waiting_event(site: Site, running: RunningHost) -> tuple[str, str]:
	"""An invoice that was paid, and its event in the inbox with nobody working on it."""
	site.deliver(lost=True)
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session)
	event = event_of(session=session)
	jobs, running.host.run_job = running.host.run_job, lambda *_: None
	try:
		assert site.send_event(event).status_code == 200
	finally:
		running.host.run_job = jobs
	return invoice, event["id"]


def fail_for_want_of_an_account(site: Site, running: RunningHost, event: str) -> None:
	"""Work on an event while the mode of payment has no account for the company."""
	site.sql("UPDATE \"tabMode of Payment Account\" SET parent = 'Away' WHERE parent = 'Stripe'")
	try:
		with EmbeddedSite(running.host), pytest.raises(Exception, match="Mode of Payment"):
			inbox.process(event)
	finally:
		site.sql("UPDATE \"tabMode of Payment Account\" SET parent = 'Stripe' WHERE parent = 'Away'")


def wait_for_jobs(running: RunningHost) -> None:
	"""Until every job that was given to the host is done: its workers meet only when none has one."""
	meeting = threading.Barrier(WORKERS)
	for worker in [running.host._jobs.submit(meeting.wait, PATIENCE) for _ in range(WORKERS)]:
		worker.result()


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
	"""Set once an event of Stripe's could not be taken in."""
	refused, receive = threading.Event(), inbox.receive

	def watched(body: bytes, signature: str | None) -> None:
		try:
			receive(body, signature)
		except ServiceUnavailable:
			refused.set()
			raise

	monkeypatch.setattr(inbox, "receive", watched)
	return refused


def test_a_settled_payment_costs_at_most_ten_statements_above_its_own_rows(site: Site, running: RunningHost):
	invoice, event = waiting_event(site, running)
	with EmbeddedSite(running.host) as current:
		inbox.process(event)
		statements = current.connection.statements
	assert site.outstanding(invoice) == 0
	assert statements - OWN_ROWS <= 10


def test_while_postgresql_is_gone_there_is_an_error_and_afterwards_all_works(
	site: Site, running: RunningHost, refused: threading.Event
):
	invoice = site.fresh("unpaid")
	token = site.token(invoice)
	session = site.checkout(invoice)
	site.database.close()
	running.host.postgres.stop()
	try:
		answer = site.guest().call("validate_pay_token", invoice=invoice, token=token)
		assert answer.status_code == 503
		assert answer.json()["exc_type"] == "ServiceUnavailableError"
		assert site.guest().page(invoice, token).status_code == 503
		site.pay(session)
		assert refused.wait(PATIENCE)
	finally:
		running.host.postgres.start()
		del site.__dict__["database"]
	assert message(site.guest().call("validate_pay_token", invoice=invoice, token=token))["valid"]
	site.until(lambda: site.outstanding(invoice), lambda owed: owed == 0)
	assert len(site.payments(invoice)) == 1
	assert_books_hold(site, invoice)


def test_connections_that_die_in_mid_payment_leave_nothing_half_written(site: Site, running: RunningHost):
	invoice, event = waiting_event(site, running)
	with EmbeddedSite(running.host) as current:
		post = current.ledger._post

		def die_first(*args):
			pid = current.connection.run("SELECT pg_backend_pid() AS pid")[0]["pid"]
			site.sql("SELECT pg_terminate_backend(%s)", pid)
			return post(*args)

		current.ledger._post = die_first
		with pytest.raises(Exception, match="database does not answer"):
			inbox.process(event)
	assert site.payments(invoice) == []
	assert site.sql('SELECT status FROM "tabStripe Event" WHERE name = %s', event)[0]["status"] == "Received"
	with EmbeddedSite(running.host):
		inbox.process(event)
	assert len(site.payments(invoice)) == 1
	assert_books_hold(site, invoice)


def test_what_could_not_be_posted_says_why_and_the_sweep_takes_it_up_again(site: Site, running: RunningHost):
	invoice, event = waiting_event(site, running)
	fail_for_want_of_an_account(site, running, event)
	row = site.sql('SELECT * FROM "tabStripe Event" WHERE name = %s', event)[0]
	assert (row["status"], row["attempts"]) == ("Failed", 1)
	assert row["note"] == "Mode of Payment Stripe has no account for TARGO."
	assert site.payments(invoice) == []
	site.sql(
		"""UPDATE "tabStripe Event" SET modified = modified - interval '1 hour' WHERE name = %s""", event
	)
	with EmbeddedSite(running.host):
		sweep.run()
	assert site.outstanding(invoice) == 0
	assert site.sql('SELECT status FROM "tabStripe Event" WHERE name = %s', event)[0]["status"] == "Processed"


def test_the_sweep_asks_stripe_for_what_never_reached_us(site: Site, running: RunningHost):
	site.deliver(lost=True)
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session)
	late = """UPDATE "tabStripe Checkout Session"
		SET expires_at = expires_at - interval '2 hours' WHERE name = %s"""
	site.sql(late, session)
	with EmbeddedSite(running.host):
		sweep.run()
	assert len(site.payments(invoice)) == 1


def test_a_stripe_that_does_not_answer_is_said_and_nothing_is_kept(site: Site, running: RunningHost):
	invoice = site.fresh("unpaid")
	base = running.host.configuration["gigafibre_stripe_api_base"]
	running.host.configuration["gigafibre_stripe_api_base"] = "http://127.0.0.1:9"
	try:
		answer = site.guest().call("create_checkout_session", invoice=invoice, token=site.token(invoice))
	finally:
		running.host.configuration["gigafibre_stripe_api_base"] = base
	assert answer.status_code == 503
	assert "Stripe" in sentence(answer)
	assert site.sql('SELECT * FROM "tabStripe Checkout Session" WHERE invoice = %s', invoice) == []
	assert site.checkout(invoice)


@pytest.mark.parametrize(
	("script", "cause"),
	[(None, "chromium_path"), ("#!/bin/sh\necho broken thing >&2\nexit 3\n", "broken thing")],
	ids=["missing", "exits at once"],
)
def test_a_chromium_that_fails_is_named_and_the_next_print_works(
	site: Site, running: RunningHost, tmp_path: Path, script: str | None, cause: str
):
	name = site.invoice("unpaid")["name"]
	path = tmp_path / "chromium"
	if script:
		path.write_text(script)
		path.chmod(path.stat().st_mode | stat.S_IXUSR)
	running.host.configuration["chromium_path"] = str(path)
	try:
		answer = site.accountant.call("invoice_pdf", "GET", name=name)
	finally:
		del running.host.configuration["chromium_path"]
	assert answer.status_code == 500
	assert cause in sentence(answer)
	assert site.accountant.call("invoice_pdf", "GET", name=name).status_code == 200


def test_neither_secrets_nor_customers_stand_in_the_log(
	site: Site, running: RunningHost, caplog: pytest.LogCaptureFixture
):
	invoice = site.fresh("unpaid")
	token = site.token(invoice)
	with caplog.at_level(logging.INFO):
		site.pay(site.checkout(invoice))
		site.until(lambda: site.outstanding(invoice), lambda owed: owed == 0)
		site.guest().call("request_magic_link", invoice=invoice, channel="sms", last4="0142")
		site.guest().call("request_magic_link", invoice=invoice, channel="email", last4="0142")
		site.guest().call("validate_pay_token", invoice=invoice, token=token[:-1])
		site.send_event(event_of(session="cs_test_unknown"))
		wait_for_jobs(running)
	secrets = [
		value for key, value in running.host.configuration.items() if "secret" in key or "token" in key
	]
	assert len(secrets) >= 4
	customers = ["Tremblay", "marie-eve@example.com", "5550142"]
	ours = "\n".join(record.getMessage() for record in caplog.records if record.name != "mail.log")
	for word in [*secrets, *running.host.passwords.values(), token, *customers]:
		assert word not in ours


def test_a_wrong_link_is_logged_no_higher_than_info(site: Site, caplog: pytest.LogCaptureFixture):
	with caplog.at_level(logging.DEBUG):
		site.guest().call("validate_pay_token", invoice="NO-SUCH-INVOICE", token="x")
		site.guest().page("NO-SUCH-INVOICE", "x")
	ours = [record for record in caplog.records if not record.name.startswith(("urllib3", "requests"))]
	assert [record for record in ours if record.levelno > logging.INFO] == []


def test_with_no_webhook_secret_nothing_is_written(site: Site, running: RunningHost):
	event = event_of("payout.paid")
	secret = running.host.configuration.pop("gigafibre_stripe_webhook_secret")
	try:
		assert site.send_event(event).status_code == 400
		assert site.send_event(event, secret="").status_code == 400
	finally:
		running.host.configuration["gigafibre_stripe_webhook_secret"] = secret
	assert site.sql('SELECT * FROM "tabStripe Event" WHERE name = %s', event["id"]) == []


def test_a_payment_that_is_settled_while_the_page_is_made_is_on_the_page(site: Site, running: RunningHost):
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	with EmbeddedSite(running.host):
		link = links.open_link(invoice, site.token(invoice))
		site.pay(session)
		site.until(lambda: site.outstanding(invoice), lambda owed: owed == 0)
		view = pay_page._view(link, {"session": session})
	assert link.invoice.outstanding > 0
	assert (view.state, view.invoice.outstanding) == ("paid", 0)
