"""Frappe itself."""

from gigafibre_utils.postgres.fix import Fix

FIXES: tuple[Fix, ...] = (
	Fix(
		"frappe.database.postgres.database:PostgresDatabase.get_connection",
		because="Of two parallel submits the later dies of a serialization failure in REPEATABLE READ.",
		changes=(
			(
				"conn.set_isolation_level(ISOLATION_LEVEL_REPEATABLE_READ)",
				"conn.set_isolation_level(psycopg2.extensions.ISOLATION_LEVEL_READ_COMMITTED)",
			),
		),
	),
	Fix(
		"frappe.database.query:Engine.apply_order_by",
		because="An aggregate may not be ordered by a column that is not grouped.",
		changes=(
			(
				"if not order_by or order_by == DefaultOrderBy:",
				"if any(term.is_aggregate for term in self.query._selects):\n"
				"\t\t\treturn\n"
				"\t\tif not order_by or order_by == DefaultOrderBy:",
			),
		),
	),
	Fix(
		"frappe.query_builder.terms:ParameterizedValueWrapper.get_sql",
		because="A Check is a smallint, which takes no boolean.",
		changes=(
			(
				"if isinstance(self.value, timedelta):",
				"if isinstance(self.value, bool):\n"
				"\t\t\t\tself.value = int(self.value)\n"
				"\t\t\telif isinstance(self.value, timedelta):",
			),
		),
	),
)
