"""A fresh link by SMS or e-mail: the answer tells nothing, the link reaches the customer alone."""

import re
import time
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.acceptance import tokens
from tests.acceptance.site import Site, message
from tests.doubles.mail import MailServer
from tests.doubles.twilio import TwilioDouble

MARIE_LAST4 = "0142"


def ask(site: Site, invoice: str, channel: str, last4: str):
	return site.guest().call("request_magic_link", invoice=invoice, channel=channel, last4=last4)


def token_in(text: str) -> str:
	(url,) = re.findall(r"https?://\S+", text)
	return parse_qs(urlsplit(url).query)["t"][0]


def test_an_sms_carries_a_link_of_fifteen_minutes(site: Site, sms: TwilioDouble):
	invoice = site.fresh("unpaid")
	message(ask(site, invoice, "sms", MARIE_LAST4))
	(sent,) = site.until(lambda: [m for m in sms.messages if invoice in m["Body"]], bool)
	assert sent["To"] == "+14505550142"
	assert "facture" in sent["Body"]
	answer = site.guest().call("validate_pay_token", invoice=invoice, token=token_in(sent["Body"]))
	assert message(answer)["valid"]


def test_an_email_carries_a_link_in_the_customers_language(site: Site, mailbox: MailServer):
	invoice = site.fresh("unpaid-english")
	message(ask(site, invoice, "email", "0177"))
	(mail,) = site.until(lambda: [m for m in mailbox.messages if invoice in m["Subject"]], bool)
	assert mail["To"] == "james@example.com"
	assert mail["Subject"] == f"Your link to invoice {invoice}"
	text = mail.get_body(("plain",)).get_content()
	answer = site.guest().call("validate_pay_token", invoice=invoice, token=token_in(text))
	assert message(answer)["valid"]


def test_the_answer_is_the_same_whatever_is_asked(site: Site, sms: TwilioDouble):
	invoice = site.fresh("unpaid-with-credit")
	before = len(sms.messages)
	answers = {
		message(ask(site, name, channel, digits))
		for name in (invoice, f"NO-SUCH-{time.time()}", site.fresh("draft"))
		for channel, digits in (("sms", "9999"), ("email", "0000"))
	}
	assert len(answers) == 1
	# A right one, sent last, comes through; so the wrong ones before it were dealt with and sent nothing.
	message(ask(site, invoice, "sms", "0190"))
	sent = site.until(lambda: sms.messages[before:], bool)
	time.sleep(0.5)
	assert [invoice in m["Body"] for m in sent] == [True]


@pytest.mark.parametrize(
	("channel", "last4"),
	[("pigeon", "0142"), ("sms", "142"), ("sms", "01420"), ("sms", "abcd"), ("email", "٠١٤٢")],
)
def test_a_malformed_request_is_refused(site: Site, channel: str, last4: str):
	assert ask(site, site.fresh("unpaid"), channel, last4).status_code == 417


@pytest.mark.parametrize("exists", [True, False])
def test_digits_cannot_be_tried_out(site: Site, exists: bool):
	invoice = site.fresh("overdue") if exists else f"NONE-{time.time()}"
	statuses = [ask(site, invoice, "sms", f"{digits:04d}").status_code for digits in range(7)]
	assert statuses == [200] * 5 + [429] * 2
	refused = ask(site, invoice, "sms", "0177")
	assert int(refused.headers["Retry-After"]) > 60


def test_what_twilio_refuses_is_for_staff_alone(site: Site, sms: TwilioDouble):
	invoice = site.fresh("long")
	sms.refusal = (400, 21610)
	try:
		assert ask(site, invoice, "sms", "0101").status_code == 200
		time.sleep(0.5)
	finally:
		sms.refusal = None
	message(ask(site, invoice, "sms", "0101"))
	site.until(lambda: [m for m in sms.messages if invoice in m["Body"]], bool)


def test_an_email_goes_out_for_the_right_digits_alone(site: Site, mailbox: MailServer):
	invoice = site.fresh("overdue")
	message(ask(site, invoice, "email", "9999"))
	message(ask(site, invoice, "email", "0177"))
	site.until(lambda: [m for m in mailbox.messages if invoice in m["Subject"]], bool)
	time.sleep(0.5)
	assert len([m for m in mailbox.messages if invoice in m["Subject"]]) == 1


def test_a_link_lives_for_fifteen_minutes(site: Site, sms: TwilioDouble):
	invoice = site.fresh("unpaid-business")
	message(ask(site, invoice, "sms", "0113"))
	(sent,) = site.until(lambda: [m for m in sms.messages if invoice in m["Body"]], bool)
	assert tokens.lifetime(token_in(sent["Body"])) == 15 * 60


def test_a_contact_that_a_portal_user_wrote_gets_nothing(site: Site, sms: TwilioDouble):
	invoice = site.fresh("unpaid-business")
	customer = site.invoice("unpaid-business")["customer"]
	name = f"Mallory {time.time()}"
	site.sql(
		'INSERT INTO "tabContact" (name, owner, phone) VALUES (%s, %s, %s)',
		name,
		site.customer[0],
		"450 555-0199",
	)
	site.sql(
		'INSERT INTO "tabDynamic Link" (name, parent, parenttype, parentfield, link_doctype, link_name) '
		"VALUES (%s, %s, 'Contact', 'links', 'Customer', %s)",
		name,
		name,
		customer,
	)
	message(ask(site, invoice, "sms", "0199"))
	message(ask(site, invoice, "sms", "0113"))
	sent = site.until(lambda: [m for m in sms.messages if invoice in m["Body"]], bool)
	time.sleep(0.5)
	assert [m["To"] for m in sent] == ["+14505550113"]
	site.sql('DELETE FROM "tabDynamic Link" WHERE name = %s', name)
	site.sql('DELETE FROM "tabContact" WHERE name = %s', name)


@pytest.mark.parametrize("key", ["cancelled", "credit-note"])
def test_what_cannot_be_paid_sends_nothing(site: Site, sms: TwilioDouble, key: str):
	invoice, good = site.fresh(key), site.fresh("long")
	digits = "0190" if key == "cancelled" else "0113"
	message(ask(site, invoice, "sms", digits))
	message(ask(site, good, "sms", "0101"))
	site.until(lambda: [m for m in sms.messages if good in m["Body"]], bool)
	assert [m for m in sms.messages if invoice in m["Body"]] == []


def test_one_phone_gets_few_messages_however_many_invoices_it_has(site: Site, sms: TwilioDouble):
	invoices = [site.fresh("hostile") for _ in range(8)]
	for invoice in invoices:
		message(ask(site, invoice, "sms", "0166"))

	def sent() -> list[dict[str, str]]:
		return [m for m in sms.messages if any(invoice in m["Body"] for invoice in invoices)]

	site.until(sent, lambda messages: len(messages) >= 5)
	time.sleep(2)
	assert len(sent()) == 5
