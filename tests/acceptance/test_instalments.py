"""An instalment of a payment arrangement, from the page to the ledger."""

import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import requests

from tests.acceptance import tokens
from tests.acceptance.arrangements import ARRANGEMENT, INSTALMENT, Arrangements
from tests.acceptance.ledger import assert_books_hold, assert_payment_holds
from tests.acceptance.site import Site, message, sentence
from tests.patience import PATIENCE

OWED = Decimal("114.92")


def offered(site: Site, invoice: str) -> list[str]:
	"""What the page's buttons would send as the instalment: '' is for the whole."""
	return re.findall(r'name="instalment" value="([^"]*)"', page(site, invoice))


def page(site: Site, invoice: str, **more: str) -> str:
	"""The page in English, spaces as one."""
	return site.guest().page(invoice, site.token(invoice), lang="en", **more).text.replace("\xa0", " ")


def click(site: Site, invoice: str, instalment: str) -> requests.Response:
	guest = site.guest()
	guest.headers["Accept-Language"] = "en"
	token = site.token(invoice)
	return guest.call("create_checkout_session", invoice=invoice, token=token, instalment=instalment)


def visits(site: Site, invoice: str) -> dict[str, tuple[str, Decimal]]:
	"""Status and amount of each visit to Stripe, by session."""
	rows = site.sql('SELECT * FROM "tabStripe Checkout Session" WHERE invoice = %s', invoice)
	return {row["name"]: (row["status"], row["amount"]) for row in rows}


def owe(site: Site, invoice: str, amount: Decimal) -> None:
	"""Let that much be owed on it, by whatever was credited or taken back."""
	site.sql('UPDATE "tabSales Invoice" SET outstanding_amount = %s WHERE name = %s', amount, invoice)


def left(site: Site, invoice: str, amount: Decimal) -> None:
	"""Wait until that much is owed."""
	site.until(lambda: site.outstanding(invoice), lambda owed: owed == amount)


def at_stripe(site: Site, session: str) -> str:
	"""Stripe's page, spaces as one."""
	return requests.get(f"{site.stripe_url}/pay/{session}", timeout=PATIENCE).text.replace("\xa0", " ")


def followed(arrangements: Arrangements, name: str, *statuses: str) -> None:
	"""Wait until the arrangement and its instalments stand so."""
	arrangements.site.until(lambda: arrangements.statuses(name), lambda seen: seen == [*statuses])


def test_an_instalment_is_paid_posted_and_met_at_once(site: Site, arrangements: Arrangements):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((3, 25, invoice), (33, 30, invoice))
	assert offered(site, invoice) == [f"{name}-1", ""]
	text = page(site, invoice)
	assert "Pay the instalment: $25.00" in text
	assert "Pay the whole balance: $114.92" in text
	session = site.checkout(invoice, instalment=f"{name}-1")
	shown = at_stripe(site, session)
	assert "25,00 $" in shown
	assert invoice in shown
	site.pay(session)
	left(site, invoice, OWED - 25)
	(entry,) = site.payments(invoice)
	assert_payment_holds(site, entry, Decimal(25), Decimal(25), invoice)
	assert_books_hold(site, invoice)
	(row,) = site.sql('SELECT status FROM "tabSales Invoice" WHERE name = %s', invoice)
	assert row["status"] == "Partly Paid"
	(event,) = site.events_of(session)
	assert (event["status"], event["payment_entry"]) == ("Processed", entry["name"])
	followed(arrangements, name, "Active", "Met", "Due")
	first, second = arrangements.parts(name)
	assert (first["payment_entry"], second["payment_entry"]) == (entry["name"], None)
	assert arrangements.row(name)["paid"] == 25
	assert (first["reminded_on"], second["reminded_on"]) == (None, None)
	assert offered(site, invoice) == [f"{name}-2", ""]


def test_the_page_after_paying_says_what_was_paid_and_what_is_left(site: Site, arrangements: Arrangements):
	invoice = site.fresh("unpaid-english")
	owed = site.outstanding(invoice)
	name = arrangements.agree((3, 25, invoice), customer=site.invoice("unpaid-english")["customer"])
	session = site.checkout(invoice, instalment=f"{name}-1")
	back = site.pay_by_card(f"{site.stripe_url}/pay/{session}")
	# The browser asks on until the ledger has it, and then opens the page without the session.
	assert "$25.00" in site.guest().get(back, timeout=PATIENCE).text
	left(site, invoice, owed - 25)
	receipt = site.guest().get(re.sub("&session=.*", "", back), timeout=PATIENCE).text
	assert "Instalment paid" in receipt
	assert '<p class="amount">$25.00</p>' in receipt
	assert f"${owed - 25:,.2f}" in receipt
	assert "<form" not in receipt
	events = message(site.accountant.call("pay_link_history", "GET", invoice=invoice))["events"]
	assert {event["amount"] for event in events if event["event"] != "link"} == {"25.00"}
	again = re.search(r'href="(/pay-public[^"]*)">Pay what remains', receipt)[1].replace("&amp;", "&")
	assert site.guest().get(site.url + again, timeout=PATIENCE).status_code == 200


