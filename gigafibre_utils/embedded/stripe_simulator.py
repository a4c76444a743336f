"""A double of Stripe that the real SDK and a real browser speak to over HTTP.

Routes that the app calls, a payment page to click through, and signed events with switches for lateness,
repetition, disorder and loss. It keeps everything in memory and has no use but for trying and testing.
"""

import itertools
import json
import logging
import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests
import stripe
from jinja2 import Environment, FileSystemLoader
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from gigafibre_utils.money import display, from_minor_units
from gigafibre_utils.payments.minimum import least

MIN_SESSION_SECONDS = 30 * 60
DEBIT_SECONDS = 0.5
LATE_SECONDS = 1.5
RETRY_SECONDS = (0.2, 0.5, 1, 2, 4, 8)

log = logging.getLogger("gigafibre.stripe")
templates = Environment(
	loader=FileSystemLoader(__file__.rpartition("/")[0] + "/pages"), autoescape=True, auto_reload=False
)


@dataclass
class Delivery:
	"""How events reach the site."""

	delay: float = 0.0
	copies: int = 1
	reversed: bool = False
	lost: bool = False


@dataclass
class State:
	"""What Stripe would have in its books."""

	sessions: dict[str, dict[str, Any]] = field(default_factory=dict)
	intents: dict[str, dict[str, Any]] = field(default_factory=dict)
	by_idempotency_key: dict[str, str] = field(default_factory=dict)


class StripeError(Exception):
	"""An answer of Stripe's API other than success."""

	def __init__(self, status: int, code: str, message: str):
		super().__init__(message)
		self.status, self.code = status, code


