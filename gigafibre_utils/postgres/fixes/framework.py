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
		"frappe.database.postgres.database:modify_values",
		because="A Check is a smallint, which takes no boolean.",
		changes=(("value = str(value)", "value = str(int(value))"),),
	),
	Fix(
		"frappe.database.postgres.schema:PostgresTable.alter",
		because="Names of indexes are those of the whole schema: one that is dropped may be another table's.",
		changes=(
			(
				"""drop_contraint_query += f'DROP INDEX IF EXISTS "{col.fieldname}" ;'""",
				"""for name in frappe.get_attr("gigafibre_utils.postgres.indexes.names_of")(
					self.table_name, col.fieldname, False
				):
					if frappe.db.has_index(self.table_name, name):
						drop_contraint_query += f'DROP INDEX IF EXISTS "{name}" ;'""",
			),
			(
				"""drop_contraint_query += f'DROP INDEX IF EXISTS "unique_{col.fieldname}" ;'""",
				"""for name in frappe.get_attr("gigafibre_utils.postgres.indexes.names_of")(
					self.table_name, col.fieldname, True
				):
					if frappe.db.has_index(self.table_name, name):
						drop_contraint_query += f'DROP INDEX IF EXISTS "{name}" ;'""",
			),
		),
	),
	Fix(
		"frappe.database.query:Engine._build_criterion_for_simple_filter",
		because="Numbers and dates are not compared with text.",
		changes=(
			(
				"if _value is None and isinstance(_field, Field):",
				"from gigafibre_utils.postgres.columns import doctype_of, suited\n\n"
				"\t\tif _value is not None:\n"
				"\t\t\toperator_fn = suited(operator_fn, _field, _value)\n"
				"\t\tif _value is None and isinstance(_field, Field):",
			),
			(
				"""if self._should_apply_ifnull(target_doctype, filter_field_name, _operator, _value):
				fallback_sql = self._get_ifnull_fallback(target_doctype, filter_field_name)""",
				"""if self._should_apply_ifnull(target_doctype, filter_field_name, _operator, _value):
				fallback_sql = self._get_ifnull_fallback(
					doctype_of(_field) or target_doctype, filter_field_name
				)""",
			),
		),
	),
	Fix(
		"frappe.database.query:Engine._get_ifnull_fallback",
		because="A duration and a rating are numbers, which an empty text is not.",
		changes=(
			(
				'("Float", "Int", "Currency", "Percent", "Check")',
				'("Check", "Currency", "Duration", "Float", "Int", "Long Int", "Percent", "Rating")',
			),
		),
	),
	Fix(
		"frappe.database.query:Engine.apply_order_by",
		because="An aggregate over all rows may not be ordered by a column.",
		changes=(
			(
				"if not order_by or order_by == DefaultOrderBy:",
				"if any(term.is_aggregate for term in self.query._selects) and not self.query._groupbys:\n"
				"\t\t\treturn\n"
				"\t\tif not order_by or order_by == DefaultOrderBy:",
			),
		),
	),
	Fix(
		"frappe.database.query:Engine.get_query",
		because="What is grouped or distinct is ordered only by what is; Frappe leaves the order out.",
		changes=(
			(
				"""warnings.warn(
					(
						"ORDER BY fields have been ignored because PostgreSQL requires them to "
						"appear in the SELECT list when using DISTINCT or GROUP BY."
					),
					UserWarning,
					stacklevel=2,
				)""",
				"""from gigafibre_utils.postgres.columns import settle_order

				self.apply_order_by(order_by)
				settle_order(self.query)""",
			),
		),
	),
	Fix(
		"frappe.contacts.doctype.contact.contact:contact_query",
		because="There is no if() and no LIMIT a, b, and LIKE minds capitals.",
		changes=(
			("`{searchfield}` like %(txt)s", "`{searchfield}` ilike %(txt)s"),
			(
				"if(locate(%(_txt)s, `tabContact`.full_name), "
				"locate(%(_txt)s, `tabContact`.company_name), 99999)",
				"""case when strpos(lower(`tabContact`.full_name), lower(%(_txt)s)) > 0
				then coalesce(strpos(lower(`tabContact`.company_name), lower(%(_txt)s)), 0) else 99999 end""",
			),
			("limit %(start)s, %(page_len)s", "limit %(page_len)s offset %(start)s"),
		),
	),
	Fix(
		"frappe.desk.notifications:get_doc_count",
		because="After an error, which is caught, nothing more is read in the transaction.",
		changes=(
			("try: docs =", 'frappe.db.savepoint("doc_count")\n\ttry:\n\t\tdocs ='),
			(
				"except Exception as e:",
				'except Exception as e:\n\t\tfrappe.db.rollback(save_point="doc_count")',
			),
		),
	),
	Fix(
		"frappe.email:relink",
		because="What stands in double quotes is a column.",
		changes=(
			('status = "Linked"', "status = 'Linked'"),
			('communication_type = "Communication"', "communication_type = 'Communication'"),
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
	Fix(
		"frappe.utils.goal:get_monthly_results",
		because="A column is summed, not its name.",
		changes=(("Function(aggregation, goal_field)", "Function(aggregation, Table[goal_field])"),),
	),
	Fix(
		"frappe.website.doctype.help_article.help_article:get_sidebar_items",
		because="What stands in double quotes is a column.",
		changes=(
			(
				'concat(category_name, " (", help_articles, ")")',
				"concat(category_name, ' (', help_articles, ')')",
			),
		),
	),
	Fix(
		"pypika.functions:CurDate.__init__",
		because="CURRENT_DATE is no function.",
		changes=(
			(
				'super(CurDate, self).__init__("CURRENT_DATE", alias=alias)',
				'super(CurDate, self).__init__("DATE", Now(), alias=alias)',
			),
		),
	),
	Fix(
		"pypika.queries:QueryBuilder._force_index_sql",
		because="There is no FORCE INDEX.",
		changes=(
			(
				"""return " FORCE INDEX ({indexes})".format(
            indexes=",".join(index.get_sql(**kwargs) for index in self._force_indexes),
        )""",
				'return ""',
			),
		),
	),
	Fix(
		"pypika.queries:QueryBuilder._use_index_sql",
		because="There is no USE INDEX.",
		changes=(
			(
				"""return " USE INDEX ({indexes})".format(
            indexes=",".join(index.get_sql(**kwargs) for index in self._use_indexes),
        )""",
				'return ""',
			),
		),
	),
	Fix(
		# Reports pass their filters to statements, and look at them again.
		"frappe.database.postgres.database:PostgresDatabase.sql",
		because="Numbers are passed as text; in the caller's own dict a 0 would be text too, and true.",
		changes=(
			(
				"modify_values(values)",
				"modify_values(values.copy() if isinstance(values, dict) else values)",
			),
		),
	),
)
