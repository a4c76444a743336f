"""One site for all tests that need one, and the options that point them at a live one."""

import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.acceptance.arrangements import arrangements
from tests.acceptance.fixtures import mailbox, running, site, sms, usual_delivery
from tests.patience import PATIENCE

if TYPE_CHECKING:
	from playwright.sync_api import Browser

__all__ = ["arrangements", "mailbox", "running", "site", "sms", "usual_delivery"]


def pytest_configure() -> None:
	"""Let the programs that are started hear Ctrl-C and a closed terminal, where the tests themselves do not.

	What is ignored, as in the background or by nohup, is so in every child; what has a handler is not.
	"""
	for number in (signal.SIGINT, signal.SIGHUP):
		if signal.getsignal(number) is signal.SIG_IGN:
			signal.signal(number, lambda *_: None)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
	"""Debian's Chromium under Playwright: one for all, since Playwright starts only once in a process."""
	# The Python of a bench, which reads this too, has none.
	from playwright.sync_api import expect, sync_playwright

	from tests.browser.shots import launch

	expect.set_options(timeout=PATIENCE * 1000)
	with sync_playwright() as playwright:
		browser = launch(playwright)
		yield browser
		browser.close()


def pytest_addoption(parser: pytest.Parser) -> None:
	"""Without `--host-url` the suite starts an embedded host of its own."""
	group = parser.getgroup("live site")
	group.addoption(
		"--host-url", help="the site, such as http://127.0.0.1:8000, with the sample company loaded"
	)
	group.addoption("--database-url", help="its database, postgresql://…")
	group.addoption("--pay-secret", help="its gigafibre_pay_secret")
	group.addoption("--webhook-secret", help="its gigafibre_stripe_webhook_secret")
	group.addoption("--stripe-url", help="the Stripe simulator that its gigafibre_stripe_api_base leads to")
	group.addoption("--staff", default="Administrator:admin", help="user:password of an Accounts Manager")
	group.addoption(
		"--administrator", default="Administrator:admin", help="user:password of a System Manager"
	)
	group.addoption(
		"--customer", default="marie-eve@example.com:", help="user:password of the sample customer"
	)
	group.addoption("--twilio-port", type=int, default=0, help="port that its twilio_api_base leads to")
	group.addoption("--patience", type=float, default=PATIENCE, help="seconds to wait for background jobs")
	group.addoption("--bench-site", help="run by a bench's own Python: the site to look at from inside")
	group.addoption(
		"--bench-command", help='a scratch site of ERPNext, such as "bench --site scratch.localhost"'
	)
	group.addoption("--bench-sites", default="sites", help="the bench's folder of sites")
	group.addoption("--smtp-port", type=int, default=0, help="port that it sends mail to")
