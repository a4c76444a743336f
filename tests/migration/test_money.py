"""Invoices, payments and their books as legacy rows with every trap make them, to the cent."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.migration.by_hand import Migrated, seconds

PARTIES = ("100_customers.sql", "110_addresses_and_contacts.sql")
PLAN = ("040_bill.sql", "050_receipt.sql", "060_allocation.sql")
INVOICES = ("300_invoices.sql", "310_invoice_items.sql", "320_invoice_taxes.sql", "330_invoice_ledger.sql")
OUTSTANDING = "600_fix_invoice_outstanding.sql"
PAYMENTS = (
	"400_payments.sql",
	"405_payment_entries.sql",
	"410_payment_references.sql",
	"420_payment_ledger.sql",
	OUTSTANDING,
)
# What a run has found out of the site's books before the plan is made.
BOOKS = """
	INSERT INTO gigafibre_migration.tax VALUES ('TPS', 'TPS - T'), ('TVQ', 'TVQ - T');
	INSERT INTO gigafibre_migration.mode VALUES
		('', 'Not Stated', 'Bank - T', 'Bank'), ('card', 'Credit Card', 'Bank - T', 'Bank'),
		('cash', 'Cash', 'Cash - T', 'Cash');
	INSERT INTO public."tabFiscal Year" (name, year, year_start_date, year_end_date, disabled)
	SELECT year, year, make_date(year, 1, 1), make_date(year, 12, 31), 0
	FROM generate_series(2000, 2030) AS year;
"""
JUNE = seconds(2019, 6, 14, 10)
JULY = seconds(2019, 7, 14, 10)
AUGUST = seconds(2019, 8, 14, 10)
DUE = seconds(2019, 7, 5, 10)
CUSTOMER = [{"id": 1, "first_name": "Ève", "last_name": "Roy"}, {"id": 2, "company": "Ferme Roy"}]
PRODUCT = [{"id": 1, "sku": "NET", "name_fr": "Fibre", "category": "internet", "price": "50.00"}]


class Books:
	"""Legacy rows, written shortly; their ids are given in the order of writing."""

	def __init__(self) -> None:
		self.tables: dict[str, list[dict[str, Any]]] = {"customer": CUSTOMER, "product": PRODUCT}

	def add(self, table: str, **row: Any) -> int:
		"""One row; gives its id."""
		rows = self.tables.setdefault(table, [])
		row.setdefault("id", len(rows) + 1)
		rows.append(row)
		return row["id"]

	def invoice(self, total: str, tax: str = "0", customer: int = 1, **row: Any) -> int:
		"""An invoice of one line, and of one tax where there is any."""
		net = str(Decimal(total) - Decimal(tax))
		row = {"number": "", "issued_at": JUNE, "due_at": DUE, "status": "open"} | row
		invoice = self.add("invoice", customer_id=customer, subtotal=net, total=total, **row)
		self.item(invoice, net)
		if Decimal(tax):
			self.tax(invoice, tax)
		return invoice

	def item(self, invoice: int, amount: str, **row: Any) -> int:
		"""A line; where nothing else is said, of one piece."""
		row = {"product_id": 1, "quantity": "1.000", "unit_price": amount, "description": "Fibre"} | row
		return self.add("invoice_item", invoice_id=invoice, amount=amount, **row)

	def tax(self, invoice: int, amount: str, code: str = "TPS", rate: str = "5.0000") -> int:
		"""A line of tax."""
		return self.add("invoice_tax", invoice_id=invoice, code=code, rate=rate, amount=amount)

	def payment(self, amount: str, pays: dict[int, str] | None = None, customer: int = 1, **row: Any) -> int:
		"""A payment with what it was allocated to."""
		row = {"paid_at": JULY, "method": "card", "status": "ok"} | row
		payment = self.add("payment", customer_id=customer, amount=amount, **row)
		for invoice, part in (pays or {}).items():
			self.add("payment_invoice", payment_id=payment, invoice_id=invoice, amount=part)
		return payment


def plan(site: Migrated, books: Books, since: date | None = None) -> None:
	site.plan(since, **books.tables)
	site.run(BOOKS)
	site.step(*PLAN)


def migrate(site: Migrated, books: Books, since: date | None = None) -> dict[tuple[str, int], set[str]]:
	"""Bring it all over; the reasons found, by table and id."""
	plan(site, books, since)
	site.step(*PARTIES)
	found: dict[tuple[str, int], set[str]] = {}
	for step in (INVOICES, PAYMENTS):
		for _, table, legacy_id, reason in site.step(*step):
			found.setdefault((table, legacy_id), set()).add(reason)
	return found


def invoice(site: Migrated, legacy_id: int) -> dict[str, Any]:
	(found,) = site.rows('SELECT * FROM "tabSales Invoice" WHERE legacy_id = %s', str(legacy_id))
	return found


def payment(site: Migrated, legacy_id: int) -> dict[str, Any]:
	(found,) = site.rows('SELECT * FROM "tabPayment Entry" WHERE legacy_id = %s', str(legacy_id))
	return found


def children(site: Migrated, doctype: str, parent: dict[str, Any]) -> list[dict[str, Any]]:
	return site.rows(f'SELECT * FROM "tab{doctype}" WHERE parent = %s ORDER BY idx', parent["name"])


def entries(site: Migrated, voucher: dict[str, Any]) -> list[tuple]:
	"""Account, debit and credit of a voucher's lines that stand."""
	rows = site.rows(
		'SELECT account, debit, credit FROM "tabGL Entry" '
		"WHERE voucher_no = %s AND is_cancelled = 0 ORDER BY name",
		voucher["name"],
	)
	return [tuple(row.values()) for row in rows]


