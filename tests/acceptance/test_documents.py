"""QR codes, logo, item names and PDFs: for readers and for holders of a link, and for nobody else."""

import base64
import io
from urllib.parse import parse_qs, urlsplit

import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageFilter

from tests.acceptance import tokens
from tests.acceptance.site import Site, message, sentence

QR_METHODS = ("invoice_qr", "invoice_qr_base64", "invoice_qr_datauri")


def read_qr(image: Image.Image) -> list[str]:
	"""Texts of the QR codes in a picture."""
	return [code.text for code in zxingcpp.read_barcodes(image)]


def rendered(pdf: bytes, dpi: int, page: int = 0) -> Image.Image:
	"""A page of a PDF as a picture."""
	return pypdfium2.PdfDocument(pdf)[page].render(scale=dpi / 72).to_pil()


def text_of(pdf: bytes) -> str:
	"""All text of a PDF."""
	return "\n".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf))


def pdf(site: Site, key: str, **more: str) -> bytes:
	"""A sample invoice's PDF as staff get it."""
	answer = site.accountant.call("invoice_pdf", "GET", name=site.invoice(key)["name"], **more)
	assert answer.status_code == 200, answer.text[:500]
	return answer.content


def test_the_three_forms_of_a_qr_code_hold_one_picture_of_the_link(site: Site):
	name = site.invoice("unpaid")["name"]
	token = site.token(name)
	guest = site.guest()
	png = guest.call("invoice_qr", "GET", invoice=name, t=token)
	assert png.headers["Content-Type"] == "image/png"
	bare = message(guest.call("invoice_qr_base64", "GET", invoice=name, t=token))
	assert base64.b64decode(bare, validate=True) == png.content
	uri = message(guest.call("invoice_qr_datauri", "GET", invoice=name, t=token))
	assert uri == f"data:image/png;base64,{bare}"
	(payload,) = read_qr(Image.open(io.BytesIO(png.content)))
	link = urlsplit(payload)
	assert link.path == "/pay-public"
	assert parse_qs(link.query)["invoice"] == [name]


def test_the_qr_code_given_to_the_holder_of_a_link_ends_no_later_than_that_link(site: Site):
	name = site.invoice("unpaid")["name"]
	token = site.token(name, lives=3600)
	png = site.guest().call("invoice_qr", "GET", invoice=name, t=token).content
	assert parse_qs(urlsplit(read_qr(Image.open(io.BytesIO(png)))[0]).query)["t"] == [token]


@pytest.mark.parametrize("method", QR_METHODS)
def test_no_qr_code_without_the_right_to_see_the_invoice(site: Site, method: str):
	name = site.invoice("unpaid")["name"]
	bad = {
		"none": {},
		"forged": {"t": tokens.token("ab" * 32, name)},
		"expired": {"t": tokens.expired(site.pay_secret, name)},
		"of a magic link": {"t": site.token(name, tokens.MAGIC)},
		"of another invoice": {"t": site.token("ANOTHER")},
	}
	answers = {kind: site.guest().call(method, "GET", invoice=name, **given) for kind, given in bad.items()}
	assert {answer.status_code for answer in answers.values()} == {404}
	assert len({answer.text for answer in answers.values()}) == 1
	assert site.subscriber.call(method, "GET", invoice=site.invoice("overdue")["name"]).status_code == 404
	assert site.accountant.call(method, "GET", invoice=name).status_code == 200


def test_the_logo_is_as_high_as_asked(site: Site):
	for height in (16, 96, 512):
		logo = Image.open(
			io.BytesIO(base64.b64decode(message(site.guest().call("logo_base64", "GET", height=height))))
		)
		assert (logo.format, logo.height) == ("PNG", height)


@pytest.mark.parametrize("height", ["15", "513", "-1", "tall"])
def test_a_logo_out_of_range_is_refused(site: Site, height: str):
	answer = site.guest().call("logo_base64", "GET", height=height)
	assert answer.status_code == 417
	assert "height" in sentence(answer)


def test_an_item_name_is_cut_at_a_word(site: Site):
	def short(name: str, **more: int) -> str:
		return message(site.guest().call("short_item_name", name=name, **more))

	assert short("Internet\x07 fibre\n\n500\u200b  Mbit/s ") == "Internet fibre 500 Mbit/s"
	assert short("Internet fibre 500 Mbit/s, sans limite", max_len=20) == "Internet fibre 500…"
	assert short("<script>alert('œuf')</script> 🦊") == "<script>alert('œuf')</script> 🦊"


def test_the_pdf_is_shown_inline_under_the_invoice_name(site: Site):
	name = site.invoice("unpaid")["name"]
	answer = site.guest().call("invoice_pdf", "GET", name=name, t=site.token(name))
	assert answer.status_code == 200
	assert answer.headers["Content-Type"] == "application/pdf"
	assert answer.headers["Content-Disposition"].startswith("inline")
	assert name in answer.headers["Content-Disposition"]
	assert answer.content.startswith(b"%PDF")


