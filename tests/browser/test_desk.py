"""The desk of a live bench in a real browser: the tab of a Sales Invoice with what its customer sees, and the
print page. Skipped where there is no bench.
"""

import io
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader

from tests.acceptance.site import Site, message
from tests.doubles.twilio import TwilioDouble
from tests.patience import PATIENCE

API = "/api/method/gigafibre_utils.api."
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
SIZES = {"desktop": {"width": 1280, "height": 900}, "tablet": {"width": 768, "height": 1024}}


class Desk:
	"""The desk, signed in as a member of the staff; `asked` holds which methods of the app were called."""

	def __init__(self, page: Page, site: Site):
		self.page, self.site = page, site
		self.asked: list[str] = []
		self.faults: list[str] = []
		page.on("request", lambda request: self._note(request.url))
		page.on("pageerror", lambda error: self.faults.append(str(error)))
		page.on("dialog", lambda dialog: self.faults.append(dialog.message))

	def _note(self, url: str) -> None:
		if API in url:
			self.asked.append(urlsplit(url).path.removeprefix(API))

	def open(self, invoice: str) -> None:
		"""Open an invoice's form."""
		self.page.goto(f"{self.site.url}/desk/sales-invoice/{invoice}")
		self.settle(invoice)

	def switch(self, invoice: str) -> None:
		"""Go to another invoice without leaving the desk."""
		self.page.evaluate("name => frappe.set_route('Form', 'Sales Invoice', name)", invoice)
		self.settle(invoice)

	def settle(self, invoice: str) -> None:
		"""Wait until the form shows the invoice and nothing is under way."""
		self.page.wait_for_function(
			"name => window.cur_frm?.docname === name && cur_frm.doc && !$('.freeze').length", arg=invoice
		)
		self.page.wait_for_load_state("networkidle")
		self.page.evaluate("$('.modal.show').modal('hide')")

	@property
	def tab(self) -> Locator:
		"""The tab's button."""
		return self.page.locator("#sales-invoice-customer_preview-tab")

	@property
	def preview(self) -> Locator:
		"""What the tab shows."""
		return self.page.locator(".customer-preview")

	def shown(self) -> str:
		"""The text of the PDF in the tab."""
		frame = self.preview.locator("iframe")
		expect(frame).to_be_visible()
		read = "async url => [...new Uint8Array(await (await fetch(url)).arrayBuffer())]"
		pdf = bytes(self.page.evaluate(read, frame.get_attribute("src").partition("#")[0]))
		return PdfReader(io.BytesIO(pdf)).pages[0].extract_text()


@pytest.fixture
def desk(bench: Site, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Desk]:
	"""The desk in a window of a desktop's size, or that of `param`; errors of its scripts fail the test."""
	viewport = SIZES[getattr(request, "param", "desktop")]
	context = browser.new_context(viewport=viewport, locale="en-CA")
	context.grant_permissions(["clipboard-read", "clipboard-write"])
	user, password = bench.staff
	login = {"usr": user, "pwd": password}
	assert context.request.post(f"{bench.url}/api/method/login", form=login).ok
	desk = Desk(context.new_page(), bench)
	desk.page.set_default_timeout(PATIENCE * 1000)
	yield desk
	context.close()
	assert desk.faults == []


# The tab


def test_nothing_is_asked_before_the_tab_is_opened_and_the_print_is_made_once(desk: Desk, bench: Site):
	invoice = bench.fresh("unpaid")
	desk.open(invoice)
	assert desk.asked == []
	desk.tab.click()
	assert invoice in desk.shown()
	assert desk.asked.count("invoice_pdf") == 1
	desk.page.locator("#sales-invoice-more_info_tab-tab").click()
	desk.tab.click()
	desk.page.evaluate("cur_frm.refresh()")
	desk.settle(invoice)
	assert desk.asked.count("invoice_pdf") == 1


def test_the_print_is_made_again_once_the_invoice_changed(desk: Desk, bench: Site):
	invoice = bench.fresh("unpaid")
	desk.open(invoice)
	desk.tab.click()
	desk.shown()
	bench.sql('UPDATE "tabSales Invoice" SET modified = now() WHERE name = %s', invoice)
	with desk.page.expect_response(lambda answer: "invoice_pdf" in answer.url):
		desk.page.evaluate("cur_frm.reload_doc()")
	desk.shown()
	assert desk.asked.count("invoice_pdf") == 2


