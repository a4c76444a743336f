"""Where a payment arrangement stands on a day: which instalments are met, which are missed, what is missing.

What is paid on an invoice from the day of the agreement on, by submitted Payment Entries, meets the
instalments on that invoice in the order of their due dates, each as a whole; while nothing is owed on it,
all of them are met. Those that name no invoice are about all that the customer was billed until that day
and no other instalment names; staff may also name the payment that meets one. One that is not met is missed
from the day after it was due, unless a payment is under way; an arrangement is broken when one is missed by
more than five days, kept when all are met. A payment or credit note that is cancelled later meets nothing
any more, while the arrangement is active. An invoice that is cancelled leaves its instalments due: staff name
another, or cancel the arrangement.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from gigafibre_utils import money, site
from gigafibre_utils.invoice.model import CANCELLED, SUBMITTED, Invoice
from gigafibre_utils.payments.visits import processing
from gigafibre_utils.site import Document

ARRANGEMENT, INSTALMENT = "Payment Arrangement", "Payment Arrangement Instalment"
ACTIVE, KEPT, BROKEN = "Active", "Kept", "Broken"
DUE, MET, MISSED = "Due", "Met", "Missed"
GRACE = timedelta(days=5)
ROW = ("name", "customer", "company", "status", "agreed_on", "creation", "paid")
FIELDS = (
	"name",
	"due_date",
	"amount",
	"invoice",
	"status",
	"payment_request",
	"payment_entry",
	"is_paid_off",
	"reminded_on",
)
ZERO = Decimal(0)


def judge(row: Document, today: date) -> "Standing":
	"""Where the arrangement of a `ROW` stands."""
	currency = site.current().get("Company", row["company"], ["default_currency"])["default_currency"]
	before = _instalments(row["name"])
	for part in before:
		part["amount"] = money.rounded(part["amount"], currency)
	purses = _purses(row, before)
	parts = _judged(before, purses, today)
	return Standing(row, before, parts, purses, _conclusion(parts, today), currency)


def agreed_on(row: Document) -> date:
	"""The day of the agreement; where nobody wrote it down, that of its record."""
	return row["agreed_on"] or row["creation"].date()


@dataclass
class _Purse:
	"""What came in on invoices since the agreement, payment by payment, and how much of it is spent.

	`bill` is the one of `invoices` that waits to be paid, or that was cancelled. `is_under_way` tells that
	money was given which did not come in yet.
	"""

	invoices: set[str]
	received: list[tuple[str, Decimal]]
	spent: Decimal
	bill: Document | None
	is_paid: bool
	is_under_way: bool
	is_short: bool = False

	@property
	def total(self) -> Decimal:
		"""What came in."""
		return sum((amount for _, amount in self.received), ZERO)

	@property
	def is_patient(self) -> bool:
		"""Whether there is nothing that an instalment could be late for."""
		return self.is_under_way or (bool(self.bill) and self.bill["docstatus"] == CANCELLED)

	def has_met(self, part: Document) -> bool:
		"""Whether an instalment was met with something that came in."""
		return part["status"] == MET and part["payment_entry"] in dict(self.received)

	def lacks_what_was_cancelled(self) -> bool:
		"""Whether less came in than was spent, since a payment of it was cancelled."""
		return self.spent > self.total and _was_cancelled(self.invoices)

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
			last = self.received[-1][0] if self.received else None
			return part | {"status": MET, "payment_entry": last, "is_paid_off": 1}
		return part

	def missing(self, part: Document) -> Decimal:
		"""What is missing of an instalment that is not met, asked in their order."""
		left = max(ZERO, self.total - self.spent)
		self.spent += min(left, part["amount"])
		return max(ZERO, part["amount"] - left)


@dataclass
class Standing:
	"""An arrangement as it is written (`row`, `before`), and as it stands today (`parts`, `conclusion`)."""

	row: Document
	before: list[Document]
	parts: list[Document]
	purses: dict[str | None, _Purse]
	conclusion: Document
	currency: str

	def is_asked_on(self, part: Document, invoice: Invoice) -> bool:
		"""Whether a payment of this invoice is to meet it: one that names none is asked on one at a time."""
		bill = self.purses[part["invoice"]].bill
		return bool(bill) and bill["name"] == invoice.name

	def missing(self) -> dict[str, Decimal]:
		"""By name, what is missing of each instalment that is not met; to be asked once."""
		unmet = [part for part in self.parts if part["status"] != MET]
		return {part["name"]: self.purses[part["invoice"]].missing(part) for part in unmet}


def _instalments(arrangement: str) -> list[Document]:
	"""In the order of their due dates; those without one are last."""
	wanted = {"parent": arrangement, "parenttype": ARRANGEMENT}
	found = site.current().get_all(INSTALMENT, wanted, FIELDS, order_by="idx")
	parts = [part | {"invoice": part["invoice"] or None} for part in found]  # the desk leaves '' as well
	return sorted(parts, key=day_due)


def day_due(part: Document) -> date:
	"""The day that an instalment is due on, the last of all days where it has none."""
	return part["due_date"] or date.max


def _judged(parts: list[Document], purses: dict[str | None, _Purse], today: date) -> list[Document]:
	"""The instalments as they stand today."""
	submitted = _submitted(part["payment_entry"] for part in parts)
	parts = [_as_known(part, submitted, purses[part["invoice"]], today) for part in parts]
	for part in parts:
		if purses[part["invoice"]].has_met(part):
			purses[part["invoice"]].spent += part["amount"]
	for place, part in reversed(list(enumerate(parts))):
		purse = purses[part["invoice"]]
		if purse.has_met(part) and purse.lacks_what_was_cancelled():
			purse.spent -= part["amount"]
			parts[place] = _unmet(part, purse, today)
	return [part if part["status"] == MET else purses[part["invoice"]].meet(part) for part in parts]


def _as_known(part: Document, submitted: set[str], purse: _Purse, today: date) -> Document:
	"""The instalment by what is written on it: met by a payment that stands, because staff said so, or with
	all that was owed, for as long as nothing is.
	"""
	payment = part["payment_entry"] if part["payment_entry"] in submitted else None
	is_owed_again = part["is_paid_off"] and not purse.is_paid
	if not is_owed_again and (payment or (part["status"] == MET and not part["payment_entry"])):
		return part | {"status": MET}
	return _unmet(part, purse, today)


def _unmet(part: Document, purse: _Purse, today: date) -> Document:
	is_over = bool(part["due_date"]) and part["due_date"] < today and not purse.is_patient
	return part | {"status": MISSED if is_over else DUE, "payment_entry": None, "is_paid_off": 0}


def _submitted(payments: Iterable[str | None]) -> set[str]:
	wanted = {"name": ["in", list(filter(None, payments))], "docstatus": SUBMITTED}
	return {row["name"] for row in site.current().get_all("Payment Entry", wanted, ["name"])}


def _purses(arrangement: Document, parts: list[Document]) -> dict[str | None, _Purse]:
	"""By the invoice that instalments name; by None for those that name none."""
	about = _about(arrangement, parts)
	every = [invoice for invoices in about.values() for invoice in invoices]
	paid = _paid(every, agreed_on(arrangement))
	met = _met_elsewhere(arrangement, list(paid))
	asked = ["name", "docstatus", "outstanding_amount"]
	wanted = {"name": ["in", every]}
	bills = site.current().get_all("Sales Invoice", wanted, asked, order_by="posting_date, name")
	under_way = processing(every)
	return {key: _purse(set(invoices), paid, met, bills, under_way) for key, invoices in about.items()}


def _about(arrangement: Document, parts: list[Document]) -> dict[str | None, list[str]]:
	"""The invoices that each instalment is about."""
	named = {part["invoice"] for part in parts if part["invoice"]}
	about: dict[str | None, list[str]] = {invoice: [invoice] for invoice in named}
	if any(not part["invoice"] for part in parts):
		billed = {
			"customer": arrangement["customer"],
			"company": arrangement["company"],
			"docstatus": SUBMITTED,
			"is_return": 0,
			"posting_date": ["<=", agreed_on(arrangement)],
		}
		found = site.current().get_all("Sales Invoice", billed, ["name"])
		about[None] = [row["name"] for row in found if row["name"] not in named]
	return about


def _paid(invoices: list[str], since: date) -> dict[str, dict[str, Decimal]]:
	"""What each payment paid of each invoice from that day on, in the order in which they came."""
	current = site.current()
	wanted = {
		"reference_doctype": "Sales Invoice",
		"reference_name": ["in", invoices],
		"docstatus": SUBMITTED,
	}
	fields = ["parent", "reference_name", "allocated_amount"]
	references = current.get_all("Payment Entry Reference", wanted, fields)
	came = {
		"name": ["in", [row["parent"] for row in references]],
		"docstatus": SUBMITTED,
		"posting_date": [">=", since],
	}
	payments = current.get_all("Payment Entry", came, ["name"], order_by="posting_date, name")
	paid: dict[str, dict[str, Decimal]] = {row["name"]: {} for row in payments}
	for row in references:
		if (amounts := paid.get(row["parent"])) is not None:
			invoice = row["reference_name"]
			amounts[invoice] = amounts.get(invoice, ZERO) + row["allocated_amount"]
	return paid


def _met_elsewhere(arrangement: Document, payments: list[str]) -> list[Document]:
	"""What these payments have met of other arrangements."""
	wanted = {"payment_entry": ["in", payments], "status": MET, "parent": ["!=", arrangement["name"]]}
	return site.current().get_all(INSTALMENT, wanted, ["invoice", "amount", "payment_entry"])


def _purse(
	invoices: set[str],
	paid: dict[str, dict[str, Decimal]],
	met: list[Document],
	bills: list[Document],
	under_way: set[str],
) -> _Purse:
	amounts = {
		payment: sum((of_each[invoice] for invoice in invoices & of_each.keys()), ZERO)
		for payment, of_each in paid.items()
		if invoices & of_each.keys()
	}
	of_these = [row for row in met if row["payment_entry"] in amounts]
	spent = sum((row["amount"] for row in of_these if not row["invoice"] or row["invoice"] in invoices), ZERO)
	ours = [bill for bill in bills if bill["name"] in invoices]
	waiting = [bill for bill in ours if bill["docstatus"] != SUBMITTED or bill["outstanding_amount"] > 0]
	is_paid = bool(ours) and not waiting
	is_under_way = not is_paid and not under_way.isdisjoint(invoices)
	bill = waiting[0] if waiting else None
	return _Purse(invoices, list(amounts.items()), spent, bill, is_paid, is_under_way)


def _was_cancelled(invoices: set[str]) -> bool:
	"""Whether a payment of one of these invoices was cancelled."""
	wanted = {
		"reference_doctype": "Sales Invoice",
		"reference_name": ["in", list(invoices)],
		"docstatus": CANCELLED,
	}
	return bool(site.current().get_all("Payment Entry Reference", wanted, ["name"], limit=1))


def _conclusion(parts: list[Document], today: date) -> Document:
	"""Where the arrangement as a whole stands."""
	open_parts = [part for part in parts if part["status"] != MET]
	status = ACTIVE if open_parts or not parts else KEPT
	if any(part["status"] == MISSED and part["due_date"] + GRACE < today for part in open_parts):
		status = BROKEN
	return {"status": status, "paid": sum((part["amount"] for part in parts if part["status"] == MET), ZERO)}
