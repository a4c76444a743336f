"""The site under test, known by its addresses alone: HTTP for what it does, SQL for what it keeps."""

import html
import json
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import psycopg2
import psycopg2.extras
import requests
import stripe
from requests.adapters import HTTPAdapter

from tests.acceptance import tokens
from tests.patience import PATIENCE

CHILDREN = ("Sales Invoice Item", "Sales Taxes and Charges", "Payment Schedule")


class _From(HTTPAdapter):
	"""Requests from another loopback address, which is another client to the site."""

	def __init__(self, address: str):
		self._address = address
		super().__init__()

	def init_poolmanager(self, *args, **kwargs):
		super().init_poolmanager(*args, source_address=(self._address, 0), **kwargs)


class Client(requests.Session):
	"""An HTTP client of the site; `user` signs in."""

	def __init__(self, url: str, user: tuple[str, str] | None = None):
		super().__init__()
		self.url = url
		self.mount(
			"http://",
			_From(f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.{random.randint(1, 254)}"),
		)
		if user:
			login = {"usr": user[0], "pwd": user[1]}
			self.post(f"{url}/api/method/login", data=login, timeout=PATIENCE).raise_for_status()

	def call(self, method: str, how: str = "POST", **arguments: Any) -> requests.Response:
		"""Call a method of the app."""
		where = {"params": arguments} if how == "GET" else {"data": arguments}
		url = f"{self.url}/api/method/gigafibre_utils.api.{method}"
		return self.request(how, url, timeout=PATIENCE, allow_redirects=False, **where)

	def page(self, invoice: str, token: str, **more: str) -> requests.Response:
		"""Open the pay page."""
		query = {"invoice": invoice, "t": token, **more}
		return self.get(f"{self.url}/pay-public", params=query, timeout=PATIENCE)


def message(response: requests.Response) -> Any:
	"""What a method answered. Fails with the answer's text where it did not."""
	assert response.status_code == 200, f"{response.status_code}: {response.text[:500]}"
	return response.json()["message"]


def sentence(response: requests.Response) -> str:
	"""The sentence of an error, out of Frappe's HTML in JSON in JSON."""
	messages = [json.loads(text)["message"] for text in json.loads(response.json()["_server_messages"])]
	return html.unescape(" ".join(messages))


@dataclass
class Site:
	"""Addresses and secrets of the site under test."""

	url: str
	database_url: str
	pay_secret: str
	webhook_secret: str
	stripe_url: str
	staff: tuple[str, str]
	customer: tuple[str, str]
	is_embedded: bool
	patience: float

	@cached_property
	def database(self) -> Any:
		"""A connection that commits each statement."""
		connection = psycopg2.connect(self.database_url, cursor_factory=psycopg2.extras.RealDictCursor)
		connection.autocommit = True
		return connection

	def sql(self, statement: str, *values: Any) -> list[dict[str, Any]]:
		"""Rows of one statement."""
		with self.database.cursor() as cursor:
			cursor.execute(statement, values)
			return [dict(row) for row in cursor.fetchall()] if cursor.description else []

	def guest(self) -> Client:
		"""Somebody new who is not signed in."""
		return Client(self.url)

	@cached_property
	def accountant(self) -> Client:
		"""A member of the staff, signed in."""
		return Client(self.url, self.staff)

	@cached_property
	def subscriber(self) -> Client:
		"""The user of the sample customer Marie-Ève Tremblay, signed in."""
		return Client(self.url, self.customer)

	def invoice(self, key: str) -> dict[str, Any]:
		"""A sample invoice as it stands."""
		found = self.sql('SELECT * FROM "tabSales Invoice" WHERE remarks = %s', f"Sample: {key}")
		assert found, f"the site has no sample invoice {key!r}"
		return found[0]

	def fresh(self, key: str = "unpaid", **changes: Any) -> str:
		"""A copy of a sample invoice under a new name, with its rows and ledger entries; gives the name."""
		source, name = self.invoice(key)["name"], f"TEST-{secrets.token_hex(6)}"
		self._copy("Sales Invoice", "name = %s", source, {"name": name, "remarks": "Copy", **changes})
		for child in CHILDREN:
			self._copy(child, "parent = %s", source, {"parent": name}, new_names=True)
		self._copy(
			"GL Entry", "voucher_no = %s", source, _renamed(source, name, "against_voucher"), new_names=True
		)
		ledger = _renamed(source, name, "against_voucher_no")
		self._copy("Payment Ledger Entry", "against_voucher_no = %s", source, ledger, new_names=True)
		return name

	def token(self, invoice: str, purpose: int = tokens.QR, **more: int) -> str:
		"""A good token for an invoice."""
		return tokens.token(self.pay_secret, invoice, purpose, **more)

	def checkout(self, invoice: str, **more: str) -> str:
		"""Click the pay button; gives the session's id."""
		token = self.token(invoice)
		answer = self.guest().call("create_checkout_session", invoice=invoice, token=token, **more)
		return message(answer)["url"].rpartition("/")[2]

	def pay(self, session_id: str, **how: Any) -> None:
		"""Have Stripe's side of a session ended: `how`, `changes`."""
		url = f"{self.stripe_url}/simulator/sessions/{session_id}"
		requests.post(url, json=how, timeout=PATIENCE).raise_for_status()

	def pay_by_card(self, url: str) -> str:
		"""Pay on Stripe's page, as the customer does; gives the address that this leads back to."""
		paid = requests.post(url, data={"method": "card"}, allow_redirects=False, timeout=PATIENCE)
		return paid.headers["Location"]

	def deliver(self, **how: Any) -> None:
		"""How Stripe is to deliver events from now on."""
		requests.post(f"{self.stripe_url}/simulator/delivery", json=how, timeout=PATIENCE).raise_for_status()

	def send_event(
		self, event: dict[str, Any], client: Client | None = None, **signing: Any
	) -> requests.Response:
		"""Post an event to the webhook, signed unless `header` says otherwise."""
		body = json.dumps(event)
		secret, header = signing.get("secret", self.webhook_secret), signing.get("header")
		if header is None:
			header = stripe.WebhookSignature.generate_signature_header(body, secret, signing.get("timestamp"))
		headers = {"Content-Type": "application/json", "Stripe-Signature": header}
		url = f"{self.url}/api/method/gigafibre_utils.api.stripe_webhook"
		return (client or self.guest()).post(url, body.encode(), headers=headers, timeout=PATIENCE)

	def event(self, event_id: str) -> dict[str, Any]:
		"""A row of the inbox, once it does not wait any more."""
		return self.until(
			lambda: self.sql('SELECT * FROM "tabStripe Event" WHERE name = %s', event_id),
			lambda rows: rows and rows[0]["status"] not in ("Received",),
		)[0]

	def events_of(self, session_id: str, count: int = 1) -> list[dict[str, Any]]:
		"""The inbox's rows of a session, once there are that many and none waits."""
		return self.until(
			lambda: self.sql(
				'SELECT * FROM "tabStripe Event" WHERE object_id = %s ORDER BY creation, name', session_id
			),
			lambda rows: len(rows) >= count and all(row["status"] != "Received" for row in rows),
		)

	def payments(self, invoice: str) -> list[dict[str, Any]]:
		"""Submitted Payment Entries that the app posted for an invoice."""
		return self.sql(
			'SELECT * FROM "tabPayment Entry" WHERE docstatus = 1 AND remarks = %s ORDER BY creation',
			f"Stripe payment of {invoice}",
		)

	def outstanding(self, invoice: str) -> Decimal:
		"""What an invoice has outstanding."""
		return self.sql('SELECT outstanding_amount FROM "tabSales Invoice" WHERE name = %s', invoice)[0][
			"outstanding_amount"
		]

	def until(self, look: Callable[[], Any], good: Callable[[Any], Any]) -> Any:
		"""Look until it is good; fails with what was seen last."""
		deadline = time.monotonic() + self.patience
		while True:
			seen = look()
			if good(seen):
				return seen
			assert time.monotonic() < deadline, f"after {self.patience} s still {seen}"
			time.sleep(0.05)

	def _copy(self, doctype: str, where: str, source: str, changes: dict, new_names: bool = False) -> None:
		for row in self.sql(f'SELECT * FROM "tab{doctype}" WHERE {where}', source):
			values = {
				column: changes.get(column)(row[column])
				if callable(changes.get(column))
				else changes.get(column, value)
				for column, value in row.items()
			}
			if new_names:
				values["name"] = secrets.token_hex(5)
			columns = ", ".join(f'"{column}"' for column in values)
			places = ", ".join(["%s"] * len(values))
			self.sql(f'INSERT INTO "tab{doctype}" ({columns}) VALUES ({places})', *values.values())


def _renamed(source: str, name: str, against: str) -> dict[str, Any]:
	def rename(value: str) -> str:
		return name if value == source else value

	return {"voucher_no": rename, against: rename}
