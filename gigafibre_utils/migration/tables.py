"""The tables of the legacy database, as far as they are read.

A column a word, `name` or `name:kind`. No kind means a whole number. `line` and `text` are text of one line
and of several, `wide` is a line that ERPNext has room for however long it is, `body` is a message's. `word`
and `code` are one of few, in small letters and in capitals. `number?` may be NULL. A password has no place
here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gigafibre_utils.migration import clean

Copied = Callable[[bytes | None], bytes]

_DESCRIBED = {
	"customer": "id account_no:line company:line first_name:line last_name:line language:word email:wide "
	"phone_home:line phone_cell:line address1:line address2:line city:line province:line postal_code:line "
	"stripe_customer_id:line status:word notes:text created_at closed_at",
	"delivery": "id customer_id name:line address1:line address2:line city:line province:line "
	"postal_code:line latitude:number? longitude:number? device_mac:line device_serial:line created_at",
	"product": "id sku:line name_fr:line name_en:line category:word price:number billing:word",
	"service": "id delivery_id product_id bill_to_name:line price:number? start_date:date end_date:date "
	"status:word",
	"invoice": "id customer_id number:line issued_at due_at subtotal:number total:number balance:number "
	"status:word reversal_of notes:text",
	"invoice_item": "id invoice_id service_id product_id description:wide quantity:number unit_price:number "
	"amount:number period_start:date period_end:date",
	"invoice_tax": "id invoice_id code:code rate:number amount:number",
	"payment": "id customer_id paid_at amount:number method:word reference:line status:word reversal_of",
	"payment_invoice": "id payment_id invoice_id amount:number",
	"payment_method": "id customer_id kind:word stripe_token:line last4:line expires:line is_default",
	"payment_arrangement": "id customer_id agreed_at status:word note:text",
	"payment_arrangement_due": "id arrangement_id invoice_id due_date:date amount:number payment_id",
	"ticket": "id customer_id delivery_id subject:wide department:line priority status:word opened_at "
	"closed_at",
	"ticket_message": "id ticket_id author:line body:body sent_at",
}

_POSTGRES = {"int": "bigint", "number": "numeric", "number?": "numeric", "date": "date"}
_MARIADB = {
	"int": ("int", "bigint", "mediumint", "smallint", "tinyint"),
	"number": ("decimal",),
	"number?": ("decimal",),
	"date": ("date",),
}
_ROOM = {"line": 140, "word": 64, "code": 64}
_TEXTS = ("char", "varchar", "text", "tinytext", "mediumtext", "longtext")
_COPIED: dict[str, Copied] = {
	"line": clean.copied_line,
	"wide": clean.copied_line,
	"word": clean.copied_word,
	"code": clean.copied_code,
	"text": clean.copied_text,
	"body": clean.copied_body,
	"number?": clean.copied_number,
}


@dataclass(frozen=True)
class Column:
	"""One column of a legacy table."""

	name: str
	kind: str

	@property
	def postgres_type(self) -> str:
		"""Its type in staging."""
		return _POSTGRES.get(self.kind, "text")

	@property
	def mariadb_types(self) -> tuple[str, ...]:
		"""The types that it may have in the legacy database."""
		return _MARIADB.get(self.kind, _TEXTS)

	@property
	def room(self) -> int | None:
		"""How many characters of it ERPNext has room for, where that is limited."""
		return _ROOM.get(self.kind)


@dataclass(frozen=True)
class Table:
	"""A legacy table."""

	name: str
	columns: tuple[Column, ...]

	def cleaners(self) -> Sequence[tuple[int, Copied]]:
		"""Where in a row something is to be cleaned, and by what; the rest is copied as it comes."""
		days = clean.CopiedDays()
		known = _COPIED | {"date": days}
		return [
			(place, known[column.kind]) for place, column in enumerate(self.columns) if column.kind in known
		]


def _described(name: str, words: str) -> Table:
	columns = (word.partition(":") for word in words.split())
	return Table(name, tuple(Column(column, kind or "int") for column, _, kind in columns))


TABLES: dict[str, Table] = {name: _described(name, words) for name, words in _DESCRIBED.items()}
