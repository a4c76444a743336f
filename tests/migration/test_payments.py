"""Payments and what they were allocated to, as legacy rows with every trap make them, to the cent."""

from datetime import date

from tests.migration.by_hand import Migrated, seconds
from tests.migration.money import Books, children, entries, invoice, migrate, payable, payment


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
