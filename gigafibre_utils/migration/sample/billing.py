"""Invoices: what is billed, and what becomes of it."""

from dataclasses import dataclass, field

from gigafibre_utils.migration.sample import catalogue
from gigafibre_utils.migration.sample.days import MONTHS, moment
from gigafibre_utils.migration.sample.making import Making
from gigafibre_utils.migration.sample.records import Customer, Invoice, Item, Product, Service, Tax

ITEMS_TO_AN_INVOICE = 1_600_000 / 115_000
DAYS_TO_PAY = 30
COUNTED = (b"open", b"paid", b"reversed")


@dataclass(slots=True)
class Subscribed:
	"""A service with what it bills in each month from the first to the last."""

	service: Service
	product: Product
	first_month: int
	last_month: int
	price: int


@dataclass(slots=True, eq=False)
class Bill:
	"""An invoice with its lines; `day` is 0 where its date is unusable, `settled` is paid of it, in cents."""

	invoice: Invoice
	items: list[Item]
	taxes: list[Tax]
	day: int
	settled: int = 0
	is_plain: bool = True
	is_left: bool = False
	"""Nobody will pay it."""
	believed_off: int = 0
	"""By how much the old system is wrong about its balance."""

	@property
	def due(self) -> int:
		"""What is still to be paid, in cents."""
		return self.invoice.total - self.settled


@dataclass(slots=True, eq=False)
class Life:
	"""A customer from moving in to moving out, by quarters counted from 2011."""

	customer: Customer
	first_quarter: int
	last_quarter: int
	is_utf8: bool
	is_exempt: bool
	billing_day: int
	method: bytes
	delivery_ids: list[int] = field(default_factory=list)
	subscribed: list[Subscribed] = field(default_factory=list)
	unpaid: list[Bill] = field(default_factory=list)
	leaves_owing: bool = False


def issue(making: Making, life: Life, quarter: int) -> Bill:
	"""Bill a customer's quarter in advance."""
	first_month = quarter * 3
	day = MONTHS[first_month] + life.billing_day
	bill = _empty(making, life.customer.id, day)
	for month in range(first_month, first_month + 3):
		for subscribed in life.subscribed:
			if subscribed.first_month <= month <= subscribed.last_month:
				service = subscribed.service.id
				_add(making, bill, subscribed.product, month, service, 1000, subscribed.price * 100)
	_add_extras(making, bill, life, first_month)
	_add_up(making, bill, () if life.is_exempt else None)
	if life.is_exempt:
		making.tally.trap("invoice.exempt", bill.invoice.id)
		bill.is_plain = False
	elif making.lay("invoice", bill):
		bill.is_plain = False
	else:
		making.lay("invoice_item", bill)
	put_lines(making, bill)
	return bill


def put_lines(making: Making, bill: Bill) -> None:
	"""Write the lines, which stay as they are, and let go of them; the head follows when it is settled."""
	for record in (*bill.items, *bill.taxes):
		making.put(record)
	for tax in bill.taxes:
		if tax.rate in catalogue.OLD_RATES:
			making.tally.trap(f"invoice_tax.rate_of_{tax.rate / 10_000:g}", tax.id)
	bill.items = []


def finish(making: Making, bill: Bill) -> None:
	"""Write the head of an invoice to which nothing will happen any more."""
	invoice = bill.invoice
	if invoice.status == b"open":
		invoice.balance = bill.due + bill.believed_off
		if invoice.total > 0 and bill.due <= 0:
			invoice.status = b"paid"
	if invoice.status in COUNTED:
		taxes: dict[str, int] = {}
		for tax in bill.taxes:
			taxes[tax.code] = taxes.get(tax.code, 0) + tax.amount
		making.tally.bill(invoice.customer_id, bill.day, invoice.total, taxes)
	else:
		making.tally.set_apart(invoice.status.decode(), invoice.total)
	making.put(invoice)


def opposite(making: Making, bill: Bill, day: int) -> Bill:
	"""An invoice that takes a whole other one back."""
	back = _empty(making, bill.invoice.customer_id, day)
	for item in bill.items:
		id = making.next_id("invoice_item")
		back.items.append(
			Item(
				*(id, back.invoice.id, item.service_id, item.product_id, item.description),
				*(-item.quantity, item.unit_price, -item.amount, item.period_start, item.period_end),
			)
		)
	for tax in bill.taxes:
		back.taxes.append(
			Tax(making.next_id("invoice_tax"), back.invoice.id, tax.code, tax.rate, -tax.amount)
		)
	back.invoice.subtotal, back.invoice.total = -bill.invoice.subtotal, -bill.invoice.total
	back.invoice.reversal_of = bill.invoice.id
	return back


def credit(making: Making, bill: Bill, cents: int) -> Bill:
	"""A credit note over so many cents before tax, on the day of an invoice and to its customer."""
	note = _empty(making, bill.invoice.customer_id, bill.day)
	month = next(month for month, first in enumerate(MONTHS) if first > bill.day) - 1
	_add(making, note, catalogue.BY_SKU["RABAIS-PARRAIN"], month, 0, 1000, -cents * 100)
	_add_up(making, note, None)
	return note


def _empty(making: Making, customer_id: int, day: int) -> Bill:
	id = making.next_id("invoice")
	number = b"%d" % (100_000 + id)
	due_at = moment(day + DAYS_TO_PAY)
	return Bill(Invoice(id, customer_id, number, moment(day, 9, id % 60), due_at, 0, 0), [], [], day)


def _add(
	making: Making, bill: Bill, product: Product, month: int, service_id: int, quantity: int, unit_price: int
) -> None:
	"""A line of a month; quantity in thousandths, price in ten-thousandths."""
	amount = _rounded(quantity * unit_price)
	id = making.next_id("invoice_item")
	bill.items.append(
		Item(
			*(id, bill.invoice.id, service_id, product.id, catalogue.described(product.id, month)),
			*(quantity, unit_price, amount, MONTHS[month], MONTHS[month + 1] - 1),
		)
	)


def _add_extras(making: Making, bill: Bill, life: Life, first_month: int) -> None:
	"""Fees, a discount or two and calls, so many that invoices are as long as those of the real database."""
	chance = making.chance
	for place in range(int(bill.invoice.id * ITEMS_TO_AN_INVOICE) - making.ids["invoice_item"]):
		month = first_month + place % 3
		if place < len(catalogue.EXTRAS):
			product, quantity = catalogue.EXTRAS[place], 1000
		else:
			product, quantity = chance.one_of(catalogue.USAGE), chance.whole(1, 900) * 100
		service = life.subscribed[0].service.id if place % 2 else 0
		_add(making, bill, product, month, service, quantity, product.price * 100)


def _add_up(making: Making, bill: Bill, taxes: tuple[()] | None) -> None:
	"""Subtotal, taxes (those of the day unless it is given that there are none) and total."""
	invoice = bill.invoice
	invoice.subtotal = sum(item.amount for item in bill.items)
	on_the_day = catalogue.taxes_on(invoice.subtotal, bill.day) if taxes is None else taxes
	for code, rate, amount in on_the_day:
		bill.taxes.append(Tax(making.next_id("invoice_tax"), invoice.id, code, rate, amount))
	invoice.total = invoice.subtotal + sum(tax.amount for tax in bill.taxes)


def _rounded(product: int) -> int:
	"""Thousandths times ten-thousandths in cents, half away from zero."""
	cents = (abs(product) + 50_000) // 100_000
	return cents if product >= 0 else -cents