def test_a_page_without_an_arrangement_offers_the_whole_alone(site: Site, arrangements: Arrangements):
	invoice, other = site.fresh("unpaid"), site.fresh("unpaid")
	arrangements.agree((3, 25, other))
	assert offered(site, invoice) == []
	assert "Pay $114.92" in page(site, invoice)


def test_a_double_click_and_a_second_tab_get_the_same_session(site: Site, arrangements: Arrangements):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((3, 25, invoice))
	with ThreadPoolExecutor(6) as clicks:
		sessions = set(clicks.map(lambda _: site.checkout(invoice, instalment=f"{name}-1"), range(6)))
	assert len(sessions) == 1
	assert visits(site, invoice) == {sessions.pop(): ("Open", 25)}


def test_another_choice_closes_the_session_of_the_one_before(site: Site, arrangements: Arrangements):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((3, 25, invoice))
	first = site.checkout(invoice, instalment=f"{name}-1")
	whole = site.checkout(invoice)
	assert visits(site, invoice) == {first: ("Expired", 25), whole: ("Open", OWED)}
	assert requests.get(f"{site.stripe_url}/pay/{first}", timeout=PATIENCE).status_code == 410
	again = site.checkout(invoice, instalment=f"{name}-1")
	assert visits(site, invoice) == {
		first: ("Expired", 25),
		whole: ("Expired", OWED),
		again: ("Open", 25),
	}


def test_a_session_for_the_instalment_is_not_handed_out_for_a_whole_of_the_same_amount(
	site: Site, arrangements: Arrangements
):
	invoice = site.fresh("unpaid-english")
	name = arrangements.agree((3, 25, invoice), customer=site.invoice("unpaid-english")["customer"])
	first = site.checkout(invoice, instalment=f"{name}-1")
	assert "instalment due on" in at_stripe(site, first)
	owe(site, invoice, Decimal(25))
	whole = site.checkout(invoice)
	assert visits(site, invoice) == {first: ("Expired", 25), whole: ("Open", 25)}
	assert "instalment" not in at_stripe(site, whole)
	assert "outcome=instalment" not in site.pay_by_card(f"{site.stripe_url}/pay/{whole}")


def test_a_session_for_the_whole_is_not_handed_out_for_an_instalment_of_the_same_amount(
	site: Site, arrangements: Arrangements
):
	invoice = site.fresh("unpaid-english")
	owed = site.outstanding(invoice)
	name = arrangements.agree((3, 25, invoice), customer=site.invoice("unpaid-english")["customer"])
	owe(site, invoice, Decimal(25))
	whole = site.checkout(invoice)
	owe(site, invoice, owed)
	first = site.checkout(invoice, instalment=f"{name}-1")
	assert visits(site, invoice) == {whole: ("Expired", 25), first: ("Open", 25)}
	assert site.checkout(invoice, instalment=f"{name}-1") == first
	assert "instalment due on" in at_stripe(site, first)
	assert "outcome=instalment" in site.pay_by_card(f"{site.stripe_url}/pay/{first}")


def test_two_tabs_with_other_choices_at_once_leave_one_session_open(site: Site, arrangements: Arrangements):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((3, 25, invoice))
	with ThreadPoolExecutor(6) as clicks:
		answers = list(clicks.map(lambda n: click(site, invoice, ["", f"{name}-1"][n % 2]), range(6)))
	assert {answer.status_code for answer in answers} <= {200, 417}
	states = [status for status, _ in visits(site, invoice).values()]
	assert states.count("Open") == 1
	assert set(states) <= {"Open", "Expired"}


def test_paid_in_one_tab_while_the_event_is_late_it_cannot_be_paid_twice(
	site: Site, arrangements: Arrangements
):
	site.deliver(lost=True)
	invoice = site.fresh("unpaid")
	# The one after is due too: it is not what the second tab shows.
	name = arrangements.agree((1, 25, invoice), (31, 25, invoice))
	session = site.checkout(invoice, instalment=f"{name}-1")
	site.pay(session)
	again = click(site, invoice, f"{name}-1")
	assert again.status_code == 417
	assert "no longer to be paid" in sentence(again)
	assert "$89.92" in sentence(again)
	assert len(site.payments(invoice)) == 1
	assert visits(site, invoice) == {session: ("Paid", 25)}
	assert message(click(site, invoice, ""))["url"]
	assert ("Open", OWED - 25) in visits(site, invoice).values()


