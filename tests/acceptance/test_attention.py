"""What waits for staff is taken up again, or off the list by one who says what was done."""

from typing import Any

import pytest

from gigafibre_utils.translation import translator
from tests.acceptance.site import Site, message, sentence
from tests.patience import PATIENCE

NOT_WAITING = "This does not wait for staff."
DONE = "Called the customer; the rest is for the next invoice."


def paid_otherwise(site: Site, **changes: Any) -> tuple[str, str]:
	"""An invoice, and its session that came to something else than was asked for."""
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session, changes=changes)
	site.events_of(session)
	return invoice, session


def session_row(site: Site, session: str) -> dict[str, Any]:
	return site.sql('SELECT * FROM "tabStripe Checkout Session" WHERE name = %s', session)[0]


def state_of(site: Site, invoice: str) -> str:
	answer = site.guest().call("validate_pay_token", invoice=invoice, token=site.token(invoice))
	return message(answer)["invoice"]["state"]


def assert_handled(site: Site, row: dict[str, Any]) -> None:
	assert row["resolution"] == DONE
	assert row["handled_by"] == site.staff[0]
	assert row["handled_at"] is not None


@pytest.mark.parametrize("by", ["session", "event"])
def test_a_handled_session_is_off_the_list_with_its_event(site: Site, by: str):
	invoice, session = paid_otherwise(site, amount_total=5000)
	(event,) = site.events_of(session)
	assert (event["status"], state_of(site, invoice)) == ("Needs Attention", "processing")
	if by == "session":
		answer = site.accountant.call("handle_checkout_session", session=session, resolution=DONE)
	else:
		answer = site.accountant.call("handle_stripe_event", event=event["name"], resolution=DONE)
	answer.raise_for_status()
	row, (event,) = session_row(site, session), site.events_of(session)
	assert (row["needs_attention"], event["status"]) == (0, "Processed")
	assert_handled(site, row)
	assert_handled(site, event)
	assert row["note"] and event["note"]
	assert state_of(site, invoice) == "unpaid"


def test_what_was_handled_does_not_come_up_again(site: Site):
	"""Money in another currency is posted by hand, so that the session keeps having no payment of its own."""
	_, session = paid_otherwise(site, currency="usd")
	site.accountant.call("handle_checkout_session", session=session, resolution=DONE).raise_for_status()
	before = session_row(site, session)
	site.accountant.call("settle_checkout_session", session=session).raise_for_status()
	after = session_row(site, session)
	assert (after["needs_attention"], after["note"]) == (0, before["note"])
	assert_handled(site, after)


def test_what_is_new_about_a_handled_session_comes_up(site: Site):
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session, changes={"livemode": True, "payment_status": "unpaid", "status": "open"})
	site.events_of(session)
	assert session_row(site, session)["needs_attention"]
	site.accountant.call("handle_checkout_session", session=session, resolution=DONE).raise_for_status()
	site.pay(session, changes={"livemode": False, "currency": "usd"})
	site.accountant.call("settle_checkout_session", session=session).raise_for_status()
	row = session_row(site, session)
	assert row["needs_attention"] and "USD" in row["note"]


def test_an_event_that_failed_too_often_is_worked_on_again(site: Site):
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session)
	(event,) = site.events_of(session)
	gave_up = "UPDATE \"tabStripe Event\" SET status = 'Needs Attention', attempts = 50 WHERE name = %s"
	site.sql(gave_up, event["name"])
	site.accountant.call("retry_stripe_event", event=event["name"]).raise_for_status()
	event = site.event(event["name"])
	assert (event["status"], event["attempts"]) == ("Processed", 1)
	assert len(site.payments(invoice)) == 1


def test_asking_stripe_finds_the_payment_of_a_lost_event(site: Site):
	site.deliver(lost=True)
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session)
	site.accountant.call("settle_checkout_session", session=session).raise_for_status()
	assert site.outstanding(invoice) == 0


@pytest.mark.parametrize("resolution", [" ", "x" * 1001])
def test_who_handles_says_what_was_done(site: Site, resolution: str):
	_, session = paid_otherwise(site, amount_total=5000)
	answer = site.accountant.call("handle_checkout_session", session=session, resolution=resolution)
	assert answer.status_code == 417
	assert "Say what was done" in sentence(answer)
	assert session_row(site, session)["needs_attention"] == 1


def settled(site: Site) -> dict[str, str]:
	"""A session that was paid as asked for, and its event, as arguments."""
	session = site.checkout(site.fresh("unpaid"))
	site.pay(session)
	(event,) = site.events_of(session)
	assert event["status"] == "Processed"
	return {"session": session, "event": event["name"], "resolution": DONE}


@pytest.mark.parametrize("method", ["retry_stripe_event", "handle_stripe_event", "handle_checkout_session"])
def test_what_does_not_wait_cannot_be_handled(site: Site, method: str):
	answer = site.accountant.call(method, **settled(site))
	assert (answer.status_code, sentence(answer)) == (417, NOT_WAITING)


def test_a_french_browser_reads_french(site: Site):
	url = f"{site.url}/api/method/gigafibre_utils.api.retry_stripe_event"
	headers = {"Accept-Language": "fr-CA,fr;q=0.9"}
	answer = site.accountant.post(url, {"event": settled(site)["event"]}, headers=headers, timeout=PATIENCE)
	assert sentence(answer) == translator("fr")(NOT_WAITING)


@pytest.mark.parametrize(
	("method", "told"),
	[
		("retry_stripe_event", "There is no Stripe Event none."),
		("handle_stripe_event", "There is no Stripe Event none."),
		("settle_checkout_session", "There is no Stripe Checkout Session none."),
		("handle_checkout_session", "There is no Stripe Checkout Session none."),
	],
)
def test_what_is_not_known_is_not_found(site: Site, method: str, told: str):
	answer = site.accountant.call(method, event="none", session="none", resolution=DONE)
	assert (answer.status_code, sentence(answer)) == (404, told)


@pytest.mark.parametrize(
	"method",
	["retry_stripe_event", "handle_stripe_event", "settle_checkout_session", "handle_checkout_session"],
)
def test_none_of_it_is_for_customers(site: Site, method: str):
	_, session = paid_otherwise(site, amount_total=5000)
	(event,) = site.events_of(session)
	named = {"event": event["name"], "session": session, "resolution": DONE}
	assert site.guest().call(method, **named).status_code == 401
	assert site.subscriber.call(method, **named).status_code == 403
	assert session_row(site, session)["needs_attention"] == 1
