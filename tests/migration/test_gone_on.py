"""A second run, after the legacy system went on: what is new joins what is there, nothing is paid twice."""

from collections.abc import Callable
from contextlib import closing
from copy import copy
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from gigafibre_utils.embedded.mariadb import MariadbServer
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.reimport import Payments
from gigafibre_utils.migration.target import Target
from gigafibre_utils.migration.undo import undo
from tests.migration.by_hand import seconds
from tests.migration.checksums import checksums
from tests.migration.conftest import AS_OF, compared, migrate
from tests.migration.legacy_rows import written
from tests.migration.test_undo import KEPT, asked, without

Tables = dict[str, list[dict[str, Any]]]
IDS = ("id", "invoice_id", "payment_id", "reversal_of")

INVOICE = {
	"id": 1,
	"customer_id": 1,
	"number": "1",
	"subtotal": 100,
	"total": 100,
	"issued_at": seconds(2024, 6, 1, 10),
	"due_at": seconds(2024, 6, 30),
	"status": "open",
}
LINE = {"id": 1, "invoice_id": 1, "quantity": 1, "unit_price": 100, "amount": 100}
NOTE = INVOICE | {"id": 2, "number": "2", "subtotal": -100, "total": -100, "reversal_of": 1}
NOTE_LINE = LINE | {"id": 2, "invoice_id": 2, "quantity": -1, "amount": -100}
HALF = NOTE | {"subtotal": -50, "total": -50}
HALF_LINE = NOTE_LINE | {"unit_price": 50, "amount": -50}
PAYMENT = {"id": 1, "customer_id": 1, "amount": 100, "paid_at": seconds(2024, 6, 20, 10), "method": "cheque"}
SECOND = PAYMENT | {"id": 2}
EARLIER = SECOND | {"paid_at": seconds(2024, 6, 10, 10)}
PAYS = {"id": 1, "payment_id": 1, "invoice_id": 1, "amount": 100}
SECOND_PAYS = PAYS | {"id": 2, "payment_id": 2}

BILLED = {"invoice": [INVOICE], "invoice_item": [LINE]}
CREDITED = {"invoice": [NOTE], "invoice_item": [NOTE_LINE]}
BOTH = {"invoice": [INVOICE, NOTE], "invoice_item": [LINE, NOTE_LINE]}
HALVED = {"invoice": [INVOICE, HALF], "invoice_item": [LINE, HALF_LINE]}
HALVED_AGAIN = {
	"invoice": [HALF | {"id": 3, "number": "3"}],
	"invoice_item": [HALF_LINE | {"id": 3, "invoice_id": 3}],
}
RECEIVED = {"payment": [PAYMENT]}
PAID = {"payment": [PAYMENT], "payment_invoice": [PAYS]}
IN_PART = {"payment": [PAYMENT | {"amount": 60}], "payment_invoice": [PAYS | {"amount": 60}]}
PAID_AGAIN = {"payment": [EARLIER], "payment_invoice": [SECOND_PAYS]}
PAID_OUT = {
	"payment": [SECOND | {"amount": -100}],
	"payment_invoice": [SECOND_PAYS | {"invoice_id": 2, "amount": -100}],
}
BOUNCED = {"payment": [SECOND | {"amount": -100, "reversal_of": 1}]}
BOUNCED_IN_PART = {"payment": [SECOND | {"amount": -40, "reversal_of": 1}]}
ALLOCATED = {"payment_invoice": [PAYS]}


class Case(NamedTuple):
	"""What a customer has before and after, and what then is owed on his invoice and note, and is credit."""

	before: Tables
	after: Tables
	owed: list[int]
	credit: int


JOINS = {
	"a payment": Case(BILLED, PAID, [0], 0),
	"an earlier payment of what is paid": Case(BILLED | PAID, PAID_AGAIN, [0], 100),
	"an earlier payment of what is paid in part": Case(BILLED | IN_PART, PAID_AGAIN, [0], 60),
	"a credit note": Case(BILLED, CREDITED, [0, 0], 0),
	"a second credit note": Case(HALVED, HALVED_AGAIN, [0, 0, 0], 0),
	"a credit note on what is paid": Case(BILLED | PAID, CREDITED, [0, -100], 0),
	"a credit note and a payment": Case(BILLED, CREDITED | PAID, [0, -100], 0),
	"a payment of what was credited": Case(BOTH, PAID, [0, 0], 100),
	"a credit note is paid out": Case(BOTH | PAID, PAID_OUT, [0, 0], 0),
	"what was credit bounces": Case(BILLED | RECEIVED, BOUNCED, [100], 0),
}
BECAME = {
	"it bounced": Case(BILLED | PAID, BOUNCED, [100], 0),
	"it was taken back in part": Case(BILLED | PAID, BOUNCED_IN_PART, [40], 0),
	"it was allocated": Case(BILLED | RECEIVED, ALLOCATED, [0], 0),
}
CASES = JOINS | BECAME
CUSTOMERS = {name: number for number, name in enumerate(CASES, 1)}


