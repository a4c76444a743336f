"""Every few minutes: take up again what waits, and ask Stripe for what never reached us."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from gigafibre_utils import config, site
from gigafibre_utils.payments import inbox
from gigafibre_utils.payments.settlement import settle
from gigafibre_utils.payments.visits import SESSION

BATCH = 100
# An event that just came has its job already; a session that just ended has its event under way.
EVENT_PATIENCE = timedelta(minutes=1)
SESSION_PATIENCE = timedelta(minutes=10)


def run() -> None:
	"""Work on waiting events, then on sessions that should have ended. One failure does not stop the rest."""
	for event in _waiting_events():
		_attempt(inbox.process, event)
	for session in _overdue_sessions():
		_put_last(session)
		_attempt(settle, session)


def _waiting_events() -> list[str]:
	patience = site.current().now() - EVENT_PATIENCE
	return _names("Stripe Event", {"status": ["in", inbox.WAITING], "modified": ["<", patience]})


def _overdue_sessions() -> list[str]:
	"""Sessions that we believe open or under way though their time is over."""
	return _names(
		SESSION,
		{
			"status": ["in", ("Open", "Processing")],
			"livemode": int(config.stripe_is_live()),
			"expires_at": ["<", site.current().now() - SESSION_PATIENCE],
		},
	)


def _names(doctype: str, filters: dict) -> list[str]:
	found = site.current().get_all(doctype, filters, ["name"], order_by="modified", limit=BATCH)
	return [row["name"] for row in found]


def _put_last(session: str) -> None:
	"""Who is asked about now is asked about last the next time, so that nobody waits behind a hundred."""
	with site.current().atomic():
		site.current().set_value(SESSION, session, {})


def _attempt(work: Callable[[str], Any], name: str) -> None:
	try:
		work(name)
	except Exception as error:
		# Whatever it was, it is written where staff look, and tried again the next time.
		site.current().log_error("Stripe sweep", f"{name}: {type(error).__name__}")
