"""Quotations, support, the point of sale and projects, where it comes cheaply."""

from gigafibre_utils.postgres.fix import Fix

FIXES: tuple[Fix, ...] = (
	Fix(
		"frappe.core.doctype.report.report:Report.execute_query_report",
		because="Statements of some Query Reports quote, group and order in ways that only MariaDB takes.",
		changes=(
			(
				"frappe.db.sql(self.query, filters)",
				'frappe.db.sql(frappe.get_attr("gigafibre_utils.postgres.query_reports.mended")'
				"(self.name, self.query), filters)",
			),
		),
	),
	Fix(
		"erpnext.selling.doctype.quotation.quotation:set_expired_status",
		because="What is joined to every line of every order is nothing where there are no orders.",
		changes=(
			(
				"SET status = 'Expired' FROM `tabSales Order`, `tabSales Order Item` WHERE",
				"SET status = 'Expired' WHERE",
			),
		),
	),
	Fix(
		"erpnext.selling.report.lost_quotations.lost_quotations:get_data",
		because="A whole number divided by a greater one is 0.",
		changes=(
			(
				"Count(q.name).distinct() / total_quotations * 100",
				"Count(q.name).distinct() * 100.0 / total_quotations",
			),
		),
	),
	Fix(
		"erpnext.selling.report.sales_analytics.sales_analytics:Analytics.get_teams",
		because="What stands in double quotes is a column.",
		changes=(
			('select "Order Types" as name', "select 'Order Types' as name"),
			('"Order Types" as parent', "'Order Types' as parent"),
		),
	),
	Fix(
		"erpnext.selling.doctype.sms_center.sms_center:SMSCenter.create_receiver_list",
		because="Names of tables are quoted, or else they are in small letters.",
		changes=(
			("tabEmployee.cell_number from", "`tabEmployee`.cell_number from"),
			(
				"left join tabEmployee on `tabSales Person`.employee = tabEmployee.name",
				"left join `tabEmployee` on `tabSales Person`.employee = `tabEmployee`.name",
			),
			("ifnull(tabEmployee.cell_number,'')", "ifnull(`tabEmployee`.cell_number,'')"),
		),
	),
	Fix(
		"erpnext.support.doctype.service_level_agreement.service_level_agreement:get_support_days",
		because="A time of day is a time here, not the span since midnight that it is compared with.",
		changes=(
			('"start_time": service.start_time', '"start_time": to_timedelta(service.start_time)'),
			('"end_time": service.end_time', '"end_time": to_timedelta(service.end_time)'),
		),
	),
	Fix(
		"erpnext.support.doctype.issue.issue:get_working_hours",
		because="A time of day is a time here, not the span since midnight that it is compared with.",
		changes=(
			(
				"return day.start_time, day.end_time",
				"return frappe.utils.to_timedelta(day.start_time), frappe.utils.to_timedelta(day.end_time)",
			),
		),
	),
	Fix(
		"erpnext.accounts.doctype.sales_invoice.sales_invoice:get_mode_of_payments_info",
		because="Columns beside grouped ones must be grouped.",
		# A mode of payment has one account in a company.
		changes=(("group by mp.name", ""),),
	),
	Fix(
		"erpnext.accounts.doctype.pos_closing_entry.pos_closing_entry:get_payments",
		because="A column beside a sum must be grouped or aggregated.",
		changes=(("SalesInvoicePayment.account,", 'fn.Max(SalesInvoicePayment.account).as_("account"),'),),
	),
	Fix(
		"erpnext.accounts.doctype.pos_closing_entry.pos_closing_entry:build_invoice_query",
		because="There is no timestamp(date, time).",
		changes=(
			(
				"fn.Timestamp(InvoiceDocType.posting_date, InvoiceDocType.posting_time).as_",
				"(InvoiceDocType.posting_date + InvoiceDocType.posting_time).as_",
			),
			(
				"(fn.Timestamp(InvoiceDocType.posting_date, InvoiceDocType.posting_time) >= start)",
				"(InvoiceDocType.posting_date + InvoiceDocType.posting_time >= start)",
			),
			(
				"(fn.Timestamp(InvoiceDocType.posting_date, InvoiceDocType.posting_time) <= end)",
				"(InvoiceDocType.posting_date + InvoiceDocType.posting_time <= end)",
			),
		),
	),
	Fix(
		"erpnext.accounts.report.pos_register.pos_register:get_pos_entries",
		because="There is no if().",
		changes=(
			(
				", sip.mode_of_payment, sip.base_amount - IF(sip.type='Cash', p.change_amount, 0) as",
				", sip.mode_of_payment,"
				" sip.base_amount - case when sip.type='Cash' then p.change_amount else 0 end as",
			),
			(
				"ifnull(sip.base_amount - IF(sip.type='Cash', p.change_amount, 0), 0)",
				"ifnull(sip.base_amount - case when sip.type='Cash' then p.change_amount else 0 end, 0)",
			),
		),
	),
	Fix(
		"erpnext.accounts.doctype.pos_profile.pos_profile:set_default_profile",
		because="One UPDATE writes to one table.",
		changes=(
			(
				"""update `tabPOS Profile User` pfu, `tabPOS Profile` pf
			set
				pfu.default = 0, pf.modified = %s, pf.modified_by = %s
			where
				pfu.user = %s and pf.name = pfu.parent and pf.company = %s
				and pfu.default = 1""",
				"""with touched as (
				update `tabPOS Profile` pf set modified = %s, modified_by = %s
				from `tabPOS Profile User` pfu
				where pfu.user = %s and pf.name = pfu.parent and pf.company = %s and pfu.default = 1
				returning pfu.name
			)
			update `tabPOS Profile User` set "default" = 0 where name in (select name from touched)""",
			),
			(
				"""update `tabPOS Profile User` pfu, `tabPOS Profile` pf
			set
				pfu.default = 1, pf.modified = %s, pf.modified_by = %s
			where
				pfu.user = %s and pf.name = pfu.parent and pf.company = %s and pf.name = %s""",
				"""with touched as (
				update `tabPOS Profile` pf set modified = %s, modified_by = %s
				from `tabPOS Profile User` pfu
				where pfu.user = %s and pf.name = pfu.parent and pf.company = %s and pf.name = %s
				returning pfu.name
			)
			update `tabPOS Profile User` set "default" = 1 where name in (select name from touched)""",
			),
		),
	),
	Fix(
		"erpnext.projects.report.daily_timesheet_summary.daily_timesheet_summary:get_conditions",
		because="There is no timestamp(date, time).",
		changes=(
			(
				"timestamp(%(from_date)s, %(from_time)s)",
				"cast(%(from_date)s as date) + cast(%(from_time)s as time)",
			),
			(
				"timestamp(%(to_date)s, %(to_time)s)",
				"cast(%(to_date)s as date) + cast(%(to_time)s as time)",
			),
		),
	),
	Fix(
		"erpnext.assets.doctype.asset_maintenance.asset_maintenance:get_maintenance_log",
		because="A column beside a count must be grouped.",
		changes=(("group by maintenance_status", "group by maintenance_status, asset_name"),),
	),
)
