"""Reports over the ledger, receivables and the bank."""

from gigafibre_utils.postgres.fix import Fix

REPORT = "erpnext.accounts.report"

_SELECTED_BESIDE_SUMS = (
	"query.select(gl_entry.posting_date, gl_entry.is_opening, gl_entry.fiscal_year)",
	"""query.select(
*(
	(
		Max(gl_entry.posting_date).as_("posting_date"),
		gl_entry.is_opening,
		Max(gl_entry.fiscal_year).as_("fiscal_year"),
	)
	if group_by_account
	else (gl_entry.posting_date, gl_entry.is_opening, gl_entry.fiscal_year)
)
		)""",
)

FIXES: tuple[Fix, ...] = (
	Fix(
		f"{REPORT}.financial_statements:get_accounting_entries",
		because="Columns beside a sum must be grouped or aggregated.",
		changes=(
			_SELECTED_BESIDE_SUMS,
			(
				'query.groupby("account")',
				"""query.groupby(
			gl_entry.account,
			gl_entry.account_currency,
			gl_entry.is_opening if doctype == "GL Entry" else gl_entry.closing_date,
		)""",
			),
		),
	),
	Fix(
		f"{REPORT}.financial_statements:get_accounting_entries",
		because="Columns beside a sum must be grouped or aggregated.",
		changes=(
			_SELECTED_BESIDE_SUMS,
			(
				'query += " GROUP BY `account`"',
				'query += " GROUP BY account, account_currency, "\n'
				'\t\tquery += "is_opening" if doctype == "GL Entry" else "closing_date"',
			),
		),
	),
	Fix(
		f"{REPORT}.trial_balance.trial_balance:get_opening_balance",
		because="A column beside a sum must be grouped.",
		changes=(
			(
				".groupby(closing_balance.account)",
				".groupby(closing_balance.account, closing_balance.account_currency)",
			),
		),
	),
	Fix(
		f"{REPORT}.accounts_receivable.accounts_receivable:"
		"ReceivablePayableReport.get_future_payments_from_payment_entry",
		because="There is no if().",
		changes=(
			(
				"""ifelse(
					pe.payment_type == "Receive",
					pe.source_exchange_rate * pe_ref.allocated_amount,
					pe.target_exchange_rate * pe_ref.allocated_amount,
				)""",
				"""query_builder.Case()
				.when(pe.payment_type == "Receive", pe.source_exchange_rate * pe_ref.allocated_amount)
				.else_(pe.target_exchange_rate * pe_ref.allocated_amount)
				""",
			),
		),
	),
	Fix(
		f"{REPORT}.accounts_receivable.accounts_receivable:"
		"ReceivablePayableReport.get_future_payments_from_journal_entry",
		because="Columns beside a sum must be grouped, and HAVING knows no alias.",
		changes=(
			(
				'query = query.having(qb.Field("future_amount") > 0)',
				"""amount = next(term for term in query._selects if term.alias == "future_amount")
		query = query.groupby(
			jea.reference_name, jea.party, jea.party_type, je.posting_date, je.cheque_no
		).having(amount > 0)""",
			),
		),
	),
	Fix(
		f"{REPORT}.voucher_wise_balance.voucher_wise_balance:get_data",
		because="A column beside a sum must be grouped.",
		changes=((".groupby(gle.voucher_no)", ".groupby(gle.voucher_type, gle.voucher_no)"),),
	),
	Fix(
		f"{REPORT}.cheques_and_deposits_incorrectly_cleared.cheques_and_deposits_incorrectly_cleared:"
		"get_amounts_not_reflected_in_system_for_bank_reconciliation_statement",
		because="There is no if().",
		changes=(
			(
				'ifelse(pe.paid_from.eq(filters.account), pe.paid_amount, pe.received_amount).as_("amount")',
				"qb.terms.Case().when(pe.paid_from.eq(filters.account), pe.paid_amount)"
				'.else_(pe.received_amount).as_("amount")',
			),
		),
	),
	Fix(
		f"{REPORT}.gross_profit.gross_profit:GrossProfitGenerator.get_delivery_notes",
		because="Columns beside grouped ones must be grouped.",
		# Of several deliveries the loop below the statement keeps the one that comes last: the first made.
		changes=((".groupby(dni.against_sales_invoice, dni.item_code)", ""),),
	),
	Fix(
		f"{REPORT}.sales_payment_summary.sales_payment_summary:get_mode_of_payment_details",
		because="A grouped name is the table's column before it is an alias.",
		changes=(
			(
				"""and b.reference_name in ({invoice_list_names})
				group by a.owner, a.posting_date, mode_of_payment""",
				"""and b.reference_name in ({invoice_list_names})
				group by a.owner, a.posting_date, a.voucher_type""",
			),
		),
	),
	Fix(
		f"{REPORT}.sales_payment_summary.sales_payment_summary:get_pos_invoice_data",
		because="Columns beside a sum must be grouped or aggregated.",
		changes=(
			(
				'"mode_of_payment, warehouse, cost_center "',
				'"max(mode_of_payment) AS mode_of_payment, warehouse, max(cost_center) AS cost_center "',
			),
			(
				"""'parent, item_code, sum(amount) as "base_total", warehouse, cost_center '""",
				"""'parent, sum(amount) as "base_total", max(warehouse) AS warehouse, '
		"max(cost_center) AS cost_center " """,
			),
			(
				"select parent, mode_of_payment from",
				"select parent, max(mode_of_payment) AS mode_of_payment from",
			),
		),
	),
	Fix(
		f"{REPORT}.accounts_receivable.accounts_receivable:ReceivablePayableReport.get_data",
		because="There are no procedures as MariaDB writes them.",
		changes=(("self.fetch_ple_in_sql_procedures()", "self.fetch_ple_in_buffered_cursor()"),),
	),
	Fix(
		f"{REPORT}.general_ledger.general_ledger:get_gl_entries",
		because="What stands in single quotes is text, not a column's name.",
		changes=(("as 'remarks'\"", 'as remarks"'),),
	),
	Fix(
		f"{REPORT}.budget_variance_report.budget_variance_report:get_actual_transactions",
		because="There is no monthname(), and what stands in double quotes is a column.",
		changes=(
			('and lft >= "{cc_lft}"', "and lft >= {cc_lft}"),
			('and rgt <= "{cc_rgt}"', "and rgt <= {cc_rgt}"),
			("MONTHNAME(gl.posting_date)", "to_char(gl.posting_date, 'FMMonth')"),
			("group by gl.name", "group by gl.name, b.{budget_against}"),
		),
	),
	Fix(
		f"{REPORT}.purchase_register.purchase_register:get_invoice_tax_map",
		because="What stands in double quotes is a column.",
		changes=(('when "Add" then', "when 'Add' then"),),
	),
	Fix(
		f"{REPORT}.inactive_sales_items.inactive_sales_items:get_sales_details",
		because="There is no datediff().",
		changes=(("DATEDIFF(CURRENT_DATE, {date_field})", "CURRENT_DATE - {date_field}"),),
	),
	Fix(
		f"{REPORT}.billed_items_to_be_received.billed_items_to_be_received:get_report_filters",
		because="A name is no number: the invoice of that name was meant.",
		changes=(('"per_received", "in"', '"name", "in"'),),
	),
	Fix(
		f"{REPORT}.pos_register.pos_register:get_pos_entries",
		because="There is no if().",
		changes=(
			(
				"sip.base_amount - IF(sip.type='Cash', p.change_amount, 0) as paid_amount",
				"sip.base_amount - case sip.type when 'Cash' then p.change_amount else 0 end as paid_amount",
			),
			(
				"ifnull(sip.base_amount - IF(sip.type='Cash', p.change_amount, 0), 0) != 0",
				"coalesce("
				"sip.base_amount - case sip.type when 'Cash' then p.change_amount else 0 end, 0) != 0",
			),
		),
	),
	Fix(
		"erpnext.crm.report.sales_pipeline_analytics.sales_pipeline_analytics:"
		"SalesPipelineAnalytics.get_fields",
		because="There is no month(), monthname() and quarter().",
		changes=(
			(
				"Month(opp.expected_closing)",
				'frappe.query_builder.functions.Extract("MONTH", opp.expected_closing)',
			),
			(
				"MonthName(opp.expected_closing)",
				'frappe.query_builder.functions.ToChar(opp.expected_closing, "FMMonth")',
			),
			(
				"self.group_by_period = Quarter(opp.expected_closing)",
				"self.group_by_period = frappe.query_builder.functions.Extract(\n"
				'\t\t\t\t"QUARTER", opp.expected_closing\n\t\t\t)',
			),
			(
				"Quarter(opp.expected_closing).as_(",
				'frappe.query_builder.functions.Extract("QUARTER", opp.expected_closing).as_(',
			),
		),
	),
	Fix(
		"erpnext.crm.report.sales_pipeline_analytics.sales_pipeline_analytics:"
		"SalesPipelineAnalytics.get_data",
		because="Columns beside a count must be grouped.",
		changes=(
			(
				"filters=self.get_conditions(),",
				"fields=[self.group_by_based_on],\n\t\t\tfilters=self.get_conditions(),",
			),
			(
				".groupby(pipeline_field, self.group_by_period)",
				".groupby(pipeline_field, self.group_by_period, self.duration)",
			),
		),
	),
)
