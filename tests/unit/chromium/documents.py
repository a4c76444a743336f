"""Documents to print, and what is read in the PDF."""

import base64
import zlib

import pypdfium2

LONG = "<!doctype html><table>" + "<tr><td>fibre 500 Mbps<td>12,00 $</tr>" * 4000 + "</table>"
ENDLESS = LONG * 25


def read(pdf: bytes) -> str:
	assert pdf.startswith(b"%PDF-")
	return "\n".join(read_page(page) for page in pypdfium2.PdfDocument(pdf))


def read_page(page: pypdfium2.PdfPage) -> str:
	return page.get_textpage().get_text_bounded()


def png(color: bytes = b"\x00\x80\xff") -> str:
	"""A data: address of an image of 4 × 4 pixels."""

	def chunk(kind: bytes, data: bytes) -> bytes:
		return len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)

	header = (4).to_bytes(4) * 2 + bytes([8, 2, 0, 0, 0])
	pixels = zlib.compress((b"\x00" + color * 4) * 4)
	image = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
	return "data:image/png;base64," + base64.b64encode(image).decode()
