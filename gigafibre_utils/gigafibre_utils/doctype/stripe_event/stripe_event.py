"""One event that Stripe sent, kept word for word, and what became of it."""

import frappe
from frappe.model.document import Document
from frappe.utils import add_days, now_datetime

from gigafibre_utils.payments.attention import EVENT
from gigafibre_utils.payments.inbox import SETTLED


class StripeEvent(Document):
	"""One event that Stripe sent, kept word for word, and what became of it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		attempts: DF.Int
		event_id: DF.Data
		event_type: DF.Data
		handled_at: DF.Datetime | None
		handled_by: DF.Link | None
		invoice: DF.Link | None
		livemode: DF.Check
		note: DF.SmallText | None
		object_id: DF.Data | None
		payload: DF.Code | None
		payment_entry: DF.Link | None
		processed_at: DF.Datetime | None
		resolution: DF.SmallText | None
		sent_at: DF.Datetime | None
		status: DF.Literal["Received", "Processed", "Ignored", "Needs Attention", "Failed"]
	# end: auto-generated types

	@staticmethod
	def clear_old_logs(days: int) -> None:
		"""Delete those that were settled more than so many days ago; called by Frappe's Log Settings.

		What failed or waits stays however old it is.
		"""
		long_ago = add_days(now_datetime(), -days)
		frappe.db.delete(EVENT, {"status": ["in", SETTLED], "modified": ["<", long_ago]})
