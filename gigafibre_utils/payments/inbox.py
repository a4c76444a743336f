"""The webhook's inbox: verify, keep, answer; then work on what was kept, as often as it takes."""

import json
from collections.abc import Callable
from typing import Any

import stripe

from gigafibre_utils import config, site
from gigafibre_utils.errors import BadRequest, ConfigurationError, DuplicateDocument, GigafibreError
from gigafibre_utils.payments import settlement
from gigafibre_utils.payments.settlement import IGNORED, NEEDS_ATTENTION, PROCESSED, Outcome
from gigafibre_utils.site import Document

TOLERANCE_SECONDS = 300
RECEIVED, FAILED = "Received", "Failed"
WAITING = (RECEIVED, FAILED)
SETTLED = (PROCESSED, IGNORED)
MAX_ATTEMPTS = 50
JOB = "gigafibre_utils.payments.inbox.process"


def receive(body: bytes, signature: str | None) -> None:
	"""Keep a signed event and have it worked on. An event that is there already is worked on only if it still
	waits.

	Raises BadRequest, before anything is written, where no configured secret signed it within five minutes.
	"""
	event = _verified(body, signature)
	current = site.current()
	with current.atomic():
		try:
			current.insert("Stripe Event", row_of(event, body))
		except DuplicateDocument:
			kept = current.get("Stripe Event", event["id"], ["status"])
			if not kept or kept["status"] not in WAITING:
				return
		current.enqueue(JOB, event_id=event["id"])


def process(event_id: str) -> None:
	"""Settle one kept event. What it leads to and its new status are committed together.

	A failure is written on the event and raised, so that the job shows it; the sweep takes the event up
	again.
	"""
	try:
		with site.current().atomic():
			_process_locked(event_id)
	except Exception as error:
		_note_failure(event_id, error)
		raise


def _process_locked(event_id: str) -> None:
	event = site.current().lock(
		"Stripe Event", event_id, ["event_type", "object_id", "livemode", "status", "attempts"]
	)
	if not event or event["status"] not in WAITING:
		return
	outcome = _outcome(event)
	changes = {"status": outcome.status, "note": outcome.note, "attempts": event["attempts"] + 1}
	changes |= {"invoice": outcome.invoice, "payment_entry": outcome.payment_entry}
	site.current().set_value("Stripe Event", event_id, changes | {"processed_at": site.current().now()})


def _outcome(event: Document) -> Outcome:
	handler = HANDLERS.get(event["event_type"])
	if not handler:
		return Outcome(IGNORED, "Nothing is to be done about this type of event.")
	if bool(event["livemode"]) != config.stripe_is_live():
		return Outcome(NEEDS_ATTENTION, settlement.WRONG_MODE[bool(event["livemode"])])
	return handler(event["object_id"])


def _settle_session(session_id: str) -> Outcome:
	return settlement.settle_here(session_id)


HANDLERS: dict[str, Callable[[str], Outcome]] = {
	"checkout.session.completed": _settle_session,
	"checkout.session.async_payment_succeeded": _settle_session,
	"checkout.session.async_payment_failed": _settle_session,
	"checkout.session.expired": _settle_session,
}


def _verified(body: bytes, signature: str | None) -> dict[str, Any]:
	try:
		secrets = config.stripe_webhook_secrets()
	except ConfigurationError as error:
		site.current().log_error("Stripe webhook", str(error))
		raise BadRequest("This site takes no webhooks yet.") from error
	if not any(_is_signed(body, signature, secret) for secret in secrets):
		raise BadRequest("The signature is missing, wrong or too old.")
	try:
		event = json.loads(body)
	except ValueError:
		event = None
	if (
		not isinstance(event, dict)
		or not str(event.get("id", "")).startswith("evt_")
		or not event.get("type")
	):
		raise BadRequest("This is not a Stripe event.")
	return event


def _is_signed(body: bytes, signature: str | None, secret: str) -> bool:
	if not signature or not signature.isascii():
		return False
	try:
		return stripe.WebhookSignature.verify_header(body, signature, secret, TOLERANCE_SECONDS)
	except (stripe.SignatureVerificationError, UnicodeDecodeError):
		return False


def row_of(event: dict[str, Any], body: bytes) -> Document:
	"""The inbox's row of an event."""
	return {
		"name": event["id"],
		"event_id": event["id"],
		"event_type": event["type"],
		"status": RECEIVED,
		"object_id": (event.get("data") or {}).get("object", {}).get("id"),
		"livemode": int(bool(event.get("livemode"))),
		"sent_at": site.current().local_time(event.get("created") or 0),
		"payload": body.decode(),
		"attempts": 0,
	}


def _note_failure(event_id: str, error: Exception) -> None:
	"""Write on the event why it failed; one that failed too often is put before staff.

	Where even that fails, the event is left as it was and still waits.
	"""
	reason = str(error) if isinstance(error, GigafibreError) else f"{type(error).__name__}: {error}"
	current = site.current()
	with current.atomic():
		event = current.lock("Stripe Event", event_id, ["status", "attempts"])
		if event and event["status"] in WAITING:
			attempts = event["attempts"] + 1
			status = FAILED if attempts < MAX_ATTEMPTS else NEEDS_ATTENTION
			note = {"status": status, "note": reason[:1000], "attempts": attempts}
			current.set_value("Stripe Event", event_id, note)
	current.log_error("Stripe event failed", f"{event_id}: {type(error).__name__}")