def payable(site: Migrated, voucher: dict[str, Any]) -> list[tuple]:
	"""What a voucher's lines in the Payment Ledger that stand are against, and their amounts."""
	rows = site.rows(
		'SELECT against_voucher_no, amount FROM "tabPayment Ledger Entry" '
		"WHERE voucher_no = %s AND delinked = 0 ORDER BY name",
		voucher["name"],
	)
	return [tuple(row.values()) for row in rows]


def test_an_invoice_is_booked_as_it_was_billed(fresh: Migrated) -> None:
	books = Books()
	number = books.invoice("114.98", "14.98", number="0012345", notes="Merci <3")
	books.item(number, "-0.00", product_id=99)
	assert migrate(fresh, books) == {}
	made = invoice(fresh, number)
	assert made["name"] == "SINV-2019-0012345"
	assert (made["customer"], made["customer_name"]) == ("CUST-0000001", "Ève Roy")
	assert (made["posting_date"], made["due_date"]) == (date(2019, 6, 14), date(2019, 7, 5))
	assert made["creation"] == datetime(2019, 6, 14, 10)
	totals = [
		made[field] for field in ("net_total", "total_taxes_and_charges", "grand_total", "outstanding_amount")
	]
	assert totals == [Decimal("100.00"), Decimal("14.98"), Decimal("114.98"), Decimal("114.98")]
	assert (made["status"], made["remarks"], made["against_income_account"]) == (
		"Overdue",
		"Merci <3",
		"Internet - T,Sales - T",
	)
	assert entries(fresh, made) == [
		("Debtors - T", Decimal("114.98"), 0),
		("Internet - T", 0, 100),
		("TPS - T", 0, Decimal("14.98")),
	]
	assert payable(fresh, made) == [(made["name"], Decimal("114.98"))]
	(schedule,) = children(fresh, "Payment Schedule", made)
	assert (schedule["due_date"], schedule["payment_amount"]) == (made["due_date"], Decimal("114.98"))


