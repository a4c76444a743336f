"""One visit to Stripe's payment page: what was asked, and what became of it."""

import frappe
from frappe.model.document import Document
from frappe.utils import add_days, now_datetime

from gigafibre_utils.payments.attention import EVENT
from gigafibre_utils.payments.inbox import SETTLED
from gigafibre_utils.payments.visits import SESSION

ENDED = ("Paid", "Failed", "Expired")


class StripeCheckoutSession(Document):
	"""One visit to Stripe's payment page: what was asked, and what became of it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		amount: DF.Currency
		currency: DF.Link | None
		expires_at: DF.Datetime | None
		handled_at: DF.Datetime | None
		handled_by: DF.Link | None
		invoice: DF.Link
		livemode: DF.Check
		needs_attention: DF.Check
		note: DF.SmallText | None
		payment_entry: DF.Link | None
		payment_intent: DF.Data | None
		resolution: DF.SmallText | None
		session_id: DF.Data
		status: DF.Literal["Open", "Processing", "Paid", "Failed", "Expired"]
		url: DF.SmallText | None
	# end: auto-generated types

	@staticmethod
	def clear_old_logs(days: int) -> None:
		"""Delete those that ended more than so many days ago; called by Frappe's Log Settings.

		What waits for staff stays however old it is, and so does what an event still waits for.
		"""
		session, event = frappe.qb.DocType(SESSION), frappe.qb.DocType(EVENT)
		waited_for = (
			frappe.qb.from_(event)
			.select(event.object_id)
			.where(event.object_id.isnotnull() & event.status.notin(SETTLED))
		)
		(
			frappe.qb.from_(session)
			.delete()
			.where(session.status.isin(ENDED) & (session.needs_attention == 0))
			.where(session.modified < add_days(now_datetime(), -days))
			.where(session.name.notin(waited_for))
		).run()
