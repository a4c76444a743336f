"""Pay links: who gets one, what opens with one, and what nobody learns."""

import re
import statistics
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pypdfium2
import pytest
import requests
import zxingcpp

from tests.acceptance import tokens
from tests.acceptance.site import Site, message, sentence
from tests.patience import PATIENCE

GUARDED = ("validate_pay_token", "create_checkout_session")


def bad_tokens(site: Site, invoice: str, other: str) -> dict[str, tuple[str, str]]:
	"""Kind of badness → (invoice, token)."""
	good = site.token(invoice)
	raw = list(good)
	raw[20] = "A" if raw[20] != "A" else "B"
	other_purpose = tokens.token(site.pay_secret, invoice, 9)
	return {
		"forged": (invoice, tokens.token("ab" * 32, invoice)),
		"changed": (invoice, "".join(raw)),
		"cut": (invoice, good[:-3]),
		"lengthened": (invoice, good + "AAAA"),
		"padded": (invoice, good + "=="),
		"garbage": (invoice, "☃ ' OR 1=1 --"),
		"of another invoice": (other, good),
		"of another purpose": (invoice, other_purpose),
		"purpose changed": (invoice, "Eg" + good[2:]),
		"of an unknown invoice": ("NO-SUCH-INVOICE", tokens.token(site.pay_secret, "NO-SUCH-INVOICE")),
		"for an unknown invoice": ("NO-SUCH-INVOICE", good),
		"expired and forged": (invoice, tokens.expired("ab" * 32, invoice)),
	}


@pytest.mark.parametrize("method", GUARDED)
def test_every_bad_token_gets_one_and_the_same_404(site: Site, method: str):
	invoice, other = site.invoice("unpaid")["name"], site.invoice("overdue")["name"]
	answers = {}
	for kind, (name, token) in bad_tokens(site, invoice, other).items():
		answer = site.guest().call(method, invoice=name, token=token)
		answers[kind] = (answer.status_code, answer.text)
	assert {status for status, _ in answers.values()} == {404}, answers
	assert len({text for _, text in answers.values()}) == 1, answers
	assert answers["forged"][1].count("DoesNotExistError") == 1


def test_the_page_shows_one_and_the_same_404_for_every_bad_token(site: Site):
	invoice, other = site.invoice("unpaid")["name"], site.invoice("overdue")["name"]
	pages = set()
	for name, token in bad_tokens(site, invoice, other).values():
		page = site.guest().page(name, token, lang="fr")
		assert page.status_code == 404
		pages.add(page.text.split('class="language"')[1].split("</a>", 1)[1])
	assert len(pages) == 1
	assert "Ce lien n’est pas valide" in pages.pop()


def test_a_404_takes_as_long_for_an_unknown_invoice_as_for_a_known_one(site: Site):
	known, guest = site.invoice("unpaid")["name"], site.guest()
	times: dict[str, list[float]] = {known: [], "NO-SUCH-INVOICE": []}
	for _ in range(40):
		for name, taken in times.items():
			started = time.perf_counter()
			guest.call("validate_pay_token", invoice=name, token=tokens.token("ab" * 32, name))
			taken.append(time.perf_counter() - started)
	medians = [statistics.median(taken) for taken in times.values()]
	# Neither asks the database for the invoice; what differs is noise.
	assert abs(medians[0] - medians[1]) < 0.5 * max(medians)


def test_a_good_token_tells_what_is_owed(site: Site):
	name = site.fresh("unpaid")
	row = site.sql('SELECT * FROM "tabSales Invoice" WHERE name = %s', name)[0]
	answer = message(site.guest().call("validate_pay_token", invoice=name, token=site.token(name)))
	assert answer == {
		"valid": True,
		"invoice": {
			"name": name,
			"customer_name": row["customer_name"],
			"posting_date": row["posting_date"].isoformat(),
			"due_date": row["due_date"].isoformat(),
			"currency": "CAD",
			"total": f"{row['grand_total']:.2f}",
			"outstanding": f"{row['outstanding_amount']:.2f}",
			"state": "unpaid",
			"language": "fr",
		},
	}


