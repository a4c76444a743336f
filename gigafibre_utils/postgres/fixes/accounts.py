"""Invoices, payments and journal entries: what their submit, payment and cancel send."""

from gigafibre_utils.postgres.fix import Fix

FIXES: tuple[Fix, ...] = (
	Fix(
		"erpnext.accounts.utils:QueryPaymentLedger.query_for_outstanding",
		because="Columns beside a sum must be grouped or aggregated, and HAVING knows no alias.",
		changes=(
			(
				".orderby(ple.invoice_date, ple.voucher_no)\n\t\t\t\t"
				'.having(qb.Field("amount_in_account_currency") > 0)',
				'.orderby(qb.Field("invoice_date"), qb.Field("voucher_no"))'
				".having(Sum(ple.amount_in_account_currency) > 0)",
			),
			(
				"""ple.posting_date,
				ple.due_date,
				ple.account_currency.as_("currency"),
				ple.cost_center.as_("cost_center"),
				Sum(ple.amount).as_("amount"),
				Sum(ple.amount_in_account_currency).as_("amount_in_account_currency"),
				ple.remarks,""",
				"""Max(ple.posting_date).as_("posting_date"),
				Max(ple.due_date).as_("due_date"),
				Max(ple.account_currency).as_("currency"),
				Max(ple.cost_center).as_("cost_center"),
				Sum(ple.amount).as_("amount"),
				Sum(ple.amount_in_account_currency).as_("amount_in_account_currency"),
				Max(ple.remarks).as_("remarks"),""",
			),
			(
				".groupby(ple.voucher_type, ple.voucher_no, ple.party_type, ple.party)",
				".groupby(ple.account, ple.voucher_type, ple.voucher_no, ple.party_type, ple.party)",
			),
			(
				"""ple.posting_date,
				ple.due_date,
				ple.account_currency.as_("currency"),
				Sum(ple.amount).as_("amount"),
				Sum(ple.amount_in_account_currency).as_("amount_in_account_currency"),
			)""",
				"""Max(ple.posting_date).as_("posting_date"),
				Max(ple.due_date).as_("due_date"),
				Max(ple.account_currency).as_("currency"),
				Sum(ple.amount).as_("amount"),
				Sum(ple.amount_in_account_currency).as_("amount_in_account_currency"),
			)""",
			),
			(
				""".where(Criterion.all(self.common_filter))
			.groupby(ple.against_voucher_type, ple.against_voucher_no, ple.party_type, ple.party)""",
				""".where(Criterion.all(self.common_filter))
			.groupby(
				ple.account, ple.against_voucher_type, ple.against_voucher_no, ple.party_type, ple.party
			)""",
			),
			(
				"""self.cte_query_voucher_amount_and_outstanding.having(
					qb.Field("outstanding_in_account_currency") > 0
				)""",
				"""self.cte_query_voucher_amount_and_outstanding.where(
					Table("outstanding").amount_in_account_currency > 0
				)""",
			),
			(
				"""self.cte_query_voucher_amount_and_outstanding.having(
					qb.Field("outstanding_in_account_currency") < 0
				)""",
				"""self.cte_query_voucher_amount_and_outstanding.where(
					Table("outstanding").amount_in_account_currency < 0
				)""",
			),
		),
	),
	Fix(
		"erpnext.accounts.utils:delink_original_entry",
		because="A Check is a smallint, which takes no boolean.",
		changes=(("query.set(ple.delinked, True)", "query.set(ple.delinked, 1)"),),
	),
	Fix(
		"erpnext.accounts.doctype.payment_entry.payment_entry:PaymentEntry.validate_journal_entry",
		because="What stands in double quotes is a column, not text.",
		changes=(('in ("", "Sales Order", "Purchase Order")', "in ('', 'Sales Order', 'Purchase Order')"),),
	),
)
