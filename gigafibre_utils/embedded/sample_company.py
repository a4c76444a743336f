"""Puts the sample company into an empty database: chart of accounts, users, customers, invoices, payments."""

import json
import secrets
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from werkzeug.security import generate_password_hash

from gigafibre_utils import sample
from gigafibre_utils.custom_fields import CUSTOM_FIELDS
from gigafibre_utils.embedded import trees
from gigafibre_utils.embedded.schema import PACKAGE, tables
from gigafibre_utils.embedded.site import TIME_ZONE, EmbeddedSite
from gigafibre_utils.embedded.trees import Node
from gigafibre_utils.money import rounded
from gigafibre_utils.paylink import referral
from gigafibre_utils.sample import COMPANY, PORTAL_USER, STAFF, Line, Place, SampleCustomer, SampleInvoice
from gigafibre_utils.site import Document, IncomingPayment

NAME = COMPANY["company_name"]
CURRENCY = COMPANY["default_currency"]
SUFFIX = f" - {COMPANY['abbr']}"
DEBTORS, STRIPE, BANK, SALES = (f"{account}{SUFFIX}" for account in ("Debtors", "Stripe", "Bank", "Sales"))
TAX_ACCOUNTS = {label: f"{label}{SUFFIX}" for label, _ in sample.TAXES}
COST_CENTER = f"Main{SUFFIX}"
DEFAULTS = {
	"reporting_currency": CURRENCY,
	"cost_center": COST_CENTER,
	"default_receivable_account": DEBTORS,
	"default_income_account": SALES,
	"default_bank_account": BANK,
	"default_cash_account": f"Cash{SUFFIX}",
	"write_off_account": f"Write Off{SUFFIX}",
	"round_off_account": f"Round Off{SUFFIX}",
	"round_off_cost_center": COST_CENTER,
}
PRINT_FORMAT = PACKAGE / "gigafibre_utils" / "print_format" / "facture_targo" / "facture_targo.json"
UOMS = ("Nos", "Unit")
PRIORITIES = ("Low", "Medium", "High")