@pytest.mark.parametrize(
	"meanwhile",
	[
		f"UPDATE {ARRANGEMENT} SET status = 'Cancelled' WHERE name = %s",
		f"UPDATE {ARRANGEMENT} SET status = 'Broken' WHERE name = %s",
		f"UPDATE {INSTALMENT} SET due_date = due_date - 10 WHERE parent = %s",
		f"UPDATE {INSTALMENT} SET status = 'Met' WHERE parent = %s",
		f"DELETE FROM {INSTALMENT} WHERE parent = %s",
	],
	ids=["cancelled", "broken", "late by more than five days", "met", "taken out"],
)
def test_an_instalment_that_is_gone_meanwhile_is_refused_and_the_whole_is_offered(
	site: Site, arrangements: Arrangements, meanwhile: str
):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((1, 25, invoice))
	assert offered(site, invoice) == [f"{name}-1", ""]
	site.sql(meanwhile, name)
	refused = click(site, invoice, f"{name}-1")
	assert refused.status_code == 417
	assert "no longer to be paid" in sentence(refused)
	assert "$114.92" in sentence(refused)
	assert visits(site, invoice) == {}
	assert offered(site, invoice) == []
	site.checkout(invoice)
	assert list(visits(site, invoice).values()) == [("Open", OWED)]


def test_the_sentence_is_in_french_for_who_reads_french(site: Site, arrangements: Arrangements):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((1, 25, invoice))
	site.sql(f"UPDATE {ARRANGEMENT} SET status = 'Cancelled' WHERE name = %s", name)
	token = site.token(invoice)
	refused = site.guest().call(
		"create_checkout_session", invoice=invoice, token=token, instalment=f"{name}-1"
	)
	assert "114,92\N{NO-BREAK SPACE}$" in sentence(refused)


@pytest.mark.parametrize("named", ["0.01", "another's", "x' OR '1'='1"])
def test_the_browser_names_no_amount_and_no_instalment_of_another(
	site: Site, arrangements: Arrangements, named: str
):
	invoice, other = site.fresh("unpaid"), site.fresh("unpaid")
	arrangements.agree((1, 25, invoice))
	foreign = arrangements.agree((1, 5, other))
	refused = click(site, invoice, f"{foreign}-1" if named == "another's" else named)
	assert refused.status_code == 417
	assert visits(site, invoice) == {}


def test_an_amount_that_the_browser_sends_along_changes_nothing(site: Site, arrangements: Arrangements):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((1, 25, invoice))
	token = site.token(invoice)
	arguments = {"invoice": invoice, "token": token, "instalment": f"{name}-1", "amount": "1.00"}
	site.guest().call("create_checkout_session", **arguments)
	assert set(visits(site, invoice).values()) <= {("Open", 25)}
	session = site.checkout(invoice, instalment=f"{name}-1")
	site.pay(session, changes={"amount_total": 100})
	(event,) = site.events_of(session)
	assert event["status"] == "Needs Attention"
	assert site.outstanding(invoice) == OWED
	assert arrangements.statuses(name) == ["Active", "Due"]


def test_event_return_page_and_repeats_together_post_once(site: Site, arrangements: Arrangements):
	site.deliver(copies=3)
	invoice = site.fresh("unpaid")
	name = arrangements.agree((1, 25, invoice), (31, 25, invoice))
	session = site.checkout(invoice, instalment=f"{name}-1")
	with ThreadPoolExecutor(4) as opened:
		site.pay(session)
		token = site.token(invoice, tokens.RETURN)
		pages = opened.map(lambda _: site.guest().page(invoice, token, session=session).status_code, range(4))
		assert set(pages) == {200}
	left(site, invoice, OWED - 25)
	site.events_of(session)
	followed(arrangements, name, "Active", "Met", "Due")
	time.sleep(0.3)
	assert len(site.payments(invoice)) == 1
	assert arrangements.statuses(name) == ["Active", "Met", "Due"]
	assert_books_hold(site, invoice)


def test_late_instalments_are_paid_together(site: Site, arrangements: Arrangements):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((0, 30, invoice), (-2, 20, invoice), (5, 40, invoice))
	text = page(site, invoice)
	assert "Your instalments" in text
	assert "Past due" in text
	assert "Pay the instalments: $50.00" in text
	assert offered(site, invoice) == [f"{name}-2", ""]
	site.pay(site.checkout(invoice, instalment=f"{name}-2"))
	left(site, invoice, OWED - 50)
	followed(arrangements, name, "Active", "Met", "Met", "Due")