@pytest.mark.parametrize(
	("key", "state"),
	[("unpaid", "unpaid"), ("partly-paid", "partly_paid"), ("paid", "paid"), ("cancelled", "cancelled")],
)
def test_a_good_token_tells_the_state(site: Site, key: str, state: str):
	name = site.invoice(key)["name"]
	answer = message(site.guest().call("validate_pay_token", invoice=name, token=site.token(name)))
	assert answer["invoice"]["state"] == state


@pytest.mark.parametrize(("key", "reason"), [("draft", "draft"), ("credit-note", "credit_note")])
def test_what_was_never_billed_to_be_paid_is_not_valid(site: Site, key: str, reason: str):
	name = site.invoice(key)["name"]
	answer = message(site.guest().call("validate_pay_token", invoice=name, token=site.token(name)))
	assert answer == {"valid": False, "reason": reason}


def test_an_expired_token_says_so_and_the_page_offers_a_fresh_link(site: Site):
	name = site.invoice("unpaid")["name"]
	token = tokens.expired(site.pay_secret, name)
	answer = message(site.guest().call("validate_pay_token", invoice=name, token=token))
	assert answer == {"valid": False, "reason": "expired"}
	page = site.guest().page(name, token)
	assert page.status_code == 410
	assert "Ce lien a expiré" in page.text
	assert 'name="last4"' in page.text
	assert site.invoice("unpaid")["customer_name"] not in page.text
	refused = site.guest().call("create_checkout_session", invoice=name, token=token)
	assert refused.status_code == 417
	assert "expiré" in sentence(refused)


@pytest.mark.parametrize("doctype", ["Sales Invoice", "Customer"])
def test_revoking_ends_every_link_made_before(site: Site, doctype: str):
	name = site.fresh("unpaid")
	token = site.token(name, issued=int(time.time()) - 3600, lives=7200)
	document = name if doctype == "Sales Invoice" else site.invoice("unpaid")["customer"]
	assert message(site.guest().call("validate_pay_token", invoice=name, token=token))["valid"]
	update = f'UPDATE "tab{doctype}" SET pay_links_revoked_at = %s WHERE name = %s'
	# The site's clock is that of its time zone; half an hour lies between the old link and the new one.
	site_now = site.sql("SELECT (now() AT TIME ZONE 'America/Toronto') AS now")[0]["now"]
	site.sql(update, site_now - timedelta(minutes=30), document)
	try:
		assert (
			message(site.guest().call("validate_pay_token", invoice=name, token=token))["reason"] == "expired"
		)
		fresh = message(site.guest().call("validate_pay_token", invoice=name, token=site.token(name)))
		assert fresh["valid"]
	finally:
		site.sql(update, None, document)


def test_staff_get_a_link_of_as_many_days_as_they_ask(site: Site):
	name = site.invoice("unpaid")["name"]
	link = message(site.accountant.call("pay_token", invoice=name, ttl_days=3))
	ends = datetime.fromisoformat(link["expires_at"])
	assert abs((ends - datetime.now(UTC)) - timedelta(days=3)) < timedelta(minutes=1)
	assert link["url"].endswith(f"t={link['token']}")
	assert len(link["token"]) < 40
	assert message(site.guest().call("validate_pay_token", invoice=name, token=link["token"]))["valid"]


@pytest.mark.parametrize("days", ["0", "-1", "401", "many", "1.5"])
def test_a_lifetime_out_of_range_is_refused(site: Site, days: str):
	answer = site.accountant.call("pay_token", invoice=site.invoice("unpaid")["name"], ttl_days=days)
	assert answer.status_code == 417
	assert "ttl_days" in sentence(answer)


@pytest.mark.parametrize("key", ["draft", "credit-note"])
def test_staff_get_no_link_for_what_cannot_be_paid(site: Site, key: str):
	answer = site.accountant.call("pay_token", invoice=site.invoice(key)["name"])
	assert answer.status_code == 417


def test_a_link_needs_an_accounts_manager(site: Site):
	name = site.invoice("unpaid")["name"]
	assert site.guest().call("pay_token", invoice=name).status_code in (401, 403)
	assert site.subscriber.call("pay_token", invoice=name).status_code == 403
	assert site.accountant.call("pay_token", "GET", invoice=name).status_code == 403


