"""Traps in invoices, their lines, payments and arrangements."""

from datetime import date

from gigafibre_utils.migration.sample.billing import Bill, credit, finish, opposite, put_lines
from gigafibre_utils.migration.sample.catalogue import GONE_PRODUCT
from gigafibre_utils.migration.sample.days import END, IN_1970, IN_2106, UNKNOWN, midnight_utc, moment
from gigafibre_utils.migration.sample.making import Making, odd_values, trap
from gigafibre_utils.migration.sample.paying import DAYS_TO_BOUNCE, Receipt
from gigafibre_utils.migration.sample.records import Due, Item, Payment, Tax

LONG = "Ajustement rétroactif – réf. 2019-0042, entente téléphonique avec le client; "
USABLE_SINCE = date(2011, 1, 2).toordinal()


def _day_lost(name: str, second: int) -> None:
	"""Declare the trap of an invoice and of a payment whose moment stands for none."""

	@trap(f"invoice.issued_{name}")
	def _issued(bill: Bill, making: Making) -> int:
		bill.invoice.issued_at, bill.day = second, 0
		return bill.invoice.id

	@trap(f"payment.paid_{name}")
	def _paid(receipt: Receipt, making: Making) -> int:
		receipt.payment.paid_at, receipt.day = second, 0
		return receipt.payment.id


_day_lost("at_second_zero", UNKNOWN)
_day_lost("in_1970", IN_1970)
_day_lost("in_2106", IN_2106)


@trap("invoice.number_empty")
def _number_empty(bill: Bill, making: Making) -> int:
	bill.invoice.number = b""
	return bill.invoice.id


@trap("invoice.number_twice")
def _number_twice(bill: Bill, making: Making) -> int | None:
	if bill.invoice.id == 1:
		return None
	bill.invoice.number = b"%d" % (int(bill.invoice.number) - 1)
	return bill.invoice.id


@trap("invoice.total_a_cent_off")
def _total_a_cent_off(bill: Bill, making: Making) -> int:
	bill.invoice.total += making.chance.one_of((-2, -1, 1, 2))
	return bill.invoice.id


@trap("invoice.reversal")
def _reversal(bill: Bill, making: Making) -> int | None:
	if bill.day + 5 > END:
		return None
	back = opposite(making, bill, bill.day + 5)
	back.invoice.status, bill.invoice.status, bill.is_left = b"paid", b"reversed", True
	put_lines(making, back)
	finish(making, back)
	return back.invoice.id


@trap("invoice.credit_note_alone")
def _credit_note_alone(bill: Bill, making: Making) -> int:
	note = credit(making, bill, 2000)
	put_lines(making, note)
	finish(making, note)
	return note.invoice.id


@trap("invoice.credit_note_against_another")
def _credit_note_against_another(bill: Bill, making: Making) -> int:
	note = credit(making, bill, 1500)
	note.invoice.reversal_of, note.invoice.status = bill.invoice.id, b"paid"
	bill.settled -= note.invoice.total
	put_lines(making, note)
	finish(making, note)
	return note.invoice.id


@trap("invoice.void_with_items")
def _void_with_items(bill: Bill, making: Making) -> int:
	bill.invoice.status, bill.is_left = b"void", True
	return bill.invoice.id


@trap("invoice.draft")
def _draft(bill: Bill, making: Making) -> int:
	bill.invoice.status, bill.invoice.number, bill.is_left = b"draft", b"", True
	return bill.invoice.id


@trap("invoice.customer_gone")
def _invoice_without_customer(bill: Bill, making: Making) -> int:
	bill.invoice.customer_id, bill.is_left = making.gone("customer"), True
	return bill.invoice.id


@trap("invoice.without_items")
def _without_items(bill: Bill, making: Making) -> int:
	bill.items = []
	return bill.invoice.id


@trap("invoice.on_new_years_eve")
def _on_new_years_eve(bill: Bill, making: Making) -> int | None:
	"""The first second of a year in UTC, the old year's last evening in Toronto."""
	day = date.fromordinal(bill.day)
	if day.month != 1 or bill.day < USABLE_SINCE + 365:
		return None
	new_year = date(day.year, 1, 1).toordinal()
	bill.invoice.issued_at, bill.day = midnight_utc(new_year), new_year - 1
	return bill.invoice.id


