"""ERPNext's own documents, made for one test; the sample company is there."""

import secrets
from datetime import date
from decimal import Decimal
from typing import Any

COMPANY = "TARGO"
DEBTORS, BANK, SALES, ROUND_OFF = "Debtors - T", "Bank Account - T", "Sales - T", "Write Off - T"
SERVICE, STORES = "FTTH-500", "Stores - T"


def customer(**more: Any) -> Any:
	"""A new customer."""
	return inserted(
		"Customer", customer_name=f"Test {secrets.token_hex(5)}", customer_type="Individual", **more
	)


def invoice(customer: str, rate: Decimal | int = 100, submit: bool = True, **more: Any) -> Any:
	"""An invoice over one service."""
	lines = [{"item_code": SERVICE, "qty": 1, "rate": float(rate)}]
	return _document(
		"Sales Invoice", submit, **{"customer": customer, "company": COMPANY, "items": lines} | more
	)


def credit_note(invoice: Any, submit: bool = True) -> Any:
	"""A credit note over the whole of an invoice."""
	from erpnext.controllers.sales_and_purchase_return import make_return_doc

	note = make_return_doc("Sales Invoice", invoice.name).insert()
	return note.submit() if submit else note


def payment(invoice: Any, amount: Decimal | int | None = None, submit: bool = True, **more: Any) -> Any:
	"""A payment of an invoice, of what is outstanding unless `amount` says otherwise."""
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

	entry = get_payment_entry("Sales Invoice", invoice.name)
	entry.update({"reference_no": secrets.token_hex(4), "reference_date": date.today()} | more)
	if amount is not None:
		entry.paid_amount = entry.received_amount = float(amount)
		entry.references[0].allocated_amount = min(float(amount), entry.references[0].allocated_amount)
	entry.insert()
	return entry.submit() if submit else entry


def advance(customer: str, amount: Decimal | int, submit: bool = True) -> Any:
	"""A payment of a customer that is for no invoice."""
	return _document(
		"Payment Entry",
		submit,
		payment_type="Receive",
		company=COMPANY,
		party_type="Customer",
		party=customer,
		paid_from=DEBTORS,
		paid_to=BANK,
		paid_amount=float(amount),
		received_amount=float(amount),
		reference_no=secrets.token_hex(4),
		reference_date=date.today(),
	)


def journal_entry(
	customer: str, credit: Decimal | int, on: date | None = None, submit: bool = True, **more: Any
) -> Any:
	"""A journal entry that credits a customer and debits the bank; `more` goes to the customer's line."""
	party = {"account": DEBTORS, "party_type": "Customer", "party": customer}
	lines = [
		party | {"credit_in_account_currency": float(credit)} | more,
		{"account": BANK, "debit_in_account_currency": float(credit)},
	]
	return _document(
		"Journal Entry",
		submit,
		company=COMPANY,
		voucher_type="Journal Entry",
		posting_date=on or date.today(),
		accounts=lines,
	)


def _document(doctype: str, submit: bool, **values: Any) -> Any:
	made = inserted(doctype, **values)
	return made.submit() if submit else made


def inserted(doctype: str, **values: Any) -> Any:
	"""A new document of any kind."""
	import frappe

	return frappe.get_doc({"doctype": doctype, **values}).insert()


def row(doctype: str, **values: Any) -> Any:
	"""A document as it stands in its table, written without the checks and the bookings of its kind."""
	import frappe

	made = frappe.get_doc({"doctype": doctype, "name": f"test-{secrets.token_hex(5)}", **values})
	made.db_insert()
	return made


def stock_item(**more: Any) -> Any:
	"""A new item that is kept in stock."""
	values = {"item_group": "All Item Groups", "stock_uom": "Nos", "is_stock_item": 1} | more
	return inserted("Item", item_code=f"TEST-{secrets.token_hex(5)}", **values)


def received(item: str, quantity: int, rate: int = 10, **more: Any) -> Any:
	"""A receipt of an item into the stores; `more` goes to its line."""
	line = {"item_code": item, "t_warehouse": STORES, "qty": quantity, "basic_rate": rate} | more
	return _document("Stock Entry", True, stock_entry_type="Material Receipt", company=COMPANY, items=[line])


def sales_order(item: str, quantity: int, submit: bool = True, **more: Any) -> Any:
	"""An order of a new customer for an item from the stores."""
	line = {"item_code": item, "qty": quantity, "rate": 5, "warehouse": STORES}
	values = {"company": COMPANY, "delivery_date": date.today(), "items": [line]} | more
	return _document("Sales Order", submit, customer=customer().name, **values)


def purchase_order(item: str, quantity: int, submit: bool = True, **more: Any) -> Any:
	"""An order for an item from a new supplier."""
	supplier = inserted("Supplier", supplier_name=f"Test {secrets.token_hex(5)}").name
	line = {"item_code": item, "qty": quantity, "rate": 10, "warehouse": STORES}
	values = {"company": COMPANY, "schedule_date": date.today(), "items": [line]} | more
	return _document("Purchase Order", submit, supplier=supplier, **values)


def material_request(item: str, quantity: int, submit: bool = True, **more: Any) -> Any:
	"""A request to buy an item for the stores."""
	line = {"item_code": item, "qty": quantity, "warehouse": STORES, "schedule_date": date.today()}
	values = {"company": COMPANY, "material_request_type": "Purchase", "items": [line]} | more
	return _document("Material Request", submit, schedule_date=date.today(), **values)
