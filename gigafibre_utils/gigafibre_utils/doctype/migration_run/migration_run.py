"""One run of the migration from the billing system before ERPNext, as the migration itself writes it."""

# Frappe writes the imports of the types, in a line each.
# ruff: noqa: E501, I001

from frappe.model.document import Document


class MigrationRun(Document):
	"""One run of the migration from the billing system before ERPNext, as the migration itself writes it."""

	# fmt: off
	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF
		from gigafibre_utils.gigafibre_utils.doctype.migration_run_step.migration_run_step import MigrationRunStep

		arguments: DF.Code | None
		ended_at: DF.Datetime | None
		error: DF.SmallText | None
		is_dry_run: DF.Check
		legacy: DF.Data | None
		report: DF.LongText | None
		started_at: DF.Datetime | None
		status: DF.Literal["Running", "Failed", "Done", "Undone"]
		steps: DF.Table[MigrationRunStep]
		summary: DF.Code | None
		versions: DF.Code | None
	# end: auto-generated types
	# fmt: on
