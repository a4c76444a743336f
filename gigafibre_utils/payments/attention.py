"""What waits for staff: taken up again, or marked as handled by a person who says what was done."""

from collections.abc import Callable

from gigafibre_utils import site
from gigafibre_utils.errors import InvalidInput, NotFound
from gigafibre_utils.invoice import model
from gigafibre_utils.payments import inbox, settlement
from gigafibre_utils.payments.inbox import FAILED, RECEIVED
from gigafibre_utils.payments.settlement import NEEDS_ATTENTION, PROCESSED
from gigafibre_utils.payments.visits import SESSION
from gigafibre_utils.site import Document
from gigafibre_utils.site.protocol import Filters
from gigafibre_utils.translation import supported, translator

EVENT = "Stripe Event"
UNSETTLED = (FAILED, NEEDS_ATTENTION)
MAX_RESOLUTION = 1000


def try_again(event_id: str) -> None:
	"""Work on an event that failed or waits for staff, as if it had just come.

	Raises NotFound as `require_event`, InvalidInput where it does not wait, and what stopped it once more;
	that is written on it too.
	"""
	require_event(event_id)
	with site.current().atomic():
		event = site.current().lock(EVENT, event_id, ["status"])
		if not event or event["status"] not in UNSETTLED:
			raise _not_waiting()
		site.current().set_value(EVENT, event_id, {"status": RECEIVED, "attempts": 0})
	inbox.process(event_id)


def settle(session_id: str) -> None:
	"""Ask Stripe where a session stands. Raises NotFound as `require_session`, and as `settlement.settle`."""
	require_session(session_id)
	settlement.settle(session_id)


def handle_event(event_id: str, resolution: str) -> None:
	"""Take an event off the list of what waits for staff, with its session and whatever else is about that.

	Raises NotFound as `require_event`, InvalidInput where none of it waits, or nothing is said of what was
	done.
	"""
	about = require_event(event_id)["object_id"]
	_handle({"object_id": about} if about else {"name": event_id}, about, resolution)


def handle_session(session_id: str, resolution: str) -> None:
	"""Take a session off the list of what waits for staff, with the events about it.

	Raises NotFound as `require_session`, InvalidInput as above.
	"""
	require_session(session_id)
	_handle({"object_id": session_id}, session_id, resolution)


def require_event(event_id: str) -> Document:
	"""An event whose invoice, where it is about one, the caller may read. Raises one NotFound otherwise."""
	current = site.current()
	event = current.get(EVENT, event_id, ["object_id", "invoice"])
	if not event:
		raise _unknown(EVENT, event_id)
	session = current.get(SESSION, event["object_id"], ["invoice"]) if event["object_id"] else None
	for about in filter(None, (session, event)):
		if not _may_see(about["invoice"]):
			raise _unknown(EVENT, event_id)
	return event


def require_session(session_id: str) -> None:
	"""Raises one NotFound for a session that is not known, or whose invoice the caller may not read."""
	session = site.current().get(SESSION, session_id, ["invoice"])
	if not session or not _may_see(session["invoice"]):
		raise _unknown(SESSION, session_id)


def _may_see(invoice: str | None) -> bool:
	"""What is about no invoice, or about one that is gone, is for everybody who sees the inbox."""
	current = site.current()
	there = invoice and current.exists("Sales Invoice", {"name": invoice})
	return not there or current.can_read("Sales Invoice", invoice)


def _unknown(doctype: str, name: str) -> NotFound:
	return NotFound(f"There is no {doctype} {name}.")


def _handle(events: Filters, session_id: str | None, resolution: str) -> None:
	if not resolution.strip() or len(resolution) > MAX_RESOLUTION:
		_ = _translator()
		sentence = _("Say what was done, in no more than {0} characters.").format(MAX_RESOLUTION)
		raise InvalidInput(sentence)
	current = site.current()
	by_whom = {"resolution": resolution.strip(), "handled_by": current.user(), "handled_at": current.now()}
	with current.atomic():
		# Locked in the order of settlement: events, invoice, session.
		waiting = current.get_all(EVENT, {**events, "status": ["in", UNSETTLED]}, ["name"], order_by="name")
		closed = [_close_event(event["name"], by_whom) for event in waiting]
		if session_id:
			closed.append(_close_session(session_id, by_whom))
		if not any(closed):
			raise _not_waiting()


def _close_event(event_id: str, by_whom: Document) -> bool:
	event = site.current().lock(EVENT, event_id, ["status"])
	waits = bool(event and event["status"] in UNSETTLED)
	if waits:
		site.current().set_value(EVENT, event_id, {"status": PROCESSED, **by_whom})
	return waits


def _close_session(session_id: str, by_whom: Document) -> bool:
	session = site.current().get(SESSION, session_id, ["invoice"])
	if not session:
		return False
	model.find_locked(session["invoice"])
	session = site.current().lock(SESSION, session_id, ["needs_attention"])
	waits = bool(session and session["needs_attention"])
	if waits:
		site.current().set_value(SESSION, session_id, {"needs_attention": 0, **by_whom})
	return waits


def _not_waiting() -> InvalidInput:
	_ = _translator()
	return InvalidInput(_("This does not wait for staff."))


def _translator() -> Callable[[str], str]:
	"""To the language of the caller's browser; to English for who has none."""
	return translator(supported(site.current().request.headers.get("Accept-Language") or "en"))
