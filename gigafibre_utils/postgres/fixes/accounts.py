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
		"erpnext.accounts.doctype.payment_entry.payment_entry:PaymentEntry.validate_journal_entry",
		because="What stands in double quotes is a column, not text.",
		changes=(('in ("", "Sales Order", "Purchase Order")', "in ('', 'Sales Order', 'Purchase Order')"),),
	),
	Fix(
		"erpnext.accounts.doctype.payment_entry.payment_entry:get_matched_payment_request_of_references",
		because="A column beside a count must be grouped or aggregated.",
		changes=(
			(
				'PR.name.as_("payment_request")',
				'frappe.query_builder.functions.Max(PR.name).as_("payment_request")',
			),
		),
	),
	Fix(
		"erpnext.accounts.doctype.payment_entry.payment_entry:get_orders_to_be_billed",
		because="There is no if(), and what stands in double quotes is a column.",
		changes=(
			(
				"if({rounded_total_field}, {rounded_total_field}, {grand_total_field}) as invoice_amount",
				"coalesce(nullif({rounded_total_field}, 0), {grand_total_field}) as invoice_amount",
			),
			(
				"(if({rounded_total_field}, {rounded_total_field}, {grand_total_field}) - advance_paid)",
				"(coalesce(nullif({rounded_total_field}, 0), {grand_total_field}) - advance_paid)",
			),
			('status != "Closed"', "status != 'Closed'"),
			(
				"and if({rounded_total_field}, {rounded_total_field}, {grand_total_field}) > advance_paid",
				"and coalesce(nullif({rounded_total_field}, 0), {grand_total_field}) > advance_paid",
			),
		),
	),
	Fix(
		"erpnext.accounts.doctype.payment_entry.payment_entry:get_negative_outstanding_invoices",
		because="There is no if(), and what stands in double quotes is a column.",
		changes=(
			('"{voucher_type}" as voucher_type', "'{voucher_type}' as voucher_type"),
			(
				"if({rounded_total_field}, {rounded_total_field}, {grand_total_field}) as invoice_amount",
				"coalesce(nullif({rounded_total_field}, 0), {grand_total_field}) as invoice_amount",
			),
		),
	),
	Fix(
		"erpnext.accounts.doctype.unreconcile_payment.unreconcile_payment:get_linked_payments_for_doc",
		because="Columns beside a sum must be grouped, and HAVING knows no alias.",
		changes=(
			(
				""".groupby(ple.voucher_no, ple.against_voucher_no)
				.having(qb.Field("allocated_amount") > 0)""",
				""".groupby(
					ple.company, ple.account, ple.account_currency, ple.party_type, ple.party,
					ple.voucher_type, ple.voucher_no, ple.against_voucher_no,
				)
				.having(Sum(ple.amount_in_account_currency) != 0)""",
			),
			(
				".groupby(ple.against_voucher_no)",
				""".groupby(
					ple.company, ple.account, ple.account_currency, ple.party_type, ple.party,
					ple.against_voucher_type, ple.against_voucher_no,
				)""",
			),
		),
	),
	Fix(
		"erpnext.accounts.doctype.unreconcile_payment.unreconcile_payment:get_linked_advances",
		because="Columns beside a sum must be grouped, and HAVING knows no alias.",
		changes=(
			(
				"""having(qb.Field("allocated_amount") > 0)
		.groupby(adv.against_voucher_no)""",
				"""having(Sum(adv.amount) != 0)
		.groupby(adv.company, adv.against_voucher_type, adv.against_voucher_no, adv.currency)""",
			),
		),
	),
	Fix(
		"erpnext.controllers.accounts_controller:AccountsController.calculate_total_advance_from_ledger",
		because="A column beside a sum must be grouped.",
		changes=(
			(
				".where(adv.against_voucher_no == self.name) .run(as_dict=True)",
				".where(adv.against_voucher_no == self.name).groupby(adv.currency).run(as_dict=True)",
			),
		),
	),
	Fix(
		"erpnext.controllers.accounts_controller:update_invoice_status",
		because="A Check is a smallint, which is no condition.",
		changes=(
			(
				".when(invoice.disable_rounded_total, invoice.grand_total)",
				".when(invoice.disable_rounded_total == 1, invoice.grand_total)",
			),
			(
				".when(invoice.disable_rounded_total, invoice.base_grand_total)",
				".when(invoice.disable_rounded_total == 1, invoice.base_grand_total)",
			),
			(
				"(invoice.is_pos & invoice.due_date < today)",
				"((invoice.is_pos == 1) & (invoice.due_date < today))",
			),
		),
	),
	Fix(
		"erpnext.accounts.utils:get_held_invoices",
		because="There is no curdate().",
		changes=(("release_date > CURDATE()", "release_date > CURRENT_DATE"),),
	),
	Fix(
		"erpnext.utilities.activation:get_level",
		because="There is no date_sub(), and the column is text.",
		changes=(
			(
				"last_login > date_sub(now(), interval 2 day)",
				"cast(nullif(last_login, '') as timestamp) > now() - interval '2 day'",
			),
		),
	),
	Fix(
		"erpnext.controllers.website_list_for_contact:rfq_transaction_list",
		because="What is distinct cannot be ordered by another column, and LIMIT takes no offset.",
		changes=(
			("select distinct parent as name", "select parent as name"),
			(
				"order by creation desc limit {start}, {len}",
				"group by parent, supplier order by max(creation) desc limit {len} offset {start}",
			),
		),
	),
	Fix(
		"erpnext.accounts.doctype.period_closing_voucher.period_closing_voucher:"
		"PeriodClosingVoucher.check_if_previous_year_closed",
		because="The second letter of the fiscal year's name is no date; the year's start was meant.",
		changes=(("previous_fiscal_year[0][1]", "previous_fiscal_year[1]"),),
	),
)
