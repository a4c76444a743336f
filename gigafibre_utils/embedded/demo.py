"""The main job from end to end, without a human: print, scan, pay, posted."""

import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import pypdfium2
import zxingcpp
from playwright.sync_api import Page, sync_playwright

from gigafibre_utils import printing
from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.embedded.site import EmbeddedSite
from gigafibre_utils.errors import GigafibreError
from gigafibre_utils.invoice import model
from gigafibre_utils.printing.chromium import OneShotChromium, find_chromium

INVOICE = "Sample: unpaid"
DOTS_PER_INCH = 150
PHONE = {"width": 390, "height": 844}
PATIENCE_SECONDS = 60
RENDERINGS = 5


class DemoFailed(GigafibreError):
	"""Something on the trip does not hold; the message says what."""


@dataclass
class Step:
	"""One leg of the trip, with what it showed."""

	name: str
	ms: float = 0.0
	detail: str = ""


@dataclass
class Report:
	"""What the trip came to. Times are in milliseconds, amounts decimal text in the invoice's currency."""

	pdf_path: str = ""
	pdf_pages: int = 0
	qr_payload: str = ""
	pay_url: str = ""
	checkout_url: str = ""
	payment_entry: str = ""
	outstanding_before: str = ""
	outstanding_after: str = ""
	gl_balanced: bool = False
	render_ms: float = 0.0
	oneshot_ms: float = 0.0
	files: list[str] = field(default_factory=list)
	steps: list[Step] = field(default_factory=list)

	def as_json(self) -> dict[str, Any]:
		"""Plain values."""
		return asdict(self)


