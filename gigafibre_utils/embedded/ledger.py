"""The books of the embedded host, in ERPNext's own tables and by its own rules.

ERPNext: `general_ledger.make_gl_entries`, `Payment Entry.on_submit`,
`accounts/utils.create_payment_ledger_entry`, `Sales Invoice.set_status`.
"""

import secrets
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.site.protocol import Document, IncomingPayment

if TYPE_CHECKING:
	from gigafibre_utils.embedded.site import EmbeddedSite

ZERO = Decimal(0)

ACCOUNTS_OF_MODE = """
	SELECT account.name AS account, account.account_type, account.account_currency, company.cost_center
	FROM "tabMode of Payment Account" mode
	JOIN "tabAccount" account ON account.name = mode.default_account
	JOIN "tabCompany" company ON company.name = mode.company
	WHERE mode.parent = %s AND mode.company = %s
"""

TAKE_OFF_OUTSTANDING = """
	UPDATE "tabSales Invoice"
	SET outstanding_amount = outstanding_amount - %(amount)s, modified = %(now)s,
		status = CASE
			WHEN outstanding_amount - %(amount)s <= 0 THEN 'Paid'
			WHEN due_date < %(today)s THEN 'Overdue'
			WHEN outstanding_amount - %(amount)s < coalesce(nullif(rounded_total, 0), grand_total)
				THEN 'Partly Paid'
			ELSE 'Unpaid'
		END
	WHERE name = %(invoice)s
	RETURNING outstanding_amount, due_date, coalesce(nullif(rounded_total, 0), grand_total) AS total
"""


