"""`/pay-public`: what the page says, and under which headers; rendered by either host."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from gigafibre_utils import dates, money, site
from gigafibre_utils.errors import NotFound, TooManyRequests
from gigafibre_utils.invoice import model, resolver
from gigafibre_utils.invoice.model import CANCELLED, DRAFT, SUBMITTED, Invoice
from gigafibre_utils.paylink import links
from gigafibre_utils.paylink.links import OpenedLink
from gigafibre_utils.payments import instalments, minimum
from gigafibre_utils.payments.instalments import Due
from gigafibre_utils.payments.visits import SESSION, is_processing
from gigafibre_utils.printing.logo import logo_svg
from gigafibre_utils.site import Document
from gigafibre_utils.translation import LANGUAGES, supported, translator

API = "/api/method/gigafibre_utils.api"
KEPT_ARGUMENTS = ("invoice", "t", "session", "outcome")
# One question about one session in so many seconds, however often its page is opened.
ASKING = (1, 3)
SETTLE = "gigafibre_utils.payments.settlement.settle"
_WWW = Path(__file__).parent / "www"


@dataclass(frozen=True)
class Page:
	"""The page's status, headers and what its template reads."""

	status: int
	headers: dict[str, str]
	context: dict[str, Any]


@dataclass(frozen=True)
class _View:
	"""What there is to see: `instalment` can be paid in place of the whole, `given` was paid just now."""

	state: str
	invoice: Invoice | None = None
	instalment: Due | None = None
	given: Decimal | None = None


def page(arguments: Mapping[str, str]) -> Page:
	"""The page for a request's arguments: `invoice`, `t`, and maybe `lang`, `session`, `outcome`."""
	arguments = {key: value for key, value in arguments.items() if "\x00" not in value}
	name, text = arguments.get("invoice", ""), arguments.get("t", "")
	try:
		link = links.open_link(name, text)
	except NotFound:
		return _page(404, _View("unknown"), arguments, "", "")
	if link.is_expired:
		return _page(410, _View("expired"), arguments, name, "", model.reader_language(link.invoice))
	return _page(200, _view(link, arguments), arguments, name, text)


def render_page(context: Mapping[str, Any]) -> str:
	"""The page's HTML, for the host that has no template engine of its own."""
	return _environment().get_template("pay-public.html").render(context)


def pay_state(invoice: Invoice) -> str:
	"""`unpaid`, `partly_paid`, `processing`, `paid`, `cancelled`; `draft` or `credit_note`."""
	if invoice.docstatus == DRAFT:
		return "draft"
	if invoice.docstatus == CANCELLED:
		return "cancelled"
	if invoice.is_return:
		return "credit_note"
	if invoice.outstanding <= 0:
		return "paid"
	if is_processing(invoice.name):
		return "processing"
	return "partly_paid" if invoice.outstanding < invoice.total else "unpaid"


def described(link: OpenedLink) -> dict[str, Any]:
	"""What the holder of a link may know of its invoice: plain values for JSON, amounts as decimal text."""
	if link.is_expired:
		return {"valid": False, "reason": "expired"}
	invoice = link.invoice
	state = pay_state(invoice)
	if state in ("draft", "credit_note"):
		return {"valid": False, "reason": state}
	return {
		"valid": True,
		"invoice": {
			"name": invoice.name,
			"customer_name": invoice.customer_name,
			"posting_date": invoice.posting_date.isoformat(),
			"due_date": invoice.due_date.isoformat() if invoice.due_date else None,
			"currency": invoice.currency,
			"total": str(money.rounded(invoice.total, invoice.currency)),
			"outstanding": str(money.rounded(invoice.outstanding, invoice.currency)),
			"state": state,
			"language": model.reader_language(invoice),
		},
	}


def _view(link: OpenedLink, arguments: Mapping[str, str]) -> _View:
	invoice, visit = _as_of_one_moment(link.invoice, arguments.get("session"))
	state = _state(invoice, visit, arguments)
	if state in ("unpaid", "partly_paid", "declined"):
		if invoice.outstanding < minimum.least(invoice.currency):
			return _View("too_small", invoice)
		due = instalments.choice(invoice)
		return _View("instalment" if due and state != "declined" else state, invoice, due)
	return _View(state, invoice, given=visit["amount"] if visit and _is_told_by(state, visit) else None)


def _state(invoice: Invoice, visit: Document | None, arguments: Mapping[str, str]) -> str:
	state = pay_state(invoice)
	if state not in ("unpaid", "partly_paid"):
		return state
	if visit and visit["status"] == "Open" and arguments.get("session"):
		_ask_stripe(visit["name"])
		return "just_paid"
	if arguments.get("outcome") == "declined":
		return "declined"
	if visit and visit["status"] == "Failed" and (arguments.get("session") or _is_news(visit)):
		return "declined"
	if arguments.get("outcome") == "instalment" and visit and visit["status"] == "Paid":
		return "instalment_paid"
	return state


def _is_told_by(state: str, visit: Document) -> bool:
	"""Whether the page says what became of this very visit, and so of its amount."""
	if state == "processing":
		return visit["status"] == "Processing" or bool(visit["needs_attention"])
	return state in ("just_paid", "instalment_paid")


