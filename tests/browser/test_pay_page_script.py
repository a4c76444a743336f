"""What the pay page's script does in a real browser: it pays, waits for the ledger, asks for links."""

import json
import shutil
from collections.abc import Callable
from threading import Event

import pytest
from playwright.sync_api import Page, expect

from tests.browser.checks import assert_accessible
from tests.browser.shots import ASK, BUTTON, CHECK, PAY, Answer, answer, sample_context
from tests.patience import PATIENCE

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")


def frappe_error(status: int, sentence: str):
	return answer(status, {"_server_messages": json.dumps([json.dumps({"message": sentence})])})


class Held:
	"""An answer that is not given before the test lets it go, however long the browser takes until then."""

	def __init__(self, answers: Callable[[int], Answer]):
		self._answers = answers
		self._gone = Event()

	def __call__(self, count: int) -> Answer:
		assert self._gone.wait(PATIENCE)
		return self._answers(count)

	def let_go(self) -> None:
		self._gone.set()


# Paying


def test_pay_opens_the_checkout(server, open_page):
	checkout = server.show("paid")
	server.answers[PAY] = lambda _count: answer(body={"message": {"url": checkout}})
	page = open_page(server.show("unpaid", "en"))
	page.locator(BUTTON).press("Enter")
	page.wait_for_url(checkout)
	assert server.asked(PAY) == [{"invoice": "SINV-2026-00042", "token": "the-token"}]
	headers = server.requests[0][2]
	assert headers["Content-Type"].startswith("application/x-www-form-urlencoded")
	assert headers["Accept-Language"] == "en"
	assert "Cookie" not in headers and "Referer" not in headers


def test_a_double_click_pays_once_and_shows_that_it_works(server, open_page):
	server.answers[PAY] = held = Held(lambda _count: frappe_error(417, "Later."))
	page = open_page(server.show("unpaid", "en"))
	button = page.locator(BUTTON)
	button.dblclick()
	expect(button).to_have_attribute("aria-disabled", "true")
	expect(button).to_be_focused()
	expect(page.get_by_role("status")).to_have_text("Opening the payment page…")
	assert_accessible(page)
	button.press("Enter")
	held.let_go()
	expect(page.get_by_role("alert")).to_have_text("Later.")
	expect(button).to_have_attribute("aria-disabled", "false")
	assert len(server.asked(PAY)) == 1
	assert_accessible(page)


def test_while_one_choice_is_under_way_the_other_cannot_be_made(server, open_page):
	server.answers[PAY] = held = Held(lambda count: frappe_error(417, f"Refused {count}."))
	page = open_page(server.show("instalment", "en"))
	instalment, whole = page.get_by_role("button").all()
	instalment.click()
	expect(whole).to_have_attribute("aria-disabled", "true")
	whole.click(force=True)
	expect(page.locator(".label-busy:visible")).to_have_count(1)
	held.let_go()
	expect(page.get_by_role("alert")).to_have_text("Refused 1.")
	assert [button.get_attribute("aria-disabled") for button in (instalment, whole)] == ["false", "false"]
	assert page.get_by_role("button").all_inner_texts() == [
		"Pay the instalment: $25.00",
		"Pay the whole balance: $103.48",
	]
	whole.click()
	expect(page.get_by_role("alert")).to_have_text("Refused 2.")
	assert [fields.get("instalment") for fields in server.asked(PAY)] == ["row-1", None]


@pytest.mark.parametrize(
	("reply", "sentence"),
	[
		(
			frappe_error(
				417, "It has &lt;b&gt;just&lt;/b&gt; been paid: 5,00&nbsp;$.<img src=x onerror=alert(1)>"
			),
			"It has <b>just</b> been paid: 5,00\N{NO-BREAK SPACE}$.",
		),
		(answer(500), "Something went wrong on our side. Please try again in a moment, or call us."),
		(answer(200), "Something went wrong on our side. Please try again in a moment, or call us."),
		(answer(429, Retry_After="30"), "Too many attempts. Please try again in 30 s."),
		(answer(429, Retry_After="3600"), "Too many attempts. Please try again in 60 min."),
		(answer(429), "Too many attempts. Please try again a little later."),
	],
	ids=["sentence", "broken", "no-address", "seconds", "minutes", "no-delay"],
)
def test_a_refusal_is_said_and_can_be_tried_again(server, open_page, reply, sentence):
	checkout = server.show("paid")
	paid = answer(body={"message": {"url": checkout}})
	server.answers[PAY] = lambda count: reply if count == 1 else paid
	page = open_page(server.show("unpaid", "en"))
	page.click(BUTTON)
	expect(page.get_by_role("alert")).to_have_text(sentence)
	page.click(BUTTON)
	page.wait_for_url(checkout)


def test_a_broken_network_is_said(server, open_page):
	page = open_page(server.show("unpaid", "en"))
	page.route(f"**/*{PAY}", lambda route: route.abort())
	page.click(BUTTON)
	expect(page.get_by_role("alert")).to_contain_text("Please check your Internet connection")


def test_a_server_that_never_answers_is_given_up(server, open_page):
	page = open_page(server.show("unpaid", "en"))
	page.clock.install()
	page.route(f"**/*{PAY}", lambda _route: None)
	page.click(BUTTON)
	page.clock.run_for(41_000)
	expect(page.get_by_role("alert")).to_contain_text("No answer.")