@trap("invoice.in_the_evening")
def _in_the_evening(bill: Bill, making: Making) -> int:
	bill.invoice.issued_at = moment(bill.day, 23, 15)
	return bill.invoice.id


@trap("invoice.due_at_second_zero")
def _due_at_second_zero(bill: Bill, making: Making) -> int:
	bill.invoice.due_at = UNKNOWN
	return bill.invoice.id


@trap("invoice.balance_wrong")
def _balance_wrong(bill: Bill, making: Making) -> int:
	bill.believed_off = making.chance.one_of((-1234, 500, 2999))
	return bill.invoice.id


@trap("invoice.notes_with_dirt")
def _notes_with_dirt(bill: Bill, making: Making) -> int:
	bill.invoice.notes = b"Re\xe7u\x00 par la poste &amp; r\xc3\xa9vis\xc3\xa9  \r\n"
	return bill.invoice.id


@trap("invoice.two_lines_of_one_tax")
def _two_lines_of_one_tax(bill: Bill, making: Making) -> int:
	federal = bill.taxes[0]
	part = federal.amount // 3
	federal.amount -= part
	id = making.next_id("invoice_tax")
	bill.taxes.append(Tax(id, bill.invoice.id, federal.code, federal.rate, part))
	return bill.invoice.id


def _one_item(bill: Bill) -> Item:
	return bill.items[bill.invoice.id % len(bill.items)]


def _odd_item(name: str, **values: object) -> None:
	"""Declare a trap that is odd values in one line of an invoice."""
	odd_values(f"invoice_item.{name}", _one_item, **values)


_odd_item("service_zero", service_id=0)
_odd_item("product_zero", product_id=0)
_odd_item("description_of_255", description=(LONG * 5).encode("cp1252")[:255])
_odd_item("control_characters", description=b"Appel\x00 interurbain\x1f\t514-555-0199")
_odd_item("trailing_blanks", description=b"Frais de retard   ")
_odd_item("entities", description=b"Fibre &amp; t&eacute;l&eacute;vision &#8211; forfait &lt;duo&gt;")
_odd_item("encoded_twice", description="Téléphonie".encode().decode("cp1252").encode())
_odd_item("utf8_cut_in_a_letter", description=("a" + "é" * 200).encode()[:254])
_odd_item("quantity_zero", quantity=0)
_odd_item("period_empty", period_start=0, period_end=0)


@trap("invoice_item.service_gone")
def _item_without_service(bill: Bill, making: Making) -> int:
	item = _one_item(bill)
	item.service_id = making.gone("service")
	return item.id


@trap("invoice_item.product_gone")
def _item_without_product(bill: Bill, making: Making) -> int:
	item = _one_item(bill)
	item.product_id = GONE_PRODUCT
	return item.id


@trap("invoice_item.amount_by_no_price")
def _amount_by_no_price(bill: Bill, making: Making) -> int:
	item = _one_item(bill)
	item.unit_price += 33_333
	return item.id


@trap("invoice_item.period_reversed")
def _period_reversed(bill: Bill, making: Making) -> int:
	item = _one_item(bill)
	item.period_start, item.period_end = item.period_end, item.period_start
	return item.id


@trap("payment.allocated_more_than_its_amount")
def _allocated_too_much(receipt: Receipt, making: Making) -> int | None:
	if not receipt.is_plain or receipt.payment.amount <= 2000:
		return None
	receipt.payment.amount -= 1000
	return receipt.payment.id


@trap("payment.allocated_less_than_its_amount")
def _allocated_too_little(receipt: Receipt, making: Making) -> int:
	receipt.payment.amount += 1500
	return receipt.payment.id


@trap("payment.not_allocated")
def _not_allocated(receipt: Receipt, making: Making) -> int | None:
	if not receipt.is_plain:
		return None
	receipt.parts.clear()
	return receipt.payment.id


@trap("payment.allocated_to_a_void_invoice")
def _allocated_to_a_void_invoice(receipt: Receipt, making: Making) -> int | None:
	"""The invoice was made void after it was paid."""
	if not receipt.is_plain:
		return None
	bill, cents = receipt.parts[-1]
	if cents != bill.due:
		return None
	bill.invoice.status = b"void"
	return receipt.payment.id


