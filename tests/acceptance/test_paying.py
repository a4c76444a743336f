"""From the pay button to the ledger."""

import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import requests

from tests.acceptance import tokens
from tests.acceptance.ledger import assert_books_hold, assert_payment_holds
from tests.acceptance.site import Site, message, sentence
from tests.patience import PATIENCE

OWED = Decimal("114.92")


def settled(site: Site, invoice: str) -> None:
	site.until(lambda: site.outstanding(invoice), lambda owed: owed == 0)


def state_of(site: Site, invoice: str) -> str:
	answer = site.guest().call("validate_pay_token", invoice=invoice, token=site.token(invoice))
	return message(answer)["invoice"]["state"]


def test_a_paid_session_becomes_one_payment_entry(site: Site):
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session)
	settled(site, invoice)
	(entry,) = site.payments(invoice)
	assert entry["stripe_payment_intent"].startswith("pi_")
	assert entry["reference_no"] == entry["stripe_payment_intent"]
	assert entry["mode_of_payment"] == "Stripe"
	assert_payment_holds(site, entry, OWED, OWED, invoice)
	assert_books_hold(site, invoice)
	assert site.sql('SELECT status FROM "tabSales Invoice" WHERE name = %s', invoice)[0]["status"] == "Paid"
	(event,) = site.events_of(session)
	assert (event["status"], event["invoice"], event["payment_entry"]) == (
		"Processed",
		invoice,
		entry["name"],
	)
	visit = site.sql('SELECT * FROM "tabStripe Checkout Session" WHERE name = %s', session)[0]
	assert (visit["status"], visit["payment_entry"]) == ("Paid", entry["name"])
	assert state_of(site, invoice) == "paid"


def test_a_customer_whose_account_was_closed_can_still_pay(site: Site):
	invoice = site.fresh("unpaid")
	(customer,) = site.sql('SELECT customer AS name FROM "tabSales Invoice" WHERE name = %s', invoice)
	closed = 'UPDATE "tabCustomer" SET disabled = %s WHERE name = %s'
	site.sql(closed, 1, customer["name"])
	try:
		site.pay(site.checkout(invoice))
		settled(site, invoice)
	finally:
		site.sql(closed, 0, customer["name"])


def test_stripe_is_asked_for_what_is_outstanding_in_minor_units(site: Site):
	invoice = site.fresh("partly-paid")
	owed = site.outstanding(invoice)
	assert owed != site.invoice("partly-paid")["grand_total"]
	session = site.checkout(invoice)
	shown = requests.get(
		f"{site.stripe_url}/v1/checkout/sessions/{session}",
		headers={"Authorization": "Bearer wrong"},
		timeout=PATIENCE,
	)
	assert shown.status_code == 401
	visit = site.sql('SELECT * FROM "tabStripe Checkout Session" WHERE name = %s', session)[0]
	assert (visit["amount"], visit["currency"], visit["status"]) == (owed, "CAD", "Open")
	site.pay(session)
	settled(site, invoice)
	(entry,) = site.payments(invoice)
	assert entry["paid_amount"] == owed


def test_a_double_click_and_a_second_tab_get_the_same_session(site: Site):
	invoice = site.fresh("unpaid")
	with ThreadPoolExecutor(6) as clicks:
		sessions = set(clicks.map(lambda _: site.checkout(invoice), range(6)))
	assert len(sessions) == 1
	assert site.checkout(invoice) in sessions


def test_another_amount_owed_gets_another_session_and_closes_the_old_one(site: Site):
	invoice = site.fresh("unpaid")
	first = site.checkout(invoice)
	site.sql('UPDATE "tabSales Invoice" SET outstanding_amount = 14.92 WHERE name = %s', invoice)
	second = site.checkout(invoice)
	assert second != first
	statuses = site.sql(
		'SELECT name, status, amount FROM "tabStripe Checkout Session" WHERE invoice = %s', invoice
	)
	assert {row["name"]: row["status"] for row in statuses} == {first: "Expired", second: "Open"}
	assert requests.get(f"{site.stripe_url}/pay/{first}", timeout=PATIENCE).status_code == 410


