"""Buying, and the reports over stock and buying."""

from gigafibre_utils.postgres.fix import Fix

STOCK, BUYING = "erpnext.stock.report", "erpnext.buying.report"
SCORECARD = "erpnext.buying.doctype.supplier_scorecard_variable.supplier_scorecard_variable"

FIXES: tuple[Fix, ...] = (
	Fix(
		"erpnext.buying.doctype.purchase_order.purchase_order:PurchaseOrder.check_modified_date",
		because="Text is not subtracted from text.",
		changes=(
			(
				"select '{mod_db[0][0]}' - '{cstr(self.modified)}'",
				"select timestamp '{mod_db[0][0]}' - timestamp '{cstr(self.modified)}'",
			),
		),
	),
	Fix(
		"erpnext.buying.doctype.request_for_quotation.request_for_quotation:"
		"get_item_from_material_requests_based_on_supplier",
		because="What stands in double quotes is a column.",
		changes=(
			('mr.status != "Stopped"', "mr.status != 'Stopped'"),
			('mr.material_request_type = "Purchase"', "mr.material_request_type = 'Purchase'"),
		),
	),
	Fix(
		f"{SCORECARD}:get_item_workdays",
		because="There is no datediff().",
		changes=(
			(
				"DATEDIFF( %(end_date)s, po_item.schedule_date)",
				"(cast(%(end_date)s as date) - po_item.schedule_date)",
			),
		),
	),
	Fix(
		f"{SCORECARD}:get_total_days_late",
		because="There is no datediff().",
		changes=(
			("DATEDIFF(pr.posting_date,po_item.schedule_date)", "(pr.posting_date - po_item.schedule_date)"),
			(
				"DATEDIFF( %(end_date)s, po_item.schedule_date)",
				"(cast(%(end_date)s as date) - po_item.schedule_date)",
			),
		),
	),
	Fix(
		f"{SCORECARD}:get_rfq_response_days",
		because="There is no datediff().",
		changes=(
			(
				"DATEDIFF(sq.transaction_date, rfq.transaction_date)",
				"sq.transaction_date - rfq.transaction_date",
			),
		),
	),
	Fix(
		f"{BUYING}.procurement_tracker.procurement_tracker:get_po_entries",
		because="Columns beside grouped ones must be grouped; the rows of an order were meant.",
		changes=((".groupby(parent.name, child.material_request_item)", ""),),
	),
	Fix(
		f"{BUYING}.purchase_order_analysis.purchase_order_analysis:get_data",
		because="Columns beside a sum must be grouped.",
		changes=((".groupby(po_item.name)", ".groupby(po.name, po_item.name)"),),
	),
	Fix(
		f"{BUYING}.requested_items_to_order_and_receive.requested_items_to_order_and_receive:get_data",
		because="Columns beside a sum must be grouped or aggregated.",
		changes=(
			(
				'mr_item.schedule_date.as_("required_date")',
				'frappe.query_builder.functions.Min(mr_item.schedule_date).as_("required_date")',
			),
			(
				"Coalesce(mr_item.uom,",
				"Coalesce(frappe.query_builder.functions.Max(mr_item.uom),",
			),
			(
				"Coalesce(mr_item.stock_uom,",
				"Coalesce(frappe.query_builder.functions.Max(mr_item.stock_uom),",
			),
			(
				"mr_item.item_name,\n\t\t\tmr_item.description,",
				'frappe.query_builder.functions.Max(mr_item.item_name).as_("item_name"),\n'
				'\t\t\tfrappe.query_builder.functions.Max(mr_item.description).as_("description"),',
			),
		),
	),
	Fix(
		f"{STOCK}.available_batch_report.available_batch_report:get_batchwise_data_from_stock_ledger",
		because="Columns beside a sum must be grouped.",
		changes=(
			(
				".groupby(table.batch_no, table.item_code, table.warehouse)",
				".groupby(batch.name, table.batch_no, table.item_code, table.warehouse)",
			),
		),
	),
	Fix(
		f"{STOCK}.available_batch_report.available_batch_report:get_batchwise_data_from_serial_batch_bundle",
		because="Columns beside a sum must be grouped.",
		changes=(
			(
				".groupby(ch_table.batch_no, table.item_code, ch_table.warehouse)",
				".groupby(batch.name, ch_table.batch_no, table.item_code, table.warehouse)",
			),
		),
	),
	Fix(
		f"{STOCK}.batch_wise_balance_history.batch_wise_balance_history:"
		"get_stock_ledger_entries_for_batch_no",
		because="A column beside a sum must be grouped.",
		changes=(
			(
				".groupby(sle.voucher_no, sle.batch_no, sle.item_code, sle.warehouse)",
				".groupby(sle.voucher_no, sle.batch_no, sle.item_code, sle.warehouse, sle.posting_date)",
			),
		),
	),
	Fix(
		f"{STOCK}.batch_wise_balance_history.batch_wise_balance_history:"
		"get_stock_ledger_entries_for_batch_bundle",
		because="Columns beside a sum must be grouped.",
		changes=(
			(
				".groupby(sle.voucher_no, batch_package.batch_no, batch_package.warehouse)",
				".groupby(sle.voucher_no, batch_package.batch_no,"
				" sle.item_code, sle.warehouse, sle.posting_date)",
			),
		),
	),
	Fix(
		f"{STOCK}.product_bundle_balance.product_bundle_balance:get_item_wise_max_posting_datetime",
		because="A column beside a maximum must be grouped; this one is not read.",
		changes=(("sle.warehouse, sle.name, Max(", "sle.warehouse, Max("),),
	),
	Fix(
		f"{STOCK}.stock_ageing.stock_ageing:FIFOSlots.generate",
		because="A cursor on the server runs one statement only, and more are sent while its rows are read.",
		changes=(
			("with frappe.db.unbuffered_cursor():", 'with __import__("contextlib").nullcontext():'),
			(
				"stock_ledger_entries = self.__get_stock_ledger_entries()",
				"stock_ledger_entries = list(self.__get_stock_ledger_entries())",
			),
		),
	),
	Fix(
		f"{STOCK}.stock_and_account_value_comparison.stock_and_account_value_comparison:"
		"get_stock_ledger_data",
		because="Columns beside a sum must be grouped or aggregated.",
		changes=(
			('"name",', '{"MIN": "name", "as": "name"},'),
			(
				'"posting_date",\n\t\t\t"posting_time",',
				'{"MIN": "posting_date", "as": "posting_date"},\n'
				'\t\t\t{"MIN": "posting_time", "as": "posting_time"},',
			),
		),
	),
	Fix(
		f"{STOCK}.stock_and_account_value_comparison.stock_and_account_value_comparison:get_gl_data",
		because="Columns beside a sum must be grouped or aggregated.",
		changes=(
			('"name",', '{"MIN": "name", "as": "name"},'),
			('"posting_date",', '{"MIN": "posting_date", "as": "posting_date"},'),
		),
	),
	Fix(
		f"{STOCK}.stock_projected_qty.stock_projected_qty:get_item_map",
		because="No day is 0000-00-00.",
		changes=(('| (item.end_of_life == "0000-00-00")', ""),),
	),
	Fix(
		f"{STOCK}.total_stock_summary.total_stock_summary:get_total_stock",
		because="Columns beside a sum must be grouped.",
		changes=((".groupby( item.item_code )", ".groupby(item.name)"),),
	),
)