class Trip:
	"""The steps in their order. `tell` is called with each step when it is done."""

	def __init__(self, running: RunningHost, out: Path, tell: Callable[[Step], None]):
		self.report = Report()
		self._running = running
		self._out = out
		self._tell = tell
		out.mkdir(parents=True, exist_ok=True)

	def make(self) -> Report:
		"""Make the whole trip. Raises DemoFailed at the first thing that does not hold."""
		with self._step("Invoice") as step:
			name = self._find_invoice()
			step.detail = f"{name}, {self.report.outstanding_before} outstanding"
		with self._step("Invoice to PDF") as step:
			document = self._print(name)
			step.detail = f"{self.report.pdf_pages} page(s), {len(document) // 1024} KiB"
		with self._step("QR code read from the PDF") as step:
			self._scan(document)
			step.detail = self.report.qr_payload
		with self._browser() as page:
			self._pay(page)
		with self._step("Ledger") as step:
			self._check_ledger(name)
			step.detail = (
				f"{self.report.payment_entry}, {self.report.outstanding_after} outstanding, balanced"
			)
		with self._step("Warm engine against one-shot") as step:
			self._compare_engines(name)
			step.detail = f"{self.report.render_ms:.0f} ms against {self.report.oneshot_ms:.0f} ms"
		return self.report

	def _find_invoice(self) -> str:
		with EmbeddedSite(self._running.host) as site:
			name = site.exists("Sales Invoice", {"remarks": INVOICE})
			found = model.find(name) if name else None
		_hold(found, f"there is no invoice with the remark {INVOICE!r}")
		self.report.outstanding_before = f"{found.outstanding:.2f}"
		_hold(found.outstanding > 0, "the sample invoice has nothing outstanding")
		return found.name

	def _print(self, name: str) -> bytes:
		document, _ = self._get_pdf(name)
		path = self._keep("invoice.pdf", document)
		self.report.pdf_path = str(path)
		self.report.pdf_pages = len(pypdfium2.PdfDocument(document))
		return document

	def _get_pdf(self, name: str) -> tuple[bytes, float]:
		started = time.perf_counter()
		answer = self._running.staff.get(
			f"{self._running.api}.invoice_pdf", params={"name": name}, timeout=60
		)
		elapsed = (time.perf_counter() - started) * 1000
		_hold(answer.ok and answer.content.startswith(b"%PDF"), f"invoice_pdf answered {answer.status_code}")
		return answer.content, elapsed

	def _scan(self, document: bytes) -> None:
		payloads = []
		for number, page in enumerate(pypdfium2.PdfDocument(document), 1):
			image = page.render(scale=DOTS_PER_INCH / 72).to_pil()
			buffer = io.BytesIO()
			image.save(buffer, "PNG")
			self._keep(f"invoice-page-{number}.png", buffer.getvalue())
			payloads += [code.text for code in zxingcpp.read_barcodes(image)]
		_hold(len(payloads) == 1, f"{len(payloads)} QR codes were read from the PDF instead of one")
		self.report.qr_payload = self.report.pay_url = payloads[0]
		_hold(payloads[0].startswith(f"{self._running.url}/pay-public?"), "the QR code leads elsewhere")

	@contextmanager
	def _browser(self) -> Iterator[Page]:
		chromium = find_chromium(self._running.host.configuration.get("chromium_path"))
		flags = ["--no-sandbox"] if os.geteuid() == 0 else []
		with sync_playwright() as playwright:
			browser = playwright.chromium.launch(executable_path=chromium, args=flags)
			try:
				page = browser.new_page(viewport=PHONE, device_scale_factor=2)
				page.set_default_timeout(PATIENCE_SECONDS * 1000)
				yield page
			finally:
				browser.close()

	def _pay(self, page: Page) -> None:
		with self._step("Pay page opened") as step:
			page.goto(self.report.pay_url)
			self._keep("page-to-pay.png", page.screenshot(full_page=True))
			step.detail = page.title()
		with self._step("Payer clicked") as step:
			page.get_by_role("button", name="Payer").click()
			page.wait_for_url(lambda url: not url.startswith(self._running.url))
			self.report.checkout_url = page.url
			step.detail = page.url
		with self._step("Paid at Stripe") as step:
			page.wait_for_load_state()
			self._keep("page-stripe.png", page.screenshot(full_page=True))
			self._running.pay_at_stripe(page)
			page.wait_for_url(lambda url: url.startswith(self._running.url))
			step.detail = "came back to the pay page"
		with self._step("Event received, payment posted") as step:
			page.locator("main.state-paid").wait_for()
			self._keep("page-paid.png", page.screenshot(full_page=True))
			step.detail = page.title()

	def _check_ledger(self, name: str) -> None:
		with EmbeddedSite(self._running.host) as site:
			run = site.connection.run
			entries = run(
				'SELECT parent, allocated_amount FROM "tabPayment Entry Reference" '
				"WHERE reference_name = %s AND docstatus = 1",
				[name],
			)
			unbalanced = run(
				'SELECT voucher_no FROM "tabGL Entry" WHERE is_cancelled = 0 '
				"GROUP BY voucher_no HAVING sum(debit) <> sum(credit)"
			)
			ledger = run(
				'SELECT coalesce(sum(amount), 0) AS owed FROM "tabPayment Ledger Entry" '
				"WHERE against_voucher_no = %s AND delinked = 0",
				[name],
			)[0]["owed"]
			after = model.find(name).outstanding
		_hold(len(entries) == 1, f"{len(entries)} Payment Entries stand where one should")
		self.report.payment_entry = entries[0]["parent"]
		self.report.outstanding_after = f"{after:.2f}"
		self.report.gl_balanced = not unbalanced
		_hold(not unbalanced, f"the ledger is out of balance: {[row['voucher_no'] for row in unbalanced]}")
		_hold(
			after == ledger == 0, f"{after} is outstanding, {ledger} by the payment ledger, after paying all"
		)
		paid = entries[0]["allocated_amount"]
		_hold(paid == Decimal(self.report.outstanding_before), f"{paid} was posted")

	def _compare_engines(self, name: str) -> None:
		self.report.render_ms = median(self._get_pdf(name)[1] for _ in range(RENDERINGS))
		with EmbeddedSite(self._running.host):
			html = printing.invoice_html(model.find(name))
		one_shot = OneShotChromium(find_chromium(self._running.host.configuration.get("chromium_path")))
		started = time.perf_counter()
		one_shot.print_html(html)
		self.report.oneshot_ms = (time.perf_counter() - started) * 1000

	def _keep(self, name: str, content: bytes) -> Path:
		path = self._out / name
		path.write_bytes(content)
		self.report.files.append(str(path))
		return path

	@contextmanager
	def _step(self, name: str) -> Iterator[Step]:
		step = Step(name)
		started = time.perf_counter()
		yield step
		step.ms = round((time.perf_counter() - started) * 1000, 1)
		self.report.steps.append(step)
		self._tell(step)


def _hold(condition: Any, otherwise: str) -> None:
	if not condition:
		raise DemoFailed(f"The demo does not hold: {otherwise}.")