def test_numbers_that_are_no_name_give_way_to_the_id(fresh: Migrated) -> None:
	books = Books()
	numbers = ["77", "0077", "", "A-1", "12345678", "78"]
	ids = [books.invoice("1.00", number=number) for number in numbers]
	found = migrate(fresh, books)
	names = [invoice(fresh, id)["name"] for id in ids]
	by_id = [f"SINV-2019-L{id:07d}" for id in ids]
	assert names == [*by_id[:5], "SINV-2019-0000078"]
	assert [sorted(found.get(("invoice", id), [])) for id in ids] == [
		["number_used_twice"],
		["number_used_twice"],
		["no_number"],
		["number_used_twice"],
		["number_used_twice"],
		[],
	]
	assert invoice(fresh, ids[1])["legacy_number"] == "0077"


def test_dates_that_cannot_be_believed_come_from_the_neighbours(fresh: Migrated) -> None:
	books = Books()
	evening = books.invoice(
		"1.00", issued_at=seconds(2018, 12, 31, 21, 30), due_at=seconds(2018, 12, 1), number="1"
	)
	zero = books.invoice("1.00", issued_at=0, due_at=0, number="2")
	far = books.invoice("1.00", issued_at=4_294_967_295, due_at=DUE, number="3")
	first = books.payment("1.00", paid_at=86_400)
	later = books.payment("1.00")
	found = migrate(fresh, books)
	assert invoice(fresh, evening)["name"] == "SINV-2018-0000001"
	assert invoice(fresh, evening)["due_date"] == date(2018, 12, 31)
	assert invoice(fresh, zero)["posting_date"] == date(2018, 12, 31)
	assert invoice(fresh, zero)["due_date"] == date(2019, 1, 30)
	assert invoice(fresh, far)["due_date"] == date(2019, 7, 5)
	assert payment(fresh, first)["posting_date"] == payment(fresh, later)["posting_date"] == date(2019, 7, 14)
	assert found == {
		("invoice", zero): {"undated", "no_due_date"},
		("invoice", far): {"undated"},
		("payment", first): {"undated"},
	}


def test_what_lines_lack_to_the_total_is_rounding_or_a_line(fresh: Migrated) -> None:
	books = Books()
	ids = [
		books.add(
			"invoice", customer_id=1, number=str(total), issued_at=JUNE, due_at=DUE, subtotal=10, total=total
		)
		for total in ("10.02", "9.99", "12.00", "11.00")
	]
	for id in ids[:3]:
		books.item(id, "10.00")
	found = migrate(fresh, books)
	up, down, line, bare = (invoice(fresh, id) for id in ids)
	assert [made["outstanding_amount"] for made in (up, down, line, bare)] == [
		Decimal("10.02"),
		Decimal("9.99"),
		12,
		11,
	]
	assert (up["rounding_adjustment"], up["rounded_total"], up["disable_rounded_total"]) == (
		Decimal("0.02"),
		Decimal("10.02"),
		0,
	)
	assert ("Round Off - T", 0, Decimal("0.02")) in entries(fresh, up)
	assert ("Round Off - T", Decimal("0.01"), 0) in entries(fresh, down)
	assert [(item["item_code"], item["amount"]) for item in children(fresh, "Sales Invoice Item", line)] == [
		("NET", 10),
		("LEGACY", 2),
	]
	assert [item["amount"] for item in children(fresh, "Sales Invoice Item", bare)] == [11]
	assert [found["invoice", id] - {"number_used_twice"} for id in ids] == [
		{"total_rounded"},
		{"total_rounded"},
		{"items_do_not_add_up"},
		{"no_items"},
	]


