"""`bench gigafibre …`: Frappe's door to the app's commands. Every command of the bench imports this."""

import sys
from datetime import timedelta
from decimal import Decimal
from urllib.parse import quote

import click
import frappe
from frappe.commands import get_site, pass_context
from frappe.model.document import Document
from frappe.utils.password import update_password

from gigafibre_utils import sample as data
from gigafibre_utils.errors import ServiceUnavailable
from gigafibre_utils.postgres.fixes import FIXES
from gigafibre_utils.sample import PORTAL_USER, STAFF, Line, Place, SampleCustomer, SampleInvoice

COMPANY = data.COMPANY["company_name"]
CHEQUE = "Cheque"

FIXES.await_postgres()


@click.group()
def gigafibre() -> None:
	"""Gigafibre on this site."""


@gigafibre.command()
@click.option("--password", prompt=True, hide_input=True, help="Of the sample users.")
@pass_context
def sample(context, password: str) -> None:
	"""Load the sample company into a development site; what is there already is left alone."""
	frappe.init(get_site(context))
	if not (frappe.conf.developer_mode or frappe.conf.allow_tests):
		raise click.ClickException("The sample company is for sites with developer_mode or allow_tests.")
	frappe.connect()
	try:
		Sample(password).load()
		frappe.db.commit()
	finally:
		frappe.destroy()