class EmbeddedLedger:
	"""Posts vouchers with their ledger rows, inside the site's current transaction."""

	def __init__(self, site: "EmbeddedSite"):
		self._site = site

	def post_payment(self, payment: IncomingPayment) -> str:
		"""See `Ledger.post_payment`."""
		bank = self._bank(payment)
		name = self.next_name(f"ACC-PAY-{payment.received_on.year}-")
		entry = self._row(name) | _payment_entry(payment, bank)
		self._site.connection.insert("Payment Entry", [entry])
		if payment.invoice and payment.allocated:
			self._site.connection.insert("Payment Entry Reference", [self._reference(name, payment)])
		self._post(entry, "Payment Entry", payment.received_on, None, _payment_lines(name, payment, bank))
		return name

	def post_invoice(self, invoice: Document) -> None:
		"""Write the ledger rows of a Sales Invoice whose own rows stand already, and set its status."""
		self._post(
			invoice, "Sales Invoice", invoice["posting_date"], invoice["due_date"], _invoice_lines(invoice)
		)
		status = "Return" if invoice["is_return"] else "Unpaid"
		if status == "Unpaid" and invoice["due_date"] < self._site.now().date():
			status = "Overdue"
		self._site.set_value("Sales Invoice", invoice["name"], {"status": status})
		if invoice["return_against"]:
			self.take_off_outstanding(invoice["return_against"], -invoice["grand_total"])

	def cancel_invoice(self, name: str) -> None:
		"""Cancel an invoice that nothing was paid on: rows stay, mirrored rows undo them."""
		run = self._site.connection.run
		where = "voucher_type = 'Sales Invoice' AND voucher_no = %s"
		for row in run(f'SELECT * FROM "tabGL Entry" WHERE {where}', [name]):
			mirrored = {
				field: row[field.replace("debit", "credit")] for field in row if field.startswith("debit")
			}
			mirrored |= {
				field: row[field.replace("credit", "debit")] for field in row if field.startswith("credit")
			}
			self._site.connection.insert(
				"GL Entry",
				[
					row
					| mirrored
					| {"name": _hash(), "is_cancelled": 1, "remarks": f"On cancellation of {name}"}
				],
			)
		run(f'UPDATE "tabGL Entry" SET is_cancelled = 1 WHERE {where}', [name])
		run(f'UPDATE "tabPayment Ledger Entry" SET delinked = 1 WHERE {where}', [name])
		for child in ("Sales Invoice Item", "Sales Taxes and Charges", "Payment Schedule"):
			run(f'UPDATE "tab{child}" SET docstatus = 2 WHERE parent = %s', [name])
		self._site.set_value("Sales Invoice", name, {"docstatus": 2, "status": "Cancelled"})

	def take_off_outstanding(self, invoice: str, amount: Decimal) -> Document:
		"""Lower what an invoice has outstanding; its status follows.

		Gives the invoice's figures as they are then.
		"""
		now = self._site.now()
		values = {"invoice": invoice, "amount": amount, "now": now, "today": now.date()}
		return self._site.connection.run(TAKE_OFF_OUTSTANDING, values)[0]

	def next_name(self, series: str) -> str:
		"""The next name of a naming series, whose row stays locked until the transaction ends."""
		statement = """
			INSERT INTO "tabSeries" AS series (name, current) VALUES (%s, 1)
			ON CONFLICT (name) DO UPDATE SET current = series.current + 1 RETURNING current
		"""
		return f"{series}{self._site.connection.run(statement, [series])[0]['current']:05d}"

	def _bank(self, payment: IncomingPayment) -> Document:
		found = self._site.connection.run(ACCOUNTS_OF_MODE, [payment.mode_of_payment, payment.company])
		if not found:
			raise InvalidInput(
				f"Mode of Payment {payment.mode_of_payment} has no account for {payment.company}."
			)
		bank = found[0]
		if bank["account_currency"] != payment.currency:
			told = f"Account {bank['account']} is kept in {bank['account_currency']}"
			raise InvalidInput(f"{told} and takes no payment in {payment.currency}.")
		return bank

	def _reference(self, parent: str, payment: IncomingPayment) -> Document:
		invoice = self.take_off_outstanding(payment.invoice, payment.allocated)
		return self._row(_hash()) | {
			**_child(parent, "Payment Entry", "references"),
			"reference_doctype": "Sales Invoice",
			"reference_name": payment.invoice,
			"due_date": invoice["due_date"],
			"total_amount": invoice["total"],
			"outstanding_amount": invoice["outstanding_amount"] + payment.allocated,
			"allocated_amount": payment.allocated,
			"exchange_rate": 1,
			"account": payment.receivable_account,
		}

	def _row(self, name: str) -> Document:
		now, user = self._site.now(), self._site.user()
		standard = {"name": name, "creation": now, "modified": now, "owner": user, "modified_by": user}
		return standard | {"docstatus": 1, "idx": 0}

	def _post(
		self, voucher: Document, doctype: str, on: date, due: date | None, lines: list[dict[str, Any]]
	) -> None:
		common = {
			"posting_date": on,
			"due_date": due,
			"company": voucher["company"],
			"cost_center": voucher["cost_center"],
			"voucher_type": doctype,
			"voucher_no": voucher["name"],
			"remarks": voucher["remarks"],
		}
		self._site.connection.insert(
			"GL Entry", [self._row(_hash()) | common | _gl(line, on) for line in lines]
		)
		on_party = [line for line in lines if line["party"]]
		self._site.connection.insert(
			"Payment Ledger Entry", [self._row(_hash()) | common | _payment_ledger(line) for line in on_party]
		)


def _payment_entry(payment: IncomingPayment, bank: Document) -> Document:
	amounts = dict.fromkeys(
		("paid_amount", "base_paid_amount", "received_amount", "base_received_amount"), payment.amount
	)
	after_tax = {f"{field}_after_tax": amount for field, amount in amounts.items()}
	return (
		amounts
		| after_tax
		| {
			"naming_series": "ACC-PAY-.YYYY.-",
			"payment_type": "Receive",
			"posting_date": payment.received_on,
			"company": payment.company,
			"mode_of_payment": payment.mode_of_payment,
			"party_type": "Customer",
			"party": payment.customer,
			"party_name": payment.customer_name,
			"title": payment.customer_name,
			"paid_from": payment.receivable_account,
			"paid_from_account_type": "Receivable",
			"paid_from_account_currency": payment.currency,
			"paid_to": bank["account"],
			"paid_to_account_type": bank["account_type"],
			"paid_to_account_currency": bank["account_currency"],
			"source_exchange_rate": 1,
			"target_exchange_rate": 1,
			"total_allocated_amount": payment.allocated,
			"base_total_allocated_amount": payment.allocated,
			"unallocated_amount": payment.unallocated,
			"reference_no": payment.reference,
			"reference_date": payment.received_on,
			"cost_center": bank["cost_center"],
			"status": "Submitted",
			"remarks": payment.remarks,
			"stripe_payment_intent": payment.payment_intent,
		}
	)


