"""Invoices and payments as legacy rows, brought over, and what the books of the site then say."""

from datetime import date
from decimal import Decimal
from typing import Any

from tests.migration.by_hand import Migrated, seconds

PARTIES = ("100_customers.sql", "110_addresses_and_contacts.sql")
PLAN = ("040_bill.sql", "050_receipt.sql", "060_allocation.sql")
INVOICES = ("300_invoices.sql", "310_invoice_items.sql", "320_invoice_taxes.sql", "330_invoice_ledger.sql")
OUTSTANDING = "600_fix_invoice_outstanding.sql"
PAYMENTS = (
	"400_payments.sql",
	"405_payment_entries.sql",
	"410_payment_references.sql",
	"420_payment_ledger.sql",
	OUTSTANDING,
)
# What a run has found out of the site's books before the plan is made.
BOOKS = """
	INSERT INTO gigafibre_migration.tax VALUES ('TPS', 'TPS - T'), ('TVQ', 'TVQ - T');
	INSERT INTO gigafibre_migration.mode VALUES
		('', 'Not Stated', 'Bank - T', 'Bank'), ('card', 'Credit Card', 'Bank - T', 'Bank'),
		('cash', 'Cash', 'Cash - T', 'Cash');
	INSERT INTO public."tabFiscal Year" (name, year, year_start_date, year_end_date, disabled)
	SELECT year, year, make_date(year, 1, 1), make_date(year, 12, 31), 0
	FROM generate_series(2000, 2030) AS year
	ON CONFLICT DO NOTHING;
"""
JUNE = seconds(2019, 6, 14, 10)
JULY = seconds(2019, 7, 14, 10)
AUGUST = seconds(2019, 8, 14, 10)
DUE = seconds(2019, 7, 5, 10)
CUSTOMER = [{"id": 1, "first_name": "Ève", "last_name": "Roy"}, {"id": 2, "company": "Ferme Roy"}]
PRODUCT = [{"id": 1, "sku": "NET", "name_fr": "Fibre", "category": "internet", "price": "50.00"}]


class Books:
	"""Legacy rows, written shortly; their ids are given in the order of writing."""

	def __init__(self) -> None:
		self.tables: dict[str, list[dict[str, Any]]] = {"customer": CUSTOMER, "product": PRODUCT}

	def add(self, table: str, **row: Any) -> int:
		"""One row; gives its id."""
		rows = self.tables.setdefault(table, [])
		row.setdefault("id", len(rows) + 1)
		rows.append(row)
		return row["id"]

	def invoice(self, total: str, tax: str = "0", customer: int = 1, **row: Any) -> int:
		"""An invoice of one line, and of one tax where there is any."""
		net = str(Decimal(total) - Decimal(tax))
		row = {"number": "", "issued_at": JUNE, "due_at": DUE, "status": "open"} | row
		invoice = self.add("invoice", customer_id=customer, subtotal=net, total=total, **row)
		self.item(invoice, net)
		if Decimal(tax):
			self.tax(invoice, tax)
		return invoice

	def item(self, invoice: int, amount: str, **row: Any) -> int:
		"""A line; where nothing else is said, of one piece."""
		row = {"product_id": 1, "quantity": "1.000", "unit_price": amount, "description": "Fibre"} | row
		return self.add("invoice_item", invoice_id=invoice, amount=amount, **row)

	def tax(self, invoice: int, amount: str, code: str = "TPS", rate: str = "5.0000") -> int:
		"""A line of tax."""
		return self.add("invoice_tax", invoice_id=invoice, code=code, rate=rate, amount=amount)

	def payment(self, amount: str, pays: dict[int, str] | None = None, customer: int = 1, **row: Any) -> int:
		"""A payment with what it was allocated to."""
		row = {"paid_at": JULY, "method": "card", "status": "ok"} | row
		payment = self.add("payment", customer_id=customer, amount=amount, **row)
		for invoice, part in (pays or {}).items():
			self.add("payment_invoice", payment_id=payment, invoice_id=invoice, amount=part)
		return payment


def plan(site: Migrated, books: Books, since: date | None = None) -> None:
	site.plan(since, **books.tables)
	site.run(BOOKS)
	site.step(*PLAN)


def migrate(site: Migrated, books: Books, since: date | None = None) -> dict[tuple[str, int], set[str]]:
	"""Bring it all over; the reasons found, by table and id."""
	plan(site, books, since)
	site.step(*PARTIES)
	found: dict[tuple[str, int], set[str]] = {}
	for step in (INVOICES, PAYMENTS):
		for _, table, legacy_id, reason in site.step(*step):
			found.setdefault((table, legacy_id), set()).add(reason)
	return found


def invoice(site: Migrated, legacy_id: int) -> dict[str, Any]:
	(found,) = site.rows('SELECT * FROM "tabSales Invoice" WHERE legacy_id = %s', str(legacy_id))
	return found


def payment(site: Migrated, legacy_id: int) -> dict[str, Any]:
	(found,) = site.rows('SELECT * FROM "tabPayment Entry" WHERE legacy_id = %s', str(legacy_id))
	return found


def children(site: Migrated, doctype: str, parent: dict[str, Any]) -> list[dict[str, Any]]:
	return site.rows(f'SELECT * FROM "tab{doctype}" WHERE parent = %s ORDER BY idx', parent["name"])


def entries(site: Migrated, voucher: dict[str, Any]) -> list[tuple]:
	"""Account, debit and credit of a voucher's lines that stand."""
	rows = site.rows(
		'SELECT account, debit, credit FROM "tabGL Entry" '
		"WHERE voucher_no = %s AND is_cancelled = 0 ORDER BY name",
		voucher["name"],
	)
	return [tuple(row.values()) for row in rows]


def payable(site: Migrated, voucher: dict[str, Any]) -> list[tuple]:
	"""What a voucher's lines in the Payment Ledger that stand are against, and their amounts."""
	rows = site.rows(
		'SELECT against_voucher_no, amount FROM "tabPayment Ledger Entry" '
		"WHERE voucher_no = %s AND delinked = 0 ORDER BY name",
		voucher["name"],
	)
	return [tuple(row.values()) for row in rows]
