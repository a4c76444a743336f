"""The pay page in a real browser, by itself: every state, accessibility, hostile names, its script."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from threading import Event

import pytest
from axe_playwright_python.sync_playwright import Axe
from jinja2 import DebugUndefined, Environment, FileSystemLoader
from jinja2.sandbox import SandboxedEnvironment
from playwright.sync_api import Page, expect

from gigafibre_utils.translation import translator
from tests.browser.shots import (
	HOSTILE_NAMES,
	LANGUAGES,
	LATE_TOGETHER,
	SIZES,
	STATES,
	WWW,
	Answer,
	answer,
	pay_page_server,
	sample_context,
	sample_instalment,
)
from tests.patience import PATIENCE

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")

PAYABLE = ("unpaid", "partly_paid", "declined")
PAY = "create_checkout_session"
CHECK = "validate_pay_token"
ASK = "request_magic_link"
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BUTTON = "form button[type=submit]"


@pytest.fixture(scope="module")
def running_server():
	with pay_page_server() as server:
		yield server


@pytest.fixture
def server(running_server):
	running_server.reset()
	running_server.answers[CHECK] = lambda _count: answer(body={"message": {}})
	return running_server


@pytest.fixture
def open_page(browser):
	"""A function that opens an address in a window of its own and keeps what the console says."""
	contexts = []

	def open_page(url: str, size: str = "phone", **options) -> Page:
		context = browser.new_context(viewport=SIZES[size], **options)
		context.set_default_timeout(PATIENCE * 1000)
		contexts.append(context)
		page = context.new_page()
		page.faults = []
		page.on("console", lambda message: message.type == "error" and page.faults.append(message.text))
		page.on("pageerror", lambda error: page.faults.append(str(error)))
		page.goto(url)
		return page

	yield open_page
	for context in contexts:
		context.close()


def assert_accessible(page: Page) -> None:
	found = Axe().run(page, options={"runOnly": {"type": "tag", "values": AXE_TAGS}})
	assert not found.response["violations"], found.generate_report()


def assert_no_sideways_scroll(page: Page) -> None:
	assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


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


# What is shown


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible_and_quiet(server, open_page, state, language, size):
	page = open_page(server.show(state, language), size)
	assert page.locator("h1").count() == 1
	assert page.locator("h1").inner_text() in page.title()
	assert page.locator("html").get_attribute("lang") == language
	assert page.locator(BUTTON).count() == (2 if state == "instalment" else state in (*PAYABLE, "expired"))
	assert page.evaluate(
		"[...document.querySelectorAll('a, .button, .channels label, .digits')]"
		".filter(target => target.offsetParent).every(target => target.offsetHeight >= 44)"
	)
	assert page.evaluate(
		"![...document.querySelectorAll('*')].some(element => [...element.attributes]"
		".some(({name}) => name === 'style' || name.startsWith('on')))"
	)
	assert_no_sideways_scroll(page)
	assert_accessible(page)
	assert page.faults == []


@pytest.mark.parametrize("state", STATES)
def test_dark_colours_keep_their_contrast(server, open_page, state):
	assert_accessible(open_page(server.show(state, is_overdue=state == "unpaid"), color_scheme="dark"))


@pytest.mark.parametrize("state", STATES)
def test_text_at_twice_its_size_fits(server, open_page, state):
	page = open_page(server.show(state, is_overdue=True))
	page.evaluate("document.documentElement.style.fontSize = '200%'")
	assert_no_sideways_scroll(page)


def test_the_state_headings_differ(server, open_page):
	titles = {state: open_page(server.show(state, "en")).title() for state in STATES}
	assert len(set(titles.values())) == len(STATES)


def test_amounts_are_those_of_the_invoice(server, open_page):
	page = open_page(server.show("partly_paid", "en"))
	expect(page.locator(".amount")).to_have_text("$63.48")
	expect(page.locator(BUTTON)).to_have_text("Pay $63.48", use_inner_text=True)
	assert page.locator(".facts dd").all_inner_texts()[-3:] == ["$103.48", "$40.00", "$63.48"]


def test_a_receipt_says_when_it_was_paid_where_that_is_known(server, open_page):
	page = open_page(server.show("paid", "en", paid_on=date(2026, 11, 14)))
	expect(page.locator(".amount")).to_have_text("$103.48")
	expect(page.get_by_text("Paid on November 14, 2026")).to_be_visible()


@pytest.mark.parametrize("state", ["unpaid", "unknown"])
def test_a_company_without_contacts_has_no_empty_links(server, open_page, state):
	address = server.show(state)
	server.contexts[f"/{state}"].update(phone="", support_email="", company="")
	page = open_page(address)
	assert page.locator("a[href^=tel], a[href^=mailto]").count() == 0
	assert_accessible(page)


@pytest.mark.parametrize("written", ["855 888-2746", "(855) 888-2746", "1 855 888-2746", "+1 855-888-2746"])
def test_the_phone_number_can_be_called(server, open_page, written):
	address = server.show("unpaid")
	server.contexts["/unpaid"]["phone"] = written
	assert open_page(address).locator("a[href='tel:+18558882746']").inner_text() == written


def test_overdue_is_said_in_words(server, open_page):
	page = open_page(server.show("unpaid", "en", is_overdue=True))
	expect(page.get_by_text("Past due: November 26, 2026")).to_be_visible()
	assert_accessible(page)


def test_an_instalment_and_the_whole_are_two_plain_choices(server, open_page):
	page = open_page(server.show("instalment", "en"))
	expect(page.get_by_role("heading", level=1)).to_have_text("Your instalment")
	expect(page.locator(".amount")).to_have_text("$25.00")
	expect(page.get_by_text("Due by November 24, 2026")).to_be_visible()
	assert page.locator(".facts dd").all_inner_texts()[-1] == "$103.48"
	buttons = page.get_by_role("button")
	assert buttons.all_inner_texts() == ["Pay the instalment: $25.00", "Pay the whole balance: $103.48"]


def test_a_declined_payment_offers_the_instalment_again(server, open_page):
	page = open_page(server.show("declined", "en", instalment=sample_instalment()))
	expect(page.locator(".amount")).to_have_text("$25.00")
	expect(page.get_by_role("button")).to_have_count(2)
	assert_accessible(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_late_instalments_of_large_amounts_fit(server, open_page, language, size, scheme):
	page = open_page(server.show("instalment", language, **LATE_TOGETHER), size, color_scheme=scheme)
	assert page.locator(".overdue").is_visible()
	assert_no_sideways_scroll(page)
	assert_accessible(page)
	page.evaluate("document.documentElement.style.fontSize = '200%'")
	assert_no_sideways_scroll(page)


def test_a_receipt_of_an_instalment_says_what_was_paid_and_what_is_left(server, open_page):
	page = open_page(server.show("instalment_paid", "en"))
	expect(page.locator(".amount")).to_have_text("$40.00")
	assert page.locator(".facts dd").all_inner_texts()[-3:] == ["$103.48", "$40.00", "$63.48"]
	expect(page.get_by_role("button")).to_have_count(0)
	expect(page.get_by_role("link", name="Pay what remains")).to_have_attribute("href", "/unpaid?lang=en")


@pytest.mark.parametrize("state", ["just_paid", "processing"])
def test_what_waits_to_be_confirmed_is_what_was_given(server, open_page, state):
	page = open_page(server.show(state, "en", given=Decimal("25.00")))
	expect(page.locator(".amount")).to_have_text("$25.00")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
def test_a_hostile_name_is_text_and_fits(server, open_page, name, size):
	page = open_page(server.show("unpaid", name=name, customer_name=name), size)
	assert [text.strip() for text in page.locator(".facts dd").all_text_contents()[:2]] == [name, name]
	assert page.locator("#pay-form [name=invoice]").input_value() == name
	assert_no_sideways_scroll(page)
	assert page.faults == []


def test_names_are_escaped_where_the_environment_does_not_escape():
	context = sample_context("unpaid", "fr", customer_name=HOSTILE_NAMES["script"])
	frappe_like = SandboxedEnvironment(loader=FileSystemLoader(WWW), undefined=DebugUndefined)
	html = frappe_like.get_template("pay-public.html").render(context)
	assert "&lt;script&gt;alert(1)" in html
	assert html.count("<script>") == 1


def test_every_sentence_has_its_french():
	source = (WWW / "pay-public.html").read_text(encoding="utf-8")
	extractor = Environment(extensions=["jinja2.ext.i18n"])
	sentences = {text for _line, _name, text in extractor.extract_translations(source, ("_",))}
	assert len(sentences) > 50
	assert [text for text in sentences if translator("fr")(text) == text] == []


def test_keyboard_reaches_everything_in_reading_order(server, open_page):
	page = open_page(server.show("unpaid", "en"))
	reached = []
	for _ in range(5):
		page.keyboard.press("Tab")
		reached.append(page.evaluate("document.activeElement.textContent.trim().split(/\\s+/)[0]"))
		assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
	assert reached == ["Français", "Pay", "View", "855", "support@targo.ca"]


@pytest.mark.parametrize(("tabs", "key", "sent"), [(2, "Enter", "row-1"), (3, "Space", "")])
def test_either_choice_can_be_made_by_keyboard(server, open_page, tabs, key, sent):
	checkout = server.show("paid")
	server.answers[PAY] = lambda _count: answer(body={"message": {"url": checkout}})
	page = open_page(server.show("instalment", "en"))
	for _ in range(tabs):
		page.keyboard.press("Tab")
	assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
	page.keyboard.press(key)
	page.wait_for_url(checkout)
	wanted = {"invoice": "SINV-2026-00042", "token": "the-token"}
	assert server.asked(PAY) == [wanted | ({"instalment": sent} if sent else {})]


@pytest.mark.parametrize("state", ["unpaid", "expired"])
def test_without_script_the_page_says_what_to_do(server, open_page, state):
	page = open_page(server.show(state, "en"), java_script_enabled=False)
	expect(page.locator(".no-script")).to_contain_text("JavaScript is turned off")
	expect(page.locator(BUTTON)).to_be_hidden()


def test_without_script_the_waiting_page_refreshes(server, open_page):
	page = open_page(server.show("just_paid"), java_script_enabled=False)
	assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "5"


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
	page = open_page(f"{address}&session=cs_123#top")
	server.contexts[f"/{state}"] = sample_context("paid", "fr")
	page.wait_for_selector(".state-paid")
	assert page.url == address
	assert len(server.visits) == 2
	assert server.asked(CHECK) == [{"invoice": "SINV-2026-00042", "token": "the-token"}] * len(replies)


@pytest.mark.parametrize("state", ["just_paid", "processing"])
def test_the_receipt_of_an_instalment_keeps_the_session_that_it_is_about(server, open_page, state):
	address = f"{server.show(state)}&outcome=instalment&session=cs_123"
	server.answers[CHECK] = lambda _count: seen("partly_paid", "78.48")
	page = open_page(f"{address}#top")
	server.contexts[f"/{state}"] = sample_context("instalment_paid", "fr")
	page.wait_for_selector(".state-instalment_paid")
	assert page.url == address
	assert len(server.visits) == 2


@pytest.mark.parametrize("state", ["just_paid", "processing"])
def test_waiting_ends_after_two_minutes_with_a_sentence(server, open_page, state):
	server.answers[CHECK] = lambda _count: seen("unpaid" if state == "just_paid" else "processing")
	page = open_page("about:blank")
	page.clock.install()
	page.goto(server.show(state, "en"))
	status = page.get_by_role("status")
	under_way = set()
	page.on("request", under_way.add)
	page.on("requestfinished", under_way.discard)
	for _ in range(40):
		page.clock.run_for(5_000)
		page.wait_for_timeout(20)
		while under_way:
			page.wait_for_timeout(20)
	expect(status).to_contain_text("Stripe has received your payment.")
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
