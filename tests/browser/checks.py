"""What every page must hold, whatever it shows."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def assert_accessible(page: Page) -> None:
	found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
	assert not found.response["violations"], found.generate_report()


def assert_no_sideways_scroll(page: Page) -> None:
	assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
