"""The printed invoice: what its HTML says, and what a reader and a camera find on the PDF's pages."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser

import pypdfium2
import pytest
import zxingcpp
from jinja2 import FileSystemLoader, PrefixLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from PIL import Image, ImageFilter

import gigafibre_utils
from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.invoice.statement import Charge, Credit, LocationCharges, Sender, Statement, TaxLine
from gigafibre_utils.printing.chromium import WarmChromium, find_chromium
from gigafibre_utils.printing.logo import logo_png, logo_svg
from gigafibre_utils.printing.template import TEMPLATE, render_statement, template_context

PAY_URL = "https://pay.targo.example/pay-public?invoice=FAC-2026-00042&token=Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MGFi"
POINTS_PER_INCH = 72
NASTY_TEXTS = (
	"<script>alert('x')</script>",
	"</style></main>\"'&amp;",
	"Ma sœur l’Œuvre, Noël",
	"Chez 😀 Émilie",
	"{{ 7*7 }} {% raw %}",
	"x" * 255,
	"خدمة الإنترنت",
)


def charge(description: str, amount: str = "50.00", **period: date) -> Charge:
	return Charge(description, Decimal(1), Decimal(amount), Decimal(amount), **period)


def location(name: str | None, *charges: Charge, address: tuple[str, ...] = ()) -> LocationCharges:
	return LocationCharges(name, address, charges, sum((c.amount for c in charges), Decimal(0)))


def statement(*locations: LocationCharges, **facts: object) -> Statement:
	october = {"period_start": date(2026, 10, 1), "period_end": date(2026, 10, 31)}
	charges = (charge("Internet fibre", **october), charge("Téléphonie"))
	home = location("Maison", *charges, address=("1, rue A",))
	usual = dict(
		invoice="FAC-2026-00042",
		language="fr",
		is_credit_note=False,
		is_cancelled=False,
		is_draft=False,
		return_against=None,
		sender=Sender("TARGO", ("1, chemin B",), "514 555-0100", "info@targo.example", "targo.example"),
		customer="C-0042",
		customer_name="Geneviève Tremblay",
		customer_address=("1, rue A", "Laval (Québec)  H7A 1A1"),
		posting_date=date(2026, 10, 1),
		due_date=date(2026, 10, 25),
		currency="CAD",
		locations=locations or (home,),
		net_total=Decimal("100.00"),
		taxes=(
			TaxLine("TPS", Decimal("5.000000000"), Decimal("5.00"), "12345 6789 RT0001"),
			TaxLine("TVQ", Decimal("9.975000000"), Decimal("9.98"), "1234 567 890 TQ0001"),
		),
		total=Decimal("114.98"),
		credits=(),
		amount_due=Decimal("114.98"),
		other_balance=Decimal(0),
		terms="Payable à la réception.",
		referral_code="GENE-7K2Q",
		pay_url=PAY_URL,
	)
	return Statement(**{**usual, **facts})


class _Reader(HTMLParser):
	"""What a browser would show as text, and the elements that it would make."""

	def __init__(self, html: str):
		super().__init__()
		self.text = ""
		self.tags: list[str] = []
		self._in_style = False
		self.feed(html)

	def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
		self.tags.append(tag)
		self._in_style = tag == "style"

	def handle_endtag(self, tag: str) -> None:
		self._in_style = False

	def handle_data(self, data: str) -> None:
		self.text += "" if self._in_style else data


def shown(facts: Statement) -> str:
	"""The page's words with every run of white space as one blank."""
	return " ".join(_Reader(render_statement(facts)).text.split())


@pytest.fixture(scope="module")
def chromium():
	engine = WarmChromium(find_chromium(None))
	yield engine
	engine.close()


@pytest.fixture
def pages(chromium):
	"""Prints a statement; the pages of its PDF."""
	return lambda facts: list(pypdfium2.PdfDocument(chromium.print_html(render_statement(facts))))


def page_text(page: pypdfium2.PdfPage) -> str:
	return " ".join(page.get_textpage().get_text_bounded().split())


def decoded(page: pypdfium2.PdfPage, dpi: int, blur: float = 0) -> list[str]:
	image: Image.Image = page.render(scale=dpi / POINTS_PER_INCH).to_pil()
	return [code.text for code in zxingcpp.read_barcodes(image.filter(ImageFilter.GaussianBlur(blur)))]


