"""What one step of a migration run read and made, and how long it took."""

from frappe.model.document import Document


class MigrationRunStep(Document):
	"""What one step of a migration run read and made, and how long it took."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		ended_at: DF.Datetime | None
		note: DF.SmallText | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		rejected: DF.Int
		repaired: DF.Int
		rows_made: DF.Int
		rows_read: DF.Int
		seconds: DF.Float
		started_at: DF.Datetime | None
		status: DF.Literal["Pending", "Running", "Done", "Failed"]
		step: DF.Data | None
	# end: auto-generated types
