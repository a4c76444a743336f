"""How coarse the printed QR code is, and from how bad a picture of the page it is still read."""

import pypdfium2
import qrcode
import zxingcpp
from PIL import Image, ImageFilter
from qrcode.constants import ERROR_CORRECT_M
from rich.console import Console
from rich.table import Table

from gigafibre_utils import printing
from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.embedded.site import EmbeddedSite
from gigafibre_utils.invoice import model

PICTURES = [(150, 0.0), (100, 0.0), (100, 0.8), (100, 1.2), (72, 0.0), (72, 0.6)]
LONG_HOST = "https://paiement.gigafibre.ca"


def show(running: RunningHost, console: Console) -> None:
	"""Print the code's version and which pictures were read."""
	running.host.configure(gigafibre_pay_host=LONG_HOST)
	with EmbeddedSite(running.host) as site:
		invoice = model.find(site.exists("Sales Invoice", {"remarks": "Sample: unpaid"}))
		document = printing.invoice_pdf(invoice, printing.FACTURE_TARGO, None)
	running.host.configure(gigafibre_pay_host=running.url)
	page = pypdfium2.PdfDocument(document)[0]
	(payload,) = _read(page, 150, 0)
	code = qrcode.QRCode(error_correction=ERROR_CORRECT_M)
	code.add_data(payload)
	code.make(fit=True)
	table = Table(
		title=f"QR code of {len(payload)} bytes: version {code.version} (wanted: at most 8)", show_edge=False
	)
	for column in ("dpi", "blur (pixels)", "read"):
		table.add_column(column, justify="right")
	for dpi, blur in PICTURES:
		table.add_row(str(dpi), f"{blur:.1f}", "yes" if _read(page, dpi, blur) == [payload] else "no")
	console.print(table)


def _read(page: pypdfium2.PdfPage, dpi: int, blur: float) -> list[str]:
	image: Image.Image = page.render(scale=dpi / 72).to_pil().convert("L")
	return [code.text for code in zxingcpp.read_barcodes(image.filter(ImageFilter.GaussianBlur(blur)))]
