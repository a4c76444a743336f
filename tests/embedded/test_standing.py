"""Where an arrangement stands when money is on its way, comes back, or is shared with another."""

import re
import secrets
import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from gigafibre_utils.embedded.site import EmbeddedSite
from gigafibre_utils.payments import arrangements, checkout
from gigafibre_utils.payments.standing import judge
from gigafibre_utils.site import Document
from tests.acceptance.arrangements import ARRANGEMENT, INSTALMENT
from tests.acceptance.site import Site, sentence
from tests.doubles.mail import MailServer
from tests.embedded.conftest import Books, mails

OWED = Decimal("114.92")


def page(site: Site, invoice: str) -> str:
	return site.guest().page(invoice, site.token(invoice), lang="en").text.replace("\N{NO-BREAK SPACE}", " ")


def offered(site: Site, invoice: str) -> str | None:
	"""The amount of the instalment that the page offers."""
	text = page(site, invoice)
	found = re.search(r"Pay the instalments?: \S*\$([\d.,]+)", text)
	assert bool(found) == ('name="instalment"' in text)
	return found[1] if found else None


def click(site: Site, invoice: str, instalment: str) -> requests.Response:
	guest = site.guest()
	guest.headers["Accept-Language"] = "fr"
	token = site.token(invoice)
	return guest.call("create_checkout_session", invoice=invoice, token=token, instalment=instalment)


def customer(site: Site) -> str:
	name = f"Of an arrangement {secrets.token_hex(4)}"
	site.sql('INSERT INTO "tabCustomer" (name, customer_name) VALUES (%s, %s)', name, name)
	return name


def credit(site: Site, invoice: str, amount: Decimal) -> None:
	"""Take an amount off what is owed, as a credit note does; a negative one as its cancellation does."""
	site.sql(
		'UPDATE "tabSales Invoice" SET outstanding_amount = outstanding_amount - %s WHERE name = %s',
		amount,
		invoice,
	)


def text(mail) -> str:
	return " ".join(mail.get_body(("plain",)).get_content().split())


def test_a_debit_under_way_is_neither_dunned_nor_late(books: Books, mailbox: MailServer):
	"""A bank debit takes up to five business days, which is longer than an arrangement waits."""
	site = books.site
	invoice = site.fresh("unpaid")
	name = books.agree((0, 25, invoice), (60, 25, invoice))
	session = site.checkout(invoice, instalment=f"{name}-1")
	site.pay(session, how="pending-debit")
	site.events_of(session)
	for days in (1, 6):
		books.later(name, days)
		books.follow_up()
		assert books.statuses(name) == ["Active", "Due", "Due"]
	assert mails(mailbox, invoice) == []
	books.running.simulator._clear_debit(session, True)
	site.until(lambda: books.statuses(name), lambda statuses: statuses == ["Active", "Met", "Due"])


def test_what_is_agreed_on_later_cannot_be_paid_yet(books: Books):
	invoice = books.site.fresh("unpaid")
	books.agree((0, 25, invoice), agreed=2)
	assert offered(books.site, invoice) is None


def test_an_agreement_without_its_day_counts_from_that_of_its_record(books: Books):
	invoice = books.site.fresh("unpaid")
	books.pay(invoice, 60, days_ago=200)
	name = books.agree((10, 27, invoice), (40, 27, invoice))
	books.site.sql(
		f"UPDATE {ARRANGEMENT} SET agreed_on = NULL, creation = now() - interval '1 day' WHERE name = %s",
		name,
	)
	assert offered(books.site, invoice) == "27.00"
	books.follow_up()
	assert books.statuses(name) == ["Active", "Due", "Due"]


