"""Credit notes, and payments that were taken back: each stands against what it reverses, to the cent."""

import pytest

from tests.migration.by_hand import Migrated
from tests.migration.money import AUGUST, JULY, Books, children, entries, invoice, migrate, payable, payment


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
