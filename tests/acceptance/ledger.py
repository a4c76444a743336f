"""ERPNext's ledger invariants, asked of the database itself."""

from decimal import Decimal

from tests.acceptance.site import Site


def assert_books_hold(site: Site, invoice: str) -> None:
	"""Every voucher balances, receivable lines are matched by the payment ledger, outstanding is its sum."""
	unbalanced = site.sql(
		"SELECT voucher_type, voucher_no, sum(debit) AS debit, sum(credit) AS credit "
		'FROM "tabGL Entry" WHERE is_cancelled = 0 GROUP BY 1, 2 HAVING sum(debit) <> sum(credit)'
	)
	assert unbalanced == []
	owed = site.sql(
		'SELECT coalesce(sum(amount_in_account_currency), 0) AS owed FROM "tabPayment Ledger Entry" '
		"WHERE against_voucher_type = 'Sales Invoice' AND against_voucher_no = %s AND delinked = 0",
		invoice,
	)[0]["owed"]
	assert owed == site.outstanding(invoice)


def assert_payment_holds(site: Site, entry: dict, amount: Decimal, allocated: Decimal, invoice: str) -> None:
	"""A Payment Entry says the same in its own fields, its references, the general and the payment ledger."""
	assert (entry["docstatus"], entry["payment_type"], entry["party_type"]) == (1, "Receive", "Customer")
	assert entry["paid_amount"] == entry["received_amount"] == amount
	assert entry["total_allocated_amount"] == allocated
	assert entry["unallocated_amount"] == amount - allocated
	assert entry["difference_amount"] == 0
	references = site.sql('SELECT * FROM "tabPayment Entry Reference" WHERE parent = %s', entry["name"])
	wanted = [(invoice, allocated, 1)] if allocated else []
	assert [
		(row["reference_name"], row["allocated_amount"], row["docstatus"]) for row in references
	] == wanted
	lines = site.sql('SELECT * FROM "tabGL Entry" WHERE voucher_no = %s AND is_cancelled = 0', entry["name"])
	by_account = {
		account: sum(line["debit"] - line["credit"] for line in lines if line["account"] == account)
		for account in (entry["paid_to"], entry["paid_from"])
	}
	assert by_account == {entry["paid_to"]: amount, entry["paid_from"]: -amount}
	assert all(line["party"] == entry["party"] for line in lines if line["account"] == entry["paid_from"])
	matched = site.sql(
		'SELECT * FROM "tabPayment Ledger Entry" WHERE voucher_no = %s AND delinked = 0', entry["name"]
	)
	assert sum(row["amount"] for row in matched) == -amount
	against = {row["against_voucher_no"]: -row["amount"] for row in matched}
	expected = {invoice: allocated, entry["name"]: amount - allocated}
	assert against == {name: part for name, part in expected.items() if part}
