"""What was migrated is as good as what ERPNext made itself: its reports, forms, tools and ours take it for their own.

Runs on a site that holds a migration, on PostgreSQL; `--bench-site` names it.
"""

import io
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from pypdf import PdfReader

from tests.bench.inside import documents
from tests.bench.inside.test_receivables import AGES
from tests.bench.inside.test_reports import run

OPEN = "docstatus = 1 AND is_return = 0 AND outstanding_amount > 0"
SETTLED = "docstatus = 1 AND is_return = 0 AND outstanding_amount = 0 AND grand_total > 0"
OF_CUSTOMER = "(SELECT disabled FROM \"tabCustomer\" WHERE name = {}) = {}"
OF_ENABLED, OF_DISABLED = OF_CUSTOMER.format("customer", 0), OF_CUSTOMER.format("customer", 1)
WHOLE = {"from_date": "2000-01-01", "to_date": "2027-12-31"}


@pytest.fixture(autouse=True)
def migrated(frappe: ModuleType) -> None:
	if not frappe.db.exists("Sales Invoice", {"legacy_id": ["is", "set"]}):
		pytest.skip("the site holds no migrated document")


def some(frappe: ModuleType, doctype: str, where: str = "true", count: int = 5) -> list[str]:
	"""Names of migrated documents, always the same ones."""
	mark = {"Service Location": "legacy_delivery_id", "Address": "name", "Contact": "name"}.get(doctype, "legacy_id")
	names = frappe.db.sql(
		f'SELECT name FROM "tab{doctype}" WHERE {mark} <> \'\' AND {where} ORDER BY md5(name) LIMIT {count}',
		pluck=True,
	)
	assert names, f"the site has no migrated {doctype} where {where}"
	return names


def one(frappe: ModuleType, doctype: str, where: str = "true") -> Any:
	return frappe.get_doc(doctype, some(frappe, doctype, where, 1)[0])


def summed(frappe: ModuleType, expression: str, table: str, where: str, *values: Any) -> float:
	rows = frappe.db.sql(f'SELECT coalesce(sum({expression}), 0) FROM "tab{table}" WHERE {where}', values)
	return float(rows[0][0])


def owed(frappe: ModuleType, customer: str) -> float:
	"""What a customer owes by the Payment Ledger."""
	return summed(frappe, "amount", "Payment Ledger Entry", "party = %s AND delinked = 0", customer)


def debtors(frappe: ModuleType) -> list[str]:
	"""Customers with something open, and those whose payment is for nothing yet."""
	return frappe.db.sql(
		f"""(SELECT DISTINCT customer FROM "tabSales Invoice" WHERE {OPEN} AND legacy_id <> '' LIMIT 4)
		UNION (SELECT DISTINCT party FROM "tabPayment Entry"
		WHERE docstatus = 1 AND unallocated_amount > 0 AND legacy_id <> '' LIMIT 4)""",
		pluck=True,
	)


def standing(frappe: ModuleType, invoice: str) -> dict[str, Any]:
	"""How an invoice stands: by itself, in the Payment Ledger and in the books."""
	document = frappe.get_doc("Sales Invoice", invoice)
	where = "against_voucher_no = %s AND delinked = 0"
	entries = frappe.db.sql(
		"""SELECT voucher_type, round(sum(debit - credit), 2), count(*) FILTER (WHERE party <> '')
		FROM "tabGL Entry" WHERE against_voucher = %s AND is_cancelled = 0 GROUP BY voucher_type ORDER BY 1""",
		invoice,
	)
	return {
		"status": document.status,
		"outstanding": document.outstanding_amount,
		"owed": summed(frappe, "amount", "Payment Ledger Entry", where, invoice),
		"books": summed(frappe, "debit - credit", "GL Entry", "voucher_no = %s AND is_cancelled = 0", invoice),
		"entries": [(kind, float(amount), count) for kind, amount, count in entries],
	}