# What the HTML says


def test_french_invoice_names_its_parts():
	text = shown(statement())
	for words in ("Facture", "N° de facture FAC-2026-00042", "N° de client C-0042", "Solde à payer 114,98 $"):
		assert words in text
	assert "Date 1er octobre 2026" in text
	assert "Date d’échéance 25 octobre 2026" in text
	assert "Maison 1, rue A" in text
	assert "Internet fibre 1–31 oct. 2026 1 50,00 $ 50,00 $" in text
	assert "TPS (5 %) N° 12345 6789 RT0001 5,00 $" in text
	assert "TVQ (9,975 %) N° 1234 567 890 TQ0001 9,98 $" in text
	assert "Total avant taxes 100,00 $" in text
	assert "pay.targo.example" in text
	assert "GENE-7K2Q" in text


def test_english_invoice_names_its_parts():
	html = render_statement(statement(language="en"))
	text = shown(statement(language="en"))
	assert '<html lang="en-CA">' in html
	for words in ("Invoice no. FAC-2026-00042", "Amount due $114.98", "Due date October 25, 2026"):
		assert words in text
	assert "QST (9.975%)" in text
	assert "Internet fibre Oct 1–31, 2026 1 $50.00 $50.00" in text


def test_unknown_language_is_french():
	assert '<html lang="fr-CA">' in render_statement(statement(language="de"))


def test_document_needs_nothing_from_outside():
	html = render_statement(statement())
	assert "script" not in _Reader(html).tags
	assert not re.search(r"<(link|img|iframe|object|embed)\b|@import|url\(|\ssrc=", html)


@pytest.mark.parametrize("text", NASTY_TEXTS)
def test_what_people_typed_is_shown_as_text(text):
	facts = statement(
		location(text, charge(text), address=(text,)),
		location(None, charge("Frais")),
		invoice=text,
		customer=text,
		customer_name=text,
		customer_address=(text,),
		terms=text,
		referral_code=text,
		credits=(Credit(text, text, date(2026, 10, 2), Decimal("1.00")),),
	)
	harmless = statement(location("A", charge("B"), address=("C",)), location(None))
	assert set(_Reader(render_statement(facts)).tags) <= {*_Reader(render_statement(harmless)).tags, "bdi"}
	assert shown(facts).count(" ".join(text.split())) >= 11


def test_style_ends_where_the_template_ends_it():
	invoice = '"; } </style><script>alert(1)</script> \\ /* 😀'
	style = re.search("<style>(.*?)</style>", render_statement(statement(invoice=invoice)), re.DOTALL)[1]
	assert style.rstrip().endswith("}")
	assert "<" not in style
	assert style.count("{") == style.count("}")


def test_locations_have_subtotals_only_when_there_are_several():
	one = shown(statement(location("Maison", charge("Fibre"))))
	assert "Sous-total" not in one
	several = shown(statement(location("Maison", charge("Fibre")), location(None, charge("Frais", "9.00"))))
	assert "Sous-total Maison 50,00 $" in several
	assert "Sous-total Compte 9,00 $" in several


def test_credits_and_other_balance_are_listed():
	payment = Credit("Payment", "ACC-PAY-1", date(2026, 10, 2), Decimal("10.98"))
	adjustment = Credit("Adjustment", "", date(2026, 10, 3), Decimal("4.00"))
	credits = (payment, adjustment)
	text = shown(statement(credits=credits, amount_due=Decimal(100), other_balance=Decimal("20.5")))
	assert "Paiement 2 octobre 2026 · ACC-PAY-1 -10,98 $" in text
	assert "Ajustement 3 octobre 2026 -4,00 $" in text
	assert "Paiements et crédits -14,98 $" in text
	assert "Solde à payer 100,00 $" in text
	assert "Autres factures impayées au compte 20,50 $" in text


def test_paid_invoice_says_so_and_has_no_qr():
	html = render_statement(statement(amount_due=Decimal(0)))
	assert "PAYÉE" in html
	assert 'class="qr"' not in html
	assert PAY_URL.split("?")[0] not in html