@pytest.mark.parametrize(
	("cheque", "other"),
	[(10, 15), (40, 10)],
	ids=["that met one in part", "that met one and another in part"],
)
def test_a_payment_that_was_cancelled_meets_nothing_any_more(books: Books, cheque: int, other: int):
	invoice = books.site.fresh("unpaid")
	name = books.agree((0, 25, invoice), (30, 25, invoice), (60, 25, invoice))
	cancelled = books.pay(invoice, cheque, days_ago=1)
	books.pay(invoice, other)
	books.follow_up()
	assert books.row(name)["paid"] == cheque + other
	books.cancel(cancelled)
	books.follow_up()
	assert books.statuses(name) == ["Active", "Due", "Due", "Due"]
	assert books.row(name)["paid"] == 0
	assert offered(books.site, invoice) == f"{25 - other}.00"


@pytest.mark.parametrize("paid", [0, 10], ids=["by a credit note", "by a payment and a credit note"])
def test_what_was_met_with_all_that_was_owed_is_due_again_once_something_is(books: Books, paid: int):
	site = books.site
	invoice, other = site.fresh("unpaid"), site.fresh("unpaid")
	name = books.agree((0, 25, invoice), (30, 25, invoice), (30, 25, other))
	if paid:
		books.pay(invoice, paid)
	credited = site.outstanding(invoice)
	assert credited == OWED - paid
	credit(site, invoice, credited)
	for _ in range(2):
		books.follow_up()
		assert books.statuses(name) == ["Active", "Met", "Met", "Due"]
	assert books.row(name)["paid"] == 50
	# Cancelled.
	credit(site, invoice, -credited)
	for _ in range(2):
		books.follow_up()
		assert books.statuses(name) == ["Active", "Due", "Due", "Due"]
	assert books.row(name)["paid"] == 0
	assert offered(site, invoice) == f"{25 - paid}.00"
	payment = books.pay(invoice, 25 - paid)
	books.follow_up()
	assert books.statuses(name) == ["Active", "Met", "Due", "Due"]
	first = books.parts(name)[0]
	assert (first["payment_entry"], first["is_paid_off"]) == (payment, 0)


def test_what_a_payment_has_met_stays_so_whatever_becomes_of_the_credit_of_the_rest(books: Books):
	site = books.site
	invoice = site.fresh("unpaid")
	name = books.agree((0, 25, invoice), (30, 25, invoice), (60, 25, site.fresh("unpaid")))
	payment = books.pay(invoice, 25)
	credited = site.outstanding(invoice)
	credit(site, invoice, credited)
	books.follow_up()
	credit(site, invoice, -credited)
	books.follow_up()
	assert books.statuses(name) == ["Active", "Met", "Due", "Due"]
	assert books.parts(name)[0]["payment_entry"] == payment


def test_an_instalment_that_was_met_before_the_migration_stays_so(books: Books):
	"""Its payment may not have come over."""
	invoice = books.site.fresh("unpaid")
	name = books.agree((-30, 25, invoice), (30, 25, invoice))
	books.site.sql(f"UPDATE {INSTALMENT} SET status = 'Met' WHERE name = %s", f"{name}-1")
	books.follow_up()
	assert books.statuses(name) == ["Active", "Met", "Due"]


def test_a_payment_that_staff_name_meets_an_instalment_though_it_is_less(books: Books):
	invoice = books.site.fresh("unpaid")
	name = books.agree((0, 25, invoice), (30, 25, invoice))
	payment = books.pay(invoice, 20)
	books.site.sql(
		f"UPDATE {INSTALMENT} SET payment_entry = %s, status = 'Met' WHERE name = %s", payment, f"{name}-1"
	)
	books.follow_up()
	assert books.statuses(name) == ["Active", "Met", "Due"]


def test_nobody_is_reminded_of_what_is_broken(books: Books, mailbox: MailServer):
	invoice = books.site.fresh("unpaid")
	name = books.agree((-6, 25, invoice), (2, 30, invoice))
	books.follow_up()
	assert books.statuses(name)[0] == "Broken"
	assert mails(mailbox, invoice) == []


