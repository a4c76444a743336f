"""Links that staff send or copy, and what is kept of them: where to, by whom, what became of it."""

import re
import time
from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.acceptance import tokens
from tests.acceptance.site import Site, message, sentence
from tests.doubles.mail import MailServer
from tests.doubles.twilio import TwilioDouble
from tests.patience import PATIENCE


def send(site: Site, invoice: str, channel: str):
	return site.accountant.call("send_pay_link", invoice=invoice, channel=channel)


def kept(site: Site, invoice: str) -> list[dict]:
	return site.sql('SELECT * FROM "tabPay Link" WHERE invoice = %s ORDER BY creation', invoice)


def settled(site: Site, invoice: str) -> dict:
	"""The one link of an invoice, once its job has run."""
	(row,) = site.until(
		lambda: kept(site, invoice), lambda rows: rows and all(row["status"] != "Queued" for row in rows)
	)
	return row


def history(site: Site, invoice: str) -> dict:
	return message(site.accountant.call("pay_link_history", "GET", invoice=invoice))


def texts(sms: TwilioDouble, invoice: str) -> list[dict]:
	return [text for text in sms.messages if invoice in text["Body"]]


def token_in(text: str) -> str:
	(url,) = re.findall(r"https?://\S+", text)
	return parse_qs(urlsplit(url).query)["t"][0]


def test_a_text_message_carries_a_link_of_sixty_days_to_the_customers_own_phone(
	site: Site, sms: TwilioDouble
):
	invoice = site.fresh("unpaid")
	assert message(send(site, invoice, "sms")) == {"sent_to": "+1 •••-•••-••42"}
	(text,) = site.until(lambda: texts(sms, invoice), bool)
	assert text["To"] == "+14505550142"
	assert "facture" in text["Body"]
	token = token_in(text["Body"])
	assert tokens.lifetime(token) == 60 * tokens.DAY
	assert message(site.guest().call("validate_pay_token", invoice=invoice, token=token))["valid"]


def test_an_email_is_in_the_customers_language_and_says_until_when_it_is_good(
	site: Site, mailbox: MailServer
):
	invoice = site.fresh("unpaid-english")
	assert message(send(site, invoice, "email")) == {"sent_to": "j•••@example.com"}
	(mail,) = site.until(lambda: [m for m in mailbox.messages if invoice in m["Subject"]], bool)
	assert mail["To"] == "james@example.com"
	text = mail.get_body(("plain",)).get_content()
	last_day = settled(site, invoice)["expires_at"]
	assert f"It is good until {last_day:%B} {last_day.day}, {last_day.year}." in " ".join(text.split())
	answer = site.guest().call("validate_pay_token", invoice=invoice, token=token_in(text))
	assert message(answer)["valid"]


def test_what_was_sent_is_kept_without_the_token_and_the_number(site: Site, sms: TwilioDouble):
	invoice = site.fresh("unpaid-with-credit")
	message(send(site, invoice, "sms"))
	row = settled(site, invoice)
	assert row["customer"] == site.invoice("unpaid-with-credit")["customer"]
	assert (row["kind"], row["channel"], row["status"]) == ("Staff", "SMS", "Sent")
	assert (row["sent_to"], row["sent_by"]) == ("+1 •••-•••-••90", site.staff[0])
	assert row["expires_at"] - row["creation"] > timedelta(days=59, hours=23)
	(text,) = texts(sms, invoice)
	whole_row = " ".join(map(str, row.values()))
	assert token_in(text["Body"]) not in whole_row
	assert "5550190" not in whole_row.replace(" ", "").replace("-", "")


def test_a_copied_link_is_kept_too(site: Site):
	invoice = site.fresh("unpaid")
	made = message(site.accountant.call("pay_token", invoice=invoice, ttl_days=10))
	(row,) = kept(site, invoice)
	assert (row["kind"], row["channel"], row["sent_by"]) == ("Staff", "Copied", site.staff[0])
	assert not row["sent_to"]
	assert not row["status"]
	assert timedelta(days=9, hours=23) < row["expires_at"] - row["creation"] < timedelta(days=10, minutes=1)
	assert made["token"] not in " ".join(map(str, row.values()))