def test_credit_note_has_its_title_and_no_qr():
	facts = statement(is_credit_note=True, return_against="FAC-2026-00001", total=Decimal("-114.98"))
	text = shown(facts)
	assert "Note de crédit" in text
	assert "Pour la facture FAC-2026-00001" in text
	assert "Montant crédité 114,98 $" in text
	assert "Solde à payer" not in text
	assert 'class="qr"' not in render_statement(facts)


@pytest.mark.parametrize(("state", "word"), [("is_cancelled", "ANNULÉE"), ("is_draft", "BROUILLON")])
def test_what_is_not_final_says_so_and_has_no_qr(state, word):
	html = render_statement(statement(**{state: True}))
	assert word in html
	assert "Solde à payer" not in html
	assert 'class="qr"' not in html


def test_rate_is_not_said_twice():
	"""The label of a tax often has its rate already."""
	tax = TaxLine("TVQ 9,975 %", Decimal("9.975"), Decimal("9.98"), "1234 567 890 TQ0001")
	assert "TVQ 9,975 % N° 1234 567 890 TQ0001" in shown(statement(taxes=(tax,)))


def test_tax_has_its_name_in_the_readers_language():
	taxes = (TaxLine("GST", Decimal(5), Decimal("5.00")), TaxLine("QST", Decimal("9.975"), Decimal("9.98")))
	text = shown(statement(taxes=taxes))
	assert "TPS (5 %) 5,00 $" in text
	assert "TVQ (9,975 %) 9,98 $" in text


def test_overpaid_invoice_shows_a_credit_balance():
	assert "Solde créditeur 5,00 $" in shown(statement(amount_due=Decimal(-5)))


@pytest.mark.parametrize(
	("start", "end", "expected"),
	[
		(date(2026, 10, 1), date(2026, 10, 31), "1–31 oct. 2026"),
		(date(2026, 9, 15), date(2026, 10, 14), "15 sept. – 14 oct. 2026"),
		(date(2026, 12, 15), date(2027, 1, 14), "15 déc. 2026 – 14 janv. 2027"),
		(date(2026, 10, 18), date(2026, 10, 18), "18 oct. 2026"),
		(date(2026, 10, 18), date(2026, 10, 1), "18 oct. 2026 – 1er oct. 2026"),
		(date(2026, 10, 18), None, "À partir du 18 oct. 2026"),
		(None, date(2026, 10, 1), "Jusqu’au 1er oct. 2026"),
		(None, None, ""),
	],
)
def test_periods(start, end, expected):
	period = template_context(statement())["period"]
	assert " ".join(period(charge("x", period_start=start, period_end=end)).split()) == expected


def test_small_rates_keep_their_decimals():
	unit_price = template_context(statement())["unit_price"]
	assert unit_price(Decimal("0.012500000")) == "0,0125\xa0$"
	assert unit_price(Decimal("79.950000000")) == "79,95\xa0$"


@pytest.mark.parametrize(
	("name", "lines", "size"),
	[("Ana Roy", 3, "normal"), ("Ana Roy", 6, "small"), ("Ana Roy", 9, "tiny"), ("x" * 255, 2, "tiny")],
)
def test_long_addresses_get_smaller_type(name, lines, size):
	facts = statement(customer_name=name, customer_address=("1, rue A",) * lines)
	assert template_context(facts)["address_size"] == size


def test_frappe_gets_the_same_document_from_its_own_environment():
	"""Frappe's environment is a sandbox, does not escape, and includes the template from a print format."""
	loader = PrefixLoader({"gigafibre_utils": FileSystemLoader(gigafibre_utils.__path__)})
	frappe = ImmutableSandboxedEnvironment(loader=loader, undefined=StrictUndefined)
	facts = statement(customer_name=NASTY_TEXTS[0])
	names = template_context(facts)
	print_format = "".join(f'{{% set {name} = names["{name}"] %}}' for name in names)
	html = frappe.from_string(print_format + f'{{% include "{TEMPLATE}" %}}').render(names=names)
	assert html.split() == render_statement(facts).split()


# What is on the pages