def test_receivables_are_what_the_payment_ledger_says(frappe: ModuleType):
	filters = AGES | {"report_date": frappe.utils.today()}
	rows = [row for row in run(frappe, "Accounts Receivable", **filters) if row.get("voucher_no")]
	summary = run(frappe, "Accounts Receivable Summary", **filters)
	total = summed(frappe, "amount", "Payment Ledger Entry", "delinked = 0 AND account_type = 'Receivable'")
	assert sum(row["outstanding"] for row in rows) == pytest.approx(total)
	assert sum(row["outstanding"] for row in summary if row.get("party")) == pytest.approx(total)
	for customer in debtors(frappe):
		told = [sum(r["outstanding"] for r in of if r.get("party") == customer) for of in (rows, summary)]
		assert told == [pytest.approx(owed(frappe, customer))] * 2
	invoices = frappe.db.sql(
		f"SELECT name, outstanding_amount FROM \"tabSales Invoice\" WHERE {OPEN} AND legacy_id <> ''"
	)
	told = {row["voucher_no"]: row["outstanding"] for row in rows}
	assert {name: told.get(name) for name, _ in invoices} == {
		name: pytest.approx(float(amount)) for name, amount in invoices
	}


def test_a_customers_statement_closes_with_what_he_owes(frappe: ModuleType):
	for customer in debtors(frappe):
		rows = run(frappe, "General Ledger", **WHOLE, party_type="Customer", party=[customer])
		closing = rows[-1]
		assert closing["debit"] - closing["credit"] == pytest.approx(owed(frappe, customer))
		assert closing["balance"] == pytest.approx(owed(frappe, customer))
		(row,) = run(frappe, "Customer Ledger Summary", **WHOLE, party=customer)
		assert row["closing_balance"] == pytest.approx(owed(frappe, customer))


def test_the_general_ledger_closes_with_the_books(frappe: ModuleType):
	for account in ("Debtors - T", "Bank Account - T", "TPS - T", "Internet - T"):
		filters = WHOLE | {"account": [account], "categorize_by": "Categorize by Account"}
		closing = run(frappe, "General Ledger", **filters)[-1]
		booked = summed(frappe, "debit - credit", "GL Entry", "account = %s AND is_cancelled = 0", account)
		assert booked
		assert closing["debit"] - closing["credit"] == pytest.approx(booked)


@pytest.mark.parametrize("year", ["2013", "2021", "2026"])
def test_the_trial_balance_of_a_year_is_that_of_the_books(frappe: ModuleType, year: str):
	dates = {"from_date": f"{year}-01-01", "to_date": f"{year}-12-31"}
	rows = run(frappe, "Trial Balance", fiscal_year=year, show_zero_values=1, **dates)
	total = rows[-1]
	assert total["debit"] == pytest.approx(total["credit"])
	assert total["closing_debit"] == pytest.approx(total["closing_credit"])
	leaves = frappe.get_all("Account", {"is_group": 0, "company": documents.COMPANY}, pluck="name")
	told = {row["account"]: row["debit"] - row["credit"] for row in rows if row and row.get("account") in leaves}
	booked = frappe.db.sql(
		"""SELECT account, sum(debit - credit) FROM "tabGL Entry"
		WHERE is_cancelled = 0 AND posting_date BETWEEN %(from_date)s AND %(to_date)s GROUP BY account""",
		dates,
	)
	assert booked
	assert {account: told[account] for account, _ in booked} == {
		account: pytest.approx(float(amount)) for account, amount in booked
	}


def test_the_reconciliation_tool_offers_what_is_open(frappe: ModuleType):
	from erpnext.accounts.utils import get_outstanding_invoices

	for customer in debtors(frappe):
		of = {"customer": customer, "docstatus": 1, "outstanding_amount": [">", 0]}
		invoices = dict(frappe.get_all("Sales Invoice", of, ["name", "outstanding_amount"], as_list=True))
		found = get_outstanding_invoices("Customer", customer, [documents.DEBTORS])
		assert {row.voucher_no: row.outstanding_amount for row in found} == invoices
		of = {"party": customer, "docstatus": 1, "unallocated_amount": [">", 0], "payment_type": "Receive"}
		payments = dict(frappe.get_all("Payment Entry", of, ["name", "unallocated_amount"], as_list=True))
		of = {"customer": customer, "docstatus": 1, "outstanding_amount": ["<", 0]}
		notes = frappe.get_all("Sales Invoice", of, ["name", "outstanding_amount"], as_list=True)
		tool = frappe.get_doc(
			{
				"doctype": "Payment Reconciliation",
				"company": documents.COMPANY,
				"party_type": "Customer",
				"party": customer,
				"receivable_payable_account": documents.DEBTORS,
			}
		)
		tool.get_unreconciled_entries()
		assert {row.invoice_number: row.outstanding_amount for row in tool.invoices} == invoices
		credits = payments | {name: -amount for name, amount in notes}
		assert {row.reference_name: row.amount for row in tool.payments} == credits