def test_an_address_that_names_the_tab_opens_it(desk: Desk, bench: Site):
	invoice = bench.fresh("unpaid")
	desk.page.goto(f"{bench.url}/desk/sales-invoice/{invoice}#customer_preview")
	assert invoice in desk.shown()


def test_another_invoice_never_shows_the_one_before(desk: Desk, bench: Site):
	first, second = bench.fresh("unpaid"), bench.fresh("unpaid-english")
	desk.open(first)
	desk.tab.click()
	assert first in desk.shown()
	desk.switch(second)
	assert desk.preview.locator("iframe").count() == 0
	desk.tab.click()
	assert second in desk.shown()
	# The first one's tab is still open. In no frame of the way back does it show the other's print.
	desk.page.evaluate(
		"""() => {
			window.seen = [];
			(function look() {
				seen.push([cur_frm.docname, document.querySelector('.customer-preview iframe')?.src]);
				requestAnimationFrame(look);
			})();
		}"""
	)
	foreign = desk.preview.locator("iframe").get_attribute("src")
	desk.switch(first)
	assert first in desk.shown()
	assert [first, foreign] not in desk.page.evaluate("seen")


def test_a_link_is_made_when_it_is_copied_and_only_then(desk: Desk, bench: Site):
	invoice = bench.fresh("unpaid")
	desk.open(invoice)
	desk.tab.click()
	expect(desk.preview.get_by_text("Nothing yet.")).to_be_visible()
	copy = desk.preview.get_by_role("button", name="Copy")
	copy.click()
	expect(desk.preview.get_by_text("Link copied")).to_be_visible()
	copy.click()
	expect(copy).to_be_enabled()
	assert desk.asked.count("pay_token") == 1
	url = desk.page.evaluate("navigator.clipboard.readText()")
	assert desk.preview.get_by_role("textbox", name="Pay Link").input_value() == url
	token = parse_qs(urlsplit(url).query)["t"][0]
	assert message(bench.guest().call("validate_pay_token", invoice=invoice, token=token))["valid"]


def test_a_link_is_sent_after_a_question_and_shows_in_the_history(desk: Desk, bench: Site, sms: TwilioDouble):
	invoice = bench.fresh("unpaid-with-credit")
	desk.open(invoice)
	desk.tab.click()
	desk.preview.get_by_role("button", name="Send by SMS").click()
	question = desk.page.get_by_role("dialog").filter(has_text="Send the pay link by SMS")
	expect(question).to_contain_text("+1 •••-•••-••90")
	assert "send_pay_link" not in desk.asked
	question.get_by_role("button", name="Yes").click()
	expect(desk.preview.get_by_text("Link sent by SMS to +1 •••-•••-••90")).to_be_visible()
	(sent,) = [text for text in sms.messages if invoice in text["Body"]]
	assert sent["To"] == "+14505550190"


def test_a_refusal_is_told_once_and_quietly(desk: Desk, bench: Site, sms: TwilioDouble):
	invoice = bench.fresh("unpaid-business")
	send = {"invoice": invoice, "channel": "sms"}
	assert 429 in [bench.accountant.call("send_pay_link", **send).status_code for _ in range(6)]
	desk.open(invoice)
	desk.tab.click()
	desk.preview.get_by_role("button", name="Send by SMS").click()
	desk.page.get_by_role("button", name="Yes").click()
	told = desk.page.get_by_role("dialog").filter(has_text="several links within the hour")
	expect(told).to_have_count(1)


def test_a_payment_shows_with_its_visit(desk: Desk, bench: Site):
	invoice = bench.fresh("unpaid")
	session = bench.checkout(invoice)
	bench.pay(session)
	bench.until(lambda: bench.outstanding(invoice), lambda owed: owed == 0)
	(payment,) = bench.payments(invoice)
	desk.open(invoice)
	desk.tab.click()
	events = desk.preview.get_by_role("listitem")
	expect(events).to_have_count(2)
	expect(events.first).to_contain_text("Payment of $ 114.92")
	expect(events.last).to_contain_text("Payment page opened for $ 114.92")
	assert payment["name"] in events.first.get_by_role("link").get_attribute("href")


