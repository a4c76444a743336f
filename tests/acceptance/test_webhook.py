"""The webhook's inbox: only what Stripe signed is written, and each payment is posted once."""

import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.acceptance.ledger import assert_books_hold
from tests.acceptance.site import Site


def event_of(kind: str = "checkout.session.completed", session: str = "cs_test_none", **more) -> dict:
	"""An event as Stripe sends it."""
	return {
		"id": f"evt_{secrets.token_hex(12)}",
		"object": "event",
		"api_version": "2026-10-28.endive",
		"created": int(time.time()),
		"livemode": False,
		"type": kind,
		"data": {"object": {"id": session, "object": "checkout.session"}},
		**more,
	}


def kept(site: Site, event: dict) -> list[dict]:
	return site.sql('SELECT * FROM "tabStripe Event" WHERE name = %s', event["id"])


def _signed(event: dict, secret: str, **more: int) -> str:
	return stripe.WebhookSignature.generate_signature_header(json.dumps(event), secret, **more)


BAD_SIGNATURES = {
	"missing": lambda event, good: "",
	"of another secret": lambda event, good: _signed(event, "whsec_other"),
	"of another body": lambda event, good: _signed({"id": "evt_other"}, good),
	"old": lambda event, good: _signed(event, good, timestamp=int(time.time()) - 301),
	"of an empty secret": lambda event, good: _signed(event, ""),
	"without a time": lambda event, good: "v1=" + "0" * 64,
	"garbage": lambda event, good: "t=1,t=2,v1",
	"not ASCII": lambda event, good: "t=1,v1=\xe9",
}


@pytest.mark.parametrize("kind", BAD_SIGNATURES)
def test_what_stripe_did_not_sign_gets_400_and_nothing_is_written(site: Site, kind: str):
	event = event_of()
	header = BAD_SIGNATURES[kind](event, site.webhook_secret)
	answer = site.send_event(event, header=header.encode("latin-1"))
	assert answer.status_code == 400
	assert kept(site, event) == []


def test_any_of_several_signatures_in_the_header_counts(site: Site):
	event = event_of("customer.created")
	good = _signed(event, site.webhook_secret)
	timestamp, _, signature = good.partition(",")
	assert site.send_event(event, header=f"{timestamp},v1={'0' * 64},{signature}").status_code == 200
	assert site.event(event["id"])["status"] == "Ignored"


def test_a_signed_body_that_is_no_event_is_refused(site: Site):
	assert site.send_event({"hello": "there"}).status_code == 400


def test_an_event_of_unknown_type_is_kept_and_ignored(site: Site):
	event = event_of("payout.paid")
	assert site.send_event(event).status_code == 200
	row = site.event(event["id"])
	assert row["status"] == "Ignored"
	assert json.loads(row["payload"]) == event


def test_an_event_that_comes_again_is_kept_once_and_worked_on_once(site: Site):
	event = event_of("payout.paid")
	assert [site.send_event(event).status_code for _ in range(3)] == [200] * 3
	row = site.event(event["id"])
	time.sleep(0.3)
	assert site.event(event["id"])["attempts"] == row["attempts"] == 1


def test_an_event_of_the_other_mode_waits_for_staff(site: Site):
	event = event_of(livemode=True)
	assert site.send_event(event).status_code == 200
	row = site.event(event["id"])
	assert row["status"] == "Needs Attention"
	assert "real payment" in row["note"]


def test_an_event_about_a_session_that_stripe_does_not_know_waits_for_staff(site: Site):
	event = event_of(session="cs_test_unknown")
	assert site.send_event(event).status_code == 200
	row = site.event(event["id"])
	assert row["status"] == "Needs Attention"
	assert "knows no such session" in row["note"]


def test_an_expired_session_is_marked_so(site: Site):
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session, changes={"status": "expired"}, how="nothing")
	event = event_of("checkout.session.expired", session)
	site.send_event(event)
	assert site.event(event["id"])["status"] == "Processed"
	visit = site.sql('SELECT status FROM "tabStripe Checkout Session" WHERE name = %s', session)[0]
	assert visit["status"] == "Expired"


def test_the_webhook_takes_posts_alone(site: Site):
	assert site.guest().call("stripe_webhook", "GET").status_code == 403


def test_two_hundred_events_in_parallel_half_of_them_repeats_give_a_hundred_payments(site: Site):
	invoices = [site.fresh("unpaid") for _ in range(100)]
	site.deliver(lost=True)
	with ThreadPoolExecutor(8) as pool:
		sessions = list(pool.map(site.checkout, invoices))
	for session in sessions:
		site.pay(session)
	events = [event_of(session=session) for session in sessions]
	clients = [site.guest() for _ in range(16)]
	with ThreadPoolExecutor(16) as pool:
		turns = enumerate(events + events)
		statuses = list(
			pool.map(lambda turn: site.send_event(turn[1], clients[turn[0] % 16]).status_code, turns)
		)
	assert set(statuses) == {200}
	rows = site.until(
		lambda: site.sql(
			'SELECT status, count(*) AS n FROM "tabStripe Event" WHERE name = ANY(%s) GROUP BY 1',
			[event["id"] for event in events],
		),
		lambda rows: [(row["status"], row["n"]) for row in rows] == [("Processed", 100)],
	)
	assert rows
	remarks = [f"Stripe payment of {invoice}" for invoice in invoices]
	entries = site.sql(
		'SELECT remarks FROM "tabPayment Entry" WHERE remarks = ANY(%s) AND docstatus = 1', remarks
	)
	assert sorted(row["remarks"] for row in entries) == sorted(remarks)
	for invoice in invoices:
		assert site.outstanding(invoice) == 0
	assert_books_hold(site, invoices[0])
