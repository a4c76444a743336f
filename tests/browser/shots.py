"""The pay page without a site: sample invoices in every state, a server with a fake API, and screenshots.

`python tests/browser/shots.py FOLDER` writes one picture of every state, for people to look at.
"""

import base64
import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

from markupsafe import Markup
from playwright.sync_api import Browser, Playwright, sync_playwright

import gigafibre_utils
from gigafibre_utils.dates import display as display_date
from gigafibre_utils.money import display
from gigafibre_utils.pay_page import render_page
from gigafibre_utils.payments.instalments import Due
from gigafibre_utils.printing.logo import logo_svg
from gigafibre_utils.translation import translator

WWW = Path(gigafibre_utils.__file__).parent / "www"
CSS = (WWW / "pay-public.css").read_text(encoding="utf-8")
JS = (WWW / "pay-public.js").read_text(encoding="utf-8")
API = "/api/method/gigafibre_utils.api"
PAY = "create_checkout_session"
CHECK = "validate_pay_token"
ASK = "request_magic_link"
BUTTON = "form button[type=submit]"

LANGUAGES = ("fr", "en")
STATES = (
	"unpaid",
	"partly_paid",
	"instalment",
	"instalment_paid",
	"too_small",
	"processing",
	"paid",
	"cancelled",
	"credit_note",
	"draft",
	"expired",
	"unknown",
	"just_paid",
	"declined",
)
SIZES = {"phone": {"width": 360, "height": 740}, "desktop": {"width": 1280, "height": 900}}
HOSTILE_NAMES = {
	"long": "Ø" * 255,
	"script": "<script>alert(1)</script><img src=x onerror=alert(2)>\"' {{ 7*7 }}",
	"right-to-left": "\u202eشركة الاتصالات السريعة‎ المحدودة",
	"emoji": "👩🏽‍🚀🇨🇦 Café Ÿ é 🧾" * 6,
}

LATE_TOGETHER = {
	"instalment": Due("row-1", date(2026, 11, 10), Decimal("1234567.89"), count=2, is_late=True),
	"total": Decimal("98765432.10"),
	"outstanding": Decimal("87654321.09"),
	"paid": Decimal("11111111.01"),
}


def sample_invoice(state: str, **changes) -> SimpleNamespace | None:
	if state in ("expired", "unknown"):
		return None
	total = {"credit_note": Decimal("-25.30"), "too_small": Decimal("0.30")}.get(state, Decimal("103.48"))
	in_part = dict.fromkeys(("partly_paid", "instalment_paid"), Decimal("40.00"))
	paid = {"paid": total, **in_part}.get(state, Decimal(0))
	invoice = SimpleNamespace(
		name="SINV-2026-00042",
		customer_name="Geneviève Tremblay-Lévesque",
		posting_date=date(2026, 11, 1),
		due_date=date(2026, 11, 26),
		currency="CAD",
		total=total,
		outstanding=total - paid,
		paid=paid,
		is_overdue=False,
	)
	return SimpleNamespace(**{**vars(invoice), **changes})


def sample_instalment(**changes) -> Due:
	due = Due("row-1", due_date=date(2026, 11, 24), amount=Decimal("25.00"), count=1, is_late=False)
	return replace(due, **changes)


def sample_context(
	state: str,
	language: str,
	paid_on: date | None = None,
	instalment: Due | None = None,
	given: Decimal | None = None,
	**changes,
) -> dict[str, object]:
	"""What the server gives the template; `changes` go to the invoice."""
	invoice = sample_invoice(state, **changes)
	if state == "instalment":
		instalment = instalment or sample_instalment()
	if state == "instalment_paid":
		given = given or Decimal("40.00")
	return {
		"_": translator(language),
		"language": language,
		"other_language_url": f"/{state}?lang={'en' if language == 'fr' else 'fr'}",
		"state": state,
		"first_url": f"/unpaid?lang={language}",
		"invoice": invoice,
		"instalment": instalment,
		"given": given,
		"least": Decimal("0.50") if invoice else None,
		"paid_on": paid_on,
		"invoice_name": "" if state == "unknown" else invoice.name if invoice else "SINV-2026-00042",
		"token": "the-token",
		"money": partial(display, currency="CAD", language=language),
		"day": partial(display_date, language=language),
		"pdf_url": "/invoice.pdf" if invoice and state != "draft" else None,
		"phone": "855 888-2746",
		"support_email": "support@targo.ca",
		"company": "TARGO Communications",
		"logo": Markup(logo_svg()),
		"css": Markup(CSS),
		"js": Markup(JS),
		"api": API,
	}


