"""Every few minutes: take up again what waits, and ask Stripe for what never reached us."""

from datetime import timedelta

from gigafibre_utils import site
from gigafibre_utils.errors import GigafibreError
from gigafibre_utils.payments import inbox
from gigafibre_utils.payments.settlement import settle

BATCH = 100
MAX_ATTEMPTS = 50
# An event that just came has its job already; a session that just ended has its event under way.
EVENT_PATIENCE = timedelta(minutes=1)
SESSION_PATIENCE = timedelta(minutes=10)


def run() -> None:
	"""Work on waiting events, then on sessions that should have ended. One failure does not stop the rest."""
	for event in _waiting_events():
		_attempt(inbox.process, event)
	for session in _overdue_sessions():
		_attempt(settle, session)


def _waiting_events() -> list[str]:
	return _names(
		"Stripe Event",
		{
			"status": ["in", inbox.WAITING],
			"attempts": ["<", MAX_ATTEMPTS],
			"modified": ["<", site.current().now() - EVENT_PATIENCE],
		},
	)


def _overdue_sessions() -> list[str]:
	"""Sessions that we believe open or under way though their time is over."""
	return _names(
		"Stripe Checkout Session",
		{
			"status": ["in", ("Open", "Processing")],
			"expires_at": ["<", site.current().now() - SESSION_PATIENCE],
		},
	)


def _names(doctype: str, filters: dict) -> list[str]:
	return [
		row["name"]
		for row in site.current().get_all(doctype, filters, ["name"], order_by="modified", limit=BATCH)
	]


def _attempt(work, name: str) -> None:
	try:
		work(name)
	except GigafibreError as error:
		site.current().log_error("Stripe sweep", f"{name}: {error}")
