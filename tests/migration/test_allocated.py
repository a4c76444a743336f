"""What was allocated is judged by the legacy rows: as much as can have been, whatever a finding says."""

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import psycopg2
import pytest

from gigafibre_utils.embedded.mariadb import MariadbServer
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.reconcile import Reconciliation, reconcile
from tests.migration.by_hand import seconds
from tests.migration.conftest import AS_OF, migrate
from tests.migration.legacy_rows import written
from tests.migration.test_documents import REFERENCE, differing

CUSTOMERS = 120
# Second zero is no moment; in the hour that comes twice, the clock shows the later one first.
MOMENTS = (
	0,
	seconds(2019, 6, 14, 10),
	seconds(2021, 7, 14, 10),
	1_604_206_800 + 1_800,
	1_604_206_800 + 5_000,
)
REASONS = {
	"allocated_too_much",
	"before_since",
	"credit_used",
	"invoice_draft",
	"invoice_gone",
	"invoice_of_another_customer",
	"invoice_paid_already",
	"invoice_void",
	"never_received",
	"payment_not_migrated",
	"taken_back",
	"wrong_sign",
	"zero_amount",
}
# Of the one a part is there, as too much was allocated; the other is not, as the invoice is somebody else's.
CUT = """
	SELECT min(reference.name) FROM public."tabPayment Entry Reference" AS reference
	JOIN public."tabMigration Finding" ON reference.name = 'LR-' || lpad(legacy_id, 7, '0')
	WHERE legacy_table = 'payment_invoice' AND reason = 'allocated_too_much'
"""
REFUSED = """
	INSERT INTO public."tabPayment Entry Reference" (
		name, parent, reference_doctype, reference_name, allocated_amount
	)
	SELECT 'LR-' || lpad(finding.legacy_id, 7, '0'), payment.name, 'Sales Invoice', invoice.name,
		(legacy_row::jsonb ->> 'amount')::numeric
	FROM public."tabMigration Finding" AS finding
	JOIN public."tabPayment Entry" AS payment ON payment.legacy_id = legacy_row::jsonb ->> 'payment_id'
	JOIN public."tabSales Invoice" AS invoice ON invoice.legacy_id = legacy_row::jsonb ->> 'invoice_id'
	WHERE legacy_table = 'payment_invoice' AND reason = 'invoice_of_another_customer' LIMIT 1
"""
TOLD = f"""
	INSERT INTO public."tabMigration Finding" (name, run, step, outcome, legacy_table, legacy_id, reason)
	SELECT 'told', 'MIG-0001', 'import_payments', 'Repaired', 'payment_invoice',
		ltrim(substr(name, 4), '0'), 'invoice_paid_already'
	FROM ({REFERENCE}) AS reference (name)
"""


