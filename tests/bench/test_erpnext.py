"""The app inside ERPNext: its permissions, its print, its own hands on what the app posted."""

import io
import secrets

import pytest
import requests
from pypdf import PdfReader

from tests.acceptance.site import Client, Site

FORMAT = "Facture TARGO"


def resource(client: Client, how: str, path: str, **values) -> requests.Response:
	return client.request(how, f"{client.url}/api/resource/{path}", json=values or None, timeout=60)


def text_of(answer: requests.Response) -> str:
	assert answer.headers["Content-Type"] == "application/pdf", answer.text[:500]
	return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(answer.content)).pages)


@pytest.mark.parametrize(
	("doctype", "field"),
	[
		("Payment Entry", "stripe_payment_intent"),
		("Customer", "referral_code"),
		("Stripe Event", "event_id"),
		("Stripe Checkout Session", "session_id"),
	],
)
def test_what_must_be_unique_is_unique_in_the_database(bench: Site, doctype: str, field: str):
	unique = bench.sql(
		"SELECT indexdef FROM pg_indexes WHERE tablename = %s AND indexdef LIKE 'CREATE UNIQUE INDEX%%'",
		f"tab{doctype}",
	)
	assert any(row["indexdef"].endswith(f"({field})") for row in unique)


def test_a_contact_of_ones_own_opens_nobody_elses_invoice(bench: Site):
	"""Any signed-in user may write a Contact, name himself in it and link it to any customer."""
	user, _ = bench.customer
	foreign = bench.invoice("unpaid-english")
	link = {"link_doctype": "Customer", "link_name": foreign["customer"]}
	first_name = f"Intruder {secrets.token_hex(4)}"
	made = resource(bench.subscriber, "POST", "Contact", first_name=first_name, user=user, links=[link])
	assert made.status_code in (200, 403, 417)
	for method in ("pay_redirect", "invoice_qr"):
		answer = bench.subscriber.call(method, "GET", invoice=foreign["name"])
		assert answer.status_code in (403, 404), answer.text
	assert bench.subscriber.call("invoice_pdf", "GET", name=foreign["name"]).status_code == 404
	if made.ok:
		resource(bench.subscriber, "DELETE", f"Contact/{made.json()['data']['name']}").raise_for_status()


@pytest.mark.parametrize("prefix", ["/api/method", "/api/v1/method", "/api/v2/method"])
def test_every_address_of_frappe_gives_the_same_refusal(bench: Site, prefix: str):
	url = f"{bench.url}{prefix}/gigafibre_utils.api.validate_pay_token"
	answer = bench.guest().get(url, params={"invoice": "X", "token": "Y"}, timeout=30)
	assert answer.status_code == 404
	assert "DoesNotExistError" in answer.text
	assert "This link is not valid." in answer.text


def test_a_browser_is_told_of_a_limit_too(bench: Site):
	client = bench.guest()
	url = f"{bench.url}/api/method/gigafibre_utils.api.create_checkout_session"
	answers = [client.post(url, headers={"Accept": "text/html"}, timeout=30) for _ in range(21)]
	assert answers[-1].status_code == 429
	assert int(answers[-1].headers["Retry-After"]) > 0


@pytest.mark.parametrize("generator", [None, "gigafibre", "wkhtmltopdf"])
def test_the_print_button_of_the_desk_uses_our_engine_for_our_format(bench: Site, generator: str | None):
	invoice = bench.invoice("unpaid")["name"]
	asked = {"doctype": "Sales Invoice", "name": invoice, "format": FORMAT, "pdf_generator": generator}
	url = f"{bench.url}/api/method/frappe.utils.print_format.download_pdf"
	text = text_of(bench.accountant.get(url, params=asked, timeout=60))
	assert invoice in text
	assert "Get PDF" not in text


def test_a_print_format_of_the_site_keeps_its_style_sheet(bench: Site):
	"""It hides the buttons of Frappe's print view, which would be printed otherwise."""
	invoice = bench.invoice("unpaid")["name"]
	answer = bench.accountant.call("invoice_pdf", "GET", name=invoice, print_format="Sales Invoice Print")
	assert "Get PDF" not in text_of(answer)


def test_names_with_markup_are_text_in_the_print_view(bench: Site):
	invoice = bench.invoice("hostile")["name"]
	asked = {"doctype": "Sales Invoice", "name": invoice, "format": FORMAT}
	page = bench.accountant.get(f"{bench.url}/printview", params=asked, timeout=60).text
	assert "onerror=alert(1)&gt;" in page
	assert "<img src=x" not in page
	assert "<script>alert" not in page


def test_a_payment_can_be_cancelled_in_erpnext_and_its_event_does_not_post_it_again(bench: Site):
	invoice = bench.fresh("unpaid")
	owed = bench.outstanding(invoice)
	session = bench.checkout(invoice)
	bench.pay(session)
	bench.until(lambda: bench.outstanding(invoice), lambda left: left == 0)
	(entry,) = bench.payments(invoice)
	assert entry["owner"] == "Administrator"
	cancelled = resource(bench.accountant, "PUT", f"Payment Entry/{entry['name']}", docstatus=2)
	assert cancelled.status_code == 200, cancelled.text[:500]
	assert bench.outstanding(invoice) == owed
	(event,) = bench.events_of(session)
	assert event["status"] == "Processed"
	assert bench.payments(invoice) == []
