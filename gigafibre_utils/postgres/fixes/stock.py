"""Stock, buying, budgets and assets, where it comes cheaply."""

from gigafibre_utils.postgres.fix import Fix

FIXES: tuple[Fix, ...] = (
	Fix(
		"erpnext.stock.stock_balance:get_reserved_qty",
		because="There is no if().",
		changes=(
			(
				"if(dont_reserve_qty_on_return, so_item_returned_qty, 0)",
				"case when dont_reserve_qty_on_return = 1 then so_item_returned_qty else 0 end",
			),
		),
	),
	Fix(
		"erpnext.controllers.stock_controller:StockController.set_landed_cost_voucher_amount",
		because="A column beside a sum must be grouped or aggregated.",
		changes=(
			(
				".select(Sum(lcv_item.applicable_charges), lcv_item.cost_center)",
				".select(Sum(lcv_item.applicable_charges),"
				" frappe.query_builder.functions.Max(lcv_item.cost_center))",
			),
		),
	),
	Fix(
		"erpnext.stock.stock_ledger:get_items_to_be_repost",
		because="Columns beside grouped ones must be aggregated.",
		changes=(
			(
				'["item_code", "warehouse", "posting_date", "posting_time", "creation", "posting_datetime"]',
				'["item_code", "warehouse"] + [{"MIN": field, "as": field} for field in'
				' ("posting_date", "posting_time", "creation", "posting_datetime")]',
			),
		),
	),
	Fix(
		"erpnext.stock.stock_ledger:get_items_to_be_repost",
		because="Columns beside grouped ones must be aggregated.",
		changes=(
			(
				'["item_code", "warehouse", "posting_date", "posting_time", "creation"]',
				'["item_code", "warehouse"] + [{"MIN": field, "as": field} for field in'
				' ("posting_date", "posting_time", "creation")]',
			),
		),
	),
	Fix(
		"erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle:get_available_batches",
		because="Columns beside a sum must be grouped.",
		changes=(
			(
				".groupby(batch_ledger.batch_no, batch_ledger.warehouse)",
				".groupby(batch_ledger.batch_no, batch_ledger.warehouse, batch_table.name)",
			),
		),
	),
	Fix(
		"erpnext.controllers.budget_controller:BudgetValidation.get_requested_amount",
		because="A column beside a sum must be summed with it.",
		changes=(
			(
				"(Sum(IfNull(mri.stock_qty, 0) - IfNull(mri.ordered_qty, 0)) * mri.rate)",
				"Sum((IfNull(mri.stock_qty, 0) - IfNull(mri.ordered_qty, 0)) * mri.rate)",
			),
		),
	),
	Fix(
		"erpnext.accounts.doctype.budget.budget:get_requested_amount",
		because="A column beside a sum must be summed with it.",
		changes=(
			(
				"(sum(child.stock_qty - child.ordered_qty) * rate)",
				"sum((child.stock_qty - child.ordered_qty) * rate)",
			),
		),
	),
	Fix(
		"erpnext.utilities.product:get_item_codes_by_attributes",
		because="NULL is no order.",
		changes=(("ORDER BY NULL", ""),),
	),
	Fix(
		"erpnext.accounts.utils:get_future_stock_vouchers",
		because="There is no timestamp(date, time); what is distinct can be neither so ordered nor locked.",
		changes=(
			(
				"select distinct sle.voucher_type, sle.voucher_no from",
				"select sle.voucher_type, sle.voucher_no from (select * from",
			),
			(
				"timestamp(sle.posting_date, sle.posting_time) >= timestamp(%s, %s)",
				"sle.posting_date + sle.posting_time >= cast(%s as date) + cast(%s as time)",
			),
			(
				"order by timestamp(sle.posting_date, sle.posting_time) asc, creation asc for update",
				"for update) sle group by sle.voucher_type, sle.voucher_no"
				" order by min(sle.posting_date + sle.posting_time), min(sle.creation)",
			),
		),
	),
	Fix(
		"erpnext.stock.doctype.stock_ledger_entry.stock_ledger_entry:"
		"StockLedgerEntry.validate_with_last_transaction_posting_time",
		because="There is no timestamp(date, time).",
		changes=(("MAX(timestamp(posting_date, posting_time))", "MAX(posting_date + posting_time)"),),
	),
	Fix(
		"erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle:get_stock_ledgers_batches",
		because="Columns beside a sum must be grouped.",
		changes=(
			(
				".groupby(stock_ledger_entry.batch_no, stock_ledger_entry.warehouse)",
				".groupby(stock_ledger_entry.batch_no, stock_ledger_entry.warehouse,"
				" stock_ledger_entry.item_code, batch_table.name)",
			),
		),
	),
	Fix(
		"erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle:"
		"get_stock_ledgers_for_serial_nos",
		because="What is distinct is ordered only by what is selected.",
		changes=(
			(
				"stock_ledger_entry.serial_and_batch_bundle,\n",
				"stock_ledger_entry.serial_and_batch_bundle,\n\t\t\tstock_ledger_entry.creation,\n",
			),
		),
	),
	Fix(
		"erpnext.stock.serial_batch_bundle:BatchNoValuation.get_batch_stock_before_date",
		because="Grouped rows cannot be locked.",
		changes=((".for_update() .groupby(child.batch_no)", ".groupby(child.batch_no)"),),
	),
	Fix(
		"erpnext.assets.doctype.asset.depreciation:get_depreciable_assets_data",
		because="Columns beside a minimum must be grouped.",
		changes=((".groupby(ads.name)", ".groupby(ads.name, a.name)"),),
	),
	Fix(
		"erpnext.accounts.utils:sort_stock_vouchers_by_posting_date",
		because="Columns beside grouped ones must be aggregated.",
		changes=(
			(
				"sle.voucher_type, sle.voucher_no, sle.posting_date, sle.posting_time, sle.creation)",
				"sle.voucher_type, sle.voucher_no)",
			),
			(
				".orderby(sle.posting_datetime)",
				".orderby(frappe.query_builder.functions.Min(sle.posting_datetime))",
			),
			(".orderby(sle.creation)", ".orderby(frappe.query_builder.functions.Min(sle.creation))"),
		),
	),
	Fix(
		"erpnext.stock.deprecated_serial_batch:DeprecatedBatchNoValuation.get_sle_for_batches",
		because="Grouped rows cannot be locked.",
		changes=((".for_update() .groupby(sle.batch_no)", ".groupby(sle.batch_no)"),),
	),
	Fix(
		"erpnext.stock.doctype.stock_reservation_entry.stock_reservation_entry:"
		"get_sre_reserved_warehouses_for_voucher",
		because="What is distinct is ordered only by what is selected.",
		changes=(
			(".select(sre.warehouse) .distinct()", ".select(sre.warehouse).groupby(sre.warehouse)"),
			(".orderby(sre.creation)", ".orderby(frappe.query_builder.functions.Min(sre.creation))"),
		),
	),
	Fix(
		"erpnext.stock.doctype.material_request.material_request:MaterialRequest.check_modified_date",
		because="There is no timediff().",
		changes=(
			(
				"select TIMEDIFF('{mod_db[0][0]}', '{cstr(self.modified)}')",
				"select timestamp '{mod_db[0][0]}' - timestamp '{cstr(self.modified)}'",
			),
		),
	),
)