def _payment_lines(name: str, payment: IncomingPayment, bank: Document) -> list[dict[str, Any]]:
	to_bank = _line(bank["account"], payment.currency, payment.customer, debit=payment.amount)
	receivable = (payment.receivable_account, payment.currency, bank["account"])
	lines = [to_bank]
	if payment.allocated:
		lines.append(
			_line(*receivable, payment.customer, ("Sales Invoice", payment.invoice), credit=payment.allocated)
		)
	if payment.unallocated:
		lines.append(
			_line(*receivable, payment.customer, ("Payment Entry", name), credit=payment.unallocated)
		)
	return lines


def _invoice_lines(invoice: Document) -> list[dict[str, Any]]:
	currency = invoice["currency"]
	against = invoice["return_against"] or invoice["name"]
	income = invoice["income_account"]
	total, customer = invoice["grand_total"], invoice["customer"]
	owed = _line(invoice["debit_to"], currency, income, customer, ("Sales Invoice", against), debit=total)
	credits = [(income, invoice["net_total"]), *invoice["tax_amounts"]]
	lines = [owed, *(_line(account, currency, customer, credit=amount) for account, amount in credits)]
	return [line for line in lines if line["debit"] or line["credit"]]


def _line(
	account: str,
	currency: str,
	against: str,
	party: str | None = None,
	against_voucher: tuple[str, str | None] = ("", None),
	debit: Decimal = ZERO,
	credit: Decimal = ZERO,
) -> dict[str, Any]:
	"""One side of a voucher; a negative amount stands on the other side, positive."""
	debit, credit = max(debit, ZERO) + max(-credit, ZERO), max(credit, ZERO) + max(-debit, ZERO)
	return {
		"account": account,
		"account_currency": currency,
		"against": against,
		"party": party,
		"against_voucher_type": against_voucher[0] or None,
		"against_voucher": against_voucher[1],
		"debit": debit,
		"credit": credit,
	}


def _gl(line: dict[str, Any], on: date) -> Document:
	currencies = ("", "_in_account_currency", "_in_transaction_currency", "_in_reporting_currency")
	amounts = {side + currency: line[side] for side in ("debit", "credit") for currency in currencies}
	return (
		line
		| amounts
		| {
			"transaction_date": on,
			"fiscal_year": str(on.year),
			"party_type": "Customer" if line["party"] else None,
			"transaction_currency": line["account_currency"],
			"transaction_exchange_rate": 1,
			"reporting_currency_exchange_rate": 1,
			"is_opening": "No",
			"is_advance": "No",
			"to_rename": 0,
		}
	)


def _payment_ledger(line: dict[str, Any]) -> Document:
	amount = line["debit"] - line["credit"]
	return {
		"account_type": "Receivable",
		"account": line["account"],
		"account_currency": line["account_currency"],
		"party_type": "Customer",
		"party": line["party"],
		"against_voucher_type": line["against_voucher_type"],
		"against_voucher_no": line["against_voucher"],
		"amount": amount,
		"amount_in_account_currency": amount,
	}


def _child(parent: str, parenttype: str, parentfield: str) -> Document:
	return {"parent": parent, "parenttype": parenttype, "parentfield": parentfield, "idx": 1}


def _hash() -> str:
	return secrets.token_hex(5)