def content_security_policy() -> str:
	script, style = (_sha256(text) for text in (JS, CSS))
	return (
		f"default-src 'none'; script-src '{script}'; style-src '{style}'; img-src 'self' data:; "
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	)


def _sha256(text: str) -> str:
	return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


Answer = tuple[int, dict[str, object], dict[str, str]]


def answer(status: int = 200, body: dict[str, object] | None = None, **headers: str) -> Answer:
	return status, body or {}, {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass
class PayPageServer:
	"""Serves the pages of `contexts` by path; keeps what the API was asked, answers what a test lays down."""

	contexts: dict[str, dict[str, object]] = field(default_factory=dict)
	answers: dict[str, Callable[[int], Answer]] = field(default_factory=dict)
	requests: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
	visits: list[str] = field(default_factory=list)
	url: str = ""

	def reset(self) -> None:
		self.contexts.clear()
		self.answers.clear()
		self.requests.clear()
		self.visits.clear()

	def show(self, state: str, language: str = "fr", **changes) -> str:
		"""Puts a page up and gives its address."""
		path = f"/{state}"
		self.contexts[path] = sample_context(state, language, **changes)
		return f"{self.url}{path}?invoice=SINV-2026-00042&token=the-token"

	def asked(self, method: str) -> list[dict[str, str]]:
		return [fields for name, fields, _headers in self.requests if name == method]

	def page(self, target: str) -> tuple[int, str]:
		self.visits.append(target)
		context = self.contexts.get(urlsplit(target).path)
		return (200, render_page(context)) if context else (404, "")

	def api(self, method: str, fields: dict[str, str], headers: dict[str, str]) -> Answer:
		self.requests.append((method, fields, headers))
		return self.answers[method](len(self.asked(method)))


@contextmanager
def pay_page_server() -> Iterator[PayPageServer]:
	pages = PayPageServer()
	http = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, pages))
	pages.url = f"http://127.0.0.1:{http.server_port}"
	Thread(target=http.serve_forever, daemon=True).start()
	try:
		yield pages
	finally:
		http.shutdown()
		http.server_close()


class _Handler(BaseHTTPRequestHandler):
	def __init__(self, pages: PayPageServer, *connection):
		self.pages = pages
		super().__init__(*connection)

	def do_GET(self):
		if self.path == "/favicon.ico":
			return self._send(204, "image/x-icon", "")
		status, html = self.pages.page(self.path)
		self._send(status, "text/html; charset=utf-8", html)

	def do_POST(self):
		body = self.rfile.read(int(self.headers["Content-Length"])).decode()
		fields = {name: values[0] for name, values in parse_qs(body).items()}
		method = self.path.removeprefix(f"{API}.")
		status, message, headers = self.pages.api(method, fields, dict(self.headers))
		self._send(status, "application/json", json.dumps(message), headers)

	def _send(self, status: int, content_type: str, text: str, headers: dict[str, str] | None = None) -> None:
		body = text.encode()
		self.send_response(status)
		self.send_header("Content-Type", content_type)
		self.send_header("Content-Security-Policy", content_security_policy())
		for name, value in (headers or {}).items():
			self.send_header(name, value)
		self.send_header("Content-Length", str(len(body)))
		self.end_headers()
		self.wfile.write(body)

	def log_message(self, *_arguments):
		pass


def launch(playwright: Playwright) -> Browser:
	# No process for what would drop down from the address bar of each window.
	flags = ["--no-sandbox", "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup"]
	return playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)


def take_shots(folder: Path) -> None:
	folder.mkdir(parents=True, exist_ok=True)
	with pay_page_server() as server, sync_playwright() as playwright:
		browser = launch(playwright)
		server.answers[CHECK] = lambda _count: answer(body={"message": {}})
		for scheme in ("light", "dark"):
			for size, viewport in SIZES.items():
				page = browser.new_page(viewport=viewport, color_scheme=scheme)
				for state in STATES:
					for language in LANGUAGES:
						page.goto(server.show(state, language))
						name = f"{state}-{language}-{size}-{scheme}.png"
						page.screenshot(path=folder / name, full_page=True)
				page.goto(server.show("instalment", **LATE_TOGETHER))
				page.screenshot(path=folder / f"instalments-{size}-{scheme}.png", full_page=True)
				page.close()
		browser.close()


if __name__ == "__main__":
	take_shots(Path(sys.argv[1]))
