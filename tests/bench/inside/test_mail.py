"""Pay links by e-mail: what the mail server refuses is not sent later, what the site holds back is not Sent.

Frappe commits as it sends, so these tests take back themselves what they leave.
"""

from collections.abc import Iterator
from types import ModuleType

import pytest

from gigafibre_utils import site
from gigafibre_utils.invoice import model
from gigafibre_utils.paylink import sending
from tests.doubles import mail
from tests.doubles.mail import MailServer

TO = "somebody@example.com"


@pytest.fixture
def mailbox(frappe: ModuleType) -> Iterator[MailServer]:
	"""Where the site's outgoing account sends to; the queue is empty of `TO` before and after."""
	account = {"enable_outgoing": 1, "default_outgoing": 1, "smtp_server": "127.0.0.1"}
	port = frappe.db.get_value("Email Account", account, "smtp_port")
	if not port:
		pytest.skip("the site sends no mail to this machine")
	forget(frappe)
	with mail.served(int(port)) as server:
		yield server
	frappe.db.rollback()
	forget(frappe)


def forget(frappe: ModuleType) -> None:
	queued = frappe.get_all("Email Queue Recipient", {"recipient": TO}, pluck="parent")
	for doctype, field in (("Email Queue Recipient", "parent"), ("Email Queue", "name")):
		frappe.db.delete(doctype, {field: ["in", queued]})
	frappe.db.delete("Pay Link", {"sent_to": TO})
	frappe.db.commit()


def sent(frappe: ModuleType) -> tuple[str, str]:
	"""Send a link; the status of its row, and of the message in the site's queue."""
	invoice = model.find(frappe.get_all("Sales Invoice", {"docstatus": 1}, limit=1, pluck="name")[0])
	row = {"invoice": invoice.name, "customer": invoice.customer, "kind": "Magic Link", "sent_to": TO}
	link = site.current().insert("Pay Link", {**row, "channel": "E-mail", "status": "Queued"})
	with sending._noting_failure(link):
		sending._deliver(link, invoice, sending.MAGIC, "email", TO)
	(queued,) = frappe.get_all("Email Queue Recipient", {"recipient": TO}, pluck="parent")
	return frappe.db.get_value("Pay Link", link, "status"), frappe.db.get_value(
		"Email Queue", queued, "status"
	)


def test_what_was_sent_is_sent(frappe: ModuleType, mailbox: MailServer):
	assert sent(frappe) == ("Sent", "Sent")
	assert [message["To"] for message in mailbox.messages] == [TO]


def test_what_the_mail_server_refuses_is_not_sent_later(frappe: ModuleType, mailbox: MailServer):
	from frappe.email.queue import get_queue

	mailbox.refusal = "550 not known here"
	assert sent(frappe) == ("Failed", "Error")
	queued = frappe.get_all("Email Queue Recipient", {"recipient": TO}, pluck="parent")
	assert not {row.name for row in get_queue()}.intersection(queued)


def test_what_a_muted_site_holds_back_stays_queued(
	frappe: ModuleType, mailbox: MailServer, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(frappe.flags, "mute_emails", True, raising=False)
	monkeypatch.setitem(frappe.local.conf, "mute_emails", 1)
	assert sent(frappe) == ("Queued", "Not Sent")
	assert mailbox.messages == []


def test_what_a_suspended_queue_holds_back_stays_queued(frappe: ModuleType, mailbox: MailServer):
	frappe.db.set_default("suspend_email_queue", 1)
	try:
		assert sent(frappe) == ("Queued", "Not Sent")
	finally:
		frappe.db.set_default("suspend_email_queue", 0)
		frappe.db.commit()
	assert mailbox.messages == []