def test_the_portal_leads_its_customer_to_the_pay_page_for_an_hour(site: Site):
	name = site.invoice("unpaid")["name"]
	answer = site.subscriber.call("pay_redirect", "GET", invoice=name)
	assert answer.status_code == 303
	where = urlsplit(answer.headers["Location"])
	assert where.path == "/pay-public"
	token = parse_qs(where.query)["t"][0]
	assert message(site.guest().call("validate_pay_token", invoice=name, token=token))["valid"]


def test_the_portal_tells_a_foreign_invoice_from_no_invoice_to_nobody(site: Site):
	foreign = site.subscriber.call("pay_redirect", "GET", invoice=site.invoice("overdue")["name"])
	unknown = site.subscriber.call("pay_redirect", "GET", invoice="NO-SUCH-INVOICE")
	assert foreign.status_code == unknown.status_code == 403
	assert foreign.text == unknown.text
	assert site.guest().call("pay_redirect", "GET", invoice=site.invoice("unpaid")["name"]).status_code in (
		401,
		403,
	)


def test_staff_are_led_to_any_invoice(site: Site):
	answer = site.accountant.call("pay_redirect", "GET", invoice=site.invoice("overdue")["name"])
	assert answer.status_code == 303


@pytest.mark.parametrize("purpose", [tokens.QR, tokens.MAGIC])
def test_the_way_back_from_stripe_lasts_an_hour_and_does_not_lengthen(site: Site, purpose: int):
	invoice = site.fresh("unpaid")
	first = back_from_stripe(site, invoice, site.token(invoice, purpose, lives=200 * tokens.DAY))
	assert tokens.lifetime(first) == 60 * 60
	site.sql('UPDATE "tabStripe Checkout Session" SET status = %s WHERE invoice = %s', "Expired", invoice)
	assert back_from_stripe(site, invoice, first) == first


def back_from_stripe(site: Site, invoice: str, token: str) -> str:
	"""The token under which Stripe sends a customer back."""
	url = message(site.guest().call("create_checkout_session", invoice=invoice, token=token))["url"]
	(cancel,) = re.findall(r'id="cancel" href="([^"]+)"', requests.get(url, timeout=PATIENCE).text)
	return parse_qs(urlsplit(cancel.replace("&amp;", "&")).query)["t"][0]


@pytest.mark.parametrize("purpose", [tokens.QR, tokens.RETURN])
def test_the_pdf_of_a_link_holder_carries_no_longer_link(site: Site, purpose: int):
	name = site.invoice("unpaid")["name"]
	token = site.token(name, purpose, lives=3600)
	document = site.guest().call("invoice_pdf", "GET", name=name, t=token).content
	assert qr_token(document) == token


@pytest.mark.parametrize("purpose", [tokens.MAGIC, tokens.PORTAL])
def test_who_just_proved_himself_gets_a_pdf_that_can_be_paid_for_sixty_days(site: Site, purpose: int):
	name = site.invoice("unpaid")["name"]
	document = site.guest().call("invoice_pdf", "GET", name=name, t=site.token(name, purpose)).content
	assert tokens.lifetime(qr_token(document)) == 60 * tokens.DAY


def qr_token(document: bytes) -> str:
	"""The token in the QR code of a PDF's first page."""
	image = pypdfium2.PdfDocument(document)[0].render(scale=150 / 72).to_pil()
	(code,) = zxingcpp.read_barcodes(image)
	return parse_qs(urlsplit(code.text).query)["t"][0]


def test_a_token_of_more_days_than_are_ever_given_is_no_token(site: Site):
	name = site.invoice("unpaid")["name"]
	token = site.token(name, lives=401 * tokens.DAY)
	assert site.guest().call("validate_pay_token", invoice=name, token=token).status_code == 404


@pytest.mark.parametrize("more", [{"session": "\x00"}, {"outcome": "<script>"}, {"lang": "//evil.example"}])
def test_odd_arguments_of_the_page_do_no_harm(site: Site, more: dict):
	name = site.invoice("unpaid")["name"]
	page = site.guest().page(name, site.token(name), **more)
	assert page.status_code == 200
	assert "evil.example" not in page.text.split("<style>")[0]
	assert "<script>" not in page.text.replace("<script>(", "").split("</style>")[0]