class SampleCompany:
	"""Loads once; `load` returns without doing anything where the company is there already."""

	def __init__(self, site: EmbeddedSite, passwords: dict[str, str]):
		self._site = site
		self._passwords = passwords
		self._today = site.now().date()
		self._locations: dict[tuple[str, int], str] = {}
		self._invoices: dict[str, Document] = {}

	def load(self) -> None:
		"""Load everything in one transaction."""
		if self._site.exists("Company", {"name": NAME}):
			return
		with self._site.atomic():
			self._fixtures()
			self._app()
			self._company()
			self._insert(
				"User", "Administrator", first_name="Administrator", enabled=0, user_type="System User"
			)
			self._user(STAFF[0], "System User", STAFF[1])
			self._user(PORTAL_USER, "Website User", ("Customer",))
			for customer in sample.CUSTOMERS:
				self._customer(customer)
			for invoice in sample.INVOICES:
				self._invoice(invoice)
			for customer, days_ago, amount in sample.ADVANCES:
				self._pay(customer, None, amount, days_ago)
		referral.give_codes()

	def _insert(self, doctype: str, name: str, **values: Any) -> str:
		self._site.insert(doctype, {"name": name, **values})
		return name

	def _children(
		self, doctype: str, parent: tuple[str, str, str], rows: Iterable[Document], docstatus: int = 0
	) -> None:
		parenttype, name, field = parent
		place = {"parenttype": parenttype, "parent": name, "parentfield": field, "docstatus": docstatus}
		numbered = [{"name": secrets.token_hex(5), "idx": n, **place, **row} for n, row in enumerate(rows, 1)]
		self._site.connection.insert(doctype, numbered)

	def _fixtures(self) -> None:
		"""What every site of ERPNext has before it has a company."""
		self._site.connection.run(
			'INSERT INTO "tabSingles" (doctype, field, value) VALUES (%s, %s, %s)',
			["System Settings", "time_zone", TIME_ZONE.key],
		)
		for doctype, tree in trees.GROUPS.items():
			field = doctype.lower().replace(" ", "_")
			for node in trees.nodes(tree):
				named = {f"{field}_name": node.title, f"parent_{field}": node.parent}
				self._insert(doctype, node.title, **named, **_position(node, node.parent))
		for uom in UOMS:
			self._insert("UOM", uom, uom_name=uom, enabled=1, must_be_whole_number=1)
		for priority in PRIORITIES:
			self._insert("Issue Priority", priority)

	def _app(self) -> None:
		"""What the app's installation brings, beside the columns."""
		for doctype, fields in CUSTOM_FIELDS.items():
			for field in fields:
				self._insert("Custom Field", f"{doctype}-{field['fieldname']}", dt=doctype, **field)
		known = {column.name for column in tables()["Print Format"].columns}
		described = json.loads(PRINT_FORMAT.read_text(encoding="utf-8"))
		values = {key: value for key, value in described.items() if key in known}
		self._insert("Print Format", described["name"], **values)

	def _company(self) -> None:
		self._insert("Company", NAME, **COMPANY, **DEFAULTS, lft=1, rgt=2)
		for node in trees.nodes({NAME: {"Main": {}}}):
			parent = _owned(node.parent)
			named = {"cost_center_name": node.title, "parent_cost_center": parent, "company": NAME}
			self._insert("Cost Center", _owned(node.title), **named, **_position(node, parent))
		for node in trees.nodes(trees.ACCOUNTS):
			self._account(node)
		for year in {self._today.year, (self._today - timedelta(days=60)).year}:
			self._insert(
				"Fiscal Year",
				str(year),
				year=str(year),
				year_start_date=date(year, 1, 1),
				year_end_date=date(year, 12, 31),
			)
		for mode, account in (("Stripe", STRIPE), ("Cheque", BANK)):
			self._insert("Mode of Payment", mode, mode_of_payment=mode, enabled=1, type="Bank")
			row = {"company": NAME, "default_account": account}
			self._children("Mode of Payment Account", ("Mode of Payment", mode, "accounts"), [row])
		self._address("Company", NAME, sample.COMPANY_ADDRESS)
		for code, title in sample.ITEMS.items():
			named = {"item_code": code, "item_name": title, "description": title}
			self._insert("Item", code, **named, item_group="Services", stock_uom="Nos")

	def _account(self, node: Node) -> None:
		parent = _owned(node.parent)
		root_type, report_type = trees.SIDES[node.root]
		self._insert(
			"Account",
			_owned(node.title),
			account_name=node.title,
			company=NAME,
			parent_account=parent,
			root_type=root_type,
			report_type=report_type,
			account_type=trees.ACCOUNT_TYPES.get(node.title, ""),
			account_currency=CURRENCY,
			freeze_account="No",
			**_position(node, parent),
		)

	def _address(self, doctype: str, name: str, address: Document) -> str:
		made = self._insert(
			"Address", f"{address['address_title'][:120]}-{address['address_type']}", **address
		)
		self._link("Address", made, doctype, name)
		return made

	def _link(self, parenttype: str, parent: str, doctype: str, name: str) -> None:
		row = {"link_doctype": doctype, "link_name": name, "link_title": name}
		self._children("Dynamic Link", (parenttype, parent, "links"), [row])

	def _user(self, email: str, kind: str, roles: Iterable[str]) -> None:
		self._insert(
			"User", email, email=email, first_name=email.partition("@")[0], enabled=1, user_type=kind
		)
		self._children("Has Role", ("User", email, "roles"), [{"role": role} for role in roles])
		self._site.connection.run(
			'INSERT INTO "__Auth" (doctype, name, fieldname, password) VALUES (%s, %s, %s, %s)',
			["User", email, "password", generate_password_hash(self._passwords[email])],
		)

	def _customer(self, customer: SampleCustomer) -> None:
		self._insert(
			"Customer",
			customer.name,
			customer_name=customer.name,
			customer_type=customer.kind,
			customer_group="Commercial" if customer.kind == "Company" else "Individual",
			territory="Canada",
			language=customer.language,
		)
		title = {"address_title": customer.name, "address_type": "Billing", "country": "Canada"}
		self._address("Customer", customer.name, title | _address(customer.address))
		if customer.email == PORTAL_USER:
			parent = ("Customer", customer.name, "portal_users")
			self._children("Portal User", parent, [{"user": PORTAL_USER}])
		contact = self._insert(
			"Contact",
			customer.name,
			first_name=customer.name,
			email_id=customer.email,
			phone=customer.phone,
		)
		self._link("Contact", contact, "Customer", customer.name)
		self._children(
			"Contact Phone",
			("Contact", contact, "phone_nos"),
			[{"phone": customer.phone, "is_primary_phone": 1}],
		)
		self._children(
			"Contact Email",
			("Contact", contact, "email_ids"),
			[{"email_id": customer.email, "is_primary": 1}],
		)
		for number, place in enumerate(customer.locations):
			name = self._site.ledger.next_name("SL-")
			self._insert(
				"Service Location", name, location_name=place.name, customer=customer.name, **_address(place)
			)
			self._locations[customer.name, number] = name

	def _invoice(self, invoice: SampleInvoice) -> None:
		document, items, taxes = self._document(invoice)
		status = {"docstatus": int(not invoice.is_draft), "status": "Draft" if invoice.is_draft else "Unpaid"}
		only_for_ledger = ("income_account", "tax_amounts")
		self._site.insert(
			"Sales Invoice", {k: v for k, v in document.items() if k not in only_for_ledger} | status
		)
		parent = ("Sales Invoice", document["name"])
		self._children("Sales Invoice Item", (*parent, "items"), items, status["docstatus"])
		self._children("Sales Taxes and Charges", (*parent, "taxes"), taxes, status["docstatus"])
		self._invoices[invoice.key] = document
		if invoice.is_draft:
			return
		self._site.ledger.post_invoice(document)
		if invoice.is_cancelled:
			self._site.ledger.cancel_invoice(document["name"])
		for days_ago, amount in invoice.payments:
			self._pay(invoice.customer, document, amount, days_ago)

	def _document(self, invoice: SampleInvoice) -> tuple[Document, list[Document], list[Document]]:
		customer = next(customer for customer in sample.CUSTOMERS if customer.name == invoice.customer)
		sign = Decimal(-1 if invoice.credits else 1)
		items = [self._item(line, invoice, sign) for line in invoice.lines]
		net = sum((item["amount"] for item in items), Decimal(0))
		taxes = _taxes(net)
		total = net + sum((tax["tax_amount"] for tax in taxes), Decimal(0))
		posted = invoice.posting_date(self._today)
		amounts = {"total": net, "net_total": net, "grand_total": total, "rounded_total": total}
		amounts["total_taxes_and_charges"] = total - net
		document = {
			**amounts,
			**{f"base_{field}": amount for field, amount in amounts.items()},
			"name": self._site.ledger.next_name(f"ACC-SINV-{posted.year}-"),
			"naming_series": "ACC-SINV-.YYYY.-",
			"company": NAME,
			"customer": customer.name,
			"customer_name": customer.name,
			"customer_address": f"{customer.name[:120]}-Billing",
			"contact_email": customer.email,
			"posting_date": posted,
			"due_date": posted if invoice.credits else invoice.due_date(self._today),
			"currency": CURRENCY,
			"conversion_rate": 1,
			"party_account_currency": CURRENCY,
			"debit_to": DEBTORS,
			"cost_center": COST_CENTER,
			"language": customer.language,
			"terms": sample.TERMS[customer.language == "en"],
			"remarks": invoice.remarks,
			"is_return": int(bool(invoice.credits)),
			"return_against": self._invoices[invoice.credits]["name"] if invoice.credits else None,
			"update_outstanding_for_self": int(not invoice.credits),
			"outstanding_amount": 0 if invoice.credits else total,
			"income_account": SALES,
			"tax_amounts": [(tax["account_head"], tax["tax_amount"]) for tax in taxes],
		}
		return document, items, taxes

	def _item(self, line: Line, invoice: SampleInvoice, sign: Decimal) -> Document:
		title = line.name or sample.ITEMS[line.item]
		start, end = invoice.period(self._today) if line.with_period else (None, None)
		amount = rounded(line.rate * line.quantity, CURRENCY) * sign
		return {
			"item_code": line.item,
			"item_name": title,
			"description": title,
			"qty": line.quantity * sign,
			"uom": "Nos",
			"rate": line.rate,
			"amount": amount,
			"base_rate": line.rate,
			"base_amount": amount,
			"net_rate": line.rate,
			"net_amount": amount,
			"base_net_amount": amount,
			"income_account": SALES,
			"cost_center": COST_CENTER,
			"service_start_date": start,
			"service_end_date": end,
			"service_location": None
			if line.location is None
			else self._locations[invoice.customer, line.location],
		}

	def _pay(self, customer: str, invoice: Document | None, amount: Decimal | None, days_ago: int) -> None:
		owed = Decimal(0)
		if invoice:
			owed = self._site.get("Sales Invoice", invoice["name"], ["outstanding_amount"])[
				"outstanding_amount"
			]
		amount = owed if amount is None else amount
		self._site.ledger.post_payment(
			IncomingPayment(
				company=NAME,
				customer=customer,
				customer_name=customer,
				receivable_account=DEBTORS,
				mode_of_payment="Cheque",
				currency=CURRENCY,
				amount=amount,
				invoice=invoice["name"] if invoice else None,
				allocated=amount if invoice else Decimal(0),
				reference=f"CHQ-{days_ago:03d}",
				received_on=self._today - timedelta(days=days_ago),
				remarks="Sample payment",
			)
		)


def _owned(title: str | None) -> str | None:
	"""How an account or a cost centre of the company is called; nothing where there is none."""
	return title and f"{title}{SUFFIX}"


def _position(node: Node, parent: str | None) -> Document:
	return {"is_group": int(node.is_group), "old_parent": parent, "lft": node.lft, "rgt": node.rgt}


def _address(place: Place) -> Document:
	return {"address_line1": place.line1, "city": place.city, "state": "QC", "pincode": place.pincode}


def _taxes(net: Decimal) -> list[Document]:
	rows, total = [], net
	for label, rate in sample.TAXES:
		amount = rounded(net * rate / 100, CURRENCY)
		total += amount
		rows.append(
			{
				"charge_type": "On Net Total",
				"account_head": TAX_ACCOUNTS[label],
				"description": label,
				"rate": rate,
				"account_currency": CURRENCY,
				"net_amount": net,
				"tax_amount": amount,
				"base_tax_amount": amount,
				"tax_amount_after_discount_amount": amount,
				"base_tax_amount_after_discount_amount": amount,
				"total": total,
				"base_total": total,
			}
		)
	return rows
