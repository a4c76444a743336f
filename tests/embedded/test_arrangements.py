"""Payment arrangements from day to day: who is reminded of what, what is met, missed, kept and broken."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from gigafibre_utils.payments import arrangements
from tests.acceptance.arrangements import ARRANGEMENT, INSTALMENT
from tests.acceptance.site import Site, message
from tests.acceptance.test_sending import kept, texts, token_in
from tests.doubles.mail import MailServer
from tests.doubles.twilio import TwilioDouble
from tests.embedded.conftest import Books, mails


def test_three_days_before_it_is_due_the_customer_gets_one_reminder_with_a_good_link(
	books: Books, mailbox: MailServer
):
	invoice = books.site.fresh("unpaid")
	name = books.agree((3, 25, invoice), (4, 25, invoice))
	books.follow_up()
	books.follow_up()
	(mail,) = mails(mailbox, invoice)
	assert mail["To"] == "marie-eve@example.com"
	text = mail.get_body(("plain",)).get_content()
	assert "25,00" in text
	answer = books.site.guest().call("validate_pay_token", invoice=invoice, token=token_in(text))
	assert message(answer)["valid"]
	(row,) = kept(books.site, invoice)
	assert (row["kind"], row["channel"], row["status"]) == ("Reminder", "E-mail", "Sent")
	assert row["sent_to"] == "m•••@example.com"
	assert [part["reminded_on"] for part in books.parts(name)] == [books.today, None]
	assert books.statuses(name) == ["Active", "Due", "Due"]


def test_the_day_after_the_customer_is_told_that_it_was_missed(books: Books, mailbox: MailServer):
	invoice = books.site.fresh("unpaid-english")
	name = books.agree((-1, 40, invoice))
	books.follow_up()
	books.follow_up()
	(mail,) = mails(mailbox, invoice)
	text = " ".join(mail.get_body(("plain",)).get_content().split())
	day = books.today - timedelta(days=1)
	assert f"was due on {day:%B} {day.day}, {day.year} and has not reached us yet." in text
	assert "$40.00" in text
	assert books.statuses(name) == ["Active", "Missed"]


def test_who_was_reminded_before_is_told_once_more_when_it_was_missed(books: Books, mailbox: MailServer):
	invoice = books.site.fresh("unpaid")
	name = books.agree((2, 40, invoice))
	books.follow_up()
	books.site.sql(
		f"UPDATE {INSTALMENT} SET due_date = due_date - 3, reminded_on = reminded_on - 3 WHERE parent = %s",
		name,
	)
	books.follow_up()
	books.follow_up()
	assert len(mails(mailbox, invoice)) == 2


def test_what_is_missed_by_more_than_five_days_breaks_it_and_nobody_is_written_to(
	books: Books, mailbox: MailServer
):
	invoice = books.site.fresh("unpaid")
	five, six = books.agree((-5, 40, invoice)), books.agree((-6, 40, invoice), (9, 40, invoice))
	books.site.sql(f"UPDATE {INSTALMENT} SET reminded_on = %s WHERE parent = %s", books.today, five)
	books.follow_up()
	assert books.statuses(five) == ["Active", "Missed"]
	assert books.statuses(six) == ["Broken", "Missed", "Due"]
	assert mails(mailbox, invoice) == []


def test_a_payment_meets_the_instalments_in_the_order_of_their_days_each_as_a_whole(books: Books):
	invoice = books.site.fresh("unpaid")
	name = books.agree((20, 30, invoice), (-2, 20, invoice), (40, 20, invoice))
	first, second = books.pay(invoice, 15, days_ago=4), books.pay(invoice, 40, days_ago=3)
	books.follow_up()
	parts = books.parts(name)
	assert [(part["status"], part["payment_entry"]) for part in parts] == [
		("Met", second),
		("Met", second),
		("Due", None),
	]
	assert first != second
	assert (books.row(name)["status"], books.row(name)["paid"]) == ("Active", 50)
	# Five are left of it, and so fifteen are enough for the last.
	third = books.pay(invoice, 15)
	books.follow_up()
	assert books.parts(name)[2]["payment_entry"] == third
	assert (books.row(name)["status"], books.row(name)["paid"]) == ("Kept", 70)


def test_what_was_paid_before_the_agreement_meets_nothing(books: Books):
	invoice = books.site.fresh("unpaid")
	books.pay(invoice, 20, days_ago=31)
	name = books.agree((20, 20, invoice))
	books.follow_up()
	assert books.statuses(name) == ["Active", "Due"]


def test_an_invoice_on_which_nothing_is_owed_any_more_meets_all_of_its_instalments(books: Books):
	invoice = books.site.fresh("unpaid")
	name = books.agree((-3, 5000, invoice), (20, 5000, invoice))
	owed = books.site.outstanding(invoice)
	books.site.sql('UPDATE "tabSales Invoice" SET outstanding_amount = 0 WHERE name = %s', invoice)
	assert owed > 0
	books.follow_up()
	assert books.statuses(name) == ["Kept", "Met", "Met"]


REQUESTED = 'SELECT status, outstanding_amount FROM "tabPayment Request" WHERE name = %s'


def request(site: Site, part: dict[str, Any], docstatus: int = 1) -> str:
	"""The Payment Request of an instalment; gives its name."""
	name = f"PREQ-{part['name']}"
	site.sql(
		'INSERT INTO "tabPayment Request" (name, docstatus, status, reference_doctype, reference_name, '
		"grand_total, outstanding_amount) VALUES (%s, %s, 'Requested', 'Sales Invoice', %s, %s, %s)",
		name,
		docstatus,
		part["invoice"],
		part["amount"],
		part["amount"],
	)
	site.sql(f"UPDATE {INSTALMENT} SET payment_request = %s WHERE name = %s", name, part["name"])
	return name


def test_the_payment_request_follows_its_instalment_even_when_a_cheque_bounces(books: Books):
	invoice = books.site.fresh("unpaid")
	name = books.agree((-2, 20, invoice))
	asked = request(books.site, books.parts(name)[0])
	# Still active: one more instalment is to come.
	books.site.sql(
		f"INSERT INTO {INSTALMENT} (name, parent, parenttype, idx, due_date, amount, invoice) "
		"VALUES (%s, %s, 'Payment Arrangement', 2, %s, 7, %s)",
		f"{name}-2",
		name,
		books.today + timedelta(days=30),
		invoice,
	)
	entry = books.pay(invoice, 20)
	books.follow_up()
	assert books.site.sql(REQUESTED, asked) == [{"status": "Paid", "outstanding_amount": 0}]
	for table, column in (("Payment Entry", "name"), ("Payment Entry Reference", "parent")):
		books.site.sql(f'UPDATE "tab{table}" SET docstatus = 2 WHERE {column} = %s', entry)
	books.follow_up()
	assert books.site.sql(REQUESTED, asked) == [{"status": "Requested", "outstanding_amount": 20}]
	part = books.parts(name)[0]
	assert (part["status"], part["payment_entry"]) == ("Missed", None)
	assert books.row(name)["paid"] == 0


@pytest.mark.parametrize("ended", ["Broken", "Cancelled"])
def test_the_payment_requests_of_what_is_over_are_closed_once_its_invoice_is_paid(books: Books, ended: str):
	site = books.site
	invoice, owing = site.fresh("unpaid"), site.fresh("unpaid")
	name = books.agree((-9, 20, invoice), (20, 30, invoice), (20, 40, invoice), (20, 50, owing))
	parts = books.parts(name)
	asked = [request(site, part) for part in (*parts[:2], parts[3])]
	cancelled = request(site, parts[2], docstatus=2)
	# Asked for by staff, and of no arrangement.
	by_staff = request(site, parts[0] | {"name": f"{name}-staff"})
	site.sql(f"UPDATE {ARRANGEMENT} SET status = %s WHERE name = %s", ended, name)
	books.pay(invoice, 50)
	books.follow_up()
	assert [site.sql(REQUESTED, one)[0]["status"] for one in asked] == ["Requested"] * 3
	books.pay(invoice, site.outstanding(invoice))
	books.follow_up()
	assert [site.sql(REQUESTED, one)[0]["status"] for one in asked] == ["Paid", "Paid", "Requested"]
	assert [site.sql(REQUESTED, one)[0]["outstanding_amount"] for one in asked] == [0, 0, 50]
	for untouched in (cancelled, by_staff):
		assert site.sql(REQUESTED, untouched)[0]["status"] == "Requested"
	assert books.statuses(name) == [ended, *["Due"] * 4]


def test_an_instalment_of_no_invoice_is_met_when_staff_name_its_payment(books: Books, mailbox: MailServer):
	sent = len(mailbox.messages)
	name = books.agree((1, 20, None), (None, 5, None), customer="Billed nothing")
	books.follow_up()
	assert books.statuses(name) == ["Active", "Due", "Due"]
	entry = books.pay(books.site.fresh("unpaid"), 20)
	books.site.sql(f"UPDATE {INSTALMENT} SET payment_entry = %s WHERE name = %s", entry, f"{name}-1")
	books.follow_up()
	assert books.statuses(name) == ["Active", "Met", "Due"]
	assert len(mailbox.messages) == sent


def test_instalments_of_no_invoice_are_about_what_was_billed_until_the_agreement(
	books: Books, mailbox: MailServer
):
	long_ago, since = (books.today - timedelta(days=days) for days in (60, 5))
	customer = {"customer": "Of many invoices", "contact_email": "many@example.com"}
	books.site.sql(
		'INSERT INTO "tabCustomer" (name, customer_name) VALUES (%s, %s) ON CONFLICT DO NOTHING',
		*[customer["customer"]] * 2,
	)
	old = books.site.fresh("unpaid", posting_date=long_ago, **customer)
	new = books.site.fresh("unpaid", posting_date=since, **customer)
	name = books.agree((-2, 20, None), (2, 15, ""), customer=customer["customer"])
	books.pay(new, 50)
	books.follow_up()
	assert books.statuses(name) == ["Active", "Missed", "Due"]
	assert len(mails(mailbox, old)) == 2
	assert mails(mailbox, new) == []
	entry = books.pay(old, 20)
	books.follow_up()
	assert books.statuses(name) == ["Active", "Met", "Due"]
	assert books.parts(name)[0]["payment_entry"] == entry


def test_nobody_is_late_for_an_invoice_that_was_cancelled(books: Books, mailbox: MailServer):
	invoice = books.site.fresh("unpaid")
	name = books.agree((-9, 20, invoice), (-1, 20, invoice))
	books.site.sql('UPDATE "tabSales Invoice" SET docstatus = 2 WHERE name = %s', invoice)
	books.follow_up()
	assert books.statuses(name) == ["Active", "Due", "Due"]
	assert mails(mailbox, invoice) == []


def test_a_reminder_tells_what_is_missing_and_that_either_can_be_paid(books: Books, mailbox: MailServer):
	invoice = books.site.fresh("unpaid-english")
	customer = books.site.invoice("unpaid-english")["customer"]
	name = books.agree((-1, 40, invoice), (2, 10, invoice), customer=customer)
	books.pay(invoice, 15)
	books.follow_up()
	missed, due = (
		" ".join(mail.get_body(("plain",)).get_content().split()) for mail in mails(mailbox, invoice)
	)
	assert "An instalment of $25.00" in missed
	assert "An instalment of $10.00" in due
	owed = books.site.outstanding(invoice)
	assert f"You can pay the instalment or the whole balance of ${owed:,.2f} by this link." in missed
	token = token_in(mails(mailbox, invoice)[0].get_body(("plain",)).get_content())
	page = books.site.guest().page(invoice, token).text
	assert "Pay the instalment: $25.00" in page
	assert f"Pay the whole balance: ${owed:,.2f}" in page
	assert f'value="{name}-1"' in page


def test_a_reminder_of_what_stripe_does_not_take_offers_no_choice(books: Books, mailbox: MailServer):
	invoice = books.site.fresh("unpaid-english")
	customer = books.site.invoice("unpaid-english")["customer"]
	books.agree((2, 25, invoice), customer=customer)
	books.pay(invoice, Decimal("24.70"))
	books.follow_up()
	(mail,) = mails(mailbox, invoice)
	text = mail.get_body(("plain",)).get_content()
	assert "$0.30" in text
	assert "whole balance" not in text


def test_a_reminder_of_all_that_is_owed_offers_no_choice(books: Books, mailbox: MailServer):
	invoice = books.site.fresh("unpaid-english")
	books.agree((2, 5000, invoice))
	books.follow_up()
	(mail,) = mails(mailbox, invoice)
	assert "whole balance" not in mail.get_body(("plain",)).get_content()


def test_a_payment_stands_where_its_arrangement_cannot_be_followed_up_at_once(
	books: Books, monkeypatch: pytest.MonkeyPatch
):
	def broken(_standing: Any) -> None:
		raise RuntimeError("broken")

	monkeypatch.setattr(arrangements, "_keep", broken)
	invoice = books.site.fresh("unpaid")
	name = books.agree((1, 20, invoice), (31, 20, invoice))
	session = books.site.checkout(invoice, instalment=f"{name}-1")
	books.site.pay(session)
	(event,) = books.site.events_of(session)
	assert event["status"] == "Processed"
	(entry,) = books.site.payments(invoice)
	assert entry["total_allocated_amount"] == 20
	assert books.statuses(name) == ["Active", "Due", "Due"]
	monkeypatch.undo()
	books.follow_up()
	assert books.statuses(name) == ["Active", "Met", "Due"]


def test_a_payment_meets_no_later_instalment_before_an_earlier_one(books: Books):
	invoice = books.site.fresh("unpaid")
	name = books.agree((10, 30, invoice), (20, 20, invoice))
	books.pay(invoice, 20)
	books.follow_up()
	assert books.statuses(name) == ["Active", "Due", "Due"]


def test_a_payment_is_spent_once_however_many_arrangements_there_are(books: Books):
	invoice = books.site.fresh("unpaid")
	names = sorted(books.agree((20, 20, invoice), (40, 9, invoice)) for _ in range(2))
	books.pay(invoice, 20)
	books.follow_up()
	books.follow_up()
	assert [books.statuses(name)[1] for name in names] == ["Met", "Due"]


def test_a_second_run_of_the_day_writes_nothing(books: Books):
	invoice = books.site.fresh("unpaid")
	name = books.agree((-2, 20, invoice), (2, 20, invoice), (30, 20, invoice))
	books.pay(invoice, 20)
	books.follow_up()
	before = [books.row(name), *books.parts(name)]
	books.follow_up()
	assert [books.row(name), *books.parts(name)] == before


def test_who_has_no_address_is_written_to_by_text_message(books: Books, sms: TwilioDouble):
	only_a_phone = {"contact_person": None, "contact_email": None, "contact_mobile": "4505550177"}
	invoice = books.site.fresh("unpaid", customer="Only a phone", **only_a_phone)
	books.agree((1, 20, invoice), customer="Only a phone")
	books.follow_up()
	(text,) = texts(sms, invoice)
	assert text["To"] == "+14505550177"
	assert token_in(text["Body"])


def test_one_that_cannot_be_reached_or_breaks_does_not_stop_the_others(
	books: Books, mailbox: MailServer, caplog: pytest.LogCaptureFixture
):
	nothing = dict.fromkeys(("contact_person", "contact_email", "contact_mobile"))
	unknown = books.site.fresh("unpaid", customer="Nobody on file", **nothing)
	unreachable = books.agree((1, 20, unknown), customer="Nobody on file")
	invoice = books.site.fresh("unpaid")
	good = books.agree((1, 20, invoice))
	books.site.sql(f"UPDATE {ARRANGEMENT} SET name = 'ARR-0' || name WHERE name = %s", unreachable)
	books.site.sql(f"UPDATE {INSTALMENT} SET parent = 'ARR-0' || parent WHERE parent = %s", unreachable)
	books.follow_up()
	assert f"ARR-0{unreachable}" in caplog.text
	assert "Nobody on file" not in caplog.text
	assert len(mails(mailbox, invoice)) == 1
	assert books.parts(good)[0]["reminded_on"] == books.today


def test_a_mail_server_that_refuses_is_for_staff_and_nobody_is_written_to_again(
	books: Books, mailbox: MailServer
):
	invoice = books.site.fresh("unpaid")
	books.agree((1, 20, invoice))
	mailbox.refusal = "550 not known here"
	try:
		books.follow_up()
	finally:
		mailbox.refusal = None
	books.follow_up()
	(row,) = kept(books.site, invoice)
	assert (row["kind"], row["status"]) == ("Reminder", "Failed")
	assert mails(mailbox, invoice) == []


def test_what_staff_cancelled_or_ended_is_left_alone(books: Books, mailbox: MailServer):
	invoice = books.site.fresh("unpaid")
	name = books.agree((-1, 20, invoice))
	books.site.sql(f"UPDATE {ARRANGEMENT} SET status = 'Cancelled' WHERE name = %s", name)
	books.follow_up()
	assert books.statuses(name) == ["Cancelled", "Due"]
	assert mails(mailbox, invoice) == []
