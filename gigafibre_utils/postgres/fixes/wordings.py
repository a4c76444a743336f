"""Functions that are mended elsewhere here, as other releases of version 16 word them."""

from gigafibre_utils.postgres.fix import Fix

QUERIES = "erpnext.controllers.queries"

FIXES: tuple[Fix, ...] = (
	# ERPNext 16.0 to 16.7
	Fix(
		f"{QUERIES}:get_delivery_notes_to_be_billed",
		because="LIKE minds capitals.",
		changes=(
			("`tabDelivery Note`.`{key}` like {txt} and", "`tabDelivery Note`.`{key}` ilike {txt} and"),
		),
	),
	Fix(
		f"{QUERIES}:get_income_account",
		because="What stands in double quotes is a column, and LIKE minds capitals.",
		changes=(
			('"and tabAccount.company = %(company)s"', '"and `tabAccount`.company = %(company)s"'),
			('" and tabAccount.disabled = %(disabled)s"', '" and `tabAccount`.disabled = %(disabled)s"'),
			("select tabAccount.name from", "select `tabAccount`.name from"),
			('tabAccount.report_type = "Profit and Loss"', "`tabAccount`.report_type = 'Profit and Loss'"),
			(
				'tabAccount.account_type in ("Income Account", "Temporary")',
				"`tabAccount`.account_type in ('Income Account', 'Temporary')",
			),
			("tabAccount.is_group=0", "`tabAccount`.is_group=0"),
			("tabAccount.`{searchfield}` LIKE %(txt)s", "`tabAccount`.`{searchfield}` ILIKE %(txt)s"),
		),
	),
	Fix(
		f"{QUERIES}:get_expense_account",
		because="What stands in double quotes is a column, and LIKE minds capitals.",
		changes=(
			('"and tabAccount.company = %(company)s"', '"and `tabAccount`.company = %(company)s"'),
			("select tabAccount.name from", "select `tabAccount`.name from"),
			('tabAccount.report_type = "Profit and Loss"', "`tabAccount`.report_type = 'Profit and Loss'"),
			(
				'tabAccount.account_type in ("Expense Account", "Fixed Asset", "Temporary", '
				'"Asset Received But Not Billed", "Capital Work in Progress")',
				"`tabAccount`.account_type in ('Expense Account', 'Fixed Asset', 'Temporary', "
				"'Asset Received But Not Billed', 'Capital Work in Progress')",
			),
			("tabAccount.is_group=0", "`tabAccount`.is_group=0"),
			("tabAccount.disabled = 0", "`tabAccount`.disabled = 0"),
			("tabAccount.{searchfield} LIKE %(txt)s", "`tabAccount`.{searchfield} ILIKE %(txt)s"),
		),
	),
	Fix(
		"erpnext.accounts.doctype.bank_clearance.bank_clearance:get_payment_entries_for_bank_clearance",
		because="There is no if() and no day 0000-00-00, what stands in double quotes is a column, "
		"and columns beside a sum must be grouped or aggregated.",
		changes=(
			("(clearance_date IS NULL or clearance_date='0000-00-00')", "clearance_date IS NULL"),
			("(pe.clearance_date IS NULL or pe.clearance_date='0000-00-00')", "pe.clearance_date IS NULL"),
			('"Journal Entry" as payment_document', "'Journal Entry' as payment_document"),
			("t2.against_account,", "max(t2.against_account) as against_account,"),
			("group by t2.account, t1.name", "group by t2.account, t2.account_currency, t1.name"),
			('"Payment Entry" as payment_document', "'Payment Entry' as payment_document"),
			(
				"if(pe.paid_from=%(account)s, pe.paid_amount + if(pe.payment_type = 'Pay' and "
				"c.default_currency = pe.paid_from_account_currency, pe.base_total_taxes_and_charges, "
				"pe.total_taxes_and_charges) , 0) as credit",
				"case when pe.paid_from=%(account)s then pe.paid_amount"
				" + case when pe.payment_type = 'Pay' and "
				"c.default_currency = pe.paid_from_account_currency then pe.base_total_taxes_and_charges "
				"else pe.total_taxes_and_charges end else 0 end as credit",
			),
			(
				"if(pe.paid_from=%(account)s, 0, pe.received_amount + pe.total_taxes_and_charges) as debit",
				"case when pe.paid_from=%(account)s then 0 "
				"else pe.received_amount + pe.total_taxes_and_charges end as debit",
			),
			(
				"ifnull(pe.party,if(pe.paid_from=%(account)s,pe.paid_to,pe.paid_from)) as against_account",
				"coalesce(pe.party,"
				" case when pe.paid_from=%(account)s then pe.paid_to else pe.paid_from end) "
				"as against_account",
			),
			(
				"if(pe.paid_to=%(account)s, pe.paid_to_account_currency, pe.paid_from_account_currency) "
				"as account_currency",
				"case when pe.paid_to=%(account)s then pe.paid_to_account_currency "
				"else pe.paid_from_account_currency end as account_currency",
			),
		),
	),
	Fix(
		"erpnext.crm.report.lost_opportunity.lost_opportunity:get_data",
		because="There is no group_concat().",
		changes=(
			(
				"GROUP_CONCAT(`tabOpportunity Lost Reason Detail`.lost_reason separator ', ') lost_reason",
				"STRING_AGG(`tabOpportunity Lost Reason Detail`.lost_reason, ', ') lost_reason",
			),
		),
	),
	# ERPNext 16.37
	Fix(
		"erpnext.accounts.utils:get_future_stock_vouchers",
		because="What is distinct can be neither so ordered nor locked.",
		changes=(
			(
				".select(SLE.voucher_type, SLE.voucher_no) .distinct()",
				".select(SLE.voucher_type, SLE.voucher_no)",
			),
			(
				"return [(d.voucher_type, d.voucher_no) for d in future_stock_vouchers]",
				"return list(dict.fromkeys((d.voucher_type, d.voucher_no) for d in future_stock_vouchers))",
			),
		),
	),
)