def test_a_session_that_ended_gets_a_successor(site: Site):
	invoice = site.fresh("unpaid")
	first = site.checkout(invoice)
	site.sql(
		"""UPDATE "tabStripe Checkout Session"
		SET expires_at = expires_at - interval '2 hours' WHERE name = %s""",
		first,
	)
	assert site.checkout(invoice) != first


def test_paying_in_one_tab_while_the_event_is_late_cannot_be_done_twice(site: Site):
	site.deliver(lost=True)
	invoice = site.fresh("unpaid")
	site.pay(site.checkout(invoice))
	again = site.guest().call("create_checkout_session", invoice=invoice, token=site.token(invoice))
	assert again.status_code == 417
	assert "déjà payée" in sentence(again)
	assert len(site.payments(invoice)) == 1


@pytest.mark.parametrize(
	("key", "words"),
	[
		("paid", "déjà payée"),
		("cancelled", "annulée"),
		("draft", "brouillon"),
		("credit-note", "note de crédit"),
	],
)
def test_what_cannot_be_paid_is_refused_with_a_sentence_and_no_session(site: Site, key: str, words: str):
	name = site.invoice(key)["name"]
	before = site.sql('SELECT count(*) AS n FROM "tabStripe Checkout Session"')[0]["n"]
	answer = site.guest().call("create_checkout_session", invoice=name, token=site.token(name))
	assert answer.status_code == 417
	assert words in sentence(answer)
	assert site.sql('SELECT count(*) AS n FROM "tabStripe Checkout Session"')[0]["n"] == before
	assert site.guest().page(name, site.token(name)).status_code == 200


def test_the_sentence_is_in_the_language_of_the_page(site: Site):
	name = site.invoice("paid")["name"]
	guest = site.guest()
	guest.headers["Accept-Language"] = "en"
	answer = guest.call("create_checkout_session", invoice=name, token=site.token(name))
	assert "paid already" in sentence(answer)


def test_the_return_page_settles_where_the_event_is_lost(site: Site):
	site.deliver(lost=True)
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session)
	page = site.guest().page(invoice, site.token(invoice, tokens.RETURN), session=session)
	assert "Merci" in page.text
	settled(site, invoice)
	assert len(site.payments(invoice)) == 1
	assert "Facture payée" in site.guest().page(invoice, site.token(invoice), session=session).text


def test_event_return_page_and_repeats_together_post_once(site: Site):
	site.deliver(copies=3)
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	with ThreadPoolExecutor(4) as visits:
		site.pay(session)
		pages = visits.map(
			lambda _: site.guest().page(invoice, site.token(invoice), session=session).status_code, range(4)
		)
		assert set(pages) == {200}
	settled(site, invoice)
	site.events_of(session)
	time.sleep(0.3)
	assert len(site.payments(invoice)) == 1
	assert_books_hold(site, invoice)


def test_who_came_by_a_link_of_fifteen_minutes_comes_back_to_his_receipt(site: Site):
	invoice = site.fresh("unpaid")
	magic = site.token(invoice, tokens.MAGIC, lives=60)
	url = message(site.guest().call("create_checkout_session", invoice=invoice, token=magic))["url"]
	back = site.pay_by_card(url)
	page = site.guest().get(back, timeout=PATIENCE)
	assert page.status_code == 200
	assert "session=" in back
	assert magic not in back


def test_a_debit_is_processing_until_it_clears(site: Site):
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session, how="pending-debit")
	site.until(lambda: state_of(site, invoice), lambda state: state == "processing")
	assert site.outstanding(invoice) == OWED
	again = site.guest().call("create_checkout_session", invoice=invoice, token=site.token(invoice))
	assert again.status_code == 417
	assert "en traitement" in sentence(again)


@pytest.mark.parametrize("disorder", [False, True])
def test_a_debit_that_clears_is_posted_in_whatever_order_the_events_come(site: Site, disorder: bool):
	site.deliver(reversed=disorder)
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session, how="debit")
	settled(site, invoice)
	events = site.events_of(session, count=2)
	assert {event["status"] for event in events} == {"Processed"}
	assert len(site.payments(invoice)) == 1
	assert state_of(site, invoice) == "paid"