class Wild:
	"""Invoices, payments and allocations of a hundred customers, as chance has it."""

	def __init__(self, seed: int):
		self._chance = Random(seed)
		self.tables: dict[str, list[dict[str, Any]]] = {
			"customer": [{"id": id_, "company": f"Ferme {id_}"} for id_ in range(1, CUSTOMERS + 1)],
			"invoice": [],
			"invoice_item": [],
			"payment": [],
			"payment_invoice": [],
		}
		for customer in range(1, CUSTOMERS + 1):
			self._invoices(customer)
			self._payments(customer)
		self._allocations()
		self._credited_thrice(1)

	def _invoices(self, customer: int) -> None:
		for _ in range(self._chance.randint(1, 4)):
			total = self._chance.choice((10, 20, 20, 30, 30, -10, -20, 0))
			row = self._add("invoice", customer_id=customer, subtotal=total, total=total)
			row |= {"number": row["id"], "issued_at": self._chance.choice(MOMENTS), "due_at": MOMENTS[-1]}
			row["status"] = self._chance.choice(("open", "paid", "Open", "paid", "open", "vo\x00id", "draft"))
			row["reversal_of"] = self._reversed(row["id"])
			for _ in range(self._chance.randint(0, 2)):
				self._line(row)

	def _line(self, invoice: dict[str, Any]) -> None:
		"""It may come to the total, or to a cent or much more or less than that."""
		lacking = self._chance.choice((0, 0, Decimal("0.01"), 5))
		row = self._add("invoice_item", invoice_id=invoice["id"], amount=invoice["total"] - lacking)
		row["quantity"] = self._chance.choice((1, 0, -1, Decimal("2.5")))

	def _payments(self, customer: int) -> None:
		for _ in range(self._chance.randint(1, 5)):
			amount = self._chance.choice((10, 20, 25, 40, -10, -20, 0))
			row = self._add("payment", customer_id=customer, amount=amount)
			row["paid_at"] = self._chance.choice(MOMENTS)
			row["method"] = self._chance.choice(("card", "Cash ", "ch\x00eque", "traite", ""))
			row["status"] = self._chance.choice(("ok", "ok", "ok", "nsf", "Reversed", "void"))
			row["reversal_of"] = self._reversed(row["id"])

	def _reversed(self, id_: int) -> int:
		"""None, or one close by: of the same customer mostly, of another, itself, or one still to come."""
		return max(0, id_ - self._chance.randint(-1, 3)) if self._chance.random() < 0.6 else 0

	def _allocations(self) -> None:
		for payment in self._chance.choices(self.tables["payment"], k=4 * CUSTOMERS):
			is_paid_out = payment["amount"] < 0
			own = [row for row in self.tables["invoice"] if row["customer_id"] == payment["customer_id"]]
			fitting = [row for row in own if (row["total"] < 0) == is_paid_out]
			invoice = self._chance.choice([*own, *fitting * 3, {"id": payment["id"]}])["id"]
			amount = self._chance.choice((5, 10, 15, 30, 0, -10)) * (-1 if is_paid_out else 1)
			self._add("payment_invoice", payment_id=payment["id"], invoice_id=invoice, amount=amount)
		self._add("payment_invoice", payment_id=1, invoice_id=99_999, amount=10)

	def _credited_thrice(self, customer: int) -> None:
		"""An invoice that three credit notes reverse, of which the first fits; all of each is paid out."""
		billed = {"customer_id": customer, "issued_at": MOMENTS[2], "due_at": MOMENTS[2]}
		original = self._add("invoice", total=30, subtotal=30, **billed)["id"]
		for total in (-20, -20, -10):
			note = self._add("invoice", total=total, subtotal=total, reversal_of=original, **billed)["id"]
			back = self._add("payment", customer_id=customer, amount=total, method="card", paid_at=MOMENTS[2])
			self._add("payment_invoice", payment_id=back["id"], invoice_id=note, amount=total)

	def _add(self, table: str, **row: Any) -> dict[str, Any]:
		row["id"] = len(self.tables[table]) + 1
		self.tables[table].append(row)
		return row


@pytest.fixture(scope="module")
def wild(mariadb: MariadbServer) -> str:
	return written(mariadb, "wild", **Wild(3).tables)


@pytest.fixture(params=(None, date(2020, 1, 1)), ids=("whole", "since"))
def filled(request, wild: str, new_site: Callable[[], str]) -> Iterator[tuple[str, date | None]]:
	site_url = new_site()
	migrate(wild, site_url, since=request.param)
	yield site_url, request.param


def test_migration_and_comparison_come_to_the_same_of_whatever_was_allocated(
	wild: str, filled: tuple[str, date | None]
):
	site_url, since = filled
	with closing(psycopg2.connect(site_url)) as connection:
		found = reconcile(Legacy(wild), connection, AS_OF, since)
		with connection.cursor() as cursor:
			cursor.execute(
				"SELECT DISTINCT reason FROM \"tabMigration Finding\" WHERE legacy_table = 'payment_invoice'"
			)
			reasons = {reason for (reason,) in cursor.fetchall()}
	assert differing(found) == {}
	assert found.unexplained == 0
	assert reasons == (REASONS if since else REASONS - {"before_since"})


@pytest.mark.parametrize("cents", (-1, 1))
def test_an_allocation_that_was_cut_to_another_amount_is_found(
	changed: Callable[..., Reconciliation], cents: int
):
	found = changed(
		f"""
		UPDATE public."tabPayment Entry Reference" SET allocated_amount = allocated_amount + {cents} / 100.0
		WHERE name = ({CUT})
		"""
	)
	assert differing(found) == {"allocations": [["amount"]]}


def test_an_allocation_that_cannot_have_been_and_is_there_is_found(changed: Callable[..., Reconciliation]):
	assert differing(changed(REFUSED)) == {"allocations": [["document"]]}


@pytest.mark.parametrize(
	("change", "unlike"),
	[
		('UPDATE public."tabPayment Entry Reference" SET allocated_amount = allocated_amount - 1', "amount"),
		('DELETE FROM public."tabPayment Entry Reference"', "document"),
	],
)
def test_an_allocation_that_is_less_or_gone_is_found_whatever_a_finding_tells_of_it(
	changed: Callable[..., Reconciliation], change: str, unlike: str
):
	found = changed(TOLD, f"{change} WHERE name = ({REFERENCE})")
	assert differing(found) == {"allocations": [[unlike]]}