class StripeSimulator:
	"""A WSGI application. `address` is set once it is known under which URL it is served."""

	def __init__(self, secret_key: str, webhook_url: str, webhook_secret: str):
		self.address = ""
		self.webhook_url = webhook_url
		self.delivery = Delivery()
		self._secret_key = secret_key
		self._webhook_secret = webhook_secret
		self._state = State()
		self._lock = threading.RLock()
		self._counter = itertools.count(1)
		self._couriers = ThreadPoolExecutor(8, thread_name_prefix="stripe")
		self._closing = threading.Event()
		self._routes = Map(
			[
				Rule("/v1/checkout/sessions", methods=["POST"], endpoint=self._create),
				Rule("/v1/checkout/sessions/<id>", methods=["GET"], endpoint=self._retrieve),
				Rule("/v1/checkout/sessions/<id>/expire", methods=["POST"], endpoint=self._expire),
				Rule("/pay/<id>", methods=["GET"], endpoint=self._page),
				Rule("/pay/<id>", methods=["POST"], endpoint=self._submit),
				Rule("/simulator/delivery", methods=["POST"], endpoint=self._set_delivery),
				Rule("/simulator/sessions/<id>", methods=["POST"], endpoint=self._finish),
			]
		)

	def __call__(self, environ: dict, start_response: Callable) -> Any:
		request = Request(environ)
		try:
			endpoint, values = self._routes.bind_to_environ(environ).match()
			if request.path.startswith("/v1/"):
				self._authenticate(request)
			with self._lock:
				response = endpoint(request, **values)
		except StripeError as error:
			body = {"error": {"type": "invalid_request_error", "code": error.code, "message": str(error)}}
			response = _json(body, error.status)
		except HTTPException as error:
			response = error.get_response(environ)
		return response(environ, start_response)

	def close(self) -> None:
		"""Send nothing any more."""
		self._closing.set()
		self._couriers.shutdown(cancel_futures=True)

	def _authenticate(self, request: Request) -> None:
		if request.headers.get("Authorization") != f"Bearer {self._secret_key}":
			raise StripeError(401, "api_key_invalid", "Invalid API Key provided.")

	def _create(self, request: Request) -> Response:
		key = request.headers.get("Idempotency-Key")
		if key in self._state.by_idempotency_key:
			return _json(self._shown(self._state.by_idempotency_key[key]))
		asked = _nested(request.form)
		price = asked["line_items"]["0"]["price_data"]
		expires_at = int(asked["expires_at"])
		if expires_at < time.time() + MIN_SESSION_SECONDS:
			raise StripeError(400, "parameter_invalid", "expires_at must be at least 30 minutes from now.")
		amount = int(price["unit_amount"]) * int(asked["line_items"]["0"]["quantity"])
		if from_minor_units(amount, price["currency"]) < least(price["currency"]):
			raise StripeError(400, "amount_too_small", "The total amount due is less than the minimum.")
		session_id = f"cs_test_{secrets.token_hex(29)}"
		self._state.sessions[session_id] = {
			"id": session_id,
			"object": "checkout.session",
			"amount_total": amount,
			"cancel_url": asked["cancel_url"],
			"client_reference_id": asked.get("client_reference_id"),
			"created": int(time.time()),
			"currency": price["currency"],
			"expires_at": expires_at,
			"livemode": False,
			"locale": asked.get("locale"),
			"metadata": asked.get("metadata", {}),
			"mode": asked["mode"],
			"payment_intent": None,
			"payment_status": "unpaid",
			"status": "open",
			"success_url": asked["success_url"],
			"title": price["product_data"]["name"],
			"url": f"{self.address}/pay/{session_id}",
		}
		if key:
			self._state.by_idempotency_key[key] = session_id
		return _json(self._shown(session_id))

	def _retrieve(self, request: Request, id: str) -> Response:
		return _json(self._shown(id, expand="payment_intent" in request.args.getlist("expand[0]")))

	def _expire(self, request: Request, id: str) -> Response:
		session = self._session(id)
		if session["status"] != "open":
			raise StripeError(
				400, "resource_missing", "Only Checkout Sessions with a status of open can be expired."
			)
		session["status"] = "expired"
		self._announce("checkout.session.expired", id)
		return _json(self._shown(id))

	def _page(self, request: Request, id: str, problem: str = "") -> Response:
		session = self._session(id)
		if session["status"] != "open":
			return Response("This payment page is closed.", 410, mimetype="text/plain")
		amount = from_minor_units(session["amount_total"], session["currency"])
		french = (session["locale"] or "").startswith("fr")
		page = templates.get_template("stripe.html").render(
			session=session,
			french=french,
			problem=problem,
			amount=display(amount, session["currency"].upper(), "fr" if french else "en"),
		)
		return Response(page, mimetype="text/html")

	def _submit(self, request: Request, id: str) -> Response:
		session = self._session(id)
		# Stripe's own number for a card that is refused.
		if request.form.get("card", "").replace(" ", "") == "4000000000000002":
			return self._page(request, id, problem="declined")
		if session["status"] == "open":
			self._pay(id, "debit" if request.form.get("method") == "debit" else "card")
		return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", id), 303)

	def _finish(self, request: Request, id: str) -> Response:
		"""For tests: end a session without a browser, maybe with other figures than asked."""
		asked = request.get_json()
		self._session(id).update(asked.get("changes", {}))
		if asked.get("how") != "nothing":
			self._pay(id, asked.get("how", "card"))
		return _json(self._shown(id))

	def _set_delivery(self, request: Request) -> Response:
		self.delivery = Delivery(**request.get_json())
		return _json({})

	def _pay(self, session_id: str, how: str) -> None:
		"""`card` is paid at once, `debit` after a while, `failed-debit` never.

		`pending-debit` and `unverified-debit` stay under way.
		"""
		session = self._session(session_id)
		intent = {"id": f"pi_{secrets.token_hex(12)}", "object": "payment_intent", "status": "succeeded"}
		self._state.intents[intent["id"]] = intent
		session |= {"status": "complete", "payment_intent": intent["id"], "payment_status": "paid"}
		if how != "card":
			intent["status"] = "requires_action" if how == "unverified-debit" else "processing"
			session["payment_status"] = "unpaid"
		self._announce("checkout.session.completed", session_id)
		if how in ("debit", "failed-debit"):
			self._couriers.submit(self._clear_debit, session_id, how == "debit")

	def _clear_debit(self, session_id: str, succeeds: bool) -> None:
		self._closing.wait(DEBIT_SECONDS)
		with self._lock:
			session = self._session(session_id)
			intent = self._state.intents[session["payment_intent"]]
			intent["status"] = "succeeded" if succeeds else "requires_payment_method"
			session["payment_status"] = "paid" if succeeds else "unpaid"
			ending = "succeeded" if succeeds else "failed"
			self._announce(f"checkout.session.async_payment_{ending}", session_id)

	def _announce(self, event_type: str, session_id: str) -> None:
		event = {
			"id": f"evt_{next(self._counter)}{secrets.token_hex(10)}",
			"object": "event",
			"api_version": "2026-10-28.endive",
			"created": int(time.time()),
			"livemode": False,
			"type": event_type,
			"data": {"object": self._shown(session_id)},
		}
		if self.delivery.lost:
			return
		late = LATE_SECONDS if self.delivery.reversed and event_type.endswith(".completed") else 0
		for _ in range(self.delivery.copies):
			self._couriers.submit(self._deliver, event, self.delivery.delay + late)

	def _deliver(self, event: dict[str, Any], delay: float) -> None:
		"""Until the site answers with success, as Stripe does over days."""
		self._closing.wait(delay)
		body = json.dumps(event)
		for pause in (0.0, *RETRY_SECONDS):
			if self._closing.wait(pause):
				return
			signature = stripe.WebhookSignature.generate_signature_header(body, self._webhook_secret)
			headers = {"Stripe-Signature": signature, "Content-Type": "application/json; charset=utf-8"}
			try:
				if requests.post(self.webhook_url, body.encode(), headers=headers, timeout=10).ok:
					return
			except requests.RequestException as error:
				log.warning("event %s was not delivered: %s", event["id"], type(error).__name__)

	def _session(self, session_id: str) -> dict[str, Any]:
		if session_id not in self._state.sessions:
			raise StripeError(404, "resource_missing", f"No such checkout.session: {session_id}")
		return self._state.sessions[session_id]

	def _shown(self, session_id: str, expand: bool = False) -> dict[str, Any]:
		session = dict(self._session(session_id))
		if expand and session["payment_intent"]:
			session["payment_intent"] = self._state.intents[session["payment_intent"]]
		return session


def _nested(form: MultiDict) -> dict[str, Any]:
	"""`a[b][0][c]=1` as Stripe's clients write it, to `{"a": {"b": {"0": {"c": "1"}}}}`."""
	result: dict[str, Any] = {}
	for key, value in form.items():
		*path, last = key.replace("]", "").split("[")
		place = result
		for part in path:
			place = place.setdefault(part, {})
		place[last] = value
	return result


def _json(body: dict[str, Any], status: int = 200) -> Response:
	headers = {"Request-Id": f"req_{secrets.token_hex(7)}"}
	return Response(json.dumps(body), status, headers, mimetype="application/json")
