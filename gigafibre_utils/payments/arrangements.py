"""Payment arrangements, followed up: what came in is written down, and customers are reminded of the rest.

Where each stands, `standing` says; a daily job and one after each payment keep it.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from gigafibre_utils import dates, money, site
from gigafibre_utils.errors import GigafibreError
from gigafibre_utils.invoice import model
from gigafibre_utils.invoice.model import SUBMITTED, Invoice
from gigafibre_utils.paylink import links, sending
from gigafibre_utils.paylink.messages import Notice
from gigafibre_utils.payments import minimum
from gigafibre_utils.payments.standing import (
	ACTIVE,
	ARRANGEMENT,
	GRACE,
	INSTALMENT,
	MET,
	ROW,
	Standing,
	agreed_on,
	day_due,
	judge,
)
from gigafibre_utils.site.protocol import Document, Filters
from gigafibre_utils.translation import translator

REQUEST = "Payment Request"
PAID, REQUESTED = "Paid", "Requested"
AHEAD = timedelta(days=3)
JOB = "gigafibre_utils.payments.arrangements.after_payment"


def run() -> None:
	"""The daily job. Run again on the same day it changes nothing and sends nothing."""
	today = site.current().now().date()
	for row in _in_turn({"status": ACTIVE}):
		try:
			follow_up(row["name"], today)
		except Exception as error:
			# Whatever it was, it is written where staff look, and the others have their turn.
			reason = str(error) if isinstance(error, GigafibreError) else type(error).__name__
			site.current().log_error("Payment arrangement", f"{ARRANGEMENT} {row['name']}: {reason}")
	_close_paid_requests()


def follow_up(arrangement: str, today: date) -> None:
	"""Bring one active arrangement to where it stands, and send its customer the reminders of the day.

	Raises InvalidInput where the customer can be reached by neither e-mail nor phone.
	"""
	with site.current().atomic():
		standing = _locked(arrangement, today)
		if not standing:
			return
		to_remind = [part for part in standing.parts if _is_to_remind(part, standing, today)]
		for part in to_remind:
			# Before anything is sent: whatever happens then, nobody is told twice.
			part["reminded_on"] = today
		_keep(standing)
	missing = standing.missing()
	for part in to_remind:
		_remind(part, standing, missing, today)


def after_payment(invoice: str) -> None:
	"""The job after a payment of an invoice: what it meets is seen at once. Nobody is reminded."""
	today = site.current().now().date()
	for row in about(links.require(invoice)):
		with site.current().atomic():
			standing = _locked(row["name"], today)
			if standing:
				_keep(standing)


def about(invoice: Invoice) -> list[Document]:
	"""The active arrangements of the invoice's customer, of `ROW`."""
	return _in_turn({"customer": invoice.customer, "status": ACTIVE})


def missing_on(invoice: Invoice, today: date) -> list[Document]:
	"""The instalments that a payment of this invoice meets next, with what is `missing` of each.

	In the order of their due dates; of the first arrangement that is in turn, by what is known today.
	"""
	for row in about(invoice):
		# What is paid before the day of the agreement meets nothing of it.
		if row["company"] != invoice.company or agreed_on(row) > today:
			continue
		standing = judge(row, today)
		if standing.conclusion["status"] == ACTIVE and standing.currency == invoice.currency:
			missing = standing.missing()
			parts = [part for part in standing.parts if missing.get(part["name"])]
			if meets := [part for part in parts if standing.is_asked_on(part, invoice)]:
				return [part | {"missing": missing[part["name"]]} for part in meets]
	return []


def in_the_way(arrangement: Document, invoices: set[str]) -> str | None:
	"""The name of an active arrangement of the same customer and company that is about one of these invoices
	too, other than this one; '' stands for all of them.

	Until the transaction ends, who asks about the same customer waits: of two that are saved at one instant,
	the second finds the first.
	"""
	current = site.current()
	current.lock("Customer", arrangement["customer"], ["name"])
	same = {key: arrangement[key] for key in ("customer", "company")}
	others = current.get_all(
		ARRANGEMENT, {**same, "status": ACTIVE, "name": ["!=", arrangement["name"]]}, ["name"]
	)
	parts = {"parent": ["in", [other["name"] for other in others]], "parenttype": ARRANGEMENT}
	for part in current.get_all(INSTALMENT, parts, ["parent", "invoice"]):
		if "" in invoices or not part["invoice"] or part["invoice"] in invoices:
			return part["parent"]
	return None


def asked_together(parts: Sequence[Document], today: date) -> Sequence[Document]:
	"""Of instalments in the order of their due dates, those to be paid together: all that are due by today,
	else the next.
	"""
	return [part for part in parts if part["due_date"] and part["due_date"] <= today] or parts[:1]


def _in_turn(wanted: Filters) -> list[Document]:
	"""Arrangements of `ROW`, first whose next instalment is due first: so several share what comes in."""
	rows = site.current().get_all(ARRANGEMENT, wanted, ROW, order_by="name")
	unmet = {
		"parent": ["in", [row["name"] for row in rows]],
		"parenttype": ARRANGEMENT,
		"status": ["!=", MET],
	}
	parts = site.current().get_all(INSTALMENT, unmet, ["parent", "due_date"]) if len(rows) > 1 else []
	turns: dict[str, date] = {}
	for part in parts:
		turns[part["parent"]] = min(day_due(part), turns.get(part["parent"], date.max))
	return sorted(rows, key=lambda row: turns.get(row["name"], date.max))


