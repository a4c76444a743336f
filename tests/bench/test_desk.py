"""The desk over HTTP: who may see and send what of an invoice, and prints that staff make and mail."""

import io
import json
import secrets
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import requests
from pypdf import PdfReader

from tests.acceptance.site import Client, Site, message
from tests.doubles.mail import MailServer

FORMAT = "Facture TARGO"
PAY_LINKS = "Pay Link"


def resource(client: Client, how: str, path: str, **values) -> requests.Response:
	return client.request(how, f"{client.url}/api/resource/{path}", json=values or None, timeout=60)


@pytest.fixture
def hired(bench: Site, administrator: Client) -> Iterator[Callable[[str], Client]]:
	"""`hired(role)`: a new member of the staff with that role, signed in; gone when the test ends."""
	users = []

	def hire(role: str) -> Client:
		user, password = f"{secrets.token_hex(6)}@targo.ca", secrets.token_urlsafe(16)
		values = {"email": user, "first_name": role, "new_password": password, "send_welcome_email": 0}
		made = resource(administrator, "POST", "User", roles=[{"role": role}], **values)
		assert made.ok, made.text[:500]
		users.append(user)
		client = Client(bench.url, (user, password))
		client.name = user
		return client

	yield hire
	for user in users:
		# The job that gives a new user a contact may still hold it.
		bench.until(partial(resource, administrator, "DELETE", f"User/{user}"), lambda answer: answer.ok)


def text_of(pdf: bytes) -> str:
	return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


# The tab


def test_the_form_comes_with_its_tab_and_its_script(bench: Site):
	url = f"{bench.url}/api/method/frappe.desk.form.load.getdoctype"
	meta = bench.accountant.get(url, params={"doctype": "Sales Invoice"}, timeout=60).json()["docs"][0]
	fields = {field["fieldname"]: field["fieldtype"] for field in meta["fields"]}
	assert (fields["customer_preview"], fields["customer_preview_html"]) == ("Tab Break", "HTML")
	assert "class CustomerPreview" in meta["__js"]
	assert bench.accountant.get(f"{bench.url}/assets/gigafibre_utils/css/customer_preview.css").ok


@pytest.mark.parametrize("role", ["Accounts User", "Accounts Manager"])
def test_both_kinds_of_accountants_see_and_only_managers_send(
	bench: Site, hired: Callable[[str], Client], role: str
):
	client, invoice = hired(role), bench.fresh("unpaid")
	may_send = role == "Accounts Manager"
	assert message(client.call("pay_link_history", "GET", invoice=invoice))["may_send"] is may_send
	assert client.call("invoice_pdf", "GET", name=invoice).headers["Content-Type"] == "application/pdf"
	expected = 200 if may_send else 403
	assert client.call("pay_token", invoice=invoice).status_code == expected
	assert client.call("send_pay_link", invoice=invoice, channel="sms").status_code == expected


def test_who_may_not_read_an_invoice_neither_sends_nor_sees(
	bench: Site, administrator: Client, hired: Callable[[str], Client]
):
	client, invoice = hired("Accounts Manager"), bench.fresh("unpaid")
	own = bench.invoice("unpaid-english")["customer"]
	only = {"user": client.name, "allow": "Customer", "for_value": own}
	made = resource(administrator, "POST", "User Permission", **only)
	assert made.ok, made.text[:500]
	assert client.call("pay_link_history", "GET", invoice=invoice).status_code == 404
	assert client.call("send_pay_link", invoice=invoice, channel="email").status_code == 404
	assert client.call("pay_link_history", "GET", invoice=bench.fresh("unpaid-english")).status_code == 200


def test_nobody_writes_a_pay_link_by_hand(bench: Site, hired: Callable[[str], Client]):
	client, invoice = hired("Accounts Manager"), bench.fresh("unpaid")
	customer = bench.invoice("unpaid")["customer"]
	message(client.call("pay_token", invoice=invoice))
	filters = json.dumps([["invoice", "=", invoice]])
	listed = client.get(f"{bench.url}/api/resource/{PAY_LINKS}", params={"filters": filters}, timeout=60)
	(row,) = listed.json()["data"]
	path = f"{PAY_LINKS}/{row['name']}"
	assert resource(client, "GET", path).json()["data"]["sent_by"] == client.name
	assert resource(client, "PUT", path, status="Sent").status_code == 403
	assert resource(client, "DELETE", path).status_code == 403
	made = resource(client, "POST", PAY_LINKS, invoice=invoice, customer=customer, channel="Copied")
	assert made.status_code == 403


# Prints


def test_many_invoices_are_printed_at_once_by_our_engine(bench: Site):
	invoices = [bench.invoice(key)["name"] for key in ("unpaid", "partly-paid")]
	asked = {"doctype": "Sales Invoice", "name": json.dumps(invoices), "format": FORMAT}
	url = f"{bench.url}/api/method/frappe.utils.print_format.download_multi_pdf"
	answer = bench.accountant.get(url, params=asked, timeout=120)
	assert answer.headers["Content-Type"] == "application/pdf", answer.text[:500]
	told = " ".join(text_of(answer.content).split())
	for invoice in invoices:
		# The margin of the page, which our engine alone prints, counts each invoice's own pages.
		assert f"Facture {invoice} · Page 1 de" in told


def test_an_invoice_mailed_from_the_desk_is_attached_as_our_engine_prints_it(
	bench: Site, administrator: Client, mailbox: MailServer
):
	invoice = bench.fresh("unpaid")
	mail = {"doctype": "Sales Invoice", "name": invoice, "print_format": FORMAT, "send_email": 1}
	mail |= {"recipients": "someone@example.com", "subject": f"Facture {invoice}", "content": "Voici."}
	method = f"{bench.url}/api/method/frappe.core.doctype.communication.email.make"
	made = message(administrator.post(method, data=mail, timeout=60))
	filters = json.dumps([["communication", "=", made["name"]]])
	queue = administrator.get(f"{bench.url}/api/resource/Email Queue", params={"filters": filters}).json()
	send_now = f"{bench.url}/api/method/frappe.email.doctype.email_queue.email_queue.send_now"
	administrator.post(send_now, data=queue["data"][0], timeout=60).raise_for_status()
	(sent,) = bench.until(lambda: [m for m in mailbox.messages if invoice in m["Subject"]], bool)
	(pdf,) = [part.get_payload(decode=True) for part in sent.iter_attachments()]
	assert f"Facture {invoice} · Page 1 de 1" in " ".join(text_of(pdf).split())
