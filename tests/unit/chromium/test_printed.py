"""What the PDF engine prints."""

import pypdf
import pypdfium2
import pytest

from tests.unit.chromium.documents import png, read, read_page


def test_text_is_in_the_pdf(printer):
	assert "Facture n° 42 — 1 234,56 $" in read(printer.print_html("<p>Facture n° 42 — 1 234,56 $</p>"))


def test_an_empty_document_gives_an_empty_page(printer):
	assert len(pypdfium2.PdfDocument(printer.print_html(""))) == 1


def test_arabic_and_emoji_are_in_the_text(printer):
	text = read(printer.print_html("<p>فاتورة</p><p>Merci 😀</p>"))
	assert "فاتورة" in text or "ةروتاف" in text  # readers differ on the order in which they give it
	assert "😀" in text


def test_half_a_surrogate_pair_does_not_stop_a_print(printer):
	assert "before" in read(printer.print_html("<p>before \ud83d after"))


def test_margin_boxes_count_pages(printer):
	html = """<style>@page { @bottom-center { content: counter(page) " / " counter(pages) } }
		section { break-after: page }</style><section>a</section><section>b</section><p>c"""
	pages = list(pypdfium2.PdfDocument(printer.print_html(html)))
	assert len(pages) == 3
	assert "1 / 3" in read_page(pages[0])
	assert "3 / 3" in read_page(pages[2])


def test_paper_is_as_the_page_rule_says(printer):
	(page,) = pypdfium2.PdfDocument(printer.print_html("<style>@page { size: 5in 7in }</style>x"))
	assert page.get_size() == pytest.approx((360, 504), abs=1)


def test_images_from_data_addresses_are_printed_also_lazy_ones_far_below(printer):
	html = f"""<img src="{png()}"><p style="background: no-repeat url({png(b"abc")}); height: 3000px">x</p>
		<img loading="lazy" src="{png(b"xyz")}">
		<svg><image href="{png(b"123")}" width="9" height="9"/></svg>"""
	pages = pypdfium2.PdfDocument(printer.print_html(html))
	images = {
		bytes(image.get_bitmap().buffer)[:3]
		for page in pages
		for image in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=5)
	}
	assert images >= {b"\xff\x80\x00", b"cba", b"zyx", b"321"}


def test_a_screen_reader_finds_the_structure(printer, tmp_path):
	pdf = tmp_path / "tagged.pdf"
	pdf.write_bytes(printer.print_html('<html lang="fr"><h1>Facture</h1><p>Merci'))
	root = pypdf.PdfReader(pdf).trailer["/Root"]
	assert root["/MarkInfo"]["/Marked"]
	assert "/StructTreeRoot" in root
	assert root["/Lang"] == "fr"