def test_a_debit_that_fails_leaves_the_invoice_to_be_paid(site: Site):
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session, how="failed-debit")
	site.events_of(session, count=2)
	assert state_of(site, invoice) == "unpaid"
	assert site.payments(invoice) == []
	assert "Le paiement n’a pas abouti" in site.guest().page(invoice, site.token(invoice)).text
	assert site.checkout(invoice) != session


def test_more_than_is_owed_by_now_stays_the_customers_credit(site: Site):
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.sql('UPDATE "tabSales Invoice" SET outstanding_amount = 100 WHERE name = %s', invoice)
	site.sql(
		'UPDATE "tabPayment Ledger Entry" SET amount = 100, amount_in_account_currency = 100 '
		"WHERE against_voucher_no = %s",
		invoice,
	)
	site.pay(session)
	(event,) = site.events_of(session)
	assert event["status"] == "Needs Attention"
	assert "14.92" in event["note"]
	(entry,) = site.payments(invoice)
	assert_payment_holds(site, entry, OWED, Decimal(100), invoice)


def test_an_invoice_paid_otherwise_meanwhile_leaves_all_of_it_as_credit(site: Site):
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.sql(
		'UPDATE "tabSales Invoice" SET outstanding_amount = 0, status = %s WHERE name = %s', "Paid", invoice
	)
	site.pay(session)
	(event,) = site.events_of(session)
	assert event["status"] == "Needs Attention"
	(entry,) = site.payments(invoice)
	assert entry["unallocated_amount"] == OWED


@pytest.mark.parametrize(
	("changes", "posted"),
	[
		({"amount_total": 5000}, Decimal(50)),
		({"amount_total": 20000}, Decimal(200)),
		({"currency": "usd"}, None),
		({"mode": "setup"}, None),
		({"livemode": True}, None),
	],
	ids=["less", "more", "currency", "mode", "real money on a test site"],
)
def test_money_that_was_not_asked_for_like_that_is_never_allocated_nor_lost(
	site: Site, changes: dict, posted
):
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session, changes=changes)
	(event,) = site.events_of(session)
	assert event["status"] == "Needs Attention", event["note"]
	assert event["invoice"] == invoice
	entries = site.payments(invoice)
	assert [entry["unallocated_amount"] for entry in entries] == ([posted] if posted else [])
	for entry in entries:
		assert_payment_holds(site, entry, posted, Decimal(0), invoice)
	assert site.outstanding(invoice) == OWED


def test_a_payment_of_a_cancelled_invoice_is_kept_as_credit(site: Site):
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.sql('UPDATE "tabSales Invoice" SET docstatus = 2, status = %s WHERE name = %s', "Cancelled", invoice)
	site.pay(session)
	(event,) = site.events_of(session)
	assert event["status"] == "Needs Attention"
	(entry,) = site.payments(invoice)
	assert entry["unallocated_amount"] == OWED


def test_a_session_that_names_another_invoice_at_stripe_is_not_allocated(site: Site):
	invoice, other = site.fresh("unpaid"), site.fresh("unpaid-english")
	session = site.checkout(invoice)
	site.pay(session, changes={"metadata": {"gigafibre_invoice": other}})
	(event,) = site.events_of(session)
	assert event["status"] == "Needs Attention"
	assert other in event["note"]
	assert site.payments(other) == []
	(entry,) = site.payments(invoice)
	assert_payment_holds(site, entry, OWED, Decimal(0), invoice)


def without_row(site: Site, invoice: str, **changes) -> dict:
	"""The event of a paid session that this site has no row of."""
	session = site.checkout(invoice)
	site.sql('DELETE FROM "tabStripe Checkout Session" WHERE name = %s', session)
	site.pay(session, changes=changes)
	return site.events_of(session)[0]


@pytest.mark.parametrize("named", ["NO-SUCH-INVOICE", None])
def test_a_session_for_an_invoice_that_this_site_did_not_make_waits_for_staff(site: Site, named: str | None):
	invoice = site.fresh("unpaid")
	event = without_row(site, invoice, metadata={"gigafibre_invoice": named or invoice})
	assert (event["status"], event["payment_entry"]) == ("Needs Attention", None)
	assert (named or invoice) in event["note"]
	assert site.payments(invoice) == []