def test_every_page_says_which_it_is_and_repeats_the_columns(pages):
	charges = [charge(f"Ligne-{number:03d} fibre") for number in range(1, 121)]
	printed = pages(statement(location("Coopérative", *charges)))
	texts = [page_text(page) for page in printed]
	assert len(texts) > 3
	for number, text in enumerate(texts, 1):
		assert f"Facture FAC-2026-00042 · Page {number} de {len(texts)}" in text
		if "Ligne-" in text:
			assert "Coopérative" in text
			assert "Description Période Quantité Tarif Montant" in text
	lines = re.findall(r"Ligne-\d{3}", " ".join(texts))
	assert lines == [f"Ligne-{number:03d}" for number in range(1, 121)]
	assert "Solde à payer 114,98 $" in texts[-1]


def test_no_row_touches_the_bottom_margin(pages):
	charges = [charge(f"Ligne {number} " + "mot " * (number % 40)) for number in range(120)]
	for page in pages(statement(location("Coopérative", *charges))):
		text = page.get_textpage()
		below = text.get_text_bounded(top=0.7 * POINTS_PER_INCH)
		assert re.fullmatch(r"Facture FAC-2026-00042 · Page \d+ de \d+", " ".join(below.split()))


@pytest.mark.parametrize("name", ["Geneviève Tremblay", "WM" * 70, "n" * 255, "Chez 😀 Émilie " * 8])
def test_address_lies_in_the_window_of_the_envelope(pages, name):
	address = ("À l'attention de Ana", "1, rue A, app. 2", "Laval (Québec)  H7A 1A1")
	page = pages(statement(customer_name=name, customer_address=address))[0]
	for left, bottom, right, top in (_inches(page, name[:5]), _inches(page, "Laval (Québec)")):
		assert 0.94 <= left < right <= 4.4
		assert 11 - 3.1 <= bottom < top <= 11 - 2.1


@pytest.mark.parametrize(("dpi", "blur"), [(150, 0), (150, 1), (100, 0.8)])
def test_camera_reads_the_pay_link(pages, dpi, blur):
	assert decoded(pages(statement())[0], dpi, blur) == [PAY_URL]


def test_qr_is_thirty_millimetres_or_more(pages):
	code = zxingcpp.read_barcodes(pages(statement())[0].render(scale=300 / POINTS_PER_INCH).to_pil())[0]
	side = code.position.top_right.x - code.position.top_left.x
	assert side / 300 * 25.4 >= 30


def test_paid_invoice_has_no_code_on_its_page(pages):
	assert decoded(pages(statement(amount_due=Decimal(0)))[0], 150) == []


def test_cancelled_invoice_is_marked_on_every_page(pages):
	charges = [charge(f"Ligne {number}") for number in range(60)]
	printed = pages(statement(location("Coopérative", *charges), is_cancelled=True))
	assert len(printed) > 1
	assert all("ANNULÉE" in page_text(page) for page in printed)


def test_page_is_us_letter(pages):
	assert pages(statement())[0].get_size() == (612, 792)


def test_ordinary_invoice_fits_one_page(pages):
	assert len(pages(statement(location("Maison", *[charge("Fibre")] * 4)))) == 1


def test_nasty_names_are_printed_as_text(pages):
	facts = replace(statement(), customer_name=NASTY_TEXTS[0], invoice='FAC"}</style>é')
	text = page_text(pages(facts)[0])
	assert NASTY_TEXTS[0] in text
	assert 'Facture FAC"}</style>é · Page 1 de 1' in text


def _inches(page: pypdfium2.PdfPage, words: str) -> tuple[float, float, float, float]:
	"""Left, bottom, right, top of these words, from the page's lower left."""
	text = page.get_textpage()
	start, length = text.search(words).get_next()
	boxes = [text.get_charbox(start + offset) for offset in range(length)]
	lefts, bottoms, rights, tops = zip(*boxes, strict=True)
	return tuple(edge / POINTS_PER_INCH for edge in (min(lefts), min(bottoms), max(rights), max(tops)))


# The logo


def test_logo_is_drawn_at_the_height_asked_for():
	assert logo_png(16).startswith(b"\x89PNG")
	assert int.from_bytes(logo_png(512)[20:24]) == 512
	assert logo_png(64) is logo_png(64)


@pytest.mark.parametrize("height", [0, 15, 513, -1, "64", 64.0, None])
def test_logo_of_another_height_is_refused(height):
	with pytest.raises(InvalidInput, match="16 to 512"):
		logo_png(height)


def test_logo_needs_no_font():
	assert "<text" not in logo_svg()