class Books:
	"""A legacy database with a customer for each case, and a site that it is brought into."""

	def __init__(self, mariadb: MariadbServer, site_url: str):
		rows = [{"id": id_, "company": name} for name, id_ in CUSTOMERS.items()]
		name = site_url.rpartition("site_")[2].split("?")[0]
		self.legacy_url = written(mariadb, f"gone_on_{name}", customer=rows)
		self.site_url = site_url
		self.add("before")

	def add(self, when: str) -> None:
		"""What the customers have `before` or `after`."""
		with closing(Legacy(self.legacy_url).connect()) as connection, connection.cursor() as cursor:
			for name, case in CASES.items():
				for table, rows in getattr(case, when).items():
					for row in rows:
						values = _of(CUSTOMERS[name], row)
						places = ", ".join(["%s"] * len(values))
						cursor.execute(
							f"INSERT INTO {table} ({', '.join(values)}) VALUES ({places})",
							list(values.values()),
						)
			connection.commit()

	def migrate(self, **options: object) -> None:
		migrate(self.legacy_url, self.site_url, **options)

	def stands(self, name: str) -> tuple[list[Decimal], Decimal]:
		"""What is owed on a customer's documents, the invoice first, and what his payments have left."""
		customer = f"CUST-{CUSTOMERS[name]:07d}"
		owed = asked(
			self.site_url,
			f"""SELECT outstanding_amount FROM "tabSales Invoice"
			WHERE customer = '{customer}' ORDER BY name""",
		)
		((credit,),) = asked(
			self.site_url,
			f"""SELECT coalesce(-sum(amount), 0) FROM "tabPayment Ledger Entry"
			WHERE against_voucher_type = 'Payment Entry' AND party = '{customer}' AND delinked = 0""",
		)
		return [amount for (amount,) in owed], credit

	def unlike(self) -> list[str]:
		"""The cases of which the comparison finds an allocation unlike; it finds nothing else."""
		found = compared(self.legacy_url, self.site_url)
		*others, allocations = found.documents
		assert [kind.differences for kind in others] == [0, 0]
		assert found.unexplained == allocations.differences
		names = list(CASES)
		return [names[differing.legacy_id // 10 - 1] for differing in allocations.differing]


def _of(customer: int, row: dict[str, Any]) -> dict[str, Any]:
	"""A row as that customer's: its ids are his alone."""
	ids = {key: value + 10 * customer for key, value in row.items() if key in IDS}
	number = {"number": f"{customer}{row['number']}"} if "number" in row else {}
	return row | ids | number | ({"customer_id": customer} if "customer_id" in row else {})


@pytest.fixture(scope="module")
def gone_on(mariadb: MariadbServer, new_site: Callable[[], str]) -> Books:
	"""Brought in before and after. Only to be read."""
	books = Books(mariadb, new_site())
	books.migrate()
	books.add("after")
	books.migrate()
	return books


@pytest.fixture(scope="module")
def out_and_in(gone_on: Books, new_site: Callable[..., str]) -> Books:
	"""Then all payments were taken out and in again, in another site."""
	books = copy(gone_on)
	books.site_url = new_site(gone_on.site_url.rpartition("/")[2].split("?")[0])
	books.migrate(only=("import_payments",), take_out=Payments(last=AS_OF))
	return books


@pytest.mark.parametrize("name", JOINS)
def test_what_is_new_joins_what_is_there(gone_on: Books, out_and_in: Books, name: str):
	assert gone_on.stands(name) == (CASES[name].owed, CASES[name].credit)
	assert out_and_in.stands(name) == gone_on.stands(name)


@pytest.mark.parametrize("name", BECAME)
def test_what_became_of_a_payment_that_is_there_comes_in_when_it_is_taken_out_and_in_again(
	gone_on: Books, out_and_in: Books, name: str
):
	(owed,), credit = gone_on.stands(name)
	assert owed - credit == CASES[name].owed[0], "what he owes in all is right before"
	assert out_and_in.stands(name) == (CASES[name].owed, CASES[name].credit)


def test_the_comparison_tells_what_became_of_payments_that_are_there_until_that_came_in(
	gone_on: Books, out_and_in: Books
):
	assert gone_on.unlike() == list(BECAME)
	assert out_and_in.unlike() == []


def test_steps_that_were_run_apart_and_then_went_on_agree(
	mariadb: MariadbServer, new_site: Callable[[], str]
):
	books = Books(mariadb, new_site())
	parties = ("import_customers", "import_service_locations", "import_items")
	books.migrate(only=(*parties, "import_invoices"))
	books.migrate()
	assert books.unlike() == []
	books.add("after")
	books.migrate()
	assert books.unlike() == list(BECAME)
	assert [books.stands(name) for name in JOINS] == [(case.owed, case.credit) for case in JOINS.values()]


def test_what_a_second_run_brought_is_taken_back_exactly(mariadb: MariadbServer, new_site: Callable[[], str]):
	books = Books(mariadb, new_site())
	books.migrate()
	before = without(checksums(books.site_url), KEPT)
	books.add("after")
	books.migrate()
	assert without(checksums(books.site_url), KEPT) != before
	assert undo(Target(books.site_url), 2) > 0
	assert without(checksums(books.site_url), KEPT) == before