def test_a_link_that_a_customer_asked_for_is_kept_as_a_guests(site: Site, sms: TwilioDouble):
	invoice = site.fresh("unpaid")
	site.guest().call("request_magic_link", invoice=invoice, channel="sms", last4="0142")
	site.until(lambda: texts(sms, invoice), bool)
	row = settled(site, invoice)
	assert (row["kind"], row["channel"], row["status"]) == ("Magic Link", "SMS", "Sent")
	assert (row["sent_to"], row["sent_by"]) == ("+1 •••-•••-••42", "Guest")


def test_wrong_digits_leave_no_trace(site: Site, sms: TwilioDouble):
	wrong, right = site.fresh("unpaid"), site.fresh("unpaid")
	for invoice, digits in ((wrong, "9999"), (right, "0142")):
		site.guest().call("request_magic_link", invoice=invoice, channel="sms", last4=digits)
	settled(site, right)
	assert kept(site, wrong) == []


def test_a_refusal_of_twilio_is_told_to_staff_without_the_number(site: Site, sms: TwilioDouble):
	invoice = site.fresh("thirty")
	sms.refusal = (400, 21610)
	try:
		message(send(site, invoice, "sms"))
		row = settled(site, invoice)
	finally:
		sms.refusal = None
	assert (row["status"], row["note"]) == ("Failed", "Twilio error 21610, HTTP status 400.")
	(event,) = history(site, invoice)["events"]
	assert (event["event"], event["status"], event["note"]) == ("link", "Failed", row["note"])


def test_a_refusal_of_the_mail_server_is_told_to_staff_without_the_address(site: Site, mailbox: MailServer):
	invoice = site.fresh("thirty")
	mailbox.refusal = "550 coop@example.com is not known here"
	try:
		assert message(send(site, invoice, "email"))["sent_to"] == "c•••@example.com"
		row = site.until(lambda: settled(site, invoice), lambda row: row["status"] == "Failed")
	finally:
		mailbox.refusal = None
	assert re.fullmatch(r"SMTP\w+", row["note"])


@pytest.mark.parametrize(
	("key", "told"),
	[("draft", "is a draft"), ("credit-note", "is a credit note"), ("cancelled", "cancelled")],
)
def test_what_was_never_billed_or_is_cancelled_is_not_sent(site: Site, key: str, told: str):
	invoice = site.fresh(key)
	answer = site.accountant.post(
		f"{site.url}/api/method/gigafibre_utils.api.send_pay_link",
		data={"invoice": invoice, "channel": "sms"},
		headers={"Accept-Language": "en"},
		timeout=PATIENCE,
	)
	assert answer.status_code == 417
	assert told in sentence(answer)
	assert kept(site, invoice) == []


@pytest.mark.parametrize(
	("channel", "told"), [("sms", "aucun numéro de téléphone"), ("email", "aucune adresse courriel")]
)
def test_a_customer_without_a_number_or_an_address_is_told_of_in_one_sentence(
	site: Site, channel: str, told: str
):
	nothing = dict.fromkeys(("contact_person", "contact_email", "contact_mobile"))
	invoice = site.fresh("unpaid", customer="Nobody on file", **nothing)
	answer = send(site, invoice, channel)
	assert answer.status_code == 417
	assert told in sentence(answer)
	assert kept(site, invoice) == []
	known = history(site, invoice)
	assert (known["sms_to"], known["email_to"]) == (None, None)


def test_another_channel_and_an_unknown_invoice_are_refused(site: Site):
	assert send(site, site.fresh("unpaid"), "pigeon").status_code == 417
	assert send(site, "NO-SUCH-INVOICE", "sms").status_code == 404
	assert site.accountant.call("pay_link_history", "GET", invoice="NO-SUCH-INVOICE").status_code == 404


