"""Reports over customers, orders and sales."""

from gigafibre_utils.postgres.fix import Fix

REPORT = "erpnext.selling.report"
TRENDS = "erpnext.controllers.trends"

FIXES: tuple[Fix, ...] = (
	Fix(
		f"{TRENDS}:get_period_wise_query",
		because="There is no if().",
		changes=(
			(
				"SUM(IF(t1.{trans_date} BETWEEN '{sd}' AND '{ed}', t2.stock_qty, NULL))",
				"SUM(t2.stock_qty) FILTER (WHERE t1.{trans_date} BETWEEN '{sd}' AND '{ed}')",
			),
			(
				"SUM(IF(t1.{trans_date} BETWEEN '{sd}' AND '{ed}', t2.base_net_amount, NULL))",
				"SUM(t2.base_net_amount) FILTER (WHERE t1.{trans_date} BETWEEN '{sd}' AND '{ed}')",
			),
		),
	),
	Fix(
		f"{TRENDS}:based_wise_columns_query",
		because="Columns beside a sum must be grouped or aggregated.",
		changes=(
			('"t2.item_code, t2.item_name,"', '"t2.item_code, max(t2.item_name),"'),
			(
				'"t1.party_name, t1.customer_name, t1.territory,"',
				'"t1.party_name, max(t1.customer_name), max(t1.territory),"',
			),
			(
				'"t1.customer, t1.customer_name, t1.territory,"',
				'"t1.customer, max(t1.customer_name), max(t1.territory),"',
			),
			(
				'"t1.supplier, t1.supplier_name, t3.supplier_group,"',
				'"t1.supplier, max(t1.supplier_name), max(t3.supplier_group),"',
			),
			('"t4.default_currency as currency,"', '"max(t4.default_currency) as currency,"'),
		),
	),
	Fix(
		f"{TRENDS}:get_data",
		because="Columns beside a sum must be grouped or aggregated.",
		changes=(
			(
				"select t4.default_currency AS currency , {} , {} from",
				"select max(t4.default_currency) AS currency , max({}) , {} from",
			),
		),
	),
	Fix(
		f"{REPORT}.inactive_customers.inactive_customers:get_sales_details",
		because="There are no if() and datediff(), and what stands in single quotes is no name.",
		changes=(
			(
				"""sum(so.base_net_total) as 'total_order_considered',
			max(so.posting_date) as 'last_order_date',
			DATEDIFF(CURRENT_DATE, max(so.posting_date)) as 'days_since_last_order' """,
				"""sum(so.base_net_total) as total_order_considered,
			max(so.posting_date) as last_order_date,
			CURRENT_DATE - max(so.posting_date) as days_since_last_order """,
			),
			(
				"""sum(if(so.status = "Stopped",
				so.base_net_total * so.per_delivered/100,
				so.base_net_total)) as 'total_order_considered',
			max(so.transaction_date) as 'last_order_date',
			DATEDIFF(CURRENT_DATE, max(so.transaction_date)) as 'days_since_last_order'""",
				"""sum(case when so.status = 'Stopped'
				then so.base_net_total * so.per_delivered/100
				else so.base_net_total end) as total_order_considered,
			max(so.transaction_date) as last_order_date,
			CURRENT_DATE - max(so.transaction_date) as days_since_last_order""",
			),
			("as 'num_of_order'", "as num_of_order"),
			("as 'total_order_value'", "as total_order_value"),
			("order by 'days_since_last_order' desc", "order by days_since_last_order desc"),
		),
	),
	Fix(
		f"{REPORT}.payment_terms_status_for_sales_order.payment_terms_status_for_sales_order:"
		"get_so_with_invoices",
		because="There are no if() and datediff(), and columns beside grouped ones must be grouped.",
		changes=(
			(
				'ifelse(datediff(ps.due_date, functions.CurDate()) < 0, "Overdue", "Unpaid")',
				"qb.terms.Case()"
				'.when(ps.due_date < qb.terms.PseudoColumn("CURRENT_DATE"), "Overdue").else_("Unpaid")',
			),
			(".groupby(sii.parent)", ".groupby(sii.sales_order, sii.parent, si.base_grand_total)"),
		),
	),
	Fix(
		f"{REPORT}.sales_order_analysis.sales_order_analysis:get_data",
		because="There are no if() and datediff(), and columns beside a sum must be grouped.",
		changes=(
			(
				"DATEDIFF(CURRENT_DATE, soi.delivery_date) as delay_days",
				"CURRENT_DATE - soi.delivery_date as delay_days",
			),
			(
				"IF(so.status in ('Completed','To Bill'), 0, (SELECT delay_days)) as delay",
				"CASE WHEN so.status in ('Completed','To Bill') THEN 0"
				" ELSE CURRENT_DATE - soi.delivery_date END as delay",
			),
			("GROUP BY soi.name", "GROUP BY so.name, soi.name"),
		),
	),
	Fix(
		f"{REPORT}.sales_order_analysis.sales_order_analysis:get_so_elapsed_time",
		because="There is no to_seconds(), and columns beside a maximum must be grouped.",
		changes=(
			(
				"(to_seconds(Max(dn.posting_date)) - to_seconds(so.transaction_date))",
				"((Max(dn.posting_date) - so.transaction_date) * 86400)",
			),
			(".groupby(soi.name)", ".groupby(so.name, soi.name)"),
		),
	),
	Fix(
		f"{REPORT}.sales_person_wise_transaction_summary.sales_person_wise_transaction_summary:get_entries",
		because="What stands in double quotes is a column.",
		changes=(
			('dt.status = "Closed" THEN dt_item.{}', "dt.status = 'Closed' THEN dt_item.{}"),
			(
				'dt.status = "Closed" THEN (dt_item.base_net_rate',
				"dt.status = 'Closed' THEN (dt_item.base_net_rate",
			),
			(
				'dt.status = "Closed" THEN ((dt_item.base_net_rate',
				"dt.status = 'Closed' THEN ((dt_item.base_net_rate",
			),
		),
	),
	Fix(
		f"{REPORT}.pending_so_items_for_purchase_request.pending_so_items_for_purchase_request:get_data",
		because="Columns beside a sum must be grouped or aggregated.",
		changes=(
			(
				"so_item.item_name,\n\t\t\tso_item.description,",
				"max(so_item.item_name) as item_name,\n\t\t\tmax(so_item.description) as description,",
			),
		),
	),
	Fix(
		f"{REPORT}.available_stock_for_packing_items.available_stock_for_packing_items:"
		"get_item_warehouse_quantity_map",
		because="Columns beside a sum must be grouped.",
		changes=(
			(
				"GROUP BY b.parent, b.item_code, bi.warehouse",
				"GROUP BY b.parent, bi.item_code, bi.warehouse, b.qty",
			),
		),
	),
	Fix(
		"erpnext.crm.report.lost_opportunity.lost_opportunity:get_data",
		because="There is no group_concat().",
		changes=(
			(
				'GROUP_CONCAT(OpportunityLostReasonDetail.lost_reason, alias="lost_reason").separator(", ")',
				"frappe.query_builder.custom.STRING_AGG("
				'OpportunityLostReasonDetail.lost_reason, ", ", alias="lost_reason")',
			),
		),
	),
	Fix(
		"erpnext.selling.doctype.sales_order.sales_order:get_events",
		because="No day is 0000-00-00.",
		changes=(
			(
				"(ifnull(`tabSales Order Item`.delivery_date, '0000-00-00')!= '0000-00-00')",
				"`tabSales Order Item`.delivery_date is not null",
			),
		),
	),
	Fix(
		"erpnext.selling.doctype.sales_order.sales_order:SalesOrder.check_modified_date",
		because="There is no timediff().",
		changes=(
			(
				"select TIMEDIFF('{mod_db}', '{cstr(self.modified)}')",
				"select timestamp '{mod_db}' - timestamp '{cstr(self.modified)}'",
			),
		),
	),
)