def _locked(arrangement: str, today: date) -> Standing | None:
	"""Where an arrangement stands, its row locked; None where it is not active any more.

	So are the customer's others: what comes in is spent once.
	"""
	current = site.current()
	customer = {"name": arrangement, "status": ACTIVE}
	for one in current.get_all(ARRANGEMENT, customer, ["customer"]):
		others = {"customer": one["customer"], "status": ACTIVE}
		rows = [
			current.lock(ARRANGEMENT, other["name"], ROW)
			for other in current.get_all(ARRANGEMENT, others, ["name"], order_by="name")
		]
		for row in filter(None, rows):
			if row["name"] == arrangement and row["status"] == ACTIVE:
				return judge(row, today)
	return None


def _keep(standing: Standing) -> None:
	"""Write what has changed; whoever has it open in the desk is then told that it is not as he sees it."""
	has_changed = any(standing.row[field] != value for field, value in standing.conclusion.items())
	for old, new in zip(standing.before, standing.parts, strict=True):
		changes = {field: value for field, value in new.items() if value != old[field]}
		if changes:
			has_changed = True
			site.current().set_value(INSTALMENT, old["name"], changes)
		_settle_request(old, new)
	if has_changed:
		site.current().set_value(ARRANGEMENT, standing.row["name"], standing.conclusion)


def _settle_request(old: Document, new: Document) -> None:
	"""Close the Payment Request of an instalment that was met; open it again where that is taken back."""
	if (
		not new["payment_request"]
		or MET not in (old["status"], new["status"])
		or old["status"] == new["status"]
	):
		return
	outstanding, status = (Decimal(0), PAID) if new["status"] == MET else (new["amount"], REQUESTED)
	# One that staff cancelled stays so.
	if site.current().exists(REQUEST, {"name": new["payment_request"], "docstatus": SUBMITTED}):
		_write_request(new["payment_request"], outstanding, status)


def _write_request(name: str, outstanding: Decimal, status: str) -> None:
	site.current().set_value(REQUEST, name, {"outstanding_amount": outstanding, "status": status})


def _close_paid_requests() -> None:
	"""Close the Payment Requests of instalments on whose invoice nothing is owed any more.

	Those of active arrangements are closed by now: this is for what was broken or cancelled, which nobody
	follows up, and whose requests stand for as long as the invoice is owed.
	"""
	current = site.current()
	still_open = {
		"docstatus": SUBMITTED,
		"outstanding_amount": [">", 0],
		"reference_doctype": "Sales Invoice",
	}
	requests = current.get_all(REQUEST, still_open, ["name", "reference_name"])
	invoices = ["in", [request["reference_name"] for request in requests]]
	paid = {"name": invoices, "docstatus": SUBMITTED, "outstanding_amount": ["<=", 0]}
	bills = {bill["name"] for bill in current.get_all("Sales Invoice", paid, ["name"])}
	names = [request["name"] for request in requests if request["reference_name"] in bills]
	with current.atomic():
		for part in current.get_all(INSTALMENT, {"payment_request": ["in", names]}, ["payment_request"]):
			_write_request(part["payment_request"], Decimal(0), PAID)


def _is_to_remind(part: Document, standing: Standing, today: date) -> bool:
	"""From three days before it is due, once; and from the day after, once, until it is long past.

	Of what is broken, or paid by money that is on its way, nobody is reminded.
	"""
	day, told = part["due_date"], part["reminded_on"]
	is_over = standing.conclusion["status"] != ACTIVE or standing.purses[part["invoice"]].is_under_way
	if part["status"] == MET or not day or is_over:
		return False
	if day < today:
		return day + GRACE >= today and (not told or told <= day)
	return day - AHEAD <= today and (not told or told < day - AHEAD)


def _remind(part: Document, standing: Standing, missing: dict[str, Decimal], today: date) -> None:
	waiting = standing.purses[part["invoice"]].bill
	bill = model.find(waiting["name"]) if waiting else None
	if bill and bill.is_payable and missing[part["name"]]:
		# What the pay page asks for: instalments of one arrangement at a time.
		together = asked_together(missing_on(bill, today), today)
		amount = sum((one["missing"] for one in together), Decimal(0))
		is_asked = part["name"] in [one["name"] for one in together]
		has_choice = is_asked and minimum.least(bill.currency) <= amount < bill.outstanding
		sending.remind(bill, _notice(bill, part, missing[part["name"]], part["due_date"] < today, has_choice))


def _notice(bill: Invoice, part: Document, missing: Decimal, is_late: bool, has_choice: bool) -> Notice:
	"""What the customer is told; `has_choice` where the pay page lets him pay it and not the whole."""
	language = model.reader_language(bill)
	_ = translator(language)
	if is_late:
		sentence = _("An instalment of {0} on invoice {1} was due on {2} and has not reached us yet.")
	else:
		sentence = _("An instalment of {0} on invoice {1} is due on {2}.")
	amount = min(missing, bill.outstanding)
	day = dates.display(part["due_date"], language)
	told = sentence.format(money.display(amount, bill.currency, language), bill.name, day)
	if has_choice:
		whole = _("You can pay the instalment or the whole balance of {0} by this link.")
		told += " " + whole.format(money.display(bill.outstanding, bill.currency, language))
	return Notice(_("Your instalment on invoice {0}").format(bill.name), told)