def test_a_line_keeps_its_amount_and_gets_the_rate_that_makes_it(fresh: Migrated) -> None:
	books = Books()
	books.add("delivery", customer_id=1)
	service = books.add("service", delivery_id=1, product_id=1, status="active")
	gone = books.add("service", delivery_id=44, product_id=1)
	id = books.invoice("0.00", number="1")
	books.item(
		id, "10.00", quantity="3.000", unit_price="3.3333", service_id=service, description="x < y & z"
	)
	books.item(id, "5.00", quantity="3.000", unit_price="1.5000", service_id=gone, product_id=0)
	zero = books.item(id, "7.00", quantity="0", period_start="2019-06-01", period_end="2019-06-30")
	reversed_ = books.item(id, "-22.00", service_id=99, period_start="2019-06-30", period_end="2019-06-01")
	found = migrate(fresh, books)
	_, thirds, odd, nothing, rebate = children(fresh, "Sales Invoice Item", invoice(fresh, id))
	assert (thirds["rate"], thirds["amount"], thirds["price_list_rate"]) == (
		Decimal("3.3333"),
		10,
		Decimal("3.3333"),
	)
	assert (thirds["service_location"], thirds["description"]) == ("SL-0000001", "x &lt; y &amp; z")
	assert (odd["rate"], odd["amount"]) == (Decimal("1.666666667"), 5)
	assert (odd["item_code"], odd["service_location"]) == ("LEGACY", None)
	assert (nothing["qty"], nothing["rate"], nothing["service_start_date"]) == (1, 7, date(2019, 6, 1))
	assert (rebate["service_start_date"], rebate["service_end_date"]) == (None, None)
	assert found == {
		("invoice_item", zero): {"quantity_zero"},
		("invoice_item", reversed_): {"period_reversed"},
	}


def test_taxes_stand_as_billed_two_of_one_code_in_one_ledger_line(fresh: Migrated) -> None:
	books = Books()
	id = books.add(
		"invoice", customer_id=1, number="1", issued_at=JUNE, due_at=DUE, subtotal="105.00", total="115.00"
	)
	books.item(id, "105.00")
	books.tax(id, "5.00")
	books.tax(id, "2.00", "TVQ", "7.5000")
	books.tax(id, "3.00", "TVQ", "9.9750")
	orphan = books.tax(99, "1.00")
	assert migrate(fresh, books)["invoice_tax", orphan] == {"invoice_gone"}
	made = invoice(fresh, id)
	taxes = children(fresh, "Sales Taxes and Charges", made)
	assert [(tax["description"], tax["rate"], tax["tax_amount"], tax["total"]) for tax in taxes] == [
		("TPS", 5, 5, 110),
		("TVQ", Decimal("7.5"), 2, 112),
		("TVQ", Decimal("9.975"), 3, 115),
	]
	assert ("TVQ - T", 0, 5) in entries(fresh, made)


def test_a_void_invoice_is_cancelled_as_erpnext_does_and_a_draft_is_not_booked(fresh: Migrated) -> None:
	books = Books()
	void, draft = (
		books.invoice("10.00", "1.00", number=status, status=status) for status in ("void", "draft")
	)
	migrate(fresh, books)
	made = invoice(fresh, void)
	assert (made["docstatus"], made["status"], made["outstanding_amount"]) == (2, "Cancelled", 10)
	lines = fresh.rows(
		"SELECT account, sum(debit) AS debit, sum(credit) AS credit, count(*) AS rows, "
		"min(is_cancelled) AS cancelled "
		'FROM "tabGL Entry" WHERE voucher_no = %s GROUP BY account',
		made["name"],
	)
	assert len(lines) == 3
	assert all(
		line["debit"] == line["credit"] and line["cancelled"] == 1 and line["rows"] == 2 for line in lines
	)
	assert payable(fresh, made) == []
	assert {item["docstatus"] for item in children(fresh, "Sales Invoice Item", made)} == {2}
	undone = invoice(fresh, draft)
	assert (undone["docstatus"], undone["status"], undone["outstanding_amount"]) == (0, "Draft", 10)
	assert entries(fresh, undone) == []