def test_an_instalment_larger_than_what_is_owed_is_the_whole(site: Site, arrangements: Arrangements):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((1, 500, invoice))
	assert offered(site, invoice) == []
	session = site.checkout(invoice, instalment=f"{name}-1")
	assert visits(site, invoice) == {session: ("Open", OWED)}
	assert site.checkout(invoice) == session
	site.pay(session)
	left(site, invoice, Decimal(0))
	followed(arrangements, name, "Kept", "Met")


def test_what_stripe_does_not_take_is_no_choice_of_its_own(site: Site, arrangements: Arrangements):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((3, Decimal("0.49"), invoice), (33, Decimal("0.01"), invoice))
	assert offered(site, invoice) == []
	assert "Pay $114.92" in page(site, invoice)
	refused = click(site, invoice, f"{name}-1")
	assert refused.status_code == 417
	assert "You can pay the whole balance of $114.92" in sentence(refused)
	# Both are due now, and together just enough.
	site.sql(f"UPDATE {INSTALMENT} SET due_date = %s WHERE parent = %s", arrangements.today, name)
	assert offered(site, invoice) == [f"{name}-1", ""]
	session = site.checkout(invoice, instalment=f"{name}-1")
	assert visits(site, invoice) == {session: ("Open", Decimal("0.50"))}


def test_an_instalment_of_no_invoice_can_be_paid_on_what_it_is_about(site: Site, arrangements: Arrangements):
	customer = f"Of an arrangement {secrets.token_hex(4)}"
	site.sql('INSERT INTO "tabCustomer" (name, customer_name) VALUES (%s, %s)', customer, customer)
	invoice = site.fresh("unpaid", customer=customer, posting_date=arrangements.today)
	for ledger in ("GL Entry", "Payment Ledger Entry"):
		statement = f'UPDATE "tab{ledger}" SET party = %s WHERE voucher_no = %s AND party IS NOT NULL'
		site.sql(statement, customer, invoice)
	name = arrangements.agree((1, 25, None), customer=customer, agreed=-1)
	assert offered(site, invoice) == []  # it was billed after the agreement
	site.sql(f"UPDATE {ARRANGEMENT} SET agreed_on = %s WHERE name = %s", arrangements.today, name)
	assert offered(site, invoice) == [f"{name}-1", ""]
	site.pay(site.checkout(invoice, instalment=f"{name}-1"))
	left(site, invoice, OWED - 25)
	followed(arrangements, name, "Kept", "Met")
	assert_books_hold(site, invoice)


def test_the_payment_request_of_an_instalment_goes_along(site: Site, arrangements: Arrangements):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((1, 25, invoice), (31, 25, invoice))
	asked = f"PREQ-{secrets.token_hex(5)}"
	site.sql(
		'INSERT INTO "tabPayment Request" (name, docstatus, status, payment_request_type, reference_doctype, '
		"reference_name, grand_total, outstanding_amount) "
		"VALUES (%s, 1, 'Requested', 'Inward', 'Sales Invoice', %s, 25, 25)",
		asked,
		invoice,
	)
	site.sql(f"UPDATE {INSTALMENT} SET payment_request = %s WHERE name = %s", asked, f"{name}-1")
	site.pay(site.checkout(invoice, instalment=f"{name}-1"))
	followed(arrangements, name, "Active", "Met", "Due")
	rows = site.sql(
		'SELECT docstatus, status, outstanding_amount FROM "tabPayment Request" WHERE name = %s', asked
	)
	assert rows == [{"docstatus": 1, "status": "Paid", "outstanding_amount": 0}]
	site.sql('DELETE FROM "tabPayment Request" WHERE name = %s', asked)


def test_a_debit_of_an_instalment_shows_its_own_amount_while_it_is_under_way(
	site: Site, arrangements: Arrangements
):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((1, 25, invoice))
	session = site.checkout(invoice, instalment=f"{name}-1")
	site.pay(session, how="pending-debit")
	site.events_of(session)
	shown = page(site, invoice)
	assert "Payment being processed" in shown
	assert '<p class="amount">$25.00</p>' in shown
	assert click(site, invoice, f"{name}-1").status_code == 417


def test_a_card_that_was_declined_leaves_both_choices(site: Site, arrangements: Arrangements):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((1, 25, invoice))
	declined = page(site, invoice, outcome="declined")
	assert "The payment did not go through" in declined
	assert f'value="{name}-1"' in declined
	assert '<p class="amount">$25.00</p>' in declined