@pytest.mark.parametrize("purpose", [tokens.QR, tokens.MAGIC, tokens.PORTAL, tokens.RETURN])
def test_every_good_link_opens_the_pdf(site: Site, purpose: int):
	name = site.invoice("unpaid")["name"]
	answer = site.guest().call("invoice_pdf", "GET", name=name, t=site.token(name, purpose))
	assert answer.status_code == 200


def test_no_pdf_without_the_right_to_see_the_invoice(site: Site):
	name, foreign = site.invoice("unpaid")["name"], site.invoice("overdue")["name"]
	guest = site.guest()
	answers = [
		guest.call("invoice_pdf", "GET", name=name),
		guest.call("invoice_pdf", "GET", name="NO-SUCH-INVOICE"),
		guest.call("invoice_pdf", "GET", name=name, t=tokens.expired(site.pay_secret, name)),
		guest.call("invoice_pdf", "GET", name=foreign, t=site.token(name)),
		site.subscriber.call("invoice_pdf", "GET", name=foreign),
	]
	assert {answer.status_code for answer in answers} == {404}
	assert len({answer.text for answer in answers}) == 1
	assert site.subscriber.call("invoice_pdf", "GET", name=name).status_code == 200


def test_a_link_opens_the_app_own_print_format_alone(site: Site):
	name = site.invoice("unpaid")["name"]
	answer = site.guest().call("invoice_pdf", "GET", name=name, t=site.token(name), print_format="Standard")
	assert answer.status_code == 404
	unknown = site.accountant.call("invoice_pdf", "GET", name=name, print_format="No Such Format")
	assert unknown.status_code == 404


def test_the_pdf_says_what_the_invoice_says(site: Site):
	invoice = site.invoice("unpaid-business")
	text = " ".join(text_of(pdf(site, "unpaid-business")).split())
	for part in (
		"TARGO",
		"1867 chemin de la Rivière",
		"855 888-2746",
		invoice["name"],
		"Ferme Boréale inc.",
		"Maison et bureau",
		"Étable",
		"Kiosque et boutique",
		"Frais d'installation",
		"TPS",
		"123456789 RT0001",
		"TVQ",
		"1234567890 TQ0001",
		"9,975",
		"520,66",
	):
		assert part in text, part


def test_every_page_is_numbered_and_no_line_is_lost(site: Site):
	document = pdf(site, "long")
	pages = pypdfium2.PdfDocument(document)
	text = text_of(document)
	assert len(pages) > 1
	for number in range(1, len(pages) + 1):
		assert f"Page {number} de {len(pages)}" in text
	for number in range(1, 120):
		assert f"Appel interurbain {number:03d}" in text


def test_names_with_markup_are_text_in_the_pdf_and_on_the_page(site: Site):
	invoice = site.invoice("hostile")
	text = " ".join(text_of(pdf(site, "hostile")).split())
	assert "<script>alert('œuf')</script>" in text
	assert "<img src=x onerror=alert(1)>" in text
	page = site.guest().page(invoice["name"], site.token(invoice["name"])).text
	assert "&lt;script&gt;alert(" in page
	assert "<script>alert(" not in page
	assert "🦊" in page


@pytest.mark.parametrize(
	"name", ["Ø" * 255, "شركة الاتصالات السريعة المحدودة", "👩🏽‍🚀🇨🇦 Café 🧾", "“L'Œil” & <b>Fils</b>"]
)
def test_any_customer_name_is_text_on_the_page_and_in_the_pdf(site: Site, name: str):
	invoice = site.fresh("unpaid", customer_name=name)
	assert site.guest().page(invoice, site.token(invoice)).status_code == 200
	answer = site.guest().call("validate_pay_token", invoice=invoice, token=site.token(invoice))
	assert message(answer)["invoice"]["customer_name"] == name
	document = site.accountant.call("invoice_pdf", "GET", name=invoice)
	assert document.status_code == 200


def test_the_qr_code_is_coarse_and_read_from_the_pdf_page_also_when_it_is_blurred(site: Site):
	document = pdf(site, "unpaid")
	(payload,) = read_qr(rendered(document, 150))
	blurred = rendered(document, 100).convert("L").filter(ImageFilter.GaussianBlur(0.8))
	assert read_qr(blurred) == [payload]
	name = site.invoice("unpaid")["name"]
	token = parse_qs(urlsplit(payload).query)["t"][0]
	assert message(site.guest().call("validate_pay_token", invoice=name, token=token))["valid"]
	# Version 8 holds 152 bytes at error correction M.
	assert len(payload.encode()) <= 152


@pytest.mark.parametrize("key", ["paid", "cancelled", "credit-note", "draft"])
def test_what_is_not_to_be_paid_carries_no_qr_code(site: Site, key: str):
	assert read_qr(rendered(pdf(site, key), 150)) == []
