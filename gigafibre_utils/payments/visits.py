"""Visits to Stripe that are not over: money given that has not reached its invoice yet."""

from gigafibre_utils import site

SESSION = "Stripe Checkout Session"


def is_processing(*invoices: str) -> bool:
	"""Whether a payment of one of them is under way, as a bank debit is for days, or waits for staff."""
	wanted = {"invoice": ["in", invoices], "status": ["in", ("Processing", "Paid")]}
	visits = site.current().get_all(SESSION, wanted, ["status", "needs_attention"])
	return any(visit["status"] == "Processing" or visit["needs_attention"] for visit in visits)