def test_a_session_that_no_pay_link_made_is_ignored(site: Site):
	invoice = site.fresh("unpaid")
	event = without_row(site, invoice, metadata={})
	assert event["status"] == "Ignored"
	assert site.payments(invoice) == []


def attention(site: Site, session: str) -> tuple[int, str]:
	"""What staff find on the session's row."""
	row = site.sql('SELECT needs_attention, note FROM "tabStripe Checkout Session" WHERE name = %s', session)[
		0
	]
	return row["needs_attention"], row["note"]


def test_what_needs_attention_is_seen_also_where_the_return_page_came_first(site: Site):
	site.deliver(delay=1.5)
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.sql('UPDATE "tabSales Invoice" SET outstanding_amount = 100 WHERE name = %s', invoice)
	ledger = 'UPDATE "tabPayment Ledger Entry" SET amount = 100, amount_in_account_currency = 100'
	site.sql(f"{ledger} WHERE against_voucher_no = %s", invoice)
	site.pay(session)
	site.guest().page(invoice, site.token(invoice), session=session)
	settled(site, invoice)
	(event,) = site.events_of(session)
	assert event["status"] == "Needs Attention"
	assert len(site.payments(invoice)) == 1
	waits, note = attention(site, session)
	assert waits
	assert "14.92" in note
	assert event["note"] == note


def test_money_in_another_currency_is_seen_also_where_the_event_is_lost(site: Site):
	site.deliver(lost=True)
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session, changes={"currency": "usd"})
	site.guest().page(invoice, site.token(invoice), session=session)
	waits, note = site.until(lambda: attention(site, session), lambda seen: seen[0])
	assert waits
	assert "USD" in note


def test_who_paid_is_not_asked_again_while_staff_look_at_his_payment(site: Site):
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session, changes={"amount_total": 5000})
	site.events_of(session)
	assert state_of(site, invoice) == "processing"
	again = site.guest().call("create_checkout_session", invoice=invoice, token=site.token(invoice))
	assert again.status_code == 417
	site.sql('UPDATE "tabStripe Checkout Session" SET needs_attention = 0 WHERE name = %s', session)
	assert state_of(site, invoice) == "unpaid"


def test_an_invoice_with_a_credit_balance_takes_nothing(site: Site):
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.sql('UPDATE "tabSales Invoice" SET outstanding_amount = -10 WHERE name = %s', invoice)
	site.pay(session)
	(event,) = site.events_of(session)
	assert event["status"] == "Needs Attention"
	(entry,) = site.payments(invoice)
	assert entry["total_allocated_amount"] == 0
	assert entry["unallocated_amount"] == OWED


def test_a_debit_that_waits_to_be_verified_is_under_way(site: Site):
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	site.pay(session, how="unverified-debit")
	site.events_of(session)
	assert state_of(site, invoice) == "processing"


def test_a_session_of_another_account_gives_way_to_a_new_one(site: Site):
	invoice = site.fresh("unpaid")
	first = site.checkout(invoice)
	stranger = f"{first[:-6]}000000"
	site.sql(
		'UPDATE "tabStripe Checkout Session" SET name = %s, session_id = %s WHERE name = %s',
		stranger,
		stranger,
		first,
	)
	second = site.checkout(invoice)
	assert second not in (first, stranger)
	rows = site.sql('SELECT status FROM "tabStripe Checkout Session" WHERE name = %s', stranger)
	assert rows[0]["status"] == "Expired"


def test_opening_the_return_page_again_and_again_asks_stripe_once(site: Site):
	site.deliver(lost=True)
	invoice = site.fresh("unpaid")
	session = site.checkout(invoice)
	guest = site.guest()
	for _ in range(5):
		assert "Merci" in guest.page(invoice, site.token(invoice), session=session).text
	foreign = site.checkout(site.fresh("unpaid"))
	assert "Merci" not in guest.page(invoice, site.token(invoice), session=foreign).text
