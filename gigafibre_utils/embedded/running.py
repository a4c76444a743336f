"""A served host and Stripe beside it: the simulator, or Stripe itself where there is a key."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Page

from gigafibre_utils.embedded.host import Host
from gigafibre_utils.embedded.server import Application, Server
from gigafibre_utils.embedded.stripe_simulator import StripeSimulator
from gigafibre_utils.errors import ConfigurationError
from gigafibre_utils.sample import STAFF

WEBHOOK = "/api/method/gigafibre_utils.api.stripe_webhook"
# Stripe's own card for tests, and the fields of its hosted page.
TEST_CARD = {
	"#cardNumber": "4242424242424242",
	"#cardExpiry": "12/34",
	"#cardCvc": "123",
	"#billingName": "Marie-Ève Tremblay",
}


class RunningHost:
	"""Host, HTTP server and Stripe; use as a context manager."""

	def __init__(self, base: Path, port: int = 0, configuration: dict[str, Any] | None = None):
		self._stack = ExitStack()
		self._base, self._port = base, port
		self._configuration = configuration or {}
		self.host: Host
		self.url = ""
		self.simulator: StripeSimulator | None = None

	def __enter__(self) -> "RunningHost":
		with self._stack:
			self.host = self._stack.enter_context(Host(self._base))
			self.url = self._stack.enter_context(Server(Application(self.host), self._port)).url
			self.host.configure(gigafibre_pay_host=self.url, **self._stripe(), **self._configuration)
			self._stack = self._stack.pop_all()
		return self

	def __exit__(self, *error: Any) -> None:
		self._stack.close()

	@property
	def api(self) -> str:
		"""What the name of a method is put behind."""
		return f"{self.url}/api/method/gigafibre_utils.api"

	@cached_property
	def staff(self) -> requests.Session:
		"""An HTTP session of a member of the staff."""
		session = requests.Session()
		login = {"usr": STAFF[0], "pwd": self.host.passwords[STAFF[0]]}
		session.post(f"{self.url}/api/method/login", data=login, timeout=10).raise_for_status()
		return session

	def pay_at_stripe(self, page: Page) -> None:
		"""Pay on Stripe's page, which the browser shows."""
		if self.simulator:
			page.locator("#pay").click()
			return
		for field, value in TEST_CARD.items():
			page.locator(field).fill(value)
		page.locator("button[type=submit]").click()

	def _stripe(self) -> dict[str, Any]:
		if key := os.environ.get("STRIPE_SECRET_KEY"):
			if "_test_" not in key:
				raise ConfigurationError(
					"STRIPE_SECRET_KEY must be a test key: the sample company takes no real money."
				)
			secret = os.environ.get("STRIPE_WEBHOOK_SECRET")
			return {"gigafibre_stripe_secret_key": key, "gigafibre_stripe_webhook_secret": secret}
		known = self.host.configuration
		self.simulator = StripeSimulator(
			known["gigafibre_stripe_secret_key"], self.url + WEBHOOK, known["gigafibre_stripe_webhook_secret"]
		)
		self._stack.callback(self.simulator.close)
		server = self._stack.enter_context(Server(self.simulator))
		self.simulator.address = server.url
		return {"gigafibre_stripe_api_base": server.url}


def serve_simulator(
	port: int, webhook_url: str, secret_key: str, webhook_secret: str, wait: Callable[[], Any]
) -> None:
	"""The simulator alone, for a site that runs elsewhere on this machine; returns when `wait` does."""
	simulator = StripeSimulator(secret_key, webhook_url, webhook_secret)
	with Server(simulator, port) as server:
		simulator.address = server.url
		wait()
		simulator.close()
