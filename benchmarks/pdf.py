"""How long an invoice takes to print: the warm engine beside the least that Chromium needs, and beside what
else there is. `python benchmarks/pdf.py [rounds]`"""

import base64
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from gigafibre_utils.printing.chromium import (
	NEW_PAGE,
	PDF_OPTIONS,
	OneShotChromium,
	WarmChromium,
	find_chromium,
)
from gigafibre_utils.printing.devtools import Browser, Deadline, Session

WARM = "warm engine"
LOADED = "bare DevTools: print a loaded page again"
FLOOR = "bare DevTools: set content, print"
ONE_SHOT = "one-shot engine"
COMMAND_LINE = "chromium --headless --print-to-pdf"


def compare(html: str, rounds: int = 20) -> dict[str, float]:
	"""The median milliseconds of each way to print a document, taken in turns in random order."""
	path = find_chromium(None)
	warm = WarmChromium(path)
	bare = BarePage(path)
	one_shot = OneShotChromium(path)
	ways: dict[str, Callable[[], bytes]] = {
		WARM: lambda: warm.print_html(html),
		LOADED: bare.print,
		FLOOR: lambda: bare.set_content_and_print(html),
		ONE_SHOT: lambda: one_shot.print_html(html),
		COMMAND_LINE: lambda: print_by_command_line(path, html),
	}
	bare.set_content_and_print(html)
	for way in ways.values():
		way()
	times: dict[str, list[float]] = {name: [] for name in ways}
	for _ in range(rounds):
		for name in random.sample(list(ways), len(ways)):
			times[name].append(milliseconds(ways[name]))
	warm.close()
	bare.close()
	return {name: statistics.median(values) for name, values in times.items()}


def milliseconds(way: Callable[[], bytes]) -> float:
	began = time.perf_counter()
	pdf = way()
	took = (time.perf_counter() - began) * 1000
	assert pdf.startswith(b"%PDF-")
	return took


class BarePage:
	"""One page that is printed over and over, with nothing forbidden and nothing cleaned: the floor."""

	def __init__(self, path: str):
		self._browser = Browser(path)
		deadline = Deadline(30)
		self._target = self._browser.call("Target.createTarget", deadline, **NEW_PAGE)["targetId"]
		attached = self._browser.call("Target.attachToTarget", deadline, targetId=self._target, flatten=True)
		self._session = Session(self._browser, attached["sessionId"])
		self._session.call("Page.enable", deadline)

	def set_content_and_print(self, html: str) -> bytes:
		deadline = Deadline(30)
		self._session.send("Page.setDocumentContent", deadline, frameId=self._target, html=html)
		next(m for m in self._session.messages(deadline) if m.get("method") == "Page.loadEventFired")
		return self.print()

	def print(self) -> bytes:
		return base64.b64decode(self._session.call("Page.printToPDF", Deadline(30), **PDF_OPTIONS)["data"])

	def close(self) -> None:
		self._browser.close()


def print_by_command_line(path: str, html: str) -> bytes:
	with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
		document, pdf = Path(folder, "invoice.html"), Path(folder, "invoice.pdf")
		document.write_text(html)
		flags = ["--headless", "--disable-gpu", "--no-pdf-header-footer", f"--user-data-dir={folder}/profile"]
		if os.geteuid() == 0:
			flags.append("--no-sandbox")
		command = [path, *flags, f"--print-to-pdf={pdf}", document.as_uri()]
		subprocess.run(command, check=True, capture_output=True, timeout=60)
		return pdf.read_bytes()


def invoice_html(lines: int = 30) -> str:
	"""A plausible invoice of about 40 kB, with a logo, a QR code and a line for each service and month."""
	cell = "padding: 1.2mm; border-bottom: 0.3mm solid #d7dfe6; vertical-align: top"
	number = f"{cell}; text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums"
	rows = "".join(
		f"""<tr class="line"><td style="{cell}">1 au 28 du mois {line % 12 + 1:02}</td>
		<td style="{cell}"><strong>Internet fibre 500 Mbps illimité</strong><br>
		<span class="where">{100 + line}, rue Principale, Saint-Léonard (Québec) H1S 2K7</span></td>
		<td style="{number}">1</td><td style="{number}">{59.95 + line:.2f} $</td>
		<td style="{number}">{(59.95 + line) * 0.05:.2f} $</td>
		<td style="{number}">{(59.95 + line) * 0.09975:.2f} $</td>
		<td style="{number}">{(59.95 + line) * 1.14975:.2f} $</td></tr>"""
		for line in range(lines)
	)
	modules = "".join(
		f"M{x},{y}h1v1h-1z" for x in range(33) for y in range(33) if (x * 7 + y * 13 + x * y) % 5 < 2
	)
	return f"""<!doctype html><html lang="fr"><head><meta charset="utf-8">
	<title>Facture SINV-2026-00042</title><style>
	@page {{ size: Letter; margin: 14mm 12mm 18mm;
		@bottom-right {{ content: "Page " counter(page) " de " counter(pages); font: 8pt sans-serif }} }}
	body {{ font: 9pt/1.35 "Liberation Sans", sans-serif; color: #1d2733; margin: 0 }}
	header {{ display: flex; justify-content: space-between; border-bottom: 2px solid #0a7d3c }}
	h1 {{ font-size: 20pt; margin: 0 0 4mm; color: #0a7d3c }}
	table {{ width: 100%; border-collapse: collapse; margin-top: 6mm }}
	th {{ text-align: left; background: #eef4f0; padding: 1.5mm }} .line {{ break-inside: avoid }}
	.where {{ color: #5b6875; font-size: 8pt }} .total {{ font-weight: bold; font-size: 12pt }}
	</style></head><body><header><div><h1>Facture</h1><p>SINV-2026-00042<br>1 avril 2026</p></div>
	<svg width="45mm" height="15mm" viewBox="0 0 90 30">
	<path fill="#0a7d3c" d="M5 25 25 5l20 20zM50 5h35v20H50z"/></svg></header>
	<p>Gestion Exemple inc.<br>12, rue des Érables<br>Montréal (Québec) H2X 1Y4</p>
	<table><thead><tr><th>Période<th>Service<th>Qté<th>Prix<th>TPS<th>TVQ<th>Total</tr></thead>
	<tbody>{rows}</tbody></table><p class="total">Solde à payer : 2 519,13 $</p>
	<svg width="30mm" height="30mm" viewBox="-2 -2 37 37"><path d="{modules}"/></svg></body></html>"""


def main() -> None:
	rounds = int(sys.argv[1]) if sys.argv[1:] else 20
	html = invoice_html()
	medians = compare(html, rounds)
	table = Table(
		title=f"One invoice, {len(html.encode()) / 1000:.0f} kB of HTML; medians of {rounds} rounds"
	)
	table.add_column("way")
	table.add_column("ms", justify="right")
	table.add_column("of the floor", justify="right")
	for name, median in medians.items():
		table.add_row(name, f"{median:.1f}", f"{median / medians[FLOOR]:.2f} ×")
	Console().print(table)


if __name__ == "__main__":
	main()
