"""Visits to Stripe that are not over: money given that has not reached its invoice yet."""

from collections.abc import Sequence

from gigafibre_utils import site

SESSION = "Stripe Checkout Session"


def is_processing(invoice: str) -> bool:
	"""Whether a payment of it is under way, as a bank debit is for days, or waits for staff."""
	return bool(processing([invoice]))


def processing(invoices: Sequence[str]) -> set[str]:
	"""Those of the invoices that such a payment was given for."""
	wanted = {"invoice": ["in", invoices], "status": ["in", ("Processing", "Paid")]}
	visits = site.current().get_all(SESSION, wanted, ["invoice", "status", "needs_attention"])
	return {
		visit["invoice"] for visit in visits if visit["status"] == "Processing" or visit["needs_attention"]
	}
