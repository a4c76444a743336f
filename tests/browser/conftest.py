"""One browser for all tests."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.bench.conftest import bench
from tests.browser.shots import launch

__all__ = ["bench"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
	"""Debian's Chromium under Playwright."""
	with sync_playwright() as playwright:
		browser = launch(playwright)
		yield browser
		browser.close()
