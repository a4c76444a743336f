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


def window(browser: Browser, size: str, **options) -> Page:
	"""A window of its own, which keeps what its console says."""
	context = browser.new_context(viewport=SIZES[size], **options)
	context.set_default_timeout(PATIENCE * 1000)
	page = context.new_page()
	page.faults = []
	page.on("console", lambda message: message.type == "error" and page.faults.append(message.text))
	page.on("pageerror", lambda error: page.faults.append(str(error)))
	return page


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
	"""A function that opens an address in a window of its own and keeps what the console says."""
	pages = []

	def open_page(url: str, size: str = "phone", **options) -> Page:
		page = window(browser, size, **options)
		pages.append(page)
		page.goto(url)
		return page

	yield open_page
	for page in pages:
		page.context.close()


@pytest.fixture(scope="session")
def windows() -> dict[object, Page]:
	"""Those that `look` keeps."""
	return {}


@pytest.fixture
def look(browser: Browser, windows: dict[object, Page]) -> Iterator[Callable[..., Page]]:
	"""As `open_page`, for tests that only look: in windows that are kept, for one costs more than a look."""
	shown = set()

	def look(url: str, size: str = "phone", **options) -> Page:
		kind = (size, *options.items())
		if kind not in windows:
			windows[kind] = window(browser, size, **options)
		page = windows[kind]
		shown.add(page)
		page.faults.clear()
		page.goto(url)
		return page

	yield look
	for page in shown:
		page.goto("about:blank")
