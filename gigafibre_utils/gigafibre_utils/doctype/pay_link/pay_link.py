"""One pay link that was handed out or sent: to whom, by whom, and what became of it. Never its token."""

import frappe
from frappe.model.document import Document
from frappe.utils import add_days, now_datetime


class PayLink(Document):
	"""One pay link that was handed out or sent: to whom, by whom, and what became of it. Never its token."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		channel: DF.Literal["Copied", "SMS", "E-mail"]
		customer: DF.Link
		expires_at: DF.Datetime | None
		invoice: DF.Link
		kind: DF.Literal["Staff", "Magic Link", "Reminder"]
		note: DF.SmallText | None
		sent_by: DF.Link | None
		sent_to: DF.Data | None
		status: DF.Literal["", "Queued", "Sent", "Failed"]
	# end: auto-generated types

	@staticmethod
	def clear_old_logs(days: int) -> None:
		"""Delete those that were made more than so many days ago; called by Frappe's Log Settings."""
		frappe.db.delete("Pay Link", {"creation": ["<", add_days(now_datetime(), -days)]})
