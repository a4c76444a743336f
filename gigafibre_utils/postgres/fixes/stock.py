"""Stock, its ledger and its reservations; budgets and assets, where it comes cheaply."""

from gigafibre_utils.postgres.fix import Fix

DOCTYPE = "erpnext.stock.doctype"

FIXES: tuple[Fix, ...] = (
	Fix(
		"erpnext.stock.stock_balance:get_reserved_qty",
		because="There is no if(), and a division by nothing is an error.",
		changes=(
			(
				"if(dont_reserve_qty_on_return, so_item_returned_qty, 0)",
				"case when dont_reserve_qty_on_return = 1 then so_item_returned_qty else 0 end",
			),
			("/ so_item_qty)", "/ nullif(so_item_qty, 0))"),
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
		"erpnext.stock.stock_ledger:make_sl_entries",
		because="A lock on the last row keeps no later one from being written: parallel submits miscount.",
		changes=(
			(
				'cancelled = sl_entries[0].get("is_cancelled")',
				"from gigafibre_utils.postgres.locks import lock_stock\n\n"
				"\t\tlock_stock(sl_entries)\n"
				'\t\tcancelled = sl_entries[0].get("is_cancelled")',
			),
		),
	),
	Fix(
		"erpnext.stock.stock_ledger:repost_future_sle",
		because="A lock on the last row keeps no later one from being written while its value is reckoned.",
		changes=(
			(
				"validate_item_warehouse(items_to_be_repost[index])",
				"from gigafibre_utils.postgres.locks import lock_stock\n\n"
				"\t\tvalidate_item_warehouse(items_to_be_repost[index])\n"
				"\t\tlock_stock([items_to_be_repost[index]])",
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
		f"{DOCTYPE}.serial_and_batch_bundle.serial_and_batch_bundle:get_available_batches",
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
		because="NULL is no order, and text is not compared with a number.",
		changes=(
			("ORDER BY NULL", ""),
			("[attribute, attribute_value]", "[attribute, str(attribute_value)]"),
		),
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
		f"{DOCTYPE}.stock_ledger_entry.stock_ledger_entry:"
		"StockLedgerEntry.validate_with_last_transaction_posting_time",
		because="There is no timestamp(date, time).",
		changes=(("MAX(timestamp(posting_date, posting_time))", "MAX(posting_date + posting_time)"),),
	),
	Fix(
		f"{DOCTYPE}.serial_and_batch_bundle.serial_and_batch_bundle:get_stock_ledgers_batches",
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
		f"{DOCTYPE}.serial_and_batch_bundle.serial_and_batch_bundle:get_stock_ledgers_for_serial_nos",
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
		f"{DOCTYPE}.stock_reservation_entry.stock_reservation_entry:get_sre_reserved_warehouses_for_voucher",
		because="What is distinct is ordered only by what is selected.",
		changes=(
			(".select(sre.warehouse) .distinct()", ".select(sre.warehouse).groupby(sre.warehouse)"),
			(".orderby(sre.creation)", ".orderby(frappe.query_builder.functions.Min(sre.creation))"),
		),
	),
	Fix(
		f"{DOCTYPE}.material_request.material_request:MaterialRequest.check_modified_date",
		because="There is no timediff().",
		changes=(
			(
				"select TIMEDIFF('{mod_db[0][0]}', '{cstr(self.modified)}')",
				"select timestamp '{mod_db[0][0]}' - timestamp '{cstr(self.modified)}'",
			),
		),
	),
	Fix(
		f"{DOCTYPE}.repost_item_valuation.repost_item_valuation:"
		"RepostItemValuation.deduplicate_similar_repost",
		because="There is no timestamp(date, time).",
		changes=(
			(
				"TIMESTAMP(posting_date, posting_time) > TIMESTAMP(%(posting_date)s, %(posting_time)s)",
				"posting_date + posting_time"
				" > cast(%(posting_date)s as date) + cast(%(posting_time)s as time)",
			),
		),
	),
	Fix(
		"erpnext.stock.reorder_item:get_items_for_reorder",
		because="No day is 0000-00-00.",
		changes=(('| (item_table.end_of_life == "0000-00-00")', ""),),
	),
	Fix(
		"erpnext.stock.reorder_item:get_reorder_levels_for_variants",
		because="No day is 0000-00-00.",
		changes=(('| (item_table.end_of_life == "0000-00-00")', ""),),
	),
	Fix(
		"erpnext.stock.utils:get_latest_stock_qty",
		because="Names of tables are quoted, or else they are in small letters.",
		changes=(("wh.name = tabBin.warehouse", "wh.name = `tabBin`.warehouse"),),
	),
	Fix(
		"erpnext.stock.get_item_details:get_valuation_rate",
		because="A division by nothing is an error.",
		changes=(
			(
				"/ Sum(pi_item.qty * pi_item.conversion_factor)",
				"/ frappe.query_builder.functions.NullIf(Sum(pi_item.qty * pi_item.conversion_factor), 0)",
			),
		),
	),
	Fix(
		"erpnext.stock.stock_ledger:get_valuation_rate",
		because="A division by nothing is an error.",
		changes=(
			(
				"/ Sum(table.actual_qty)",
				"/ frappe.query_builder.functions.NullIf(Sum(table.actual_qty), 0)",
			),
		),
	),
	Fix(
		f"{DOCTYPE}.item.item:Item.validate_duplicate_item_in_stock_reconciliation",
		because="HAVING knows no alias.",
		changes=(("HAVING records > 1", "HAVING COUNT(*) > 1"),),
	),
	Fix(
		f"{DOCTYPE}.batch.batch:get_batches",
		because="A group is ordered only by what depends on its key, which is the name.",
		changes=((".groupby(batch.batch_id)", ".groupby(batch.name)"),),
	),
	Fix(
		f"{DOCTYPE}.stock_reconciliation.stock_reconciliation:get_items_for_stock_reco",
		because="Columns beside grouped ones must be grouped.",
		changes=(("group by i.name", "group by i.name, id.default_warehouse"),),
	),
	Fix(
		f"{DOCTYPE}.pick_list.pick_list:get_picked_items_qty",
		because="Grouped rows cannot be locked, and columns beside a sum must be grouped or aggregated.",
		changes=(
			(
				'pi_item = frappe.qb.DocType("Pick List Item")',
				"from gigafibre_utils.postgres.locks import lock_picking\n\n"
				"\tlock_picking(items)\n"
				'\tpi_item = frappe.qb.DocType("Pick List Item")',
			),
			(".where(pi_item.docstatus == 1) .for_update()", ".where(pi_item.docstatus == 1)"),
			(
				"""pi_item.sales_order_item,
			pi_item.product_bundle_item,
			pi_item.item_code,
			pi_item.sales_order,
			Sum(pi_item.stock_qty)""",
				"""*(
				frappe.query_builder.functions.Max(pi_item[field]).as_(field)
				for field in ("sales_order_item", "product_bundle_item", "item_code", "sales_order")
			),
			Sum(pi_item.stock_qty)""",
			),
		),
	),
	Fix(
		f"{DOCTYPE}.pick_list.pick_list:get_pick_list_query",
		because="There is no group_concat(), columns beside it must be aggregated, and LIKE minds capitals.",
		changes=(
			(
				"SALES_ORDER.customer,",
				'frappe.query_builder.functions.Max(SALES_ORDER.customer).as_("customer"),',
			),
			(
				'Replace(GROUP_CONCAT(PICK_LIST_ITEM.sales_order).distinct(), ",", "<br>")',
				'frappe.query_builder.custom.STRING_AGG(PICK_LIST_ITEM.sales_order, "<br>").distinct()',
			),
			("PICK_LIST[search_fields[-1]].like(txt)", "PICK_LIST[search_fields[-1]].ilike(txt)"),
			("PICK_LIST[field].like(txt)", "PICK_LIST[field].ilike(txt)"),
		),
	),
	Fix(
		f"{DOCTYPE}.stock_reservation_entry.stock_reservation_entry:get_available_qty_to_reserve",
		because="Summed rows cannot be locked.",
		changes=(
			(
				"Sum(sre.reserved_qty - sre.delivered_qty - sre.transferred_qty - sre.consumed_qty)",
				"sre.reserved_qty - sre.delivered_qty - sre.transferred_qty - sre.consumed_qty",
			),
			("query.run()[0][0] or 0.0", "sum(left for (left,) in query.run())"),
		),
	),
	Fix(
		f"{DOCTYPE}.stock_reservation_entry.stock_reservation_entry:get_sre_reserved_batch_nos_details",
		because="A group is ordered only by what is grouped or aggregated.",
		changes=(
			(
				".orderby(sb_entry.creation)",
				".orderby(frappe.query_builder.functions.Min(sb_entry.creation))",
			),
		),
	),
	Fix(
		"erpnext.stock.deprecated_serial_batch:DeprecatedBatchNoValuation.set_balance_value_from_sl_entries",
		because="Grouped rows cannot be locked.",
		changes=((".for_update() .where(timestamp_condition)", ".where(timestamp_condition)"),),
	),
	Fix(
		"erpnext.stock.deprecated_serial_batch:DeprecatedBatchNoValuation.set_balance_value_from_bundle",
		because="Grouped rows cannot be locked.",
		changes=((".for_update() .where(timestamp_condition)", ".where(timestamp_condition)"),),
	),
	Fix(
		"erpnext.controllers.item_variant:make_variant_item_code",
		because="Text is not compared with a number.",
		changes=(
			('"attribute_value": attr.attribute_value}', '"attribute_value": cstr(attr.attribute_value)}'),
		),
	),
)