def test_a_customers_dashboard_tells_what_he_owes(frappe: ModuleType):
	from erpnext.accounts.party import get_dashboard_info
	from frappe.desk.notifications import get_open_count

	for customer in debtors(frappe):
		(info,) = get_dashboard_info("Customer", customer)
		assert info["total_unpaid"] == pytest.approx(owed(frappe, customer))
		assert get_open_count("Customer", customer)["count"]


def pay(frappe: ModuleType, invoice: Any) -> None:
	documents.payment(invoice)


def credit(frappe: ModuleType, invoice: Any) -> None:
	documents.credit_note(invoice)


def pay_and_cancel(frappe: ModuleType, invoice: Any) -> None:
	documents.payment(invoice, 5).reload().cancel()


def cancel(frappe: ModuleType, invoice: Any) -> None:
	invoice.reload().cancel()


@pytest.mark.parametrize("do", [pay, credit, pay_and_cancel, cancel])
def test_a_migrated_invoice_goes_the_way_of_erpnexts_own(frappe: ModuleType, do: Callable[..., None]):
	"""One that nothing was paid of, with a discount and a quantity that is no whole number."""
	line = 'EXISTS (SELECT FROM "tabSales Invoice Item" line WHERE line.parent = "tabSales Invoice".name AND {})'
	unpaid = f"{OPEN} AND {OF_ENABLED} AND outstanding_amount = grand_total AND due_date < now()"
	where = [unpaid, line.format("rate < 0"), line.format("qty <> trunc(qty)")]
	theirs = one(frappe, "Sales Invoice", " AND ".join(where))
	ours = documents.invoice(
		documents.customer().name,
		theirs.grand_total,
		posting_date=theirs.posting_date,
		due_date=theirs.due_date,
		set_posting_time=1,
	)
	assert standing(frappe, theirs.name) == standing(frappe, ours.name)
	before = standing(frappe, theirs.name)
	for invoice in (theirs, ours):
		do(frappe, invoice)
	assert standing(frappe, theirs.name) == standing(frappe, ours.name)
	assert (standing(frappe, theirs.name) == before) == (do in (credit, pay_and_cancel))


def test_a_migrated_payment_that_is_cancelled_leaves_its_invoices_open(frappe: ModuleType):
	paid = """EXISTS (SELECT FROM "tabPayment Entry Reference" WHERE parent = "tabPayment Entry".name
		AND reference_doctype = 'Sales Invoice')"""
	where = f"docstatus = 1 AND payment_type = 'Receive' AND {paid} AND {OF_CUSTOMER.format('party', 0)}"
	for name in some(frappe, "Payment Entry", where):
		payment = frappe.get_doc("Payment Entry", name)
		before = owed(frappe, payment.party)
		references = {row.reference_name: row.allocated_amount for row in payment.references}
		left = {invoice: standing(frappe, invoice)["owed"] for invoice in references}
		payment.cancel()
		assert owed(frappe, payment.party) == pytest.approx(before + payment.paid_amount)
		for invoice, amount in references.items():
			now = standing(frappe, invoice)
			assert now["outstanding"] == now["owed"] == pytest.approx(left[invoice] + amount)
			assert now["status"] == "Overdue"


def test_a_migrated_invoice_that_is_cancelled_sets_its_payments_free(frappe: ModuleType):
	invoice = one(frappe, "Sales Invoice", f"{SETTLED} AND {OF_ENABLED} AND status = 'Paid'")
	before = owed(frappe, invoice.customer)
	rows = frappe.get_all("Payment Entry Reference", {"reference_name": invoice.name}, pluck="parent")
	free = sum(frappe.db.get_value("Payment Entry", name, "unallocated_amount") for name in rows)
	invoice.cancel()
	assert invoice.status == "Cancelled"
	assert owed(frappe, invoice.customer) == pytest.approx(before - invoice.grand_total)
	now = sum(frappe.db.get_value("Payment Entry", name, "unallocated_amount") for name in rows)
	assert now == pytest.approx(free + invoice.grand_total)


