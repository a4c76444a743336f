"""The desk of ERPNext: link searches, trees, calendars, timelines, the sales funnel and the e-mail digest."""

from gigafibre_utils.postgres.fix import Fix

QUERIES = "erpnext.controllers.queries"
DIGEST = "erpnext.setup.doctype.email_digest.email_digest:EmailDigest"

FIXES: tuple[Fix, ...] = (
	Fix(
		f"{QUERIES}:employee_query",
		because="LIKE minds capitals.",
		changes=(
			('f"{field} like %(txt)s"', 'f"{field} ilike %(txt)s"'),
			("{key} like %(txt)s", "{key} ilike %(txt)s"),
		),
	),
	Fix(
		f"{QUERIES}:lead_query",
		because="LIKE minds capitals.",
		changes=(
			('field + " like %(txt)s"', 'field + " ilike %(txt)s"'),
			("{key} like %(txt)s", "{key} ilike %(txt)s"),
			("or lead_name like %(txt)s", "or lead_name ilike %(txt)s"),
			("or company_name like %(txt)s", "or company_name ilike %(txt)s"),
		),
	),
	Fix(
		f"{QUERIES}:tax_account_query",
		because="LIKE minds capitals.",
		changes=(("`{searchfield}` LIKE %(txt)s", "`{searchfield}` ILIKE %(txt)s"),),
	),
	Fix(
		f"{QUERIES}:item_query",
		because="There is no if(), no LIMIT a, b and no day 0000-00-00, and names of tables are quoted.",
		changes=(
			(
				"""if(length(tabItem.description) > 40, \\
			concat(substr(tabItem.description, 1, 40), "..."), description) as description""",
				"""case when length(description) > 40
			then concat(substr(description, 1, 40), '...') else description end as description""",
			),
			('[field + " like %(txt)s" for', '[f"cast({field} as varchar) ilike %(txt)s" for'),
			('"or tabItem.description LIKE %(txt)s"', '"or description ILIKE %(txt)s"'),
			(
				"ifnull(tabItem.end_of_life, '0000-00-00')='0000-00-00'",
				"tabItem.end_of_life is null",
			),
			("where barcode LIKE %(txt)s", "where barcode ILIKE %(txt)s"),
			(
				"if(locate(%(_txt)s, name), locate(%(_txt)s, name), 99999)",
				"coalesce(nullif(strpos(lower(name), lower(%(_txt)s)), 0), 99999)",
			),
			(
				"if(locate(%(_txt)s, item_name), locate(%(_txt)s, item_name), 99999)",
				"coalesce(nullif(strpos(lower(item_name), lower(%(_txt)s)), 0), 99999)",
			),
			(
				'limit %(start)s, %(page_len)s """.format(',
				'limit %(page_len)s offset %(start)s""".replace("tabItem.", "`tabItem`.").format(',
			),
		),
	),
	Fix(
		f"{QUERIES}:get_project_name",
		because="There is no if(), and LIKE minds capitals.",
		changes=(
			('proj[x].like(f"%{txt}%")', 'proj[x].ilike(f"%{txt}%")'),
			(
				"ifelse(Locate(txt, proj.project_name) > 0, Locate(txt, proj.project_name), 99999)",
				"""qb.functions(
					"coalesce",
					qb.functions("nullif", Locate(txt.lower(), qb.functions("lower", proj.project_name)), 0),
					99999,
				)""",
			),
		),
	),
	Fix(
		f"{QUERIES}:get_delivery_notes_to_be_billed",
		because="LIKE minds capitals.",
		changes=(
			('DeliveryNote[searchfield].like(f"%{txt}%")', 'DeliveryNote[searchfield].ilike(f"%{txt}%")'),
		),
	),
	Fix(
		f"{QUERIES}:get_batches_from_stock_ledger_entries",
		because="Columns beside a sum must be grouped, and what is concatenated with nothing is not nothing.",
		changes=(
			(
				".groupby(stock_ledger_entry.batch_no, stock_ledger_entry.warehouse)",
				".groupby(batch_table.name, stock_ledger_entry.batch_no, stock_ledger_entry.warehouse)",
			),
			(
				'Concat("MFG-", batch_table.manufacturing_date).as_("manufacturing_date")',
				'qb.functions("nullif", Concat("MFG-", batch_table.manufacturing_date), "MFG-")'
				'.as_("manufacturing_date")',
			),
			(
				'Concat("EXP-", batch_table.expiry_date).as_("expiry_date")',
				'qb.functions("nullif", Concat("EXP-", batch_table.expiry_date), "EXP-").as_("expiry_date")',
			),
			('batch_table.name.like(f"%{txt}%")', 'batch_table.name.ilike(f"%{txt}%")'),
			('batch_table[field].like(f"%{txt}%")', 'batch_table[field].ilike(f"%{txt}%")'),
		),
	),
	Fix(
		f"{QUERIES}:get_batches_from_serial_and_batch_bundle",
		because="Columns beside a sum must be grouped, and what is concatenated with nothing is not nothing.",
		changes=(
			(
				".groupby(bundle.batch_no, bundle.warehouse)",
				".groupby(batch_table.name, bundle.batch_no, bundle.warehouse)",
			),
			(
				'Concat("MFG-", batch_table.manufacturing_date)',
				'qb.functions("nullif", Concat("MFG-", batch_table.manufacturing_date), "MFG-")',
			),
			(
				'Concat("EXP-", batch_table.expiry_date)',
				'qb.functions("nullif", Concat("EXP-", batch_table.expiry_date), "EXP-")',
			),
			('batch_table.name.like(f"%{txt}%")', 'batch_table.name.ilike(f"%{txt}%")'),
			('batch_table[field].like(f"%{txt}%")', 'batch_table[field].ilike(f"%{txt}%")'),
		),
	),
	Fix(
		f"{QUERIES}:get_income_account",
		because="LIKE minds capitals.",
		changes=(('acc.name.like(f"%{txt}%")', 'acc.name.ilike(f"%{txt}%")'),),
	),
	Fix(
		f"{QUERIES}:get_expense_account",
		because="LIKE minds capitals.",
		changes=(('acc.name.like(f"%{txt}%")', 'acc.name.ilike(f"%{txt}%")'),),
	),
	Fix(
		f"{QUERIES}:warehouse_query",
		because="LIKE minds capitals.",
		changes=(("`tabWarehouse`.`{key}` like {txt}", "`tabWarehouse`.`{key}` ilike {txt}"),),
	),
	Fix(
		f"{QUERIES}:get_filtered_child_rows",
		because="LIKE is for text, and minds capitals.",
		changes=(
			(
				'table.idx.like(txt.replace("#", ""))',
				'frappe.query_builder.functions.Cast(table.idx, "varchar").like(txt.replace("#", ""))',
			),
			("table.item_code.like(txt)", "table.item_code.ilike(txt)"),
			("table.name.like(txt)", "table.name.ilike(txt)"),
		),
	),
	Fix(
		"erpnext.projects.doctype.project.project:get_users_for_project",
		because="What stands in double quotes is a column, and LIKE minds capitals.",
		changes=(
			('("Guest", "Administrator")', "('Guest', 'Administrator')"),
			("{key} like %(txt)s", "{key} ilike %(txt)s"),
			("full_name like %(txt)s", "full_name ilike %(txt)s"),
		),
	),
	Fix(
		"erpnext.projects.doctype.project.project:get_timeline_data",
		because="A column beside a count must be grouped.",
		changes=(
			("UnixTimestamp(timesheet_detail.from_time)", "UnixTimestamp(Date(timesheet_detail.from_time))"),
		),
	),
	Fix(
		"erpnext.selling.page.sales_funnel.sales_funnel:get_funnel_data",
		because="What stands in double quotes is a column.",
		changes=(('(opportunity!="" or quotation_to="Lead")', "(opportunity!='' or quotation_to='Lead')"),),
	),
	Fix(
		"erpnext.setup.doctype.company.company:get_children",
		because="What stands in double quotes is a column.",
		changes=(('ifnull(parent_company, "")', "ifnull(parent_company, '')"),),
	),
	Fix(
		"erpnext.setup.doctype.company.company:get_all_transactions_annual_history",
		because="There is no date_sub().",
		changes=(("date_sub(curdate(), interval 1 year)", "current_date - interval '1 year'"),),
	),
	Fix(
		f"{DIGEST}.get_issue_list",
		because="What stands in double quotes is a column.",
		changes=(('status in ("Replied","Open")', "status in ('Replied','Open')"),),
	),
	Fix(
		f"{DIGEST}.get_todo_list",
		because="There is no field().",
		changes=(
			(
				"field(priority, 'High', 'Medium', 'Low')",
				"coalesce(array_position(array['High', 'Medium', 'Low']::varchar[], priority), 0)",
			),
		),
	),
	Fix(
		f"{DIGEST}.get_sales_orders_to_bill",
		because="What stands in double quotes is a column.",
		changes=(('billing_status != "Fully Billed"', "billing_status != 'Fully Billed'"),),
	),
	Fix(
		f"{DIGEST}.get_sales_orders_to_deliver",
		because="What stands in double quotes is a column.",
		changes=(('delivery_status != "Fully Delivered"', "delivery_status != 'Fully Delivered'"),),
	),
	Fix(
		f"{DIGEST}.get_purchase_orders_items_overdue_list",
		because="What is distinct is ordered only by what is selected.",
		changes=(
			(
				"""order by `tabPurchase Order Item`.parent DESC,
			`tabPurchase Order Item`.schedule_date DESC""",
				"order by `tabPurchase Order Item`.parent DESC",
			),
		),
	),
	Fix(
		"erpnext.stock.doctype.landed_cost_voucher.landed_cost_voucher:get_vendor_invoice_query",
		because="HAVING knows no alias.",
		changes=(
			(
				'having(frappe.qb.Field("unclaimed_amount") > 0)',
				"where(doctype.base_total - doctype.claimed_landed_cost_amount > 0)",
			),
		),
	),
	Fix(
		"erpnext.stock.doctype.packing_slip.packing_slip:item_details",
		because="What stands in double quotes is a column, and LIKE minds capitals.",
		changes=(('and {} like "{}" {}', "and {} ilike {} {}"),),
	),
)