def test_coming_back_from_stripe_finds_the_button_ready(server, open_page):
	page = open_page(server.show("unpaid", "en"))
	page.route(f"**/*{PAY}", lambda _route: None)
	page.click(BUTTON)
	expect(page.locator(BUTTON)).to_have_text("One moment…", use_inner_text=True)
	page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
	expect(page.locator(BUTTON)).to_have_text("Pay $103.48", use_inner_text=True)
	expect(page.locator(BUTTON)).to_have_attribute("aria-disabled", "false")


# Waiting for the ledger


def at_rest(open_page: Callable[..., Page], url: str) -> Page:
	"""A page for which no time passes but what the test lets pass."""
	page = open_page("about:blank")
	page.clock.install()
	page.goto(url)
	return page


def let_time_pass(page: Page, came: Callable[[], object]) -> None:
	"""As much of the page's own time as it takes; what it asks the server meanwhile takes none of that."""
	under_way = []
	page.on("request", lambda request: under_way.append(request))
	for end in ("requestfinished", "requestfailed"):
		page.on(end, lambda request: under_way.remove(request))
	for _ in range(150):
		if came():
			return
		page.clock.run_for(1_000)
		page.wait_for_timeout(20)
		while under_way:
			page.wait_for_timeout(20)
	raise AssertionError("It did not come in two and a half minutes.")


def seen(state: str, outstanding: str = "103.48"):
	return answer(body={"message": {"invoice": {"state": state, "outstanding": outstanding}}})


@pytest.mark.parametrize(
	("state", "replies"),
	[
		("just_paid", [seen("unpaid"), seen("paid", "0")]),
		("just_paid", [answer(503), seen("partly_paid", "50.00")]),
		("just_paid", [seen("unpaid"), seen("processing")]),
		("just_paid", [seen("declined")]),
		("processing", [seen("processing"), seen("paid", "0")]),
		("processing", [seen("unpaid")]),
	],
	ids=["paid", "paid-in-part", "being-processed", "declined", "settled", "bank-refused"],
)
def test_news_loads_the_page_again_without_the_session(server, open_page, state, replies):
	address = server.show(state)
	server.answers[CHECK] = lambda count: replies[count - 1]
	page = at_rest(open_page, f"{address}&session=cs_123#top")
	server.contexts[f"/{state}"] = sample_context("paid", "fr")
	let_time_pass(page, lambda: page.locator(".state-paid").count())
	assert page.url == address
	assert len(server.visits) == 2
	assert server.asked(CHECK) == [{"invoice": "SINV-2026-00042", "token": "the-token"}] * len(replies)


@pytest.mark.parametrize("state", ["just_paid", "processing"])
def test_the_receipt_of_an_instalment_keeps_the_session_that_it_is_about(server, open_page, state):
	address = f"{server.show(state)}&outcome=instalment&session=cs_123"
	server.answers[CHECK] = lambda _count: seen("partly_paid", "78.48")
	page = at_rest(open_page, f"{address}#top")
	server.contexts[f"/{state}"] = sample_context("instalment_paid", "fr")
	let_time_pass(page, lambda: page.locator(".state-instalment_paid").count())
	assert page.url == address
	assert len(server.visits) == 2


@pytest.mark.parametrize("state", ["just_paid", "processing"])
def test_waiting_ends_after_two_minutes_with_a_sentence(server, open_page, state):
	server.answers[CHECK] = lambda _count: seen("unpaid" if state == "just_paid" else "processing")
	page = at_rest(open_page, server.show(state, "en"))
	status = page.get_by_role("status")
	let_time_pass(page, lambda: "Stripe has received your payment." in status.text_content())
	assert not page.locator(".spinner").is_visible()
	assert 8 < len(server.asked(CHECK)) < 25
	assert len(server.visits) == 1
	assert_accessible(page)


# Asking for a new link


def test_the_link_form_gives_one_answer_whatever_the_digits(server, open_page):
	server.answers[ASK] = lambda _count: answer(body={"message": None})
	page = open_page(server.show("expired", "en"))
	page.get_by_label("Email").check()
	page.get_by_label("Last four digits of your phone number").fill("2746")
	page.keyboard.press("Enter")
	expect(page.get_by_role("heading", name="Check your messages")).to_be_focused()
	expect(page.get_by_text("If these digits match our file")).to_be_visible()
	expect(page.locator("#link-form")).to_be_hidden()
	assert_accessible(page)
	assert server.asked(ASK) == [{"invoice": "SINV-2026-00042", "channel": "email", "last4": "2746"}]
	page.get_by_role("button", name="Start over").click()
	expect(page.locator("#last4")).to_be_focused()
	expect(page.locator("#last4")).to_have_value("")


@pytest.mark.parametrize("digits", ["", "123", "12a4", "١٢٣٤"])
def test_anything_but_four_digits_is_refused_here(server, open_page, digits):
	page = open_page(server.show("expired", "en"))
	page.locator("#last4").fill(digits)
	page.click(BUTTON)
	expect(page.get_by_role("alert")).to_have_text("Please enter exactly four digits.")
	expect(page.locator("#last4")).to_be_focused()
	expect(page.locator("#last4")).to_have_attribute("aria-invalid", "true")
	assert_accessible(page)
	assert server.asked(ASK) == []


def test_too_many_links_asked_for(server, open_page):
	server.answers[ASK] = lambda _count: answer(429, Retry_After="600")
	page = open_page(server.show("expired", "en"))
	page.locator("#last4").fill("2746")
	page.click(BUTTON)
	expect(page.get_by_role("alert")).to_have_text("Too many attempts. Please try again in 10 min.")
	expect(page.locator("#link-form")).to_be_visible()