def test_a_reminder_offers_no_other_instalment_than_the_page(books: Books, mailbox: MailServer):
	"""The first is late and was told of; the page asks for that one, the reminder tells of the next."""
	site = books.site
	invoice = site.fresh("unpaid-english")
	name = books.agree(
		(-2, 25, invoice), (2, 30, invoice), customer=site.invoice("unpaid-english")["customer"]
	)
	site.sql(
		f"UPDATE {INSTALMENT} SET reminded_on = %s WHERE name = %s", books.today - timedelta(1), f"{name}-1"
	)
	books.follow_up()
	(mail,) = mails(mailbox, invoice)
	assert "$30.00" in text(mail)
	assert "You can pay the instalment" not in text(mail)
	assert offered(site, invoice) == "25.00"


def test_parts_of_a_cent_are_nothing_that_is_missing(books: Books):
	invoice = books.site.fresh("unpaid")
	name = books.agree((0, 33, invoice), (30, 33, invoice))
	books.site.sql(f"UPDATE {INSTALMENT} SET amount = 33.333333333 WHERE parent = %s", name)
	session = books.site.checkout(invoice, instalment=f"{name}-1")
	books.site.pay(session)
	books.site.until(lambda: books.statuses(name), lambda statuses: statuses == ["Active", "Met", "Due"])
	assert offered(books.site, invoice) == "33.33"


def test_one_that_pays_at_stripe_while_another_tab_chooses_is_told_in_his_language(
	books: Books, monkeypatch: pytest.MonkeyPatch
):
	site = books.site
	invoice = site.fresh("unpaid")
	name = books.agree((0, 25, invoice))
	session = site.checkout(invoice, instalment=f"{name}-1")
	site.deliver(delay=5)
	settle = checkout.settle

	def settle_then_pay(known: str) -> None:
		settle(known)
		site.pay(session)

	monkeypatch.setattr(checkout, "settle", settle_then_pay)
	refused = click(site, invoice, "")
	site.deliver()
	assert refused.status_code == 417
	assert "Un paiement est en cours" in sentence(refused)


def test_an_instalment_of_no_invoice_is_asked_on_one_invoice_at_a_time(books: Books):
	site = books.site
	owner = customer(site)
	older, newer = (
		site.fresh("unpaid", customer=owner, posting_date=books.today - timedelta(days)) for days in (90, 60)
	)
	name = books.agree((0, 25, None), customer=owner)
	assert offered(site, older) == "25.00"
	assert offered(site, newer) is None
	assert click(site, newer, f"{name}-1").status_code == 417
	session = site.checkout(older, instalment=f"{name}-1")
	site.pay(session, how="pending-debit")
	site.events_of(session)
	assert offered(site, newer) is None


@pytest.mark.parametrize("is_named", [True, False])
def test_an_arrangement_with_one_company_is_none_with_another(books: Books, is_named: bool):
	site = books.site
	owner = customer(site)
	invoice = site.fresh("unpaid", customer=owner, posting_date=books.today - timedelta(90))
	books.agree((0, 25, invoice if is_named else None), customer=owner)
	assert offered(site, invoice) == "25.00"
	(company,) = site.sql('SELECT * FROM "tabCompany" LIMIT 1')
	other = company | {"name": "Another", "company_name": "Another", "creation": "2027-01-01"}
	columns, places = ", ".join(f'"{name}"' for name in other), ", ".join(["%s"] * len(other))
	site.sql(f'INSERT INTO "tabCompany" ({columns}) VALUES ({places})', *other.values())
	site.sql('UPDATE "tabSales Invoice" SET company = %s WHERE name = %s', "Another", invoice)
	there = offered(site, invoice)
	site.sql('DELETE FROM "tabCompany" WHERE name = %s', "Another")
	assert there is None


def test_instalments_in_dollars_are_not_asked_on_an_invoice_in_another_currency(books: Books):
	invoice = books.site.fresh("unpaid", currency="USD", party_account_currency="USD")
	books.agree((0, 25, invoice))
	assert offered(books.site, invoice) is None


