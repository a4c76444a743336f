"""Invoices as legacy rows with every trap make them, to the cent."""

from datetime import date, datetime
from decimal import Decimal

from tests.migration.by_hand import Migrated, seconds
from tests.migration.money import (
	DUE,
	INVOICES,
	JUNE,
	OUTSTANDING,
	Books,
	children,
	entries,
	invoice,
	migrate,
	payable,
	payment,
	plan,
)


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