def test_a_credit_note_stands_against_what_it_reverses_while_that_is_owed(fresh: Migrated) -> None:
	books = Books()
	unpaid = books.invoice("100.00", status="reversed", number="1")
	note = books.invoice(
		"-100.00", "-5.00", status="reversed", reversal_of=unpaid, number="2", issued_at=JULY
	)
	paid = books.invoice("50.00", number="3")
	books.payment("50.00", {paid: "50.00"})
	refund = books.invoice("-50.00", reversal_of=paid, number="4", issued_at=AUGUST)
	foreign = books.invoice("-1.00", reversal_of=paid, customer=2, number="5")
	lone = books.invoice("-3.00", number="6")
	found = migrate(fresh, books)
	made, original = invoice(fresh, note), invoice(fresh, unpaid)
	assert (made["is_return"], made["return_against"], made["update_outstanding_for_self"]) == (
		1,
		original["name"],
		0,
	)
	assert (made["status"], made["outstanding_amount"]) == ("Return", 0)
	assert (original["status"], original["outstanding_amount"]) == ("Credit Note Issued", 0)
	assert payable(fresh, made) == [(original["name"], -100)]
	assert entries(fresh, made) == [("Debtors - T", 0, 100), ("Internet - T", 95, 0), ("TPS - T", 5, 0)]
	(item,) = children(fresh, "Sales Invoice Item", made)
	assert (item["qty"], item["rate"], item["amount"]) == (-1, 95, -95)
	credit = invoice(fresh, refund)
	assert (credit["return_against"], credit["update_outstanding_for_self"]) == (
		invoice(fresh, paid)["name"],
		1,
	)
	assert credit["outstanding_amount"] == -50
	assert [invoice(fresh, id)["return_against"] for id in (foreign, lone)] == [None, None]
	assert found == {
		("invoice", refund): {"reversed_after_payment"},
		("invoice", foreign): {"reversal_gone"},
	}


def test_a_credit_that_stands_for_itself_can_be_paid_out(fresh: Migrated) -> None:
	books = Books()
	paid = books.invoice("50.00", number="1")
	books.payment("50.00", {paid: "50.00"})
	note = books.invoice("-50.00", reversal_of=paid, number="2", issued_at=AUGUST)
	out = books.payment("-30.00", {note: "-30.00"}, paid_at=AUGUST)
	migrate(fresh, books)
	made = payment(fresh, out)
	assert (made["payment_type"], made["paid_from"], made["paid_to"]) == ("Pay", "Bank - T", "Debtors - T")
	assert (made["total_allocated_amount"], made["unallocated_amount"]) == (30, 0)
	assert entries(fresh, made) == [("Debtors - T", 30, 0), ("Bank - T", 0, 30)]
	(reference,) = children(fresh, "Payment Entry Reference", made)
	assert (reference["allocated_amount"], reference["outstanding_amount"]) == (-30, -50)
	assert invoice(fresh, note)["outstanding_amount"] == -20


def test_a_payment_is_allocated_as_it_was_and_the_rest_is_credit(fresh: Migrated) -> None:
	books = Books()
	first, second = (
		books.invoice("40.00", number="1"),
		books.invoice("100.00", number="2", due_at=seconds(2028, 1, 1)),
	)
	id = books.payment("100.00", {first: "40.00", second: "50.00"}, method="cash", reference="pi_1")
	assert migrate(fresh, books) == {}
	made = payment(fresh, id)
	assert made["name"] == f"PAY-2019-{id:07d}"
	assert (made["mode_of_payment"], made["paid_to"], made["paid_to_account_type"]) == (
		"Cash",
		"Cash - T",
		"Cash",
	)
	assert (made["total_allocated_amount"], made["unallocated_amount"]) == (90, 10)
	assert (made["reference_no"], made["stripe_payment_intent"]) == ("pi_1", "pi_1")
	names = [invoice(fresh, legacy_id)["name"] for legacy_id in (first, second)]
	assert payable(fresh, made) == [(names[0], -40), (names[1], -50), (made["name"], -10)]
	assert entries(fresh, made)[-1] == ("Cash - T", 100, 0)
	assert [row["reference_name"] for row in children(fresh, "Payment Entry Reference", made)] == names
	statuses = [
		(invoice(fresh, id)["status"], invoice(fresh, id)["outstanding_amount"]) for id in (first, second)
	]
	assert statuses == [("Paid", 0), ("Partly Paid", 50)]


