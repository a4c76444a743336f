"""One browser for all tests; the host of the acceptance suite for those that need one."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.acceptance.conftest import mailbox, running, site, sms, usual_delivery
from tests.browser.shots import launch

__all__ = ["mailbox", "running", "site", "sms", "usual_delivery"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
	"""Debian's Chromium under Playwright."""
	with sync_playwright() as playwright:
		browser = launch(playwright)
		yield browser
		browser.close()