def test_sending_and_history_are_for_staff(site: Site):
	invoice = site.invoice("unpaid")["name"]
	for client, statuses in ((site.guest(), (401, 403)), (site.subscriber, (403,))):
		assert client.call("send_pay_link", invoice=invoice, channel="sms").status_code in statuses
		assert client.call("pay_link_history", "GET", invoice=invoice).status_code in statuses
	assert site.accountant.call("send_pay_link", "GET", invoice=invoice, channel="sms").status_code == 403


def test_one_customer_is_sent_few_links_in_an_hour(site: Site, sms: TwilioDouble):
	invoices = [site.fresh("hostile") for _ in range(7)]
	answers = [send(site, invoice, "sms") for invoice in invoices]
	assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
	assert int(answers[-1].headers["Retry-After"]) > 60
	assert "60 minutes" in sentence(answers[-1])
	for invoice in invoices[:5]:
		assert settled(site, invoice)["status"] == "Sent"
	assert [kept(site, invoice) for invoice in invoices[5:]] == [[], []]


def test_an_address_of_a_contact_that_a_portal_user_wrote_gets_nothing(site: Site, mailbox: MailServer):
	"""ERPNext bills to whichever contact of the customer it finds first."""
	name = f"Mallory {time.time()}"
	site.sql('INSERT INTO "tabContact" (name, owner) VALUES (%s, %s)', name, site.customer[0])
	hers = {"contact_person": name, "contact_email": "mallory@example.org", "contact_mobile": "4505550199"}
	invoice = site.fresh("long", **hers)
	assert message(send(site, invoice, "email")) == {"sent_to": "c•••@example.com"}
	(mail,) = site.until(lambda: [m for m in mailbox.messages if invoice in m["Subject"]], bool)
	assert mail["To"] == "coop@example.com"
	assert history(site, invoice)["sms_to"] == "+1 •••-•••-••01"
	site.sql('DELETE FROM "tabContact" WHERE name = %s', name)


def test_the_history_tells_of_links_visits_and_payments_newest_first(site: Site):
	invoice = site.fresh("unpaid")
	message(site.accountant.call("pay_token", invoice=invoice))
	session = site.checkout(invoice)
	site.pay(session)
	site.until(lambda: site.outstanding(invoice), lambda owed: owed == 0)
	(payment,) = site.payments(invoice)
	told = history(site, invoice)
	total = site.sql('SELECT grand_total FROM "tabSales Invoice" WHERE name = %s', invoice)[0]["grand_total"]
	assert told["may_send"] is True
	assert (Decimal(told["total"]), told["outstanding"], told["currency"]) == (total, "0.00", "CAD")
	assert (told["sms_to"], told["email_to"]) == ("+1 •••-•••-••42", "m•••@example.com")
	assert [event["event"] for event in told["events"]] == ["payment", "session", "link"]
	paid, visit, link = told["events"]
	assert (paid["name"], paid["amount"], paid["status"]) == (payment["name"], told["total"], "Submitted")
	assert paid["mode_of_payment"] == "Stripe"
	assert (visit["name"], visit["amount"], visit["status"]) == (session, told["total"], "Paid")
	assert (link["channel"], link["sent_by"]) == ("Copied", site.staff[0])
	assert [event["at"] for event in told["events"]] == sorted(
		(event["at"] for event in told["events"]), reverse=True
	)


def test_a_cancelled_payment_stays_in_the_history(site: Site):
	invoice = site.fresh("unpaid")
	site.pay(site.checkout(invoice))
	site.until(lambda: site.outstanding(invoice), lambda owed: owed == 0)
	(payment,) = site.payments(invoice)
	site.sql('UPDATE "tabPayment Entry" SET docstatus = 2 WHERE name = %s', payment["name"])
	site.sql('UPDATE "tabPayment Entry Reference" SET docstatus = 2 WHERE parent = %s', payment["name"])
	paid = next(event for event in history(site, invoice)["events"] if event["event"] == "payment")
	assert (paid["name"], paid["status"]) == (payment["name"], "Cancelled")


def test_an_invoice_of_which_nothing_is_known_has_an_empty_history(site: Site):
	assert history(site, site.fresh("draft"))["events"] == []
