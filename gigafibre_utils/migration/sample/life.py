"""Customers from moving in to moving out: who comes when, where they live, what they subscribe to."""

from hashlib import md5
from math import ceil

from gigafibre_utils.migration.sample import catalogue, people
from gigafibre_utils.migration.sample.billing import Life, Subscribed
from gigafibre_utils.migration.sample.chance import Chance
from gigafibre_utils.migration.sample.days import END, LAST_MONTH, MONTHS, QUARTERS, moment
from gigafibre_utils.migration.sample.making import Making
from gigafibre_utils.migration.sample.people import spelled
from gigafibre_utils.migration.sample.records import Customer, Delivery, Method, Product, Service

SERVICES_TO_A_CUSTOMER = 21_000 / 6_667
DELIVERIES_TO_A_CUSTOMER = 1.1
LOYALTY = 2.85
"""Exponent by which the shares of customers become stays; it makes 17 to 18 quarters on average."""

STAYS_ON = 0.6
EXEMPT_EVERY = 110
METHODS = (b"card", b"card", b"card", b"ach", b"ach", b"cheque", b"cheque", b"cash")
EXPIRIES = (b"04/27", b"11/28", b"01/30", b"08/25")


def stays(chance: Chance, customers: int) -> list[tuple[int, int]]:
	"""First and last quarter of each customer, in the order in which they come."""
	found = []
	for place in range(1, customers + 1):
		length = 1 + round((QUARTERS - 1) * (place / customers) ** LOYALTY)
		is_over = length < QUARTERS and not chance.happens(STAYS_ON)
		last = chance.whole(length - 1, QUARTERS - 2) if is_over else QUARTERS - 1
		found.append((last - length + 1, last))
	return sorted(found)


def move_in(making: Making, first: int, last: int) -> Life:
	"""A new customer with its places and services."""
	life = _customer(making, first, last)
	making.lay("customer", life)
	if b"555" in life.customer.phone_home:
		making.tally.trap("customer.phone_in_one_of_ten_notations", life.customer.id)
	making.put(life.customer)
	making.last_account = life.customer.account_no
	places = int(making.ids["customer"] * DELIVERIES_TO_A_CUSTOMER) - making.ids["delivery"]
	for _ in range(max(1, places)):
		_delivery(making, life)
	for place in range(max(1, ceil(making.ids["customer"] * SERVICES_TO_A_CUSTOMER) - making.ids["service"])):
		_subscribe(making, life, place)
	if life.method != b"cash" and last > QUARTERS - 20:
		_method(making, life)
	return life


def _customer(making: Making, first: int, last: int) -> Life:
	chance = making.chance
	id = making.next_id("customer")
	is_utf8 = chance.happens(0.6)
	name = people.person(chance)
	company = people.firm(chance) if chance.happens(0.07) else ""
	street, (city, postal_code, *_) = people.street(chance), chance.one_of(people.PLACES)
	is_closed = last < QUARTERS - 1
	customer = Customer(
		id=id,
		account_no=b"%06d" % (40_000 + id * 3),
		company=spelled(company, is_utf8),
		first_name=b"" if company else spelled(name[0], is_utf8),
		last_name=b"" if company else spelled(name[1], is_utf8),
		language=b"en" if id % 9 == 0 else b"" if id % 31 == 0 else b"fr",
		email=people.email(*name, id).encode() if chance.happens(0.92) else b"",
		phone_home=people.phone(chance, people.NOTATIONS[id % len(people.NOTATIONS)]),
		phone_cell=people.phone(chance, chance.one_of(people.NOTATIONS)) if chance.happens(0.6) else b"",
		address1=spelled(street, is_utf8),
		city=spelled(city, is_utf8),
		postal_code=postal_code.encode() if id % 6 else postal_code.replace(" ", "").lower().encode(),
		password=md5(b"sample-%d" % id, usedforsecurity=False).hexdigest().encode(),
		stripe_customer_id=b"cus_Sample%08d" % id if last > QUARTERS - 20 else b"",
		status=b"closed" if is_closed else b"suspended" if chance.happens(0.02) else b"active",
		notes=spelled("Préfère être joint en soirée.\nPorte d'entrée à l'arrière.", is_utf8)
		if id % 8 == 0
		else b"",
		created_at=moment(MONTHS[first * 3], 10, id % 60),
		closed_at=moment(min(MONTHS[last * 3 + 3], END), 16) if is_closed else 0,
	)
	method = chance.one_of(METHODS)
	exempt = id % EXEMPT_EVERY == 7
	return Life(customer, first, last, is_utf8, exempt, chance.whole(0, 27), method)


def _delivery(making: Making, life: Life) -> None:
	chance, customer = making.chance, life.customer
	id = making.next_id("delivery")
	is_home = not life.delivery_ids
	place = chance.one_of(people.PLACES)
	is_placed = chance.happens(0.55)
	delivery = Delivery(
		id=id,
		customer_id=customer.id,
		name=spelled("Résidence" if is_home else f"Chalet nº {id}", life.is_utf8),
		address1=customer.address1 if is_home else spelled(people.street(chance), life.is_utf8),
		address2=spelled("App. 2 – entrée arrière", life.is_utf8) if id % 12 == 0 else b"",
		city=customer.city if is_home else spelled(place[0], life.is_utf8),
		postal_code=customer.postal_code if is_home else place[1].encode(),
		coordinates=_near(chance, place) if is_placed else (0, 0) if id % 2 else None,
		device_mac=b":".join(b"%02X" % chance.whole(0, 255) for _ in range(6)),
		device_serial=b"TRG-%08d" % (id * 37),
		created_at=customer.created_at,
	)
	making.lay("delivery", delivery)
	making.put(delivery)
	life.delivery_ids.append(id)


def _near(chance: Chance, place: tuple[str, str, int, int]) -> tuple[int, int]:
	return tuple(part * 10 + chance.whole(-400_000, 400_000) for part in place[2:])


def _subscribe(making: Making, life: Life, place: int) -> None:
	chance = making.chance
	first, last = life.first_quarter * 3, life.last_quarter * 3 + 2
	ends = last < LAST_MONTH
	if place == 0:
		product = chance.one_of(catalogue.INTERNET)
	else:
		product = chance.one_of(catalogue.BESIDE)
		if chance.happens(0.2):
			last = chance.whole(first, last)
			ends = True
	price = None if chance.happens(0.7) else product.price + chance.whole(-3, 3) * 100 // 2
	service = Service(
		id=making.next_id("service"),
		delivery_id=chance.one_of(life.delivery_ids),
		product_id=product.id,
		bill_to_name=b"",
		price=price,
		start_date=MONTHS[first],
		end_date=MONTHS[last + 1] - 1 if ends else 0,
		status=b"ended" if ends else b"suspended" if life.customer.status == b"suspended" else b"active",
	)
	making.lay("service", (service, life))
	making.put(service)
	life.subscribed.append(_billed(service, product, first, last))


def _billed(service: Service, product: Product, first: int, last: int) -> Subscribed:
	price = product.price if service.price is None else service.price
	return Subscribed(service, product, first, last, price)


def _method(making: Making, life: Life) -> None:
	chance = making.chance
	id = making.next_id("payment_method")
	is_stripe = life.method in (b"card", b"ach")
	token = b"pm_Sample%010d" % (id * 104_729) if is_stripe else b""
	last4 = b"%04d" % chance.whole(0, 9999) if is_stripe else b""
	expires = chance.one_of(EXPIRIES) if life.method == b"card" else b""
	making.put(Method(id, life.customer.id, life.method, token, last4, expires, 1))
