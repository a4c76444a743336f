"""Stripe, spoken to by its own SDK: version pinned, time limited, retried on a lost connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import stripe

from gigafibre_utils import config
from gigafibre_utils.errors import NotFound, ServiceUnavailable

API_VERSION = "2026-10-28.endive"
TIMEOUT_SECONDS = 10
RETRIES = 2
# Where a session, and the charge that comes of it, carry the name of their invoice.
METADATA_KEY = "gigafibre_invoice"
# And, where it is for instalments, the name of the first.
INSTALMENT_KEY = "gigafibre_instalment"


@dataclass(frozen=True)
class StripeSession:
	"""A Checkout Session as Stripe has it now.

	`amount` is in minor units of `currency`, which is in capitals.
	"""

	id: str
	url: str | None
	status: str
	payment_status: str
	mode: str
	livemode: bool
	amount: int
	currency: str
	invoice: str | None
	instalment: str | None
	intent: str | None
	intent_status: str | None


def create_session(parameters: dict[str, Any], idempotency_key: str) -> StripeSession:
	"""A new Checkout Session. Raises ServiceUnavailable where Stripe does not answer or refuses."""
	with _answering() as client:
		return _read(client.v1.checkout.sessions.create(parameters, {"idempotency_key": idempotency_key}))


def session(session_id: str) -> StripeSession:
	"""A Checkout Session with its payment intent. Raises NotFound, and ServiceUnavailable as above."""
	with _answering() as client:
		return _read(client.v1.checkout.sessions.retrieve(session_id, {"expand": ["payment_intent"]}))


def expire_session(session_id: str) -> None:
	"""Close a session, so that nobody pays on it any more.

	Raises ServiceUnavailable where it cannot be closed.
	"""
	with _answering() as client:
		client.v1.checkout.sessions.expire(session_id)


def _read(session: stripe.checkout.Session) -> StripeSession:
	found = session.to_dict()
	intent = found.get("payment_intent")
	is_expanded = isinstance(intent, dict)
	metadata = found.get("metadata") or {}
	return StripeSession(
		id=found["id"],
		url=found.get("url"),
		status=found["status"],
		payment_status=found["payment_status"],
		mode=found["mode"],
		livemode=found["livemode"],
		amount=found.get("amount_total") or 0,
		currency=(found.get("currency") or "").upper(),
		invoice=metadata.get(METADATA_KEY),
		instalment=metadata.get(INSTALMENT_KEY),
		intent=intent["id"] if is_expanded else intent,
		intent_status=intent["status"] if is_expanded else None,
	)


@contextmanager
def _answering() -> Iterator[stripe.StripeClient]:
	base = config.stripe_api_base()
	client = stripe.StripeClient(
		config.stripe_secret_key(),
		stripe_version=API_VERSION,
		max_network_retries=RETRIES,
		http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
		base_addresses={"api": base} if base else None,
	)
	try:
		yield client
	except stripe.InvalidRequestError as error:
		if error.code == "resource_missing":
			raise NotFound("Stripe knows no such session in this account and mode.") from error
		raise _unavailable(error) from error
	except stripe.StripeError as error:
		raise _unavailable(error) from error


def _unavailable(error: stripe.StripeError) -> ServiceUnavailable:
	# Stripe's own sentence may quote what it was sent; its code and request id are enough to look it up.
	reason = error.code or type(error).__name__
	return ServiceUnavailable(f"Stripe did not answer as expected ({reason}, {error.request_id}).")