def test_what_cannot_have_been_allocated_is_not_and_says_why(fresh: Migrated) -> None:
	books = Books()
	void = books.invoice("10.00", number="1", status="void")
	draft = books.invoice("10.00", number="2", status="draft")
	foreign = books.invoice("10.00", number="3", customer=2)
	owed = books.invoice("10.00", number="4")
	books.payment("8.00", {owed: "8.00"})
	books.payment("50.00", {void: "1.00", draft: "1.00", foreign: "1.00", 99: "1.00", owed: "5.00"})
	books.payment("3.00", {foreign: "9.00"}, customer=2)
	books.payment("1.00", {owed: "-1.00"})
	zero = books.payment("0.00", {owed: "1.00"})
	found = migrate(fresh, books)
	refused = [next(iter(found.get(("payment_invoice", id), {None}))) for id in range(1, 10)]
	assert refused == [
		None,
		"invoice_void",
		"invoice_draft",
		"invoice_of_another_customer",
		"invoice_gone",
		"invoice_paid_already",
		"allocated_too_much",
		"wrong_sign",
		"payment_not_migrated",
	]
	assert found["payment", zero] == {"zero_amount"}
	assert invoice(fresh, owed)["outstanding_amount"] == 0
	assert payment(fresh, 2)["unallocated_amount"] == 48
	assert invoice(fresh, foreign)["outstanding_amount"] == 7


@pytest.mark.parametrize("status", ["nsf", "reversed"])
def test_a_payment_that_was_taken_back_stands_against_what_took_it(fresh: Migrated, status: str) -> None:
	books = Books()
	id = books.invoice("60.00", number="1")
	bounced = books.payment("60.00", {id: "60.00"}, status=status)
	back = books.payment("-60.00", {id: "-60.00"}, reversal_of=bounced, paid_at=AUGUST)
	found = migrate(fresh, books)
	original, counterpart = payment(fresh, bounced), payment(fresh, back)
	assert [made["docstatus"] for made in (original, counterpart)] == [1, 1]
	assert payable(fresh, original) == [(counterpart["name"], -60)]
	assert payable(fresh, counterpart) == [(counterpart["name"], 60)]
	assert (original["total_allocated_amount"], original["unallocated_amount"]) == (60, 0)
	(reference,) = children(fresh, "Payment Entry Reference", original)
	assert (reference["reference_doctype"], reference["reference_name"]) == (
		"Payment Entry",
		counterpart["name"],
	)
	assert (invoice(fresh, id)["status"], invoice(fresh, id)["outstanding_amount"]) == ("Overdue", 60)
	assert found == {("payment_invoice", 1): {"taken_back"}, ("payment_invoice", 2): {"taken_back"}}


def test_a_payment_taken_back_in_part_pays_with_the_rest(fresh: Migrated) -> None:
	books = Books()
	id = books.invoice("60.00", number="1")
	part = books.payment("60.00", {id: "60.00"}, status="reversed")
	books.payment("-20.00", reversal_of=part)
	too_much = books.payment("-50.00", reversal_of=part)
	books.payment("-5.00", reversal_of=part, customer=2)
	found = migrate(fresh, books)
	assert invoice(fresh, id)["outstanding_amount"] == 60
	assert found["payment", too_much] == {"takes_back_too_much"}
	assert found["payment", 4] == {"counterpart_gone"}
	assert payable(fresh, payment(fresh, too_much)) == [(payment(fresh, too_much)["name"], 50)]
	assert payment(fresh, part)["unallocated_amount"] == 0


def test_a_payment_that_never_came_in_is_cancelled(fresh: Migrated) -> None:
	books = Books()
	id = books.invoice("60.00", number="1")
	never = books.payment("60.00", {id: "60.00"}, status="nsf")
	found = migrate(fresh, books)
	made = payment(fresh, never)
	assert (made["docstatus"], made["status"], made["unallocated_amount"]) == (2, "Cancelled", 60)
	assert entries(fresh, made) == payable(fresh, made) == []
	assert len(fresh.rows('SELECT name FROM "tabGL Entry" WHERE voucher_no = %s', made["name"])) == 4
	assert found == {("payment", never): {"never_received"}, ("payment_invoice", 1): {"never_received"}}


