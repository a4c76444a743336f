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
)
