"""Payment arrangements, followed up day by day: instalments met or missed, and customers reminded of them.

What is paid on an invoice from the day of the agreement on, by submitted Payment Entries, meets the
instalments on that invoice in the order of their due dates, each as a whole; once nothing is owed on it,
all of them are met. Those that name no invoice are about all that the customer was billed until that day
and no other instalment names; staff may also name the payment that meets one. One that is not met is missed
from the day after it was due; an arrangement is broken when one is missed by more than five days, kept when
all are met. A payment that is cancelled later meets nothing any more, while the arrangement is active. An
invoice that is cancelled leaves its instalments due: staff name another, or cancel the arrangement.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from gigafibre_utils import dates, money, site
from gigafibre_utils.errors import GigafibreError
from gigafibre_utils.invoice import model
from gigafibre_utils.invoice.model import CANCELLED, SUBMITTED, Invoice
from gigafibre_utils.paylink import links, sending
from gigafibre_utils.paylink.messages import Notice
from gigafibre_utils.site import Document
from gigafibre_utils.translation import translator

ARRANGEMENT, INSTALMENT = "Payment Arrangement", "Payment Arrangement Instalment"
ACTIVE, KEPT, BROKEN = "Active", "Kept", "Broken"
DUE, MET, MISSED = "Due", "Met", "Missed"
PAID, REQUESTED = "Paid", "Requested"
AHEAD, GRACE = timedelta(days=3), timedelta(days=5)
JOB = "gigafibre_utils.payments.arrangements.after_payment"
ROW = ("name", "customer", "status", "agreed_on", "paid")
FIELDS = (
	"name",
	"due_date",
	"amount",
	"invoice",
	"status",
	"payment_request",
	"payment_entry",
	"reminded_on",
)
ZERO = Decimal(0)


def run() -> None:
	"""The daily job. Run again on the same day it changes nothing and sends nothing."""
	today = site.current().now().date()
	for row in site.current().get_all(ARRANGEMENT, {"status": ACTIVE}, ["name"], order_by="name"):
		try:
			follow_up(row["name"], today)
		except Exception as error:
			# Whatever it was, it is written where staff look, and the others have their turn.
			reason = str(error) if isinstance(error, GigafibreError) else type(error).__name__
			site.current().log_error("Payment arrangement", f"{ARRANGEMENT} {row['name']}: {reason}")


def follow_up(arrangement: str, today: date) -> None:
	"""Bring one active arrangement to where it stands, and send its customer the reminders of the day.

	Raises InvalidInput where the customer can be reached by neither e-mail nor phone.
	"""
	with site.current().atomic():
		standing = _locked(arrangement, today)
		if not standing:
			return
		to_remind = [part for part in standing.parts if _is_to_remind(part, today)]
		for part in to_remind:
			# Before anything is sent: whatever happens then, nobody is told twice.
			part["reminded_on"] = today
		_keep(standing)
	missing = standing.missing()
	for part in to_remind:
		_remind(part, standing.purses[part["invoice"]].bill, missing[part["name"]], today)


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
	wanted = {"customer": invoice.customer, "status": ACTIVE}
	return site.current().get_all(ARRANGEMENT, wanted, ROW, order_by="name")


def missing_on(invoice: Invoice, today: date) -> list[Document]:
	"""The instalments that a payment of this invoice meets next, with what is `missing` of each.

	In the order of their due dates; of arrangements that are active by what is known today.
	"""
	found: list[Document] = []
	for row in about(invoice):
		standing = _standing(row, today)
		if standing.conclusion["status"] == ACTIVE:
			missing = standing.missing()
			parts = [part for part in standing.parts if missing.get(part["name"])]
			meets = [part for part in parts if invoice.name in standing.purses[part["invoice"]].invoices]
			found += [part | {"missing": missing[part["name"]]} for part in meets]
	return sorted(found, key=_day)


@dataclass
class _Purse:
	"""What came in on invoices since the agreement, payment by payment, and how much of it is spent.

	`bill` is the one of `invoices` that waits to be paid, or that was cancelled.
	"""

	invoices: list[str]
	received: list[tuple[str, Decimal]]
	spent: Decimal
	bill: Invoice | None
	is_paid: bool
	is_short: bool = False

	@property
	def is_void(self) -> bool:
		"""Whether there is nothing any more that an instalment could be late for."""
		return bool(self.bill) and self.bill.docstatus == CANCELLED

	def spend(self, part: Document) -> None:
		"""Take off what an instalment was met with before."""
		if part["payment_entry"] in dict(self.received):
			self.spent += part["amount"]

	def meet(self, part: Document) -> Document:
		"""The instalment, met where there is enough for it; where there is not, none after it is met."""
		so_far = ZERO
		for payment, amount in self.received:
			so_far += amount
			if not self.is_short and self.spent + part["amount"] <= so_far:
				self.spent += part["amount"]
				return part | {"status": MET, "payment_entry": payment}
		self.is_short = True
		if self.is_paid:
			return part | {"status": MET, "payment_entry": self.received[-1][0] if self.received else None}
		return part

	def missing(self, part: Document) -> Decimal:
		"""What is missing of an instalment that is not met, asked in their order."""
		left = max(ZERO, sum((amount for _, amount in self.received), ZERO) - self.spent)
		self.spent += min(left, part["amount"])
		return max(ZERO, part["amount"] - left)


@dataclass
class _Standing:
	"""An arrangement as it is written (`row`, `before`), and as it stands today (`parts`, `conclusion`)."""

	row: Document
	before: list[Document]
	parts: list[Document]
	purses: dict[str | None, _Purse]
	conclusion: Document

	def missing(self) -> dict[str, Decimal]:
		"""By name, what is missing of each instalment that is not met; to be asked once."""
		unmet = [part for part in self.parts if part["status"] != MET]
		return {part["name"]: self.purses[part["invoice"]].missing(part) for part in unmet}


def _locked(arrangement: str, today: date) -> _Standing | None:
	"""Where an arrangement stands, its row locked; None where it is not active any more."""
	row = site.current().lock(ARRANGEMENT, arrangement, ROW)
	return _standing(row, today) if row and row["status"] == ACTIVE else None


def _standing(row: Document, today: date) -> _Standing:
	before = _instalments(row["name"])
	purses = _purses(row, before)
	parts = _judged(before, purses, today)
	return _Standing(row, before, parts, purses, _conclusion(parts, today))


def _keep(standing: _Standing) -> None:
	"""Write what has changed."""
	for old, new in zip(standing.before, standing.parts, strict=True):
		_write(INSTALMENT, old["name"], old, new)
		_settle_request(old, new)
	_write(ARRANGEMENT, standing.row["name"], standing.row, standing.conclusion)


def _instalments(arrangement: str) -> list[Document]:
	"""In the order of their due dates; those without one are last."""
	wanted = {"parent": arrangement, "parenttype": ARRANGEMENT}
	found = site.current().get_all(INSTALMENT, wanted, FIELDS, order_by="idx")
	parts = [part | {"invoice": part["invoice"] or None} for part in found]  # the desk leaves '' as well
	return sorted(parts, key=_day)


def _day(part: Document) -> date:
	return part["due_date"] or date.max


def _judged(parts: list[Document], purses: dict[str | None, _Purse], today: date) -> list[Document]:
	"""The instalments as they stand today."""
	submitted = _submitted(part["payment_entry"] for part in parts)
	parts = [_as_known(part, submitted, purses[part["invoice"]].is_void, today) for part in parts]
	for part in parts:
		if part["status"] == MET:
			purses[part["invoice"]].spend(part)
	return [part if part["status"] == MET else purses[part["invoice"]].meet(part) for part in parts]


def _as_known(part: Document, submitted: set[str], is_void: bool, today: date) -> Document:
	"""The instalment by what is written on it: met by a payment that stands, or because staff said so."""
	payment = part["payment_entry"] if part["payment_entry"] in submitted else None
	if payment or (part["status"] == MET and not part["payment_entry"]):
		return part | {"status": MET}
	is_over = bool(part["due_date"]) and part["due_date"] < today and not is_void
	return part | {"status": MISSED if is_over else DUE, "payment_entry": payment}


def _submitted(payments: Iterable[str | None]) -> set[str]:
	wanted = {"name": ["in", list(filter(None, payments))], "docstatus": SUBMITTED}
	return {row["name"] for row in site.current().get_all("Payment Entry", wanted, ["name"])}


def _purses(arrangement: Document, parts: list[Document]) -> dict[str | None, _Purse]:
	"""By the invoice that instalments name; by None for those that name none."""
	named = {part["invoice"] for part in parts if part["invoice"]}
	bills: dict[str | None, list[str]] = {invoice: [invoice] for invoice in named}
	if any(not part["invoice"] for part in parts):
		billed = {"customer": arrangement["customer"], "docstatus": SUBMITTED, "is_return": 0}
		if arrangement["agreed_on"]:
			billed["posting_date"] = ["<=", arrangement["agreed_on"]]
		found = site.current().get_all("Sales Invoice", billed, ["name"], order_by="posting_date, name")
		bills[None] = [row["name"] for row in found if row["name"] not in named]
	return {key: _purse(arrangement, names) for key, names in bills.items()}


def _purse(arrangement: Document, invoices: list[str]) -> _Purse:
	current = site.current()
	wanted = {
		"reference_doctype": "Sales Invoice",
		"reference_name": ["in", invoices],
		"docstatus": SUBMITTED,
	}
	references = current.get_all("Payment Entry Reference", wanted, ["parent", "allocated_amount"])
	amounts = dict.fromkeys((row["parent"] for row in references), ZERO)
	for row in references:
		amounts[row["parent"]] += row["allocated_amount"]
	since = {
		"name": ["in", list(amounts)],
		"docstatus": SUBMITTED,
		"posting_date": [">=", arrangement["agreed_on"] or date.min],
	}
	payments = current.get_all("Payment Entry", since, ["name"], order_by="posting_date, name")
	received = [(row["name"], amounts[row["name"]]) for row in payments]
	asked = ["name", "docstatus", "outstanding_amount"]
	bills = current.get_all("Sales Invoice", {"name": ["in", invoices]}, asked, order_by="posting_date, name")
	waiting = [row for row in bills if row["docstatus"] != SUBMITTED or row["outstanding_amount"] > 0]
	spent = _spent_elsewhere(arrangement, invoices, [payment for payment, _ in received])
	bill = model.find(waiting[0]["name"]) if waiting else None
	return _Purse(invoices, received, spent, bill, bool(bills) and not waiting)


def _spent_elsewhere(arrangement: Document, invoices: list[str], payments: list[str]) -> Decimal:
	"""What these payments have met of other arrangements."""
	wanted = {"payment_entry": ["in", payments], "status": MET, "parent": ["!=", arrangement["name"]]}
	met = site.current().get_all(INSTALMENT, wanted, ["invoice", "amount"])
	return sum((row["amount"] for row in met if row["invoice"] in (None, "", *invoices)), ZERO)


def _conclusion(parts: list[Document], today: date) -> Document:
	"""Where the arrangement as a whole stands."""
	open_parts = [part for part in parts if part["status"] != MET]
	status = ACTIVE if open_parts or not parts else KEPT
	if any(part["status"] == MISSED and part["due_date"] + GRACE < today for part in open_parts):
		status = BROKEN
	return {"status": status, "paid": sum((part["amount"] for part in parts if part["status"] == MET), ZERO)}


def _settle_request(old: Document, new: Document) -> None:
	"""Close the Payment Request of an instalment that was met; open it again where that is taken back."""
	if (
		not new["payment_request"]
		or MET not in (old["status"], new["status"])
		or old["status"] == new["status"]
	):
		return
	outstanding, status = (ZERO, PAID) if new["status"] == MET else (new["amount"], REQUESTED)
	values = {"outstanding_amount": outstanding, "status": status}
	site.current().set_value("Payment Request", new["payment_request"], values)


def _write(doctype: str, name: str, old: Document, new: Document) -> None:
	changes = {field: value for field, value in new.items() if value != old[field]}
	if changes:
		site.current().set_value(doctype, name, changes)


def _is_to_remind(part: Document, today: date) -> bool:
	"""From three days before it is due, once; and from the day after, once, until it is long past."""
	day, told = part["due_date"], part["reminded_on"]
	if part["status"] == MET or not day:
		return False
	if day < today:
		return day + GRACE >= today and (not told or told <= day)
	return day - AHEAD <= today and (not told or told < day - AHEAD)


def _remind(part: Document, bill: Invoice | None, missing: Decimal, today: date) -> None:
	if bill and bill.is_payable:
		sending.remind(bill, _notice(bill, part, missing, is_late=part["due_date"] < today))


def _notice(bill: Invoice, part: Document, missing: Decimal, is_late: bool) -> Notice:
	language = model.reader_language(bill)
	_ = translator(language)
	if is_late:
		sentence = _("An instalment of {0} on invoice {1} was due on {2} and has not reached us yet.")
	else:
		sentence = _("An instalment of {0} on invoice {1} is due on {2}.")
	amount = min(missing, bill.outstanding)
	day = dates.display(part["due_date"], language)
	told = sentence.format(money.display(amount, bill.currency, language), bill.name, day)
	if amount < bill.outstanding:
		whole = _("You can pay the instalment or the whole balance of {0} by this link.")
		told += " " + whole.format(money.display(bill.outstanding, bill.currency, language))
	return Notice(_("Your instalment on invoice {0}").format(bill.name), told)