def test_an_intent_that_two_payments_name_is_neither_s(fresh: Migrated) -> None:
	books = Books()
	twice = [books.payment("1.00", reference="pi_2"), books.payment("2.00", reference="pi_2")]
	other = books.payment("3.00", reference="ch_3")
	found = migrate(fresh, books)
	assert [payment(fresh, id)["stripe_payment_intent"] for id in (*twice, other)] == [None, None, None]
	assert payment(fresh, other)["reference_no"] == "ch_3"
	assert found == {("payment", id): {"payment_intent_used_twice"} for id in twice}


def test_since_a_day_what_is_older_stays_away(fresh: Migrated) -> None:
	books = Books()
	old = books.invoice("10.00", number="1", issued_at=seconds(2018, 1, 5))
	new = books.invoice("20.00", number="2")
	books.payment("30.00", {old: "10.00", new: "20.00"})
	found = migrate(fresh, books, since=date(2019, 1, 1))
	assert [row["legacy_id"] for row in fresh.rows('SELECT legacy_id FROM "tabSales Invoice"')] == [str(new)]
	assert payment(fresh, 1)["unallocated_amount"] == 10
	assert found == {("payment_invoice", 1): {"before_since"}}


def test_invoices_alone_leave_books_that_agree(fresh: Migrated) -> None:
	books = Books()
	paid = books.invoice("10.00", number="1")
	reversed_ = books.invoice("30.00", number="2")
	books.invoice("-30.00", number="3", reversal_of=reversed_)
	books.payment("10.00", {paid: "10.00"})
	plan(fresh, books)
	fresh.step(*INVOICES)
	assert [invoice(fresh, id)["outstanding_amount"] for id in (1, 2, 3)] == [10, 0, 0]
	before = fresh.checksum()
	fresh.step(OUTSTANDING)
	assert fresh.checksum() == before


def test_a_second_run_changes_nothing_and_finds_nothing(fresh: Migrated) -> None:
	books = Books()
	id = books.invoice("10.01", number="1")
	books.item(id, "0.01", quantity="0")
	books.tax(99, "1.00")
	books.payment("50.00", {id: "10.00", 99: "1.00"})
	books.payment("0.00")
	assert migrate(fresh, books)
	before = fresh.checksum()
	assert fresh.step(*PLAN, *INVOICES) + fresh.step(*PAYMENTS) == []
	assert fresh.checksum() == before


def fixed(site: Migrated, file: str, breaking: str) -> list[tuple]:
	"""Break something and mend it: the rows are what they were. Gives what was written down as changed."""
	before = site.checksum()
	site.run(breaking)
	assert site.checksum() != before
	site.step(file, OUTSTANDING)
	assert site.checksum() == before
	changed = site.rows("SELECT doctype, name, field, old_value, new_value FROM changed ORDER BY 1, 2, 3")
	site.step(file, OUTSTANDING)
	again = site.rows("SELECT doctype, name, field, old_value, new_value FROM changed ORDER BY 1, 2, 3")
	assert again == changed
	return [tuple(row.values()) for row in changed]


def reversed_pair(site: Migrated) -> None:
	books = Books()
	id = books.invoice("100.00", status="reversed", number="1", due_at=seconds(2028, 1, 1))
	books.invoice("-100.00", reversal_of=id, number="2")
	owed = books.invoice("20.00", number="3")
	books.payment("5.00", {owed: "5.00"})
	migrate(site, books)


def test_outstanding_and_status_are_set_right_again(fresh: Migrated) -> None:
	reversed_pair(fresh)
	assert (
		fixed(fresh, OUTSTANDING, "UPDATE \"tabSales Invoice\" SET outstanding_amount = 1, status = 'Paid'")
		== []
	)