def test_of_several_arrangements_what_is_due_first_is_asked_and_met_first(books: Books):
	invoice = books.site.fresh("unpaid")
	names = [books.agree((0, 25, invoice), (30, 25, invoice)) for _ in range(2)]
	for paid in (1, 2):
		assert offered(books.site, invoice) == "25.00"
		books.pay(invoice, 25)
		books.follow_up()
		assert sum(books.statuses(name)[1] == "Met" for name in names) == paid
	assert [books.statuses(name) for name in names] == [["Active", "Met", "Due"]] * 2


def test_a_reminder_of_another_arrangement_offers_no_choice_that_the_page_has_not(
	books: Books, mailbox: MailServer
):
	site = books.site
	invoice, owner = site.fresh("unpaid-english"), site.invoice("unpaid-english")["customer"]
	for days, amount in ((1, 25), (2, 30)):
		books.agree((days, amount, invoice), customer=owner)
	books.follow_up()
	first, second = map(text, mails(mailbox, invoice))
	assert "$25.00" in first and "You can pay the instalment" in first
	assert "$30.00" in second and "You can pay the instalment" not in second
	assert offered(site, invoice) == "25.00"


def test_what_came_in_is_spent_once(books: Books):
	"""One arrangement is judged while another of the customer's is written down."""
	invoice = books.site.fresh("unpaid")
	names = sorted(books.agree((0, 25, invoice)) for _ in range(2))
	books.pay(invoice, 25)

	def follow_up_the_other() -> None:
		with EmbeddedSite(books.running.host):
			arrangements.follow_up(names[1], books.today)

	other = threading.Thread(target=follow_up_the_other)
	with EmbeddedSite(books.running.host) as current, current.atomic():
		standing = arrangements._locked(names[0], books.today)
		other.start()
		other.join(0.5)
		assert other.is_alive()
		arrangements._keep(standing)
	other.join()
	assert sorted(books.statuses(name)[1] for name in names) == ["Due", "Met"]


def test_a_payment_request_that_staff_cancelled_stays_so(books: Books):
	site = books.site
	invoice = site.fresh("unpaid")
	name = books.agree((1, 25, invoice), (31, 25, invoice))
	asked = f"PREQ-{secrets.token_hex(5)}"
	site.sql(
		'INSERT INTO "tabPayment Request" (name, docstatus, status, reference_doctype, reference_name, '
		"grand_total, outstanding_amount) VALUES (%s, 2, 'Cancelled', 'Sales Invoice', %s, 25, 25)",
		asked,
		invoice,
	)
	site.sql(f"UPDATE {INSTALMENT} SET payment_request = %s WHERE name = %s", asked, f"{name}-1")
	books.pay(invoice, 25)
	books.follow_up()
	assert books.statuses(name) == ["Active", "Met", "Due"]
	(request,) = site.sql(
		'SELECT status, outstanding_amount FROM "tabPayment Request" WHERE name = %s', asked
	)
	assert (request["status"], request["outstanding_amount"]) == ("Cancelled", 25)


def test_who_has_it_open_in_the_desk_cannot_save_over_what_was_written_meanwhile(books: Books):
	"""Frappe compares `modified` of the document that is saved, not of its rows."""
	invoice = books.site.fresh("unpaid")
	name = books.agree((3, 25, invoice))
	before = books.row(name)["modified"]
	books.follow_up()
	assert books.parts(name)[0]["reminded_on"] == books.today
	assert books.row(name)["modified"] != before


def test_many_invoices_are_asked_for_together(books: Books, monkeypatch: pytest.MonkeyPatch):
	asked: list[str] = []
	get_all = EmbeddedSite.get_all

	def counted(current: EmbeddedSite, doctype: str, *arguments: Any, **more: Any) -> list[Document]:
		asked.append(doctype)
		return get_all(current, doctype, *arguments, **more)

	monkeypatch.setattr(EmbeddedSite, "get_all", counted)
	counts = []
	for number in (1, 6):
		invoices = [books.site.fresh("unpaid") for _ in range(number)]
		name = books.agree(*((5, 25, invoice) for invoice in invoices))
		with EmbeddedSite(books.running.host):
			asked.clear()
			judge(books.row(name), books.today)
			counts.append(len(asked))
	assert counts[0] == counts[1]