def test_a_payment_that_was_taken_back_is_whole_again_once_its_counterpart_is_cancelled(frappe: ModuleType):
	taken = """EXISTS (SELECT FROM "tabPayment Entry Reference" r JOIN "tabPayment Entry" back
		ON back.name = r.reference_name WHERE r.parent = "tabPayment Entry".name AND back.docstatus = 1)"""
	original = one(frappe, "Payment Entry", f"{taken} AND {OF_CUSTOMER.format('party', 0)}")
	(row,) = [row for row in original.references if row.reference_doctype == "Payment Entry"]
	before = owed(frappe, original.party)
	back = frappe.get_doc("Payment Entry", row.reference_name)
	assert back.payment_type == "Pay"
	back.cancel()
	original.reload()
	assert original.docstatus == 1
	assert original.unallocated_amount == row.allocated_amount
	assert owed(frappe, original.party) == pytest.approx(before - back.paid_amount)


def test_a_closed_customer_still_pays_what_he_owes(frappe: ModuleType):
	from gigafibre_utils import site
	from gigafibre_utils.site.protocol import IncomingPayment

	invoice = one(frappe, "Sales Invoice", f"{OPEN} AND {OF_DISABLED}")
	amount = Decimal(str(invoice.outstanding_amount))
	payment = site.current().ledger.post_payment(
		IncomingPayment(
			company=invoice.company,
			customer=invoice.customer,
			customer_name=invoice.customer_name,
			receivable_account=invoice.debit_to,
			mode_of_payment="Credit Card",
			currency=invoice.currency,
			amount=amount,
			invoice=invoice.name,
			allocated=amount,
			reference="test",
			received_on=date.today(),
			remarks="",
		)
	)
	assert frappe.db.get_value("Payment Entry", payment, "docstatus") == 1
	assert standing(frappe, invoice.name)["status"] == "Paid"


@pytest.mark.parametrize("doctype", ["Sales Invoice", "Payment Entry"])
def test_what_is_void_stays_void(frappe: ModuleType, doctype: str):
	document = one(frappe, doctype, "docstatus = 2")
	with pytest.raises(frappe.ValidationError, match="Cannot edit cancelled document"):
		document.submit()


@pytest.mark.parametrize(
	"doctype",
	[
		"Customer",
		"Contact",
		"Address",
		"Item",
		"Service Location",
		"Subscription",
		"Issue",
		"Payment Arrangement",
		"Stored Payment Method",
		"Sales Invoice",
		"Payment Entry",
	],
)
def test_a_migrated_document_can_be_saved_and_stays_as_it_was(frappe: ModuleType, doctype: str):
	where = "docstatus = 1" if doctype in ("Sales Invoice", "Payment Entry") else "docstatus = 0"
	# What ERPNext renders by the site's template, or fills in for its own documents too when they lack it.
	rendered = {"modified", "modified_by", "primary_address", "raised_by", "full_name"}
	for name in some(frappe, doctype, where, 20):
		document = frappe.get_doc(doctype, name)
		before = {key: value for key, value in document.as_dict().items() if key not in rendered}
		document.reload().save()
		after = {key: value for key, value in frappe.get_doc(doctype, name).as_dict().items() if key in before}
		tables = {field.fieldname for field in document.meta.get_table_fields()}
		assert {k: v for k, v in after.items() if k not in tables} == {
			k: v for k, v in before.items() if k not in tables
		}
		assert {k: len(after[k]) for k in tables} == {k: len(before[k]) for k in tables}


@pytest.mark.parametrize("where", [OPEN, SETTLED, "docstatus = 1 AND is_return = 1"])
@pytest.mark.parametrize("print_format", ["Facture TARGO", "Standard"])
def test_a_migrated_invoice_prints(frappe: ModuleType, print_format: str, where: str):
	invoice = one(frappe, "Sales Invoice", where)
	html = frappe.get_print("Sales Invoice", invoice.name, print_format)
	assert invoice.name in html
	for line in invoice.items[:3]:
		assert frappe.utils.escape_html(line.item_name) in html or line.item_name in html


def test_an_issue_shows_its_messages(frappe: ModuleType):
	from frappe.desk.form.load import get_docinfo, getdoc

	many = "(SELECT count(*) FROM \"tabCommunication\" c WHERE c.reference_name = \"tabIssue\".name) > 2"
	for name in some(frappe, "Issue", many, 3):
		getdoc("Issue", name)
		get_docinfo(doctype="Issue", name=name)
		shown = frappe.response["docinfo"]["communications"]
		of = {"reference_doctype": "Issue", "reference_name": name}
		assert {row["name"] for row in shown} == set(frappe.get_all("Communication", of, pluck="name"))
		assert all(row["content"] and row["sender_full_name"] for row in shown)