def test_customer_names_are_set_right_again(fresh: Migrated) -> None:
	reversed_pair(fresh)
	breaking = "UPDATE \"tabSales Invoice\" SET customer_name = 'Autre' WHERE legacy_id = '3'"
	changed = fixed(fresh, "610_fix_invoice_customer_names.sql", breaking)
	assert changed == [("Sales Invoice", "SINV-2019-0000003", "customer_name", "Autre", "Ève Roy")]


def test_reversals_are_tied_again(fresh: Migrated) -> None:
	reversed_pair(fresh)
	breaking = """
		UPDATE "tabSales Invoice" SET return_against = NULL, update_outstanding_for_self = 1
		WHERE legacy_id = '2';
		UPDATE "tabGL Entry" SET against_voucher = voucher_no
		WHERE voucher_no = 'SINV-2019-0000002' AND party <> '';
		UPDATE "tabPayment Ledger Entry" SET against_voucher_no = voucher_no
		WHERE voucher_no = 'SINV-2019-0000002';
		UPDATE "tabSales Invoice" SET outstanding_amount = -100 WHERE legacy_id = '2';
		UPDATE "tabSales Invoice" SET outstanding_amount = 100, status = 'Unpaid' WHERE legacy_id = '1';
	"""
	changed = fixed(fresh, "620_fix_reversals.sql", breaking)
	assert [(doctype, field, new) for doctype, _, field, _, new in changed] == [
		("GL Entry", "against_voucher", "SINV-2019-0000001"),
		("Payment Ledger Entry", "against_voucher_no", "SINV-2019-0000001"),
		("Sales Invoice", "return_against", "SINV-2019-0000001"),
		("Sales Invoice", "update_outstanding_for_self", "0"),
	]


def test_a_reversal_of_what_was_paid_meanwhile_stays_credit(fresh: Migrated) -> None:
	reversed_pair(fresh)
	fresh.run("""
		UPDATE "tabSales Invoice" SET return_against = NULL, outstanding_amount = -100 WHERE legacy_id = '2';
		UPDATE "tabGL Entry" SET against_voucher = voucher_no
		WHERE voucher_no = 'SINV-2019-0000002' AND party <> '';
		UPDATE "tabPayment Ledger Entry" SET against_voucher_no = voucher_no
		WHERE voucher_no = 'SINV-2019-0000002';
	""")
	fresh.step("620_fix_reversals.sql")
	note = invoice(fresh, 2)
	assert (note["return_against"], note["update_outstanding_for_self"]) == ("SINV-2019-0000001", 1)
	assert payable(fresh, note) == [(note["name"], -100)]


def test_dates_are_set_right_again(fresh: Migrated) -> None:
	reversed_pair(fresh)
	breaking = """
		UPDATE "tabSales Invoice"
		SET posting_date = '2020-01-01', posting_time = '00:00', due_date = '2020-01-01',
			creation = '2020-01-01'
		WHERE legacy_id = '1';
		UPDATE "tabGL Entry" SET posting_date = '2020-01-01', fiscal_year = '2020'
		WHERE voucher_no = 'SINV-2019-0000001';
		UPDATE "tabPayment Ledger Entry" SET posting_date = '2020-01-01'
		WHERE voucher_no = 'SINV-2019-0000001';
		UPDATE "tabPayment Schedule" SET due_date = '2020-01-01' WHERE parent = 'SINV-2019-0000001';
	"""
	changed = fixed(fresh, "630_fix_invoice_dates.sql", breaking)
	assert {(doctype, field, new) for doctype, _, field, _, new in changed} == {
		("GL Entry", "fiscal_year", "2019"),
		("GL Entry", "posting_date", "2019-06-14"),
		("Payment Ledger Entry", "posting_date", "2019-06-14"),
		("Payment Schedule", "due_date", "2028-01-01"),
		("Sales Invoice", "creation", "2019-06-14 10:00:00"),
		("Sales Invoice", "due_date", "2028-01-01"),
		("Sales Invoice", "posting_date", "2019-06-14"),
		("Sales Invoice", "posting_time", "10:00:00"),
	}
