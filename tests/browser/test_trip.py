"""The trip that a customer makes, in a real browser, on a real host."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.acceptance import tokens
from tests.acceptance.arrangements import Arrangements
from tests.acceptance.site import Site
from tests.browser.checks import assert_accessible
from tests.browser.shots import SIZES
from tests.doubles.twilio import TwilioDouble
from tests.patience import PATIENCE


@pytest.fixture(params=SIZES)
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
	"""A window of a phone's and of a desktop's size; what its console says fails the test."""
	context = browser.new_context(viewport=SIZES[request.param])
	context.set_default_timeout(PATIENCE * 1000)
	page = context.new_page()
	problems: list[str] = []
	page.on("console", lambda said: problems.append(said.text) if _is_problem(said) else None)
	page.on("pageerror", lambda error: problems.append(str(error)))
	yield page
	context.close()
	assert problems == []


def _is_problem(said: ConsoleMessage) -> bool:
	# The page of an expired link is meant to be answered with 410; Chromium notes it.
	return said.type in ("error", "warning") and "410 (GONE)" not in said.text.upper()


def open_link(page: Page, site: Site, invoice: str, **more: str) -> None:
	query = "".join(f"&{key}={value}" for key, value in more.items())
	page.goto(f"{site.url}/pay-public?invoice={invoice}&t={site.token(invoice)}{query}")


def test_scan_see_pay_and_have_the_receipt(page: Page, site: Site):
	invoice = site.fresh("unpaid")
	open_link(page, site, invoice)
	expect(page.locator(".amount")).to_have_text(re.compile(r"114,92\s\$"))
	assert_accessible(page)
	page.get_by_role("button", name="Payer").click()
	page.wait_for_url(f"{site.stripe_url}/**")
	page.locator("#pay").click()
	expect(page.get_by_role("heading", level=1)).to_have_text("Facture payée")
	assert_accessible(page)
	receipt = page.request.get(site.url + page.get_by_role("link", name="PDF").get_attribute("href"))
	assert receipt.headers["content-type"] == "application/pdf"
	assert site.outstanding(invoice) == 0
	assert len(site.payments(invoice)) == 1


def test_a_card_that_is_declined_can_be_changed_and_the_way_back_says_that_nothing_was_charged(
	page: Page, site: Site
):
	invoice = site.fresh("unpaid-english")
	open_link(page, site, invoice)
	page.get_by_role("button", name="Pay").click()
	page.wait_for_url(f"{site.stripe_url}/**")
	page.locator("#card").fill("4000 0000 0000 0002")
	page.locator("#pay").click()
	expect(page.get_by_role("alert")).to_contain_text("declined")
	page.locator("#cancel").click()
	expect(page.get_by_role("heading", level=1)).to_have_text("The payment did not go through")
	assert_accessible(page)
	page.get_by_role("button", name="Pay").click()
	page.wait_for_url(f"{site.stripe_url}/**")
	page.locator("#pay").click()
	expect(page.get_by_role("heading", level=1)).to_have_text("Invoice paid")


def test_a_debit_shows_as_processing_and_then_as_paid(page: Page, site: Site):
	invoice = site.fresh("unpaid")
	open_link(page, site, invoice)
	page.get_by_role("button", name="Payer").click()
	page.wait_for_url(f"{site.stripe_url}/**")
	page.locator("#debit").click()
	page.wait_for_url(f"{site.url}/**")
	expect(page.get_by_role("heading", level=1)).to_have_text("Facture payée")


def test_an_instalment_is_paid_and_then_the_rest(page: Page, site: Site, arrangements: Arrangements):
	invoice = site.fresh("unpaid-english")
	owed = site.outstanding(invoice)
	customer = site.invoice("unpaid-english")["customer"]
	name = arrangements.agree((2, 25, invoice), (32, 30, invoice), customer=customer)
	open_link(page, site, invoice)
	expect(page.locator(".amount")).to_have_text("$25.00")
	assert_accessible(page)
	page.get_by_role("button", name="Pay the instalment: $25.00").click()
	page.wait_for_url(f"{site.stripe_url}/**")
	expect(page.locator("body")).to_contain_text("$25.00")
	page.locator("#pay").click()
	expect(page.get_by_role("heading", level=1)).to_have_text("Instalment paid")
	expect(page.locator(".sum dd")).to_have_text(f"${owed - 25:,.2f}")
	assert_accessible(page)
	assert site.outstanding(invoice) == owed - 25
	site.until(lambda: arrangements.statuses(name), lambda seen: seen == ["Active", "Met", "Due"])
	page.get_by_role("link", name="Pay what remains").click()
	expect(page.locator(".amount")).to_have_text("$30.00")
	page.get_by_role("button", name="Pay the whole balance").press("Enter")
	page.wait_for_url(f"{site.stripe_url}/**")
	page.locator("#pay").click()
	expect(page.get_by_role("heading", level=1)).to_have_text("Invoice paid")
	site.until(lambda: arrangements.statuses(name), lambda seen: seen == ["Kept", "Met", "Met"])


def test_the_language_can_be_switched_there_and_back(page: Page, site: Site):
	invoice = site.fresh("unpaid")
	open_link(page, site, invoice)
	page.get_by_role("link", name="English").click()
	expect(page.locator("html")).to_have_attribute("lang", "en")
	expect(page.get_by_role("button", name="Pay")).to_be_visible()
	page.get_by_role("link", name="Français").click()
	expect(page.locator("html")).to_have_attribute("lang", "fr")


def test_an_expired_link_renews_itself_by_sms(page: Page, site: Site, sms: TwilioDouble):
	invoice = site.fresh("unpaid-with-credit")
	page.goto(f"{site.url}/pay-public?invoice={invoice}&t={tokens.expired(site.pay_secret, invoice)}")
	assert_accessible(page)
	page.get_by_label("Texto").check()
	page.get_by_label("Quatre derniers chiffres").fill("0190")
	page.get_by_role("button", name="Envoyez").click()
	expect(page.locator("#link-answer")).to_be_visible()
	(sent,) = site.until(lambda: [m for m in sms.messages if invoice in m["Body"]], bool)
	page.goto(re.search(r"https?://\S+", sent["Body"]).group())
	expect(page.get_by_role("button", name="Payer")).to_be_visible()


@pytest.mark.parametrize(
	("key", "state"),
	[
		("paid", "paid"),
		("partly-paid", "partly_paid"),
		("cancelled", "cancelled"),
		("overdue", "unpaid"),
		("hostile", "unpaid"),
		("draft", "draft"),
		("credit-note", "credit_note"),
	],
)
def test_every_sample_invoice_has_its_page(page: Page, site: Site, key: str, state: str):
	open_link(page, site, site.invoice(key)["name"])
	expect(page.locator(f"main.state-{state}")).to_be_visible()
	assert_accessible(page)
	width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
	assert width == 0


def test_the_headers_keep_the_link_private(site: Site):
	invoice = site.invoice("unpaid")["name"]
	for answer in (site.guest().page(invoice, site.token(invoice)), site.guest().page(invoice, "wrong")):
		headers = answer.headers
		policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
		assert policy["default-src"] == "'none'"
		assert "unsafe" not in headers["Content-Security-Policy"]
		assert headers["Referrer-Policy"] == "no-referrer"
		assert "noindex" in headers["X-Robots-Tag"]
		assert headers["Cache-Control"] == "no-store"
		assert "Set-Cookie" not in headers or not site.is_embedded
		assert re.findall(r'(?:src|href|action)="(?:https?:)?//', answer.text) == []