def test_new_documents_take_names_that_nothing_has(frappe: ModuleType):
	from frappe.model.naming import make_autoname

	series = {
		"Sales Invoice": "SINV-.YYYY.-",
		"Payment Entry": "PAY-.YYYY.-",
		"Issue": "ISS-.YYYY.-",
		"Customer": "CUST-",
	}
	for doctype, prefix in series.items():
		name = make_autoname(f"{prefix}.#######", doctype)
		highest = frappe.db.sql(f'SELECT max(name) FROM "tab{doctype}" WHERE name ~ %s', f"^{name[:-7]}[0-9]+$")
		assert name > highest[0][0]
	customer = some(frappe, "Customer", "disabled = 0", 1)[0]
	for doctype, values in {
		"Service Location": {"location_name": "Test"},
		"Stored Payment Method": {"mode_of_payment": "Credit Card"},
		"Payment Arrangement": {"company": documents.COMPANY, "status": "Active"},
	}.items():
		before = frappe.db.count(doctype)
		documents.inserted(doctype, customer=customer, **values)
		assert frappe.db.count(doctype) == before + 1


def test_no_subscription_begins_where_it_was_billed_already(frappe: ModuleType):
	overlapping = frappe.db.sql(
		"""SELECT s.name FROM "tabSubscription" s
		JOIN "tabSubscription Plan Detail" d ON d.parent = s.name JOIN "tabSubscription Plan" p ON p.name = d.plan
		JOIN "tabSales Invoice Item" l ON l.item_code = p.item AND l.service_location = s.service_location
		WHERE s.status = 'Active' AND l.docstatus = 1 AND l.service_end_date >= s.current_invoice_start"""
	)
	assert overlapping == ()


def test_a_subscription_bills_its_period_once(frappe: ModuleType):
	for name in some(frappe, "Subscription", "status = 'Active'", 5):
		subscription = frappe.get_doc("Subscription", name)
		start = subscription.current_invoice_start
		made = []
		for day in (date.today(), start, start, frappe.utils.add_days(start, 1)):
			frappe.get_doc("Subscription", name).process(day)
			made.append(frappe.db.count("Sales Invoice", {"subscription": name}))
		assert made == [0, 1, 1, 1]
		(invoice,) = frappe.get_all("Sales Invoice", {"subscription": name}, ["docstatus", "from_date"])
		assert (invoice.docstatus, invoice.from_date) == (0, start)


def test_a_migrated_invoice_opens_on_the_pay_page_and_as_pdf(frappe: ModuleType):
	from gigafibre_utils import pay_page, printing
	from gigafibre_utils.paylink import links, sending

	invoice = one(frappe, "Sales Invoice", OPEN)
	token = sending.hand_out(invoice.name, 60).token
	opened = links.open_link(invoice.name, token)
	told = pay_page.described(opened)
	assert told["valid"]
	assert Decimal(told["invoice"]["outstanding"]) == Decimal(str(invoice.outstanding_amount))
	page = pay_page.page({"invoice": invoice.name, "t": token})
	assert page.status == 200
	assert invoice.name in pay_page.render_page(page.context)
	pdf = printing.invoice_pdf(opened.invoice, printing.FACTURE_TARGO, opened)
	assert invoice.name in "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_the_desk_shows_a_run_with_its_steps_its_findings_and_its_report(frappe: ModuleType):
	from frappe.desk.form.load import getdoc, getdoctype
	from frappe.desk.notifications import get_open_count

	name = frappe.get_all("Migration Run", {"status": "Done"}, pluck="name", order_by="name desc", limit=1)[0]
	getdoc("Migration Run", name)
	(shown,) = frappe.response.docs
	assert {step.status for step in shown.steps} == {"Done"}
	assert "import_invoices" in {step.step for step in shown.steps}
	assert shown.report.lstrip().lower().startswith("<!doctype html")
	frappe.response.docs = []
	getdoctype("Migration Run")
	meta = frappe.response.docs[0]
	assert meta.get("fields", {"fieldname": "report_html", "fieldtype": "HTML"})
	(links,) = get_open_count("Migration Run", name)["count"]["external_links_found"]
	assert links["doctype"] == "Migration Finding"
	assert links["count"] == min(100, frappe.db.count("Migration Finding", {"run": name}))
