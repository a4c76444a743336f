"""What is right stays as it is when it is done again, and what was broken is set right."""

from tests.migration.by_hand import Migrated, seconds
from tests.migration.money import INVOICES, OUTSTANDING, PAYMENTS, PLAN, Books, invoice, migrate, payable


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
