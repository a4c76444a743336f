"""Whatever a legacy database holds: its books agree once they are brought over, and no cent is lost."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.migration.by_hand import AS_OF, Migrated, seconds, sites
from tests.migration.money import AUGUST, BOOKS, INVOICES, JULY, JUNE, PARTIES, PAYMENTS, PLAN

MADE = (
	"Customer",
	"Address",
	"Contact",
	"Contact Email",
	"Contact Phone",
	"Dynamic Link",
	"Sales Invoice",
	"Sales Invoice Item",
	"Sales Taxes and Charges",
	"Payment Schedule",
	"Payment Entry",
	"Payment Entry Reference",
	"GL Entry",
	"Payment Ledger Entry",
	"Fiscal Year",
)
RECORDED = ("gigafibre_migration.added", "gigafibre_migration.changed")
Rows = dict[str, list[dict[str, Any]]]

# Each gives a row for every place where the books contradict themselves.
CONTRADICTIONS = {
	"a voucher does not balance": """
		SELECT voucher_no FROM "tabGL Entry" GROUP BY voucher_no
		HAVING sum(debit) <> sum(credit) OR count(*) < 2
	""",
	"a line of the ledger is of nothing, or of both sides": """
		SELECT name FROM "tabGL Entry"
		WHERE (debit > 0)::int + (credit > 0)::int <> 1 OR debit < 0 OR credit < 0
	""",
	"what is receivable differs between the ledgers": """
		SELECT voucher_no FROM (
			SELECT voucher_no, party, debit - credit AS amount FROM "tabGL Entry"
			WHERE party_type = 'Customer' AND account = 'Debtors - T' AND is_cancelled = 0
			UNION ALL
			SELECT voucher_no, party, -amount FROM "tabPayment Ledger Entry" WHERE delinked = 0
		) AS both_ledgers
		GROUP BY voucher_no, party HAVING sum(amount) <> 0
	""",
	"a line of one ledger is against another voucher than that of the other": """
		SELECT voucher_no FROM (
			SELECT voucher_no, against_voucher AS against, debit - credit AS amount FROM "tabGL Entry"
			WHERE party_type = 'Customer' AND is_cancelled = 0
			UNION ALL
			SELECT voucher_no, against_voucher_no, -amount FROM "tabPayment Ledger Entry" WHERE delinked = 0
		) AS both_ledgers
		GROUP BY voucher_no, against HAVING sum(amount) <> 0
	""",
	"a line is against a voucher that is not there, is cancelled or another customer's": """
		SELECT entry.name FROM "tabPayment Ledger Entry" AS entry
		LEFT JOIN (
			SELECT name, customer AS party FROM "tabSales Invoice" WHERE docstatus = 1
			UNION ALL SELECT name, party FROM "tabPayment Entry" WHERE docstatus = 1
		) AS voucher ON voucher.name = against_voucher_no
		WHERE delinked = 0 AND entry.party IS DISTINCT FROM voucher.party
	""",
	"what is outstanding is not what the ledger says": """
		SELECT name FROM "tabSales Invoice" AS invoice
		LEFT JOIN (
			SELECT against_voucher_no, sum(amount_in_account_currency) AS owed FROM "tabPayment Ledger Entry"
			WHERE delinked = 0 GROUP BY 1
		) AS entry ON against_voucher_no = name
		WHERE docstatus = 1 AND outstanding_amount <> coalesce(owed, 0)
	""",
	"more is paid or credited than was billed": """
		SELECT name FROM "tabSales Invoice" AS invoice
		JOIN (SELECT name, total AS billed FROM bill) AS bill USING (name)
		WHERE invoice.docstatus = 1
			AND outstanding_amount NOT BETWEEN least(billed, 0) AND greatest(billed, 0)
	""",
	"more is paid with a payment than it has": """
		SELECT name FROM "tabPayment Entry" AS payment
		LEFT JOIN (
			SELECT parent, sum(abs(allocated_amount)) AS allocated
			FROM "tabPayment Entry Reference" GROUP BY 1
		) AS reference ON parent = name
		WHERE total_allocated_amount <> coalesce(allocated, 0)
			OR total_allocated_amount + unallocated_amount <> paid_amount OR unallocated_amount < 0
	""",
	"a payment that came in is drawn on too far": """
		SELECT name FROM "tabPayment Entry"
		JOIN (
			SELECT against_voucher_no, sum(amount) AS rest FROM "tabPayment Ledger Entry"
			WHERE delinked = 0 GROUP BY 1
		) AS entry ON against_voucher_no = name
		WHERE CASE payment_type WHEN 'Receive' THEN rest <> -unallocated_amount ELSE rest < 0 END
	""",
	"an invoice does not add up": """
		SELECT name FROM "tabSales Invoice" AS invoice
		JOIN (SELECT name, total AS billed FROM bill) AS bill USING (name)
		LEFT JOIN (
			SELECT parent, sum(amount) AS net, sum(qty) AS qty FROM "tabSales Invoice Item" GROUP BY 1
		) AS item ON item.parent = name
		LEFT JOIN (
			SELECT parent, sum(tax_amount) AS tax FROM "tabSales Taxes and Charges" GROUP BY 1
		) AS tax ON tax.parent = name
		WHERE item.net IS DISTINCT FROM invoice.net_total OR coalesce(tax, 0) <> total_taxes_and_charges
			OR qty IS DISTINCT FROM total_qty
			OR grand_total <> invoice.net_total + total_taxes_and_charges
			OR billed <> grand_total + rounding_adjustment OR abs(rounding_adjustment) > 0.05
			OR billed <> CASE disable_rounded_total WHEN 1 THEN grand_total ELSE rounded_total END
	""",
	"a rate does not make the amount": """
		SELECT name FROM "tabSales Invoice Item" WHERE round(qty * rate, 2) <> amount OR qty = 0
	""",
	"a child differs from its parent, or is out of order": """
		SELECT child.parent FROM (
			SELECT parent, docstatus, idx, row_number() OVER (PARTITION BY parent ORDER BY idx) AS place
			FROM "tabSales Invoice Item"
			UNION ALL
			SELECT parent, docstatus, idx, row_number() OVER (PARTITION BY parent ORDER BY idx)
			FROM "tabSales Taxes and Charges"
			UNION ALL
			SELECT parent, docstatus, idx, row_number() OVER (PARTITION BY parent ORDER BY idx)
			FROM "tabPayment Entry Reference"
		) AS child
		LEFT JOIN (
			SELECT name, docstatus FROM "tabSales Invoice"
			UNION ALL SELECT name, docstatus FROM "tabPayment Entry"
		) AS document ON name = parent
		WHERE idx <> place OR child.docstatus IS DISTINCT FROM document.docstatus
	""",
	"a cancelled voucher has lines that stand, or one that stands has cancelled ones": """
		SELECT voucher_no FROM (
			SELECT voucher_no, is_cancelled FROM "tabGL Entry"
			UNION ALL SELECT voucher_no, delinked FROM "tabPayment Ledger Entry"
		) AS entry
		JOIN (
			SELECT name, docstatus FROM "tabSales Invoice"
			UNION ALL SELECT name, docstatus FROM "tabPayment Entry"
		) AS document ON name = voucher_no
		WHERE docstatus <> CASE is_cancelled WHEN 1 THEN 2 ELSE 1 END
	""",
	"a cancelled voucher does not come to nothing": """
		SELECT voucher_no, account FROM "tabGL Entry" WHERE is_cancelled = 1
		GROUP BY voucher_no, account HAVING sum(debit) <> sum(credit)
	""",
	"a status is not what ERPNext would set": f"""
		SELECT name FROM "tabSales Invoice" AS invoice
		JOIN (SELECT name, total AS billed FROM bill) AS bill USING (name)
		WHERE status <> CASE
			WHEN invoice.docstatus = 2 THEN 'Cancelled'
			WHEN invoice.docstatus = 0 THEN 'Draft'
			WHEN outstanding_amount > 0 AND invoice.due_date < '{AS_OF}' THEN 'Overdue'
			WHEN outstanding_amount > 0 AND outstanding_amount < billed THEN 'Partly Paid'
			WHEN outstanding_amount > 0 THEN 'Unpaid'
			WHEN invoice.is_return = 0 AND EXISTS (
				SELECT FROM "tabSales Invoice" AS note
				WHERE note.return_against = invoice.name AND note.docstatus = 1
			) THEN 'Credit Note Issued'
			WHEN invoice.is_return = 1 THEN 'Return'
			ELSE 'Paid'
		END
	""",
}

# What a database costs to bring over is hardly more with several books in it. Their ids are apart.
BOOKS_OF_A_DATABASE = 6
IDS = 10
NOBODY = 99

amounts = st.sampled_from(["0.01", "9.99", "10.00", "20.00", "33.33", "50.00", "100.00"])
moments = st.sampled_from([JUNE, JULY, AUGUST, seconds(2027, 5, 1), 0, 4_294_967_295])


def customers(first: int) -> st.SearchStrategy[int]:
	"""Most of what goes wrong with money goes wrong within one account. The third is not there."""
	return st.sampled_from([first, first, first, first + 1, first + 2])


def signed(sign: str) -> st.SearchStrategy[str]:
	"""Amounts of that sign, and now and then one of the other."""
	return st.builds(
		lambda other, amount: other + amount, st.sampled_from([sign, sign, sign, "", "-"]), amounts
	)


@st.composite
def invoices(draw: st.DrawFn, id: int, first: int) -> Rows:
	sign = draw(st.sampled_from(["", "", "-"]))
	line = {
		"invoice_id": st.just(id),
		"product_id": st.integers(0, 3),
		"quantity": st.sampled_from(["1.000", "2.500", "-1.000", "0.000"]),
		"unit_price": amounts,
		"amount": signed(sign),
	}
	tax = {
		"invoice_id": st.just(id),
		"code": st.sampled_from(["TPS", "TVQ"]),
		"rate": st.just("5.0000"),
		"amount": signed(sign),
	}
	lines = draw(st.lists(st.fixed_dictionaries(line), max_size=3))
	taxes = draw(st.lists(st.fixed_dictionaries(tax), max_size=3))
	subtotal = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
	due = subtotal + sum((Decimal(tax["amount"]) for tax in taxes), Decimal(0))
	invoice = {
		"id": id,
		"customer_id": draw(customers(first)),
		"number": draw(st.sampled_from([str(id), "", str(first), f"A{first}"])),
		"issued_at": draw(moments),
		"due_at": draw(moments),
		"subtotal": subtotal,
		"total": due + draw(st.sampled_from([0, 0, 0, Decimal("0.02"), Decimal("-0.01"), 7])),
		"status": draw(st.sampled_from(["open", "paid", "reversed", "open", "void", "draft"])),
		"reversal_of": draw(st.sampled_from([first, first + 1, 0, id - 1, NOBODY])),
	}
	return {"invoice": [invoice], "invoice_item": lines, "invoice_tax": taxes}


@st.composite
def payments(draw: st.DrawFn, id: int, first: int) -> Rows:
	sign = draw(st.sampled_from(["", "", "-"]))
	billed = st.sampled_from([*range(first, first + 4), NOBODY])
	part = {"payment_id": st.just(id), "invoice_id": billed, "amount": signed(sign)}
	payment = {
		"id": id,
		"customer_id": draw(customers(first)),
		"paid_at": draw(moments),
		"amount": draw(signed(sign) | st.just("0.00")),
		"method": draw(st.sampled_from(["card", "cash", ""])),
		"reference": draw(st.sampled_from([f"pi_x{id}", f"pi_{first}", ""])),
		"status": draw(st.sampled_from(["ok", "reversed", "nsf"])),
		"reversal_of": draw(st.sampled_from([first, first + 1, id - 1, 0])),
	}
	return {"payment": [payment], "payment_invoice": draw(st.lists(st.fixed_dictionaries(part), max_size=3))}


@st.composite
def databases(draw: st.DrawFn) -> Rows:
	tables: Rows = defaultdict(list)
	for first in range(1, BOOKS_OF_A_DATABASE * IDS, IDS):
		parts = [draw(invoices(id, first)) for id in range(first, first + 4)]
		parts += [draw(payments(id, first)) for id in range(first, first + 5)]
		for part in parts:
			for table, rows in part.items():
				tables[table] += rows
		tables["customer"] += [{"id": first, "first_name": "Ève"}, {"id": first + 1, "company": "Ferme"}]
	return _numbered(tables)


@st.composite
def contested(draw: st.DrawFn) -> Rows:
	"""Of one customer each, two invoices, and more payments and credit notes than those have room for."""
	tables: Rows = defaultdict(list)
	billed = {"issued_at": JUNE, "due_at": JULY, "status": "open"}
	for first in range(1, BOOKS_OF_A_DATABASE * IDS, IDS):
		invoices = st.sampled_from([first, first + 1])
		totals = {first: 100, first + 1: 100, first + 2: draw(st.sampled_from([-50, -100]))}
		for id, total in totals.items():
			reversal_of = draw(invoices) if total < 0 else 0
			invoice = {
				"id": id,
				"customer_id": first,
				"number": str(id),
				"reversal_of": reversal_of,
				**billed,
			}
			tables["invoice"].append(invoice | {"subtotal": total, "total": total})
			line = {"invoice_id": id, "product_id": 1, "quantity": 1, "unit_price": total, "amount": total}
			tables["invoice_item"].append(line)
		for id in range(first, first + 4):
			amount, paid_at = draw(st.sampled_from([50, 100])), draw(st.sampled_from([JUNE, JULY, AUGUST]))
			payment = {"id": id, "customer_id": first, "paid_at": paid_at, "amount": amount, "method": "card"}
			tables["payment"].append(payment | {"reference": "", "status": "ok", "reversal_of": 0})
			part = {"payment_id": id, "invoice_id": draw(invoices), "amount": amount}
			tables["payment_invoice"].append(part)
		tables["customer"].append({"id": first, "first_name": "Ève"})
	return _numbered(tables)


def _numbered(tables: Rows) -> Rows:
	"""With an id for each row, and products."""
	for rows in tables.values():
		for number, row in enumerate(rows, 1):
			row.setdefault("id", number)
	return {
		"invoice_tax": [],
		**tables,
		"product": [
			{"id": 1, "sku": "NET", "name_fr": "Fibre", "category": "internet"},
			{"id": 2, "sku": "TEL", "name_fr": "Téléphone"},
		],
	}


@pytest.fixture(scope="module")
def scratch() -> Iterator[Migrated]:
	with sites() as found, found.site() as site:
		site.plan()
		yield site


of_chance = settings(
	max_examples=16,
	deadline=None,
	derandomize=True,
	suppress_health_check=[
		HealthCheck.function_scoped_fixture,
		HealthCheck.too_slow,
		HealthCheck.data_too_large,
	],
)


def emptied(site: Migrated) -> None:
	site.connection.rollback()
	# Not TRUNCATE, which makes the files of each table and of each of its indexes anew.
	made = [f'public."tab{doctype}"' for doctype in MADE]
	site.run("; ".join(f"DELETE FROM {table}" for table in (*made, *RECORDED)))
	site.number = 1


@of_chance
@given(tables=databases())
def test_the_books_agree_and_nothing_is_lost(scratch: Migrated, tables: Rows) -> None:
	emptied(scratch)
	scratch.plan(**tables)
	scratch.run(BOOKS)
	scratch.step(*PLAN)
	scratch.step(*PARTIES)
	scratch.step(*INVOICES)
	for told, query in CONTRADICTIONS.items():
		assert scratch.rows(query) == [], f"{told}, before the payments"
	scratch.step(*PAYMENTS)
	for told, query in CONTRADICTIONS.items():
		assert scratch.rows(query) == [], told
	assert balances(scratch) == expected_balances(tables)
	assert taxes_by_code(scratch) == expected_taxes(tables)
	assert scratch.step(*PLAN, *INVOICES) + scratch.step(*PAYMENTS) == []


@of_chance
@given(tables=databases() | contested(), chance=st.randoms(use_true_random=False))
def test_the_books_agree_when_a_second_run_brings_what_was_not_there_yet(
	scratch: Migrated, tables: Rows, chance: Random
) -> None:
	emptied(scratch)
	later = {row["id"] for row in tables["invoice"] if chance.random() < 0.4}
	before = _without(tables, later, _later_payments(tables["payment"], chance))
	for scratch.number, there in ((1, before), (2, tables)):
		scratch.plan(**there)
		scratch.run(BOOKS)
		scratch.step(*PLAN)
		scratch.step(*PARTIES)
		scratch.step(*INVOICES)
		scratch.step(*PAYMENTS)
		for told, query in CONTRADICTIONS.items():
			assert scratch.rows(query) == [], f"{told}, in run {scratch.number}"
	assert balances(scratch) == expected_balances(tables)
	assert taxes_by_code(scratch) == expected_taxes(tables)


def _later_payments(payments: list[dict[str, Any]], chance: Random) -> set[int]:
	"""Some by chance; and what one of them takes back, for before that it had not bounced."""
	later = {payment["id"] for payment in payments if chance.random() < 0.4}
	return later | {payment["reversal_of"] for payment in payments if payment["id"] in later}


def _without(tables: Rows, invoices: set[int], payments: set[int]) -> Rows:
	"""The rows that are there before those invoices and payments are."""
	their = {"invoice": "id", "invoice_item": "invoice_id", "invoice_tax": "invoice_id"}
	paid = {"payment": "id", "payment_invoice": "payment_id"}
	kept = dict(tables)
	for names, gone in ((their, invoices), (paid, payments)):
		for table, key in names.items():
			kept[table] = [row for row in tables[table] if row[key] not in gone]
	return kept


def balances(site: Migrated) -> dict[str, Decimal]:
	"""What each customer owes by the general ledger."""
	rows = site.rows(
		'SELECT party, sum(debit - credit) AS owed FROM "tabGL Entry" '
		"WHERE party_type = 'Customer' AND is_cancelled = 0 GROUP BY party HAVING sum(debit - credit) <> 0"
	)
	return {row["party"]: row["owed"] for row in rows}


def expected_balances(tables: Rows) -> dict[str, Decimal]:
	"""The same by the legacy rows: what stands of what was billed, less what came in and stayed."""
	owed: dict[str, Decimal] = defaultdict(Decimal)
	for invoice in tables["invoice"]:
		if invoice["status"] not in ("void", "draft"):
			owed[f"CUST-{invoice['customer_id']:07d}"] += Decimal(invoice["total"])
	for payment in tables.get("payment", []):
		if came_in(payment, tables["payment"]):
			owed[f"CUST-{payment['customer_id']:07d}"] -= Decimal(payment["amount"])
	return {customer: amount for customer, amount in owed.items() if amount}


def came_in(payment: dict[str, Any], payments: list[dict[str, Any]]) -> bool:
	"""All money did, but of what bounced and no other payment of the customer takes back."""
	if payment["status"] == "ok" or Decimal(payment["amount"]) <= 0:
		return True
	return any(
		other["reversal_of"] == payment["id"]
		and other["customer_id"] == payment["customer_id"]
		and Decimal(other["amount"]) < 0
		for other in payments
	)


def taxes_by_code(site: Migrated) -> dict[str, Decimal]:
	rows = site.rows(
		'SELECT account, sum(credit - debit) AS tax FROM "tabGL Entry" '
		"WHERE account IN ('TPS - T', 'TVQ - T') AND is_cancelled = 0 "
		"GROUP BY 1 HAVING sum(credit - debit) <> 0"
	)
	return {row["account"]: row["tax"] for row in rows}


def expected_taxes(tables: Rows) -> dict[str, Decimal]:
	stands = {row["id"] for row in tables["invoice"] if row["status"] not in ("void", "draft")}
	taxes: dict[str, Decimal] = defaultdict(Decimal)
	for tax in tables["invoice_tax"]:
		if tax["invoice_id"] in stands:
			taxes[f"{tax['code']} - T"] += Decimal(tax["amount"])
	return {account: tax for account, tax in taxes.items() if tax}