@pytest.mark.parametrize(
	("key", "told"),
	[
		("draft", "There is a pay link once the invoice is submitted."),
		("cancelled", "The invoice is cancelled; there is nothing to pay on it."),
		("credit-note", "Return"),
	],
)
def test_what_cannot_be_paid_has_its_print_and_no_link(desk: Desk, bench: Site, key: str, told: str):
	invoice = bench.invoice(key)["name"]
	desk.open(invoice)
	desk.tab.click()
	assert invoice in desk.shown()
	expect(desk.preview.get_by_text(told, exact=True)).to_be_visible()
	expect(desk.preview.get_by_role("heading", name="History")).to_be_visible()
	assert desk.preview.get_by_role("button", name=re.compile("Copy|Send")).count() == 0


def test_a_new_invoice_asks_to_be_saved_first(desk: Desk, bench: Site):
	desk.page.goto(f"{bench.url}/desk/sales-invoice/new")
	desk.page.wait_for_function("window.cur_frm?.is_new()")
	desk.tab.click()
	expect(desk.preview.get_by_text("Save the invoice to see it as its customer will.")).to_be_visible()
	assert desk.asked == []


def test_a_print_that_fails_says_so_and_is_tried_again(desk: Desk, bench: Site):
	invoice = bench.fresh("unpaid")
	desk.open(invoice)
	address = f"**{API}invoice_pdf*"
	desk.page.route(address, lambda route: route.fulfill(status=503, body="{}"))
	desk.tab.click()
	expect(desk.preview.get_by_role("alert")).to_contain_text("The invoice could not be printed.")
	desk.page.unroute(address)
	desk.page.locator("#sales-invoice-more_info_tab-tab").click()
	desk.tab.click()
	assert invoice in desk.shown()


def test_hostile_names_are_text(desk: Desk, bench: Site):
	name = "<img src=x onerror=alert(1)>"
	invoice = bench.fresh("unpaid")
	message(bench.accountant.call("pay_token", invoice=invoice))
	bench.sql(
		'UPDATE "tabPay Link" SET channel = %s, sent_to = %s, sent_by = %s, status = %s, note = %s '
		"WHERE invoice = %s",
		*("SMS", name, name, "Failed", name, invoice),
	)
	desk.open(invoice)
	desk.tab.click()
	expect(desk.preview.get_by_role("listitem")).to_contain_text(f"SMS to {name} not sent")
	assert desk.preview.locator("img").count() == 0
	bench.sql('DELETE FROM "tabPay Link" WHERE invoice = %s', invoice)


@pytest.mark.parametrize("desk", SIZES, indirect=True)
def test_the_tab_fits_its_window_and_is_accessible(desk: Desk, bench: Site):
	invoice = bench.fresh("unpaid")
	message(bench.accountant.call("pay_token", invoice=invoice))
	desk.open(invoice)
	desk.tab.click()
	desk.shown()
	expect(desk.preview.get_by_text("Link copied")).to_be_visible()
	assert desk.preview.evaluate("tab => tab.scrollWidth <= tab.clientWidth")
	for theme in ("light", "dark"):
		desk.page.evaluate("theme => frappe.ui.set_theme(theme)", theme)
		found = Axe().run(desk.page, context={"include": [[".customer-preview"]]}, options=WCAG)
		assert found.response["violations"] == []


# The print page


def test_the_print_page_shows_the_whole_sheet_and_its_pdf_button_gives_our_print(desk: Desk, bench: Site):
	invoice = bench.fresh("unpaid")
	desk.page.goto(f"{bench.url}/desk/print/Sales Invoice/{invoice}")
	sheet = desk.page.locator("iframe.print-format-container")
	expect(sheet.content_frame.locator(".print-format")).to_be_visible()
	desk.page.evaluate("$('.modal.show').modal('hide')")
	choice = desk.page.locator(".print-preview-sidebar input[data-fieldname=print_format]")
	choice.fill("Facture TARGO")
	desk.page.get_by_role("option", name="Facture TARGO").first.click()
	facture = sheet.content_frame.locator("#facture")
	expect(facture).to_contain_text(invoice)
	assert facture.evaluate("sheet => sheet.getBoundingClientRect().right <= innerWidth")
	with desk.page.expect_popup() as opened:
		desk.page.get_by_role("button", name="PDF", exact=True).click()
	url = opened.value.url
	cookies = {cookie["name"]: cookie["value"] for cookie in desk.page.context.cookies()}
	pdf = requests.get(url, cookies=cookies, timeout=PATIENCE)
	assert pdf.headers["Content-Type"] == "application/pdf"
	text = PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
	assert f"Facture {invoice} · Page 1 de 1" in " ".join(text.split())
