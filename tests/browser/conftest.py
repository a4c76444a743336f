"""One browser for all tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.shots import launch


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
	"""Debian's Chromium under Playwright."""
	with sync_playwright() as playwright:
		browser = launch(playwright)
		yield browser
		browser.close()
