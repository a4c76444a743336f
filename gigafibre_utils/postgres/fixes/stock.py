"""Stock and buying, where it comes cheaply."""

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
)
