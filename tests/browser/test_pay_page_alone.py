"""What the pay page shows by itself in a real browser: every state, accessibility, hostile names."""

import shutil
from datetime import date
from decimal import Decimal

import pytest
from jinja2 import DebugUndefined, Environment, FileSystemLoader
from jinja2.sandbox import SandboxedEnvironment
from playwright.sync_api import expect

from gigafibre_utils.translation import translator
from tests.browser.checks import assert_accessible, assert_no_sideways_scroll
from tests.browser.shots import (
	BUTTON,
	HOSTILE_NAMES,
	LANGUAGES,
	LATE_TOGETHER,
	PAY,
	SIZES,
	STATES,
	WWW,
	answer,
	sample_context,
	sample_instalment,
)

pytestmark = pytest.mark.skipif(not shutil.which("chromium"), reason="needs chromium")

PAYABLE = ("unpaid", "partly_paid", "declined")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible_and_quiet(server, look, state, language, size):
	page = look(server.show(state, language), size)
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
def test_dark_colours_keep_their_contrast(server, look, state):
	assert_accessible(look(server.show(state, is_overdue=state == "unpaid"), color_scheme="dark"))


@pytest.mark.parametrize("state", STATES)
def test_text_at_twice_its_size_fits(server, look, state):
	page = look(server.show(state, is_overdue=True))
	page.evaluate("document.documentElement.style.fontSize = '200%'")
	assert_no_sideways_scroll(page)


def test_the_state_headings_differ(server, look):
	titles = {state: look(server.show(state, "en")).title() for state in STATES}
	assert len(set(titles.values())) == len(STATES)


def test_amounts_are_those_of_the_invoice(server, look):
	page = look(server.show("partly_paid", "en"))
	expect(page.locator(".amount")).to_have_text("$63.48")
	expect(page.locator(BUTTON)).to_have_text("Pay $63.48", use_inner_text=True)
	assert page.locator(".facts dd").all_inner_texts()[-3:] == ["$103.48", "$40.00", "$63.48"]


def test_a_receipt_says_when_it_was_paid_where_that_is_known(server, look):
	page = look(server.show("paid", "en", paid_on=date(2026, 11, 14)))
	expect(page.locator(".amount")).to_have_text("$103.48")
	expect(page.get_by_text("Paid on November 14, 2026")).to_be_visible()


@pytest.mark.parametrize("state", ["unpaid", "unknown"])
def test_a_company_without_contacts_has_no_empty_links(server, look, state):
	address = server.show(state)
	server.contexts[f"/{state}"].update(phone="", support_email="", company="")
	page = look(address)
	assert page.locator("a[href^=tel], a[href^=mailto]").count() == 0
	assert_accessible(page)


@pytest.mark.parametrize("written", ["855 888-2746", "(855) 888-2746", "1 855 888-2746", "+1 855-888-2746"])
def test_the_phone_number_can_be_called(server, look, written):
	address = server.show("unpaid")
	server.contexts["/unpaid"]["phone"] = written
	assert look(address).locator("a[href='tel:+18558882746']").inner_text() == written


def test_overdue_is_said_in_words(server, look):
	page = look(server.show("unpaid", "en", is_overdue=True))
	expect(page.get_by_text("Past due: November 26, 2026")).to_be_visible()
	assert_accessible(page)


def test_an_instalment_and_the_whole_are_two_plain_choices(server, look):
	page = look(server.show("instalment", "en"))
	expect(page.get_by_role("heading", level=1)).to_have_text("Your instalment")
	expect(page.locator(".amount")).to_have_text("$25.00")
	expect(page.get_by_text("Due by November 24, 2026")).to_be_visible()
	assert page.locator(".facts dd").all_inner_texts()[-1] == "$103.48"
	buttons = page.get_by_role("button")
	assert buttons.all_inner_texts() == ["Pay the instalment: $25.00", "Pay the whole balance: $103.48"]


def test_a_declined_payment_offers_the_instalment_again(server, look):
	page = look(server.show("declined", "en", instalment=sample_instalment()))
	expect(page.locator(".amount")).to_have_text("$25.00")
	expect(page.get_by_role("button")).to_have_count(2)
	assert_accessible(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_late_instalments_of_large_amounts_fit(server, look, language, size, scheme):
	page = look(server.show("instalment", language, **LATE_TOGETHER), size, color_scheme=scheme)
	assert page.locator(".overdue").is_visible()
	assert_no_sideways_scroll(page)
	assert_accessible(page)
	page.evaluate("document.documentElement.style.fontSize = '200%'")
	assert_no_sideways_scroll(page)


def test_a_receipt_of_an_instalment_says_what_was_paid_and_what_is_left(server, look):
	page = look(server.show("instalment_paid", "en"))
	expect(page.locator(".amount")).to_have_text("$40.00")
	assert page.locator(".facts dd").all_inner_texts()[-3:] == ["$103.48", "$40.00", "$63.48"]
	expect(page.get_by_role("button")).to_have_count(0)
	expect(page.get_by_role("link", name="Pay what remains")).to_have_attribute("href", "/unpaid?lang=en")


@pytest.mark.parametrize("state", ["just_paid", "processing"])
def test_what_waits_to_be_confirmed_is_what_was_given(server, look, state):
	page = look(server.show(state, "en", given=Decimal("25.00")))
	expect(page.locator(".amount")).to_have_text("$25.00")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", HOSTILE_NAMES.values(), ids=HOSTILE_NAMES)
def test_a_hostile_name_is_text_and_fits(server, look, name, size):
	page = look(server.show("unpaid", name=name, customer_name=name), size)
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
