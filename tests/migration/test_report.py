"""The report says to whoever signs what the comparison found; nothing in it runs, and nothing is fetched."""

import json
import re
import stat
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import psycopg2
import pytest
from playwright.sync_api import Browser

from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.reconcile import Reconciliation, reconcile, write
from gigafibre_utils.migration.reconcile.draw import Drawn
from gigafibre_utils.migration.reconcile.fields import Unlike
from gigafibre_utils.migration.reconcile.figures import ALL, CUSTOMER, OWED, Figure, Row
from gigafibre_utils.migration.reconcile.reasons import REASONS
from gigafibre_utils.migration.reconcile.report import as_html, as_json
from tests.migration.conftest import AS_OF, Migrated

HOSTILE = """<script>alert('gotcha')</script><img src="https://elsewhere.example/x.png" onerror=alert(1)>"""


@pytest.fixture(scope="module")
def compared(migrated: Migrated) -> Reconciliation:
	with closing(psycopg2.connect(migrated.site_url)) as connection:
		return reconcile(Legacy(migrated.legacy_url), connection, AS_OF)


class Page(HTMLParser):
	"""What a page would fetch or run."""

	def __init__(self, text: str):
		super().__init__()
		self.tags: set[str] = set()
		self.addresses: list[str] = []
		self.handlers: list[str] = []
		self.feed(text)

	def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
		self.tags.add(tag)
		for name, value in attrs:
			if name in ("src", "href", "srcset", "data", "action", "xlink:href"):
				self.addresses.append(value or "")
			elif name.startswith("on"):
				self.handlers.append(name)


@pytest.fixture(scope="module")
def hostile(compared: Reconciliation) -> Reconciliation:
	"""Texts of the databases that would be a script, were they not escaped."""
	drawn = Drawn(1, HOSTILE, Decimal(1), 9, [Unlike("notes", HOSTILE, HOSTILE)])
	balances = [replace(compared.balances[0], name=HOSTILE)]
	return replace(compared, site=HOSTILE, drawn=[drawn], balances=balances)


def test_the_page_has_no_script_and_fetches_nothing(compared: Reconciliation):
	page = Page(as_html(compared))
	assert page.tags & {"script", "iframe", "object", "embed", "img"} == set()
	assert [address for address in page.addresses if not address.startswith(("data:", "#"))] == []
	assert "@import" not in as_html(compared)
	assert "url(" not in as_html(compared)


def test_what_the_databases_say_is_never_markup(hostile: Reconciliation):
	page = Page(as_html(hostile))
	assert "script" not in page.tags
	assert "img" not in page.tags
	assert page.handlers == []
	assert "&lt;script&gt;" in as_html(hostile)


@pytest.mark.parametrize("width", [1280, 400])
def test_a_browser_opens_it_and_asks_for_nothing_else(
	hostile: Reconciliation, browser: Browser, tmp_path: Path, width: int
):
	page_path, _ = write(hostile, tmp_path)
	requests, dialogs = [], []
	with browser.new_page(viewport={"width": width, "height": 900}) as page:
		page.on("request", lambda request: requests.append(request.url))
		page.on("dialog", lambda dialog: dialogs.append(dialog.message))
		page.goto(page_path.as_uri(), wait_until="networkidle")
		is_too_wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
	assert (requests, dialogs) == ([page_path.as_uri()], [])
	assert not is_too_wide


def test_the_verdict_is_plain(compared: Reconciliation, hostile: Reconciliation):
	assert "Reconciled to the cent" in as_html(compared)
	assert "Reconciled to the cent" not in as_html(hostile)
	assert "1 difference is unexplained" in as_html(hostile)
	assert "7 differences are unexplained" in as_html(replace(hostile, drawn=hostile.drawn * 7))


def test_each_reason_is_explained_to_who_signs(compared: Reconciliation):
	assert compared.findings
	assert {finding.reason for finding in compared.findings} <= set(REASONS)


def test_the_page_tells_how_many_customers_owe_how_much(compared: Reconciliation):
	"""What is owed: 12.00 in credit, nothing, a cent, 49.99 and 50.00, 999.99 and 1,000.00."""
	owed = [Decimal(amount) for amount in ("-12", "0", "0.01", "49.99", "50", "999.99", "1000")]
	rows = [
		Row(str(place), {**compared.groups[CUSTOMER][0].figures, OWED: Figure(amount, amount)})
		for place, amount in enumerate(owed)
	]
	page = as_html(replace(compared, groups={**compared.groups, CUSTOMER: rows}))
	told = dict(re.findall(r'<td>([^<]*)</td><td class="n">(\d+)</td><td class="bars">', page)[:8])
	assert told == {
		"a credit": "1",
		"nothing": "1",
		"below 50": "2",
		"below 100": "1",
		"below 250": "0",
		"below 500": "0",
		"below 1,000": "1",
		"more": "1",
	}


def test_the_json_has_every_customer_and_no_float_for_money(compared: Reconciliation, migrated: Migrated):
	told = json.loads(as_json(compared), parse_float=lambda text: pytest.fail(f"{text} is a float"))
	assert told["unexplained"] == 0
	assert {int(customer) for customer in told["groups"][CUSTOMER]} == set(migrated.totals.by_customer)
	assert told["groups"][ALL][""]["billed"]["legacy"] == str(migrated.totals.all.billed)
	assert len(told["balances"]) == len(compared.balances) > 0
	assert len(told["drawn"]) == 100
	assert len(told["findings"]) == len(compared.findings) > 0


def test_reports_are_for_their_owner_alone(compared: Reconciliation, tmp_path: Path):
	(tmp_path / "reconciliation.html").write_text("older")
	(tmp_path / "reconciliation.html").chmod(0o644)
	for path in write(compared, tmp_path):
		assert stat.S_IMODE(path.stat().st_mode) == 0o600
	assert (tmp_path / "reconciliation.html").read_text() == as_html(compared)
