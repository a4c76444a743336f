"""Payments, and promises to pay: what people do with an invoice."""

from dataclasses import dataclass

from gigafibre_utils.migration.sample.billing import Bill, Life, finish
from gigafibre_utils.migration.sample.days import END, moment
from gigafibre_utils.migration.sample.making import Making
from gigafibre_utils.migration.sample.people import spelled
from gigafibre_utils.migration.sample.records import Allocation, Arrangement, Due, Payment

ARRANGED, NEVER, LATER, IN_PARTS = 0.017, 0.032, 0.105, 0.145
"""Of all invoices, summed up; all others are paid at once."""

STRIPE_SINCE = 737_000
"""The day, in autumn 2018, from which cards are charged through Stripe."""

DAYS_TO_BOUNCE = 6
INSTALMENTS = 3
OUTCOMES = (b"kept", b"kept", b"broken", b"active", b"cancelled")


@dataclass(slots=True, eq=False)
class Receipt:
	"""A payment with the bills it goes to; `stands` unless it bounced and nothing took it back."""

	payment: Payment
	life: Life
	day: int
	parts: list[tuple[Bill, int]]
	stands: bool = True
	is_taken_back: bool = False
	takes_allocations_back: bool = True

	@property
	def is_plain(self) -> bool:
		"""Nothing odd about what it pays."""
		return bool(self.parts) and all(bill.is_plain and not bill.settled for bill, _ in self.parts)


def settle(making: Making, life: Life, bill: Bill, day: int, is_last: bool) -> None:
	"""Do with an invoice of that day what people do."""
	if bill.is_left or (is_last and life.leaves_owing):
		finish(making, bill)
		return
	chance = making.chance
	drawn = chance.draw()
	if drawn < ARRANGED and day + 130 < END:
		_arrange(making, life, bill, day + 40)
		finish(making, bill)
	elif drawn < NEVER:
		finish(making, bill)
	elif drawn < LATER:
		life.unpaid.append(bill)
		making.waiting = life, bill
	elif drawn < IN_PARTS:
		pay(making, life, [(bill, bill.due * chance.whole(3, 8) // 10)], day + 10)
		if chance.happens(0.8) and day + 60 <= END:
			pay(making, life, [(bill, bill.due)], day + 50)
		finish(making, bill)
	else:
		life.unpaid.append(bill)
		_pay_all(making, life, day + chance.whole(1, 38))


def _pay_all(making: Making, life: Life, day: int) -> None:
	"""Pay all that is open, if that day still comes."""
	if day > END:
		return
	bills, life.unpaid = life.unpaid, []
	pay(making, life, [(bill, bill.due) for bill in bills], day)
	for bill in bills:
		if bill.due > 0 and bill.invoice.status == b"open":
			life.unpaid.append(bill)
		else:
			finish(making, bill)


def pay(making: Making, life: Life, parts: list[tuple[Bill, int]], day: int) -> int:
	"""One payment over several bills; gives its id, 0 where nothing was to be paid."""
	parts = [(bill, cents) for bill, cents in parts if cents > 0]
	if not parts:
		return 0
	id = making.next_id("payment")
	amount = sum(cents for _, cents in parts)
	method, reference = _means(making, life, day, id)
	at = moment(day, 8 + id % 12, id % 60)
	receipt = Receipt(Payment(id, life.customer.id, at, amount, method, reference), life, day, parts)
	making.lay("payment", receipt)
	_record(making, receipt)
	return id


def _record(making: Making, receipt: Receipt) -> None:
	payment = receipt.payment
	making.put(payment)
	for bill, cents in receipt.parts:
		making.put(Allocation(making.next_id("payment_invoice"), payment.id, bill.invoice.id, cents))
		if receipt.stands and not receipt.is_taken_back:
			bill.settled += cents
	if receipt.stands:
		making.tally.payment(payment.customer_id, receipt.day, payment.amount)
	if receipt.is_taken_back:
		_take_back(making, receipt)


def _take_back(making: Making, receipt: Receipt) -> None:
	taken, day = receipt.payment, receipt.day + DAYS_TO_BOUNCE
	id = making.next_id("payment")
	why = spelled("Provision insuffisante – retourné", receipt.life.is_utf8)
	making.put(Payment(id, taken.customer_id, moment(day), -taken.amount, taken.method, why, b"ok", taken.id))
	if receipt.takes_allocations_back:
		for bill, cents in receipt.parts:
			making.put(Allocation(making.next_id("payment_invoice"), id, bill.invoice.id, -cents))
	making.tally.payment(taken.customer_id, day, -taken.amount)


def _means(making: Making, life: Life, day: int, id: int) -> tuple[bytes, bytes]:
	"""Method and reference."""
	chance = making.chance
	method = life.method if chance.happens(0.9) else chance.one_of((b"cheque", b"cash", b"card", b"credit"))
	if method == b"card" and day >= STRIPE_SINCE:
		return method, b"%s_3Sample%016d" % (b"pi" if day % 3 else b"ch", id * 7_919)
	if method == b"card":
		return method, b"APPR %06d" % (id % 1_000_000)
	if method == b"cheque":
		return method, b"%d" % chance.whole(1, 999) if id % 3 else spelled(
			f"Chèque nº {id % 900}", life.is_utf8
		)
	if method == b"ach":
		return method, b"PPA %d" % day
	if method == b"credit":
		return method, spelled("Crédit accordé au téléphone", life.is_utf8)
	return method, b""


def _arrange(making: Making, life: Life, bill: Bill, day: int) -> None:
	"""Pay in instalments, or promise to."""
	chance = making.chance
	id = making.next_id("payment_arrangement")
	status = chance.one_of(OUTCOMES)
	note = spelled("Entente de paiement prise avec le client, à réévaluer", life.is_utf8)
	making.put(Arrangement(id, life.customer.id, moment(day, 14), status, note))
	share = bill.due // INSTALMENTS
	shares = [share] * (INSTALMENTS - 1) + [bill.due - share * (INSTALMENTS - 1)]
	met = {b"kept": INSTALMENTS, b"cancelled": 0}.get(status, 1)
	for place, cents in enumerate(shares):
		on = day + 30 * (place + 1)
		payment = pay(making, life, [(bill, cents)], on - 2) if place < met else 0
		due = Due(making.next_id("payment_arrangement_due"), id, bill.invoice.id, on, cents, payment)
		making.lay("payment_arrangement_due", due)
		making.put(due)
