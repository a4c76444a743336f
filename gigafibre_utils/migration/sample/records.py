"""The rows of the legacy database, and how each is written as SQL.

Texts are bytes, as they are to stand in the table. Money is in cents, quantities are in thousandths, and unit
prices in ten-thousandths; days and moments are as in `days`.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Protocol

from gigafibre_utils.migration.sample.days import written

_ESCAPES = ((b"\\", b"\\\\"), (b"'", b"\\'"), (b"\0", b"\\0"))


class Record(Protocol):
	"""A row of `table`."""

	table: ClassVar[str]
	id: int

	def sql(self) -> bytes:
		"""Its values in the order of the table's columns, in brackets."""


def text(raw: bytes) -> bytes:
	"""Bytes as an SQL literal."""
	for special, escaped in _ESCAPES:
		if special in raw:
			raw = raw.replace(special, escaped)
	return b"'%b'" % raw


@lru_cache(1 << 16)
def scaled(number: int, places: int) -> bytes:
	"""A number of that many decimals as an SQL literal."""
	whole, rest = divmod(abs(number), 10**places)
	return b"%b%d.%0*d" % (b"-" if number < 0 else b"", whole, places, rest)


def money(cents: int) -> bytes:
	"""An amount as an SQL literal."""
	return scaled(cents, 2)


@dataclass(slots=True)
class Customer:
	"""Who is billed."""

	id: int
	account_no: bytes
	company: bytes
	first_name: bytes
	last_name: bytes
	language: bytes
	email: bytes
	phone_home: bytes
	phone_cell: bytes
	address1: bytes
	city: bytes
	postal_code: bytes
	password: bytes
	stripe_customer_id: bytes
	status: bytes
	notes: bytes
	created_at: int
	closed_at: int
	address2: bytes = b""
	province: bytes = b"QC"
	table: ClassVar[str] = "customer"

	def sql(self) -> bytes:
		"""As SQL."""
		texts = (
			*(self.account_no, self.company, self.first_name, self.last_name, self.language, self.email),
			*(self.phone_home, self.phone_cell, self.address1, self.address2, self.city, self.province),
			*(self.postal_code, self.password, self.stripe_customer_id, self.status, self.notes),
		)
		written_texts = b",".join(map(text, texts))
		return b"(%d,%b,%d,%d)" % (self.id, written_texts, self.created_at, self.closed_at)


@dataclass(slots=True)
class Delivery:
	"""Where service is delivered."""

	id: int
	customer_id: int
	name: bytes
	address1: bytes
	address2: bytes
	city: bytes
	postal_code: bytes
	coordinates: tuple[int, int] | None
	device_mac: bytes
	device_serial: bytes
	created_at: int
	table: ClassVar[str] = "delivery"

	def sql(self) -> bytes:
		"""As SQL."""
		address = (self.name, self.address1, self.address2, self.city, b"QC", self.postal_code)
		point = (
			b"%b,%b" % tuple(scaled(part, 7) for part in self.coordinates)
			if self.coordinates
			else b"NULL,NULL"
		)
		return b"(%d,%d,%b,%b,%b,%b,%d)" % (
			*(self.id, self.customer_id, b",".join(map(text, address)), point),
			*(text(self.device_mac), text(self.device_serial), self.created_at),
		)


@dataclass(slots=True)
class Product:
	"""What is sold."""

	id: int
	sku: bytes
	name_fr: bytes
	name_en: bytes
	category: bytes
	price: int
	billing: bytes
	table: ClassVar[str] = "product"

	def sql(self) -> bytes:
		"""As SQL."""
		names = b",".join(map(text, (self.sku, self.name_fr, self.name_en, self.category)))
		return b"(%d,%b,%b,%b)" % (self.id, names, money(self.price), text(self.billing))


@dataclass(slots=True)
class Service:
	"""A subscription."""

	id: int
	delivery_id: int
	product_id: int
	bill_to_name: bytes
	price: int | None
	start_date: int
	end_date: int
	status: bytes
	table: ClassVar[str] = "service"

	def sql(self) -> bytes:
		"""As SQL."""
		price = b"NULL" if self.price is None else money(self.price)
		return b"(%d,%d,%d,%b,%b,%b,%b,%b)" % (
			*(self.id, self.delivery_id, self.product_id, text(self.bill_to_name), price),
			*(written(self.start_date), written(self.end_date), text(self.status)),
		)


@dataclass(slots=True)
class Invoice:
	"""The head of an invoice."""

	id: int
	customer_id: int
	number: bytes
	issued_at: int
	due_at: int
	subtotal: int
	total: int
	balance: int = 0
	status: bytes = b"open"
	reversal_of: int = 0
	notes: bytes = b""
	table: ClassVar[str] = "invoice"

	def sql(self) -> bytes:
		"""As SQL."""
		return b"(%d,%d,%b,%d,%d,%b,%b,%b,%b,%d,%b)" % (
			*(self.id, self.customer_id, text(self.number), self.issued_at, self.due_at),
			*(money(self.subtotal), money(self.total), money(self.balance), text(self.status)),
			*(self.reversal_of, text(self.notes) if self.notes else b"NULL"),
		)