@trap("payment.allocated_to_another_customer")
def _allocated_to_another_customer(receipt: Receipt, making: Making) -> int | None:
	"""Somebody else's invoice was paid by mistake."""
	if not making.waiting or not receipt.is_plain:
		return None
	owner, foreign = making.waiting
	if owner is receipt.life or foreign not in owner.unpaid or foreign.due <= 0 or not foreign.is_plain:
		return None
	bill, cents = receipt.parts[0]
	strayed = min(cents, foreign.due)
	own = [(bill, cents - strayed)] if cents > strayed else []
	receipt.parts[:1] = [*own, (foreign, strayed)]
	return receipt.payment.id


def _bounces(receipt: Receipt, status: bytes) -> bool:
	if not receipt.is_plain or receipt.day + DAYS_TO_BOUNCE > END:
		return False
	receipt.payment.status = status
	return True


def _taken_back(status: bytes) -> None:
	"""Declare the traps of payments that did not stay."""
	word = status.decode()

	@trap(f"payment.{word}_taken_back")
	def _with_allocations(receipt: Receipt, making: Making) -> int | None:
		if not _bounces(receipt, status):
			return None
		receipt.is_taken_back = True
		return receipt.payment.id

	@trap(f"payment.{word}_taken_back_without_allocations")
	def _without_allocations(receipt: Receipt, making: Making) -> int | None:
		if not _bounces(receipt, status):
			return None
		receipt.is_taken_back, receipt.takes_allocations_back = True, False
		return receipt.payment.id

	@trap(f"payment.{word}_alone")
	def _alone(receipt: Receipt, making: Making) -> int | None:
		if not _bounces(receipt, status):
			return None
		receipt.stands = False
		return receipt.payment.id


_taken_back(b"nsf")
_taken_back(b"reversed")


@trap("payment.amount_zero")
def _amount_zero(receipt: Receipt, making: Making) -> int:
	id = making.next_id("payment")
	making.put(Payment(id, receipt.life.customer.id, receipt.payment.paid_at, 0, b"cheque", b"annul\xe9"))
	return id


@trap("payment.without_method")
def _without_method(receipt: Receipt, making: Making) -> int:
	receipt.payment.method = b""
	return receipt.payment.id


@trap("payment.customer_gone")
def _payment_without_customer(receipt: Receipt, making: Making) -> int | None:
	if not receipt.is_plain:
		return None
	receipt.payment.customer_id = making.gone("customer")
	receipt.parts.clear()
	return receipt.payment.id


@trap("payment.on_new_years_eve")
def _paid_on_new_years_eve(receipt: Receipt, making: Making) -> int | None:
	day = date.fromordinal(receipt.day)
	if day.month not in (1, 12) or receipt.day < USABLE_SINCE + 365:
		return None
	new_year = date(day.year + (day.month == 12), 1, 1).toordinal()
	if new_year > END:
		return None
	receipt.payment.paid_at, receipt.day = midnight_utc(new_year), new_year - 1
	return receipt.payment.id


@trap("payment.in_the_evening")
def _paid_in_the_evening(receipt: Receipt, making: Making) -> int:
	receipt.payment.paid_at = moment(receipt.day, 22, 40)
	return receipt.payment.id


@trap("payment.reference_with_dirt")
def _reference_with_dirt(receipt: Receipt, making: Making) -> int:
	receipt.payment.reference = b"Ch\xc3\xa8que\x00 n\xba 12 &amp; 13  "
	return receipt.payment.id


@trap("payment_arrangement_due.invoice_zero")
def _due_for_no_invoice(due: Due, making: Making) -> int:
	due.invoice_id = 0
	return due.id


@trap("payment_arrangement_due.paid_but_not_told")
def _paid_but_not_told(due: Due, making: Making) -> int | None:
	"""The instalment was met, and nobody wrote down by what."""
	if not due.payment_id:
		return None
	due.payment_id = 0
	return due.id


@trap("payment_arrangement_due.more_than_is_owed")
def _more_than_is_owed(due: Due, making: Making) -> int:
	due.amount += 500
	return due.id


odd_values("payment_arrangement_due.due_on_a_zero_date", due_date=0)