def _is_news(failed: Document) -> bool:
	"""Whether nothing was paid on the invoice since this visit failed."""
	current = site.current()
	paid = {"reference_doctype": "Sales Invoice", "reference_name": failed["invoice"], "docstatus": SUBMITTED}
	references = current.get_all("Payment Entry Reference", paid, ["parent"])
	payments = ["in", [row["parent"] for row in references]]
	later = {"name": payments, "docstatus": SUBMITTED, "creation": [">", failed["modified"]]}
	return not current.exists("Payment Entry", later)


def _ask_stripe(session_id: str) -> None:
	"""The event may be late; asking Stripe settles it as well, and once."""
	current = site.current()
	try:
		current.rate_limit(f"settle:{session_id}", *ASKING)
	except TooManyRequests:
		return
	with current.atomic():
		current.enqueue(SETTLE, session_id=session_id)


def _as_of_one_moment(invoice: Invoice, session_id: str | None) -> tuple[Invoice, Document | None]:
	"""The invoice and the visit, neither older than a payment that the other knows of."""
	visit = _visit(invoice, session_id)
	while True:
		invoice = model.find(invoice.name) or invoice
		before, visit = visit, _visit(invoice, session_id)
		if visit == before:
			return invoice, visit


def _visit(invoice: Invoice, session_id: str | None) -> Document | None:
	"""The named visit to Stripe, or the last one."""
	wanted = {"invoice": invoice.name} | ({"name": session_id} if session_id else {})
	fields = ["name", "invoice", "status", "amount", "needs_attention", "modified"]
	found = site.current().get_all(SESSION, wanted, fields, order_by="creation desc", limit=1)
	return found[0] if found else None


def _page(
	status: int,
	view: _View,
	arguments: Mapping[str, str],
	name: str,
	token: str,
	reader: str | None = None,
) -> Page:
	state, invoice = view.state, view.invoice
	language = _language(arguments, invoice, reader)
	company = _company(invoice)
	pdf = (
		f"{API}.invoice_pdf?{urlencode({'name': name, 't': token})}" if invoice and state != "draft" else None
	)
	return Page(
		status,
		_headers(),
		{
			"_": translator(language),
			"language": language,
			"other_language_url": _url(arguments, KEPT_ARGUMENTS, "en" if language == "fr" else "fr"),
			"first_url": _url(arguments, ("invoice", "t"), language),
			"state": state,
			"invoice": invoice,
			"instalment": view.instalment,
			"given": view.given,
			"least": minimum.least(invoice.currency) if invoice else None,
			"paid_on": _paid_on(invoice) if invoice and state == "paid" else None,
			"invoice_name": name,
			"token": token,
			"money": lambda amount: money.display(amount, invoice.currency, language),
			"day": lambda day: dates.display(day, language),
			"pdf_url": pdf,
			"phone": company.get("phone_no") or "",
			"support_email": company.get("email") or "",
			"company": company.get("company_name") or "",
			"logo": Markup(logo_svg()),
			"css": Markup(_asset("pay-public.css")),
			"js": Markup(_asset("pay-public.js")),
			"api": API,
		},
	)


def _paid_on(invoice: Invoice) -> date | None:
	"""The day of the last payment or credit."""
	return max((credit.on for credit in resolver.credits_of(invoice)), default=None)


def _language(arguments: Mapping[str, str], invoice: Invoice | None, reader: str | None) -> str:
	if arguments.get("lang") in LANGUAGES:
		return arguments["lang"]
	if invoice:
		return model.reader_language(invoice)
	return reader or supported(site.current().request.headers.get("Accept-Language"))


def _url(arguments: Mapping[str, str], kept: Sequence[str], language: str) -> str:
	"""The page again, with these of its arguments."""
	query = {key: arguments[key] for key in kept if key in arguments} | {"lang": language}
	return f"/pay-public?{urlencode(query)}"


def _company(invoice: Invoice | None) -> Document:
	filters = {"name": invoice.company} if invoice else {}
	found = site.current().get_all(
		"Company", filters, ["company_name", "phone_no", "email"], order_by="creation", limit=1
	)
	return found[0] if found else {}


@cache
def _asset(name: str) -> str:
	return (_WWW / name).read_text(encoding="utf-8")


@cache
def _headers() -> dict[str, str]:
	"""Nothing but the page's own script and style may run, and no trace of the link goes anywhere."""
	policy = {
		"default-src": "'none'",
		"script-src": _hash_of("pay-public.js"),
		"style-src": _hash_of("pay-public.css"),
		"img-src": "'self' data:",
		"connect-src": "'self'",
		"form-action": "'self'",
		"base-uri": "'none'",
		"frame-ancestors": "'none'",
	}
	return {
		"Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
		"Referrer-Policy": "no-referrer",
		"X-Robots-Tag": "noindex, nofollow",
		"Cache-Control": "no-store",
		"X-Content-Type-Options": "nosniff",
		"X-Frame-Options": "DENY",
	}


def _hash_of(name: str) -> str:
	digest = hashlib.sha256(_asset(name).encode()).digest()
	return f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def _environment() -> Environment:
	return Environment(
		loader=FileSystemLoader(_WWW), autoescape=True, undefined=StrictUndefined, auto_reload=False
	)
