"""The workspace of a live bench, its settings, and what staff do about money that waits for them, in a real
browser. Skipped where there is no bench.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from tests.acceptance.site import Site
from tests.patience import PATIENCE

SIZE = {"width": 1280, "height": 900}
# For an accountant; the doctor is for System Managers.
SHORTCUTS = 6
DONE = "Refunded at Stripe."


@contextmanager
def signed_in(browser: Browser, url: str, user: str, password: str) -> Iterator[Page]:
	"""A page of the desk; errors of its scripts fail the test."""
	context = browser.new_context(viewport=SIZE, locale="en-CA")
	login = {"usr": user, "pwd": password}
	assert context.request.post(f"{url}/api/method/login", form=login).ok
	page, faults = context.new_page(), []
	page.set_default_timeout(PATIENCE * 1000)
	page.on("pageerror", lambda error: faults.append(str(error)))
	yield page
	context.close()
	assert faults == []


@pytest.fixture
def desk(bench: Site, browser: Browser) -> Iterator[Page]:
	"""An accountant's desk."""
	with signed_in(browser, bench.url, *bench.staff) as page:
		yield page


@pytest.fixture
def managers_desk(bench: Site, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
	"""A System Manager's desk."""
	user, _, password = request.config.getoption("administrator").partition(":")
	with signed_in(browser, bench.url, user, password) as page:
		yield page


def open_form(page: Page, site: Site, doctype: str, name: str | None = None) -> None:
	route = "/".join(filter(None, (doctype.lower().replace(" ", "-"), name)))
	page.goto(f"{site.url}/desk/{route}")
	page.wait_for_function("name => window.cur_frm?.docname === name && cur_frm.doc", arg=name or doctype)


def paid_otherwise(site: Site) -> tuple[str, str]:
	"""A session that came to another amount than was asked for, and its event."""
	session = site.checkout(site.fresh("unpaid"))
	site.pay(session, changes={"amount_total": 5000})
	(event,) = site.events_of(session)
	assert event["status"] == "Needs Attention"
	return session, event["name"]


def test_the_workspace_shows_numbers_a_chart_and_the_way_to_the_lists(desk: Page, bench: Site):
	desk.goto(f"{bench.url}/desk/gigafibre")
	cards = desk.locator(".number-widget-box")
	expect(cards).to_have_count(4)
	for card in cards.all():
		expect(card.locator(".number")).to_have_text(re.compile(r"\d"))
	expect(desk.locator(".dashboard-widget-box .frappe-chart .bar").first).to_be_attached()
	shortcuts = desk.locator(".shortcut-widget-box")
	expect(shortcuts).to_have_count(SHORTCUTS)
	cut = "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.textContent)"
	assert desk.locator(".widget-title").evaluate_all(cut) == []
	desk.get_by_text("Service Locations").click()
	expect(desk).to_have_url(re.compile(r"/desk/service-location\b"))


@pytest.mark.parametrize("doctype", ["Stripe Checkout Session", "Stripe Event"])
def test_an_accountant_marks_what_waits_as_handled(desk: Page, bench: Site, doctype: str):
	name = paid_otherwise(bench)[doctype == "Stripe Event"]
	open_form(desk, bench, doctype, name)
	expect(desk.locator(".form-message:visible")).to_contain_text("CAD")
	desk.get_by_role("button", name="Mark as Handled").click()
	dialog = desk.get_by_role("dialog")
	dialog.get_by_role("textbox").fill(DONE)
	dialog.get_by_role("button", name="Mark as Handled").click()
	expect(desk.get_by_role("button", name="Mark as Handled")).to_have_count(0)
	expect(desk.locator('[data-fieldname="resolution"]:visible')).to_contain_text(DONE)
	row = bench.sql(f'SELECT resolution, handled_by FROM "tab{doctype}" WHERE name = %s', name)[0]
	assert (row["resolution"], row["handled_by"]) == (DONE, bench.staff[0])


def test_an_accountant_tries_a_failed_event_again(desk: Page, bench: Site):
	invoice = bench.fresh("unpaid")
	session = bench.checkout(invoice)
	bench.pay(session)
	(event,) = bench.events_of(session)
	bench.sql("UPDATE \"tabStripe Event\" SET status = 'Failed', note = 'No.' WHERE name = %s", event["name"])
	open_form(desk, bench, "Stripe Event", event["name"])
	desk.get_by_role("button", name="Try Again").click()
	expect(desk.get_by_role("button", name="Try Again")).to_have_count(0)
	assert bench.event(event["name"])["status"] == "Processed"
	assert len(bench.payments(invoice)) == 1


def test_the_settings_say_what_the_sites_configuration_decides_and_not_what(managers_desk: Page, bench: Site):
	received: list[Response] = []
	managers_desk.on("response", lambda answer: received.append(answer))
	open_form(managers_desk, bench, "Gigafibre Settings")
	field = managers_desk.locator('[data-fieldname="gigafibre_pay_secret"]')
	expect(field).to_contain_text("Set in the site's configuration")
	expect(field.locator("input:visible")).to_have_count(0)
	expect(managers_desk.locator('[data-fieldname="setup"] .indicator')).to_have_count(8)
	expect(managers_desk.locator('[data-fieldname="webhook"]')).to_contain_text("api.stripe_webhook")
	bodies = [answer.text() for answer in received if "/api/method/" in answer.url and answer.ok]
	assert any("in_site_config" in body for body in bodies)
	for secret in (bench.pay_secret, bench.webhook_secret):
		assert not any(secret in body for body in bodies)


def test_an_accountant_changes_no_settings(desk: Page, bench: Site):
	open_form(desk, bench, "Gigafibre Settings")
	expect(desk.locator('[data-fieldname="setup"] .indicator')).to_have_count(8)
	expect(desk.get_by_role("button", name="New Pay Secret")).to_have_count(0)
	expect(desk.get_by_role("button", name="Save")).to_have_count(0)
	expect(desk.locator('[data-fieldname="twilio_auth_token"] input')).to_have_count(0)
