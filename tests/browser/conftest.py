"""The pay page by itself, in windows of a real browser; the desk's tests look at the bench as its own do."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.bench.conftest import bench
from tests.browser.shots import CHECK, SIZES, PayPageServer, answer, pay_page_server
from tests.patience import PATIENCE

__all__ = ["bench"]


@pytest.fixture(scope="session")
def running_server() -> Iterator[PayPageServer]:
	with pay_page_server() as server:
		yield server


@pytest.fixture
def server(running_server: PayPageServer) -> PayPageServer:
	"""Which knows no news of any payment."""
	running_server.reset()
	running_server.answers[CHECK] = lambda _count: answer(body={"message": {}})
	return running_server


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
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
