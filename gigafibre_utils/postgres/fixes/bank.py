"""Clearing and reconciling the bank, revaluation, deferred revenue."""

from gigafibre_utils.postgres.fix import Fix

DOCTYPE = "erpnext.accounts.doctype"
DEBIT, FOREIGN = (
	"(Sum(gle.debit) - Sum(gle.credit))",
	"(Sum(gle.debit_in_account_currency) - Sum(gle.credit_in_account_currency))",
)

FIXES: tuple[Fix, ...] = (
	Fix(
		f"{DOCTYPE}.bank_clearance.bank_clearance:get_payment_entries_for_bank_clearance",
		because="Columns beside a sum must be grouped or aggregated, and no day is 0000-00-00.",
		changes=(
			(
				"journal_entry_account.against_account,",
				"frappe.query_builder.functions.Max(journal_entry_account.against_account)"
				'.as_("against_account"),',
			),
			(
				"journal_entry_query.groupby(journal_entry_account.account, journal_entry.name)",
				"journal_entry_query.groupby("
				"journal_entry_account.account, journal_entry_account.account_currency, journal_entry.name)",
			),
			('| (journal_entry.clearance_date == "0000-00-00")', ""),
			('| (pe.clearance_date == "0000-00-00")', ""),
			('| (pi.clearance_date == "0000-00-00")', ""),
			('| (si_payment.clearance_date == "0000-00-00")', ""),
		),
	),
	Fix(
		f"{DOCTYPE}.bank_reconciliation_tool.bank_reconciliation_tool:get_je_matching_query",
		because="Columns beside a sum must be grouped or aggregated.",
		changes=(
			(
				"jea.party_type,",
				'frappe.query_builder.functions.Max(jea.party_type).as_("party_type"),',
			),
			(".groupby(je.name)", ".groupby(je.name, jea.account_currency)"),
		),
	),
	Fix(
		f"{DOCTYPE}.exchange_rate_revaluation.exchange_rate_revaluation:"
		"ExchangeRateRevaluation.get_account_balance_from_gle",
		because="There is no XOR, HAVING knows no alias, and columns beside a sum must be grouped.",
		changes=(
			(
				"gle.party_type,\n\t\t\t\t\t\tgle.party,\n",
				'NullIf(gle.party_type, "").as_("party_type"),\n'
				'\t\t\t\t\t\tNullIf(gle.party, "").as_("party"),\n',
			),
			(
				"""(Sum(gle.debit) - Sum(gle.credit) == 0)
						^ (Sum(gle.debit_in_account_currency) - Sum(gle.credit_in_account_currency) == 0).as_(
							"zero_balance"
						)""",
				f"""qb.terms.Case()
						.when(({DEBIT} == 0) & ({FOREIGN} != 0), 1)
						.when(({DEBIT} != 0) & ({FOREIGN} == 0), 1)
						.else_(0)
						.as_("zero_balance")""",
			),
			(
				'.groupby(gle.account, NullIf(gle.party_type, ""), NullIf(gle.party, ""))',
				".groupby(gle.account, gle.account_currency, "
				'NullIf(gle.party_type, ""), NullIf(gle.party, ""))',
			),
			(
				".having(having_clause)",
				f".having(({DEBIT} != {FOREIGN}) & (({FOREIGN} != 0) | ({DEBIT} != 0)))",
			),
		),
	),
	Fix(
		"erpnext.accounts.report.deferred_revenue_and_expense.deferred_revenue_and_expense:"
		"Deferred_Revenue_and_Expense_Report.get_invoices",
		because="What stands in double quotes is a column.",
		changes=(
			(
				'posted = Column("posted")',
				'posted = frappe.query_builder.custom.ConstantColumn("posted").as_("posted")',
			),
		),
	),
	Fix(
		f"{DOCTYPE}.process_period_closing_voucher.process_period_closing_voucher:process_individual_date",
		because="A column beside a sum must be grouped.",
		changes=(
			(
				"query = query.groupby(gle.account)",
				"query = query.groupby(gle.account, gle.account_currency)",
			),
		),
	),
)
