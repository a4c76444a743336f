"""A legacy row that a migration run could not bring over, or brought over repaired, and why."""

from frappe.model.document import Document


class MigrationFinding(Document):
	"""A legacy row that a migration run could not bring over, or brought over repaired, and why."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		detail: DF.SmallText | None
		legacy_id: DF.Data | None
		legacy_row: DF.Code | None
		legacy_table: DF.Data | None
		outcome: DF.Literal["Rejected", "Repaired"]
		reason: DF.Data | None
		run: DF.Link
		step: DF.Data | None
	# end: auto-generated types