@gigafibre.command()
@click.option("--fix", is_flag=True, help="Make, rebuild or rename the indexes that are lacking.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@pass_context
def postgres_doctor(context, fix: bool, as_json: bool) -> None:
	"""Tell what the site lacks on PostgreSQL; the exit status says whether it is healthy."""
	from gigafibre_utils.postgres import doctor, terminal

	frappe.init(get_site(context))
	frappe.connect()
	try:
		if not doctor.is_postgres():
			terminal.show_nothing_to_do(as_json)
			return
		outcomes = doctor.mend() if fix else []
		report = doctor.examine()
	except ServiceUnavailable as error:
		raise click.ClickException(str(error)) from error
	finally:
		frappe.destroy()
	terminal.show(report, outcomes, as_json)
	sys.exit(not report.is_healthy)


@gigafibre.command(
	add_help_option=False, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False}
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@pass_context
def migrate(context, arguments: tuple[str, ...]) -> None:
	"""Bring the legacy billing database into this site; `migrate --help` tells how."""
	from gigafibre_utils.migration.command import migrate as command

	frappe.init(get_site(context))
	command.main(arguments, prog_name="bench gigafibre migrate", obj=_database_url())


def _database_url() -> str:
	"""The site's own database, as the migration connects to it."""
	conf = frappe.conf
	if conf.db_type != "postgres":
		raise click.ClickException("The migration writes to sites on PostgreSQL alone.")
	user = quote(conf.db_user or conf.db_name)
	place = f"{conf.db_host or 'localhost'}:{conf.db_port or 5432}"
	return f"postgresql://{user}:{quote(conf.db_password, safe='')}@{place}/{quote(conf.db_name)}"


commands = [gigafibre]


class Sample:
	"""The sample company as ERPNext's own documents."""

	def __init__(self, password: str):
		self._password = password
		self._today = frappe.utils.getdate()
		self._locations: dict[tuple[str, int], str] = {}

	def load(self) -> None:
		"""Insert what is missing. Invoices are told by their remarks."""
		self._company()
		self._user(*STAFF)
		self._user(PORTAL_USER, ("Customer",))
		for code, title in data.ITEMS.items():
			self._item(code, title)
		for customer in data.CUSTOMERS:
			self._customer(customer)
		for invoice in data.INVOICES:
			self._invoice(invoice)

	def _company(self) -> None:
		if not frappe.db.exists("Company", COMPANY):
			_insert("Company", **data.COMPANY)
		contact = ("phone_no", "email", "website", "registration_details")
		frappe.db.set_value("Company", COMPANY, {field: data.COMPANY[field] for field in contact})
		self._company_document = frappe.get_doc("Company", COMPANY)
		_address_of("Company", COMPANY, data.COMPANY_ADDRESS)
		for year in {self._today.year, (self._today - timedelta(days=60)).year}:
			if not frappe.db.exists("Fiscal Year", str(year)):
				dates = {"year_start_date": f"{year}-01-01", "year_end_date": f"{year}-12-31"}
				_insert("Fiscal Year", year=str(year), **dates)
		taxes = frappe.db.get_value("Account", {"company": COMPANY, "account_type": "Tax", "is_group": 1})
		for label, _ in data.TAXES:
			_account(label, "Tax", taxes)
		bank = frappe.db.get_value("Account", {"company": COMPANY, "account_type": "Bank", "is_group": 1})
		mode = frappe.get_doc("Mode of Payment", CHEQUE)
		if not any(row.company == COMPANY for row in mode.accounts):
			mode.append("accounts", {"company": COMPANY, "default_account": _account("Bank", "Bank", bank)})
			mode.save()

	def _user(self, email: str, roles: tuple[str, ...]) -> None:
		if not frappe.db.exists("User", email):
			rows = [{"role": role} for role in roles]
			_insert("User", email=email, first_name=email, roles=rows, send_welcome_email=0)
		update_password(email, self._password)

	def _item(self, code: str, title: str) -> None:
		if not frappe.db.exists("Item", code):
			group = frappe.db.get_value("Item Group", {"is_group": 0})
			_insert(
				"Item", item_code=code, item_name=title, item_group=group, is_stock_item=0, stock_uom="Nos"
			)

	def _customer(self, customer: SampleCustomer) -> None:
		name = _plain(customer.name)
		if not frappe.db.exists("Customer", name):
			self._new_customer(customer, name)
		locations = frappe.get_all(
			"Service Location", {"customer": name}, pluck="name", order_by="name", limit=0
		)
		self._locations |= {(customer.name, number): place for number, place in enumerate(locations)}

	def _new_customer(self, customer: SampleCustomer, name: str) -> None:
		document = _insert(
			"Customer",
			customer_name=name,
			customer_type=customer.kind,
			customer_group="Commercial" if customer.kind == "Company" else "Individual",
			territory="All Territories",
			language=customer.language,
			portal_users=[{"user": PORTAL_USER}] if customer.email == PORTAL_USER else [],
		)
		document.db_set("customer_name", customer.name)
		title = {"address_title": name, "address_type": "Billing", "country": "Canada"}
		_address_of("Customer", name, title | _address(customer.address))
		_insert(
			"Contact",
			first_name=name,
			email_ids=[{"email_id": customer.email, "is_primary": 1}],
			phone_nos=[{"phone": customer.phone, "is_primary_phone": 1}],
			links=[{"link_doctype": "Customer", "link_name": name}],
		)
		for place in customer.locations:
			made = _insert("Service Location", location_name=place.name, customer=name, **_address(place))
			made.db_set("location_name", place.name)

	def _invoice(self, invoice: SampleInvoice) -> None:
		if frappe.db.exists("Sales Invoice", {"remarks": invoice.remarks}):
			return
		document = _insert("Sales Invoice", **self._values(invoice))
		if not invoice.is_draft:
			document.submit()
		if invoice.is_cancelled:
			document.cancel()
		# What Frappe's forms would clean is written as a migration writes it: raw.
		document.db_set("customer_name", invoice.customer)
		for row, line in zip(document.items, invoice.lines, strict=True):
			row.db_set("item_name", line.name or data.ITEMS[line.item])
		for days_ago, amount in invoice.payments:
			self._pay(document, days_ago, amount)
		for customer, days_ago, amount in data.ADVANCES:
			if invoice.key == "unpaid-with-credit" and customer == invoice.customer:
				self._pay_in_advance(document, days_ago, amount)

	def _values(self, invoice: SampleInvoice) -> dict:
		customer = next(customer for customer in data.CUSTOMERS if customer.name == invoice.customer)
		posted = invoice.posting_date(self._today)
		against = invoice.credits and frappe.db.get_value(
			"Sales Invoice", {"remarks": f"Sample: {invoice.credits}"}
		)
		return {
			"company": COMPANY,
			"customer": _plain(customer.name),
			"set_posting_time": 1,
			"posting_date": posted,
			"due_date": posted if invoice.credits else invoice.due_date(self._today),
			"currency": data.COMPANY["default_currency"],
			"disable_rounded_total": 1,
			"ignore_pricing_rule": 1,
			"language": customer.language,
			"terms": data.TERMS[customer.language == "en"],
			"remarks": invoice.remarks,
			"contact_email": customer.email,
			"is_return": int(bool(invoice.credits)),
			"return_against": against,
			"update_outstanding_for_self": int(not invoice.credits),
			"items": [self._row(line, invoice) for line in invoice.lines],
			"taxes": [self._tax(label, rate) for label, rate in data.TAXES],
		}

	def _row(self, line: Line, invoice: SampleInvoice) -> dict:
		start, end = invoice.period(self._today) if line.with_period else (None, None)
		return {
			"item_code": line.item,
			"qty": float(-line.quantity if invoice.credits else line.quantity),
			"rate": float(line.rate),
			"income_account": self._company_document.default_income_account,
			"cost_center": self._company_document.cost_center,
			"service_start_date": start,
			"service_end_date": end,
			"service_location": None
			if line.location is None
			else self._locations[invoice.customer, line.location],
		}

	def _tax(self, label: str, rate: Decimal) -> dict:
		account = f"{label} - {self._company_document.abbr}"
		return {
			"charge_type": "On Net Total",
			"account_head": account,
			"description": label,
			"rate": float(rate),
		}

	def _pay(self, invoice: Document, days_ago: int, amount: Decimal | None) -> None:
		owed = frappe.db.get_value("Sales Invoice", invoice.name, "outstanding_amount")
		paid = Decimal(str(owed)) if amount is None else amount
		self._post(invoice, days_ago, paid, paid)

	def _pay_in_advance(self, invoice: Document, days_ago: int, amount: Decimal) -> None:
		self._post(invoice, days_ago, amount, Decimal(0))

	def _post(self, invoice: Document, days_ago: int, amount: Decimal, allocated: Decimal) -> None:
		from gigafibre_utils.site.frappe_site import FrappeLedger
		from gigafibre_utils.site.protocol import IncomingPayment

		FrappeLedger().post_payment(
			IncomingPayment(
				company=COMPANY,
				customer=invoice.customer,
				customer_name=invoice.customer_name,
				receivable_account=invoice.debit_to,
				mode_of_payment=CHEQUE,
				currency=invoice.currency,
				amount=amount,
				invoice=invoice.name if allocated else None,
				allocated=allocated,
				reference=f"CHQ-{days_ago:03d}",
				received_on=self._today - timedelta(days=days_ago),
				remarks="Sample payment",
			)
		)


def _insert(doctype: str, **values) -> Document:
	return frappe.get_doc({"doctype": doctype, **values}).insert(ignore_permissions=True)


def _account(name: str, kind: str, parent: str) -> str:
	known = frappe.db.get_value("Account", {"account_name": name, "company": COMPANY})
	return (
		known
		or _insert(
			"Account", account_name=name, account_type=kind, company=COMPANY, parent_account=parent
		).name
	)


def _address_of(doctype: str, name: str, values: dict) -> None:
	link = {"link_doctype": doctype, "link_name": name}
	if not frappe.db.exists("Dynamic Link", {**link, "parenttype": "Address"}):
		_insert("Address", **values, links=[link])


def _address(place: Place) -> dict:
	return {"address_line1": place.line1, "city": place.city, "state": "QC", "pincode": place.pincode}


def _plain(name: str) -> str:
	"""What Frappe takes as a document's name."""
	return name.replace("<", "").replace(">", "")