@dataclass(slots=True)
class Item:
	"""A line of an invoice."""

	id: int
	invoice_id: int
	service_id: int
	product_id: int
	description: bytes
	quantity: int
	unit_price: int
	amount: int
	period_start: int
	period_end: int
	table: ClassVar[str] = "invoice_item"

	def sql(self) -> bytes:
		"""As SQL."""
		return b"(%d,%d,%d,%d,%b,%b,%b,%b,%b,%b)" % (
			*(self.id, self.invoice_id, self.service_id, self.product_id, text(self.description)),
			*(scaled(self.quantity, 3), scaled(self.unit_price, 4), scaled(self.amount, 2)),
			*(written(self.period_start), written(self.period_end)),
		)


@dataclass(slots=True)
class Tax:
	"""A tax on an invoice; the rate is in ten-thousandths of a percent."""

	id: int
	invoice_id: int
	code: str
	rate: int
	amount: int
	table: ClassVar[str] = "invoice_tax"

	def sql(self) -> bytes:
		"""As SQL."""
		code = self.code.encode()
		return b"(%d,%d,'%b',%b,%b)" % (
			self.id,
			self.invoice_id,
			code,
			scaled(self.rate, 4),
			money(self.amount),
		)


@dataclass(slots=True)
class Payment:
	"""Money that came in, or went back."""

	id: int
	customer_id: int
	paid_at: int
	amount: int
	method: bytes
	reference: bytes
	status: bytes = b"ok"
	reversal_of: int = 0
	table: ClassVar[str] = "payment"

	def sql(self) -> bytes:
		"""As SQL."""
		return b"(%d,%d,%d,%b,%b,%b,%b,%d)" % (
			*(self.id, self.customer_id, self.paid_at, money(self.amount), text(self.method)),
			*(text(self.reference), text(self.status), self.reversal_of),
		)


@dataclass(slots=True)
class Allocation:
	"""How much of a payment went to which invoice."""

	id: int
	payment_id: int
	invoice_id: int
	amount: int
	table: ClassVar[str] = "payment_invoice"

	def sql(self) -> bytes:
		"""As SQL."""
		return b"(%d,%d,%d,%b)" % (self.id, self.payment_id, self.invoice_id, money(self.amount))


@dataclass(slots=True)
class Method:
	"""A customer's stored way to pay."""

	id: int
	customer_id: int
	kind: bytes
	stripe_token: bytes
	last4: bytes
	expires: bytes
	is_default: int
	table: ClassVar[str] = "payment_method"

	def sql(self) -> bytes:
		"""As SQL."""
		texts = b",".join(map(text, (self.kind, self.stripe_token, self.last4, self.expires)))
		return b"(%d,%d,%b,%d)" % (self.id, self.customer_id, texts, self.is_default)


@dataclass(slots=True)
class Arrangement:
	"""A promise to pay in instalments."""

	id: int
	customer_id: int
	agreed_at: int
	status: bytes
	note: bytes
	table: ClassVar[str] = "payment_arrangement"

	def sql(self) -> bytes:
		"""As SQL."""
		return b"(%d,%d,%d,%b,%b)" % (
			*(self.id, self.customer_id, self.agreed_at, text(self.status), text(self.note)),
		)


@dataclass(slots=True)
class Due:
	"""An instalment of an arrangement."""

	id: int
	arrangement_id: int
	invoice_id: int
	due_date: int
	amount: int
	payment_id: int
	table: ClassVar[str] = "payment_arrangement_due"

	def sql(self) -> bytes:
		"""As SQL."""
		return b"(%d,%d,%d,%b,%b,%d)" % (
			*(self.id, self.arrangement_id, self.invoice_id),
			*(written(self.due_date), money(self.amount), self.payment_id),
		)


@dataclass(slots=True)
class Ticket:
	"""A request for help."""

	id: int
	customer_id: int
	delivery_id: int
	subject: bytes
	department: bytes
	priority: int
	status: bytes
	opened_at: int
	closed_at: int
	table: ClassVar[str] = "ticket"

	def sql(self) -> bytes:
		"""As SQL."""
		return b"(%d,%d,%d,%b,%b,%d,%b,%d,%d)" % (
			*(self.id, self.customer_id, self.delivery_id, text(self.subject), text(self.department)),
			*(self.priority, text(self.status), self.opened_at, self.closed_at),
		)


@dataclass(slots=True)
class Message:
	"""A message of a ticket."""

	id: int
	ticket_id: int
	author: bytes
	body: bytes
	sent_at: int
	table: ClassVar[str] = "ticket_message"

	def sql(self) -> bytes:
		"""As SQL."""
		return b"(%d,%d,%b,%b,%d)" % (
			self.id,
			self.ticket_id,
			text(self.author),
			text(self.body),
			self.sent_at,
		)
