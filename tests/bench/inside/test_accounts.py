"""Invoices, payments and journal entries on PostgreSQL: submitted, paid, reconciled and cancelled."""

from datetime import timedelta
from decimal import Decimal
from types import ModuleType

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without

UTILS = "erpnext.accounts.utils"
PAYMENT_ENTRY = "erpnext.accounts.doctype.payment_entry.payment_entry"
CONTROLLER = "erpnext.controllers.accounts_controller"
UNRECONCILE = "erpnext.accounts.doctype.unreconcile_payment.unreconcile_payment"


@pytest.fixture
def customer(frappe: ModuleType) -> str:
	return documents.customer().name


def owed(frappe: ModuleType, invoice) -> Decimal:
	"""What the Payment Ledger says."""
	rows = frappe.db.sql(
		'SELECT coalesce(sum(amount_in_account_currency), 0) FROM "tabPayment Ledger Entry"'
		" WHERE against_voucher_no = %s AND delinked = 0",
		invoice.name,
	)
	return rows[0][0]


def balance(frappe: ModuleType, voucher) -> list:
	return frappe.db.sql(
		'SELECT sum(debit), sum(credit) FROM "tabGL Entry" WHERE voucher_no = %s AND is_cancelled = 0',
		voucher.name,
	)


def test_an_invoice_can_be_submitted(frappe: ModuleType, refused_without: Without, customer: str):
	with refused_without("frappe.database.query:Engine.apply_order_by"):
		documents.invoice(customer)
	invoice = documents.invoice(customer, 100)
	assert invoice.docstatus == 1
	assert balance(frappe, invoice) == ((100, 100),)
	assert owed(frappe, invoice) == invoice.outstanding_amount == 100


def test_a_payment_settles_its_invoice(frappe: ModuleType, refused_without: Without, customer: str):
	invoice = documents.invoice(customer, 100)
	with refused_without(f"{UTILS}:QueryPaymentLedger.query_for_outstanding"):
		documents.payment(invoice, 40)
	entry = documents.payment(invoice, 40)
	assert balance(frappe, entry) == ((40, 40),)
	assert owed(frappe, invoice) == invoice.reload().outstanding_amount == 60
	assert invoice.status == "Partly Paid"


def test_outstanding_is_told_by_voucher_account_and_party(frappe: ModuleType, customer: str):
	"""Two payments, a credit note and an advance: each voucher once, with its own dates."""
	from erpnext.accounts.utils import QueryPaymentLedger

	yesterday = frappe.utils.getdate() - timedelta(days=1)
	invoice = documents.invoice(customer, 100, posting_date=yesterday, set_posting_time=1)
	other = documents.invoice(customer, 7)
	documents.payment(invoice, 40)
	documents.payment(invoice, 25)
	advance = documents.advance(customer, 12)
	ledger = frappe.qb.DocType("Payment Ledger Entry")
	found = QueryPaymentLedger().get_voucher_outstandings(common_filter=[ledger.party == customer])
	seen = {row.voucher_no: (row.posting_date, row.invoice_amount, row.outstanding) for row in found}
	today = frappe.utils.getdate()
	assert seen[invoice.name] == (yesterday, 100, 35)
	assert seen[other.name] == (today, 7, 7)
	assert seen[advance.name] == (today, -12, -12)
	assert len(seen) == len(found) == 5


@pytest.mark.parametrize(("wanted", "names"), [("get_invoices", {"invoice"}), ("get_payments", {"advance"})])
def test_only_open_invoices_or_only_open_payments_are_listed(
	frappe: ModuleType, customer: str, wanted: str, names: set[str]
):
	from erpnext.accounts.utils import QueryPaymentLedger

	paid = documents.invoice(customer, 50)
	documents.payment(paid)
	made = {"invoice": documents.invoice(customer, 30).name, "advance": documents.advance(customer, 12).name}
	ledger = frappe.qb.DocType("Payment Ledger Entry")
	found = QueryPaymentLedger().get_voucher_outstandings(
		common_filter=[ledger.party == customer],
		**{wanted: True, "limit": 10 if wanted == "get_invoices" else None},
	)
	assert {row.voucher_no for row in found} == {made[name] for name in names}


def test_reconciliation_matches_payments_to_the_oldest_invoice_first(
	frappe: ModuleType, refused_without: Without, customer: str
):
	old = documents.invoice(
		customer, 30, posting_date=frappe.utils.getdate() - timedelta(days=3), set_posting_time=1
	)
	documents.invoice(customer, 30)
	advance = documents.advance(customer, 20)

	def listed():
		tool = frappe.get_doc(
			{
				"doctype": "Payment Reconciliation",
				"company": documents.COMPANY,
				"party_type": "Customer",
				"party": customer,
				"receivable_payable_account": documents.DEBTORS,
				"invoice_limit": 1,
			}
		)
		tool.get_unreconciled_entries()
		return tool

	with refused_without(f"{UTILS}:QueryPaymentLedger.query_for_outstanding"):
		listed()
	tool = listed()
	assert [(row.invoice_number, row.outstanding_amount) for row in tool.invoices] == [(old.name, 30)]
	assert [(row.reference_name, row.amount) for row in tool.payments] == [(advance.name, 20)]
	tool.allocate_entries(
		frappe._dict(
			invoices=[row.as_dict() for row in tool.invoices],
			payments=[row.as_dict() for row in tool.payments],
		)
	)
	tool.reconcile()
	assert owed(frappe, old) == old.reload().outstanding_amount == 10


def test_a_payment_can_be_cancelled(frappe: ModuleType, refused_without: Without, customer: str):
	invoice = documents.invoice(customer, 100)
	entry = documents.payment(invoice, 40)
	with refused_without("frappe.query_builder.terms:ParameterizedValueWrapper.get_sql"):
		frappe.get_doc("Payment Entry", entry.name).cancel()
	entry.reload().cancel()
	assert owed(frappe, invoice) == invoice.reload().outstanding_amount == 100
	assert balance(frappe, entry) == ((None, None),)


def test_an_invoice_can_be_cancelled(frappe: ModuleType, customer: str):
	invoice = documents.invoice(customer, 100)
	invoice.cancel()
	assert owed(frappe, invoice) == 0
	assert invoice.status == "Cancelled"


def test_a_journal_entry_pays_an_invoice_and_is_cancelled(frappe: ModuleType, customer: str):
	invoice = documents.invoice(customer, 100)
	entry = documents.journal_entry(
		customer, 100, reference_type="Sales Invoice", reference_name=invoice.name
	)
	assert owed(frappe, invoice) == invoice.reload().outstanding_amount == 0
	entry.reload().cancel()
	assert owed(frappe, invoice) == invoice.reload().outstanding_amount == 100


def test_a_payment_entry_takes_a_journal_entry_that_is_for_no_invoice(
	frappe: ModuleType, refused_without: Without, customer: str
):
	journal = documents.journal_entry(customer, 30)
	entry = frappe.get_doc(
		{
			"doctype": "Payment Entry",
			"payment_type": "Pay",
			"party_type": "Customer",
			"party": customer,
			"paid_to": documents.DEBTORS,
			"party_account": documents.DEBTORS,
			"references": [
				{"reference_doctype": "Journal Entry", "reference_name": journal.name, "allocated_amount": 30}
			],
		}
	)
	with refused_without(f"{PAYMENT_ENTRY}:PaymentEntry.validate_journal_entry"):
		entry.validate_journal_entry()
	entry.validate_journal_entry()
	invoice = documents.invoice(customer, 10)
	for_an_invoice = documents.journal_entry(
		customer, 10, reference_type="Sales Invoice", reference_name=invoice.name
	)
	entry.references[0].reference_name = for_an_invoice.name
	with pytest.raises(frappe.ValidationError, match="does not have account"):
		entry.validate_journal_entry()


def test_credit_notes_are_offered_to_a_refund(frappe: ModuleType, refused_without: Without, customer: str):
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_negative_outstanding_invoices

	invoice = documents.invoice(customer, 80)
	documents.payment(invoice)
	note = documents.credit_note(invoice)
	asked = ("Customer", customer, documents.DEBTORS, "CAD", "CAD", None, "")
	with refused_without(f"{PAYMENT_ENTRY}:get_negative_outstanding_invoices"):
		get_negative_outstanding_invoices(*asked)
	(found,) = get_negative_outstanding_invoices(*asked)
	assert (found.voucher_type, found.voucher_no) == ("Sales Invoice", note.name)
	assert (found.invoice_amount, found.outstanding_amount) == (-80, -80)


def test_orders_that_are_to_be_paid_are_offered(frappe: ModuleType, refused_without: Without, customer: str):
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_orders_to_be_billed

	def order(rate: float, **more):
		return frappe.get_doc(
			{
				"doctype": "Sales Order",
				"customer": customer,
				"company": documents.COMPANY,
				"delivery_date": frappe.utils.today(),
				"items": [{"item_code": documents.SERVICE, "qty": 1, "rate": rate}],
				**more,
			}
		).insert()

	rounded, exact = order(10.4).submit(), order(10.4, disable_rounded_total=1).submit()
	order(5)
	asked = (frappe.utils.getdate(), "Customer", customer, documents.COMPANY, "CAD", "CAD")
	with refused_without(f"{PAYMENT_ENTRY}:get_orders_to_be_billed"):
		get_orders_to_be_billed(*asked, filters={})
	found = get_orders_to_be_billed(*asked, filters={})
	assert {row.voucher_no: row.outstanding_amount for row in found} == {
		rounded.name: Decimal("10.4"),
		exact.name: Decimal("10.4"),
	} or {row.voucher_no: float(row.outstanding_amount) for row in found} == {
		rounded.name: rounded.rounded_total or rounded.grand_total,
		exact.name: exact.grand_total,
	}


def test_a_payment_request_is_matched_where_it_is_the_only_one(
	frappe: ModuleType, refused_without: Without, customer: str
):
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_matched_payment_request_of_references
	from erpnext.accounts.doctype.payment_request.payment_request import make_payment_request

	alone, twice = documents.invoice(customer, 40), documents.invoice(customer, 60)

	def request(invoice, amount: float):
		made = make_payment_request(
			dt="Sales Invoice",
			dn=invoice.name,
			party_type="Customer",
			party=customer,
			return_doc=1,
			mute_email=1,
		)
		made.grand_total = made.outstanding_amount = amount
		return made.submit()

	single = request(alone, 40)
	request(twice, 30)
	request(twice, 30)
	references = [
		frappe._dict(reference_doctype="Sales Invoice", reference_name=invoice.name, allocated_amount=amount)
		for invoice, amount in ((alone, 40), (twice, 30))
	]
	with refused_without(f"{PAYMENT_ENTRY}:get_matched_payment_request_of_references"):
		get_matched_payment_request_of_references(references)
	assert get_matched_payment_request_of_references(references) == (
		("Sales Invoice", alone.name, 40, single.name),
	)


def test_payments_of_an_invoice_can_be_unlinked(frappe: ModuleType, refused_without: Without, customer: str):
	from erpnext.accounts.doctype.unreconcile_payment.unreconcile_payment import (
		create_unreconcile_doc_for_selection,
		get_linked_payments_for_doc,
	)

	invoice = documents.invoice(customer, 100)
	first, second = documents.payment(invoice, 40), documents.payment(invoice, 25)
	asked = (documents.COMPANY, "Sales Invoice", invoice.name)
	with refused_without(f"{UNRECONCILE}:get_linked_payments_for_doc"):
		get_linked_payments_for_doc(*asked)
	linked = {row.reference_name: row.allocated_amount for row in get_linked_payments_for_doc(*asked)}
	assert linked == {first.name: 40, second.name: 25}
	(of_payment,) = get_linked_payments_for_doc(documents.COMPANY, "Payment Entry", first.name)
	assert (of_payment.reference_name, of_payment.allocated_amount) == (invoice.name, 40)
	selection = {
		"company": documents.COMPANY,
		"voucher_type": "Payment Entry",
		"voucher_no": first.name,
		"against_voucher_type": "Sales Invoice",
		"against_voucher_no": invoice.name,
	}
	create_unreconcile_doc_for_selection(frappe.as_json([selection]))
	assert owed(frappe, invoice) == invoice.reload().outstanding_amount == 75


def test_an_advance_on_an_order_is_counted_once_and_can_be_unlinked(
	frappe: ModuleType, refused_without: Without, customer: str
):
	from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry
	from erpnext.accounts.doctype.unreconcile_payment.unreconcile_payment import get_linked_advances

	order = frappe.get_doc(
		{
			"doctype": "Sales Order",
			"customer": customer,
			"company": documents.COMPANY,
			"delivery_date": frappe.utils.today(),
			"items": [{"item_code": documents.SERVICE, "qty": 1, "rate": 100}],
		}
	).insert()
	order.submit()

	def paid(amount: float):
		entry = get_payment_entry("Sales Order", order.name)
		entry.update({"reference_no": "1", "reference_date": frappe.utils.today()})
		entry.paid_amount = entry.received_amount = entry.references[0].allocated_amount = amount
		return entry.insert().submit()

	with refused_without(f"{CONTROLLER}:AccountsController.calculate_total_advance_from_ledger"):
		paid(30)
	first = paid(30)
	paid(20)
	assert order.reload().advance_paid == 50
	with refused_without(f"{UNRECONCILE}:get_linked_advances"):
		get_linked_advances(documents.COMPANY, first.name)
	(found,) = get_linked_advances(documents.COMPANY, first.name)
	assert (found.reference_name, found.allocated_amount, found.currency) == (order.name, 30, "CAD")


def test_an_unpaid_invoice_past_its_day_becomes_overdue_and_no_other(
	frappe: ModuleType, refused_without: Without, customer: str
):
	from erpnext.controllers.accounts_controller import update_invoice_status

	past = {
		"posting_date": frappe.utils.getdate() - timedelta(days=40),
		"due_date": frappe.utils.getdate() - timedelta(days=10),
		"set_posting_time": 1,
	}
	late, paid = documents.invoice(customer, 10, **past), documents.invoice(customer, 10, **past)
	exact = documents.invoice(customer, Decimal("10.4"), disable_rounded_total=1, **past)
	in_time = documents.invoice(customer, 10)
	documents.payment(paid)
	for invoice in (late, exact):
		frappe.db.set_value("Sales Invoice", invoice.name, "status", "Unpaid")
	with refused_without(f"{CONTROLLER}:update_invoice_status"):
		update_invoice_status()
	update_invoice_status()
	status = {invoice.name: invoice.reload().status for invoice in (late, exact, paid, in_time)}
	assert list(status.values()) == ["Overdue", "Overdue", "Paid", "Unpaid"]


def test_purchase_invoices_on_hold_are_told(frappe: ModuleType, refused_without: Without):
	from erpnext.accounts.utils import get_held_invoices

	today = frappe.utils.getdate()
	for name, on_hold, release in (("HELD", 1, 5), ("RELEASED", 1, -5), ("FREE", 0, 5)):
		frappe.db.sql(
			'INSERT INTO "tabPurchase Invoice" (name, on_hold, release_date) VALUES (%s, %s, %s)',
			(name, on_hold, today + timedelta(days=release)),
		)
	with refused_without(f"{UTILS}:get_held_invoices"):
		get_held_invoices("Supplier", "X")
	assert get_held_invoices("Supplier", "X") == {"HELD"}


def test_a_recent_login_counts_as_activity(frappe: ModuleType, refused_without: Without):
	from erpnext.utilities.activation import get_level

	with refused_without("erpnext.utilities.activation:get_level"):
		get_level({})
	frappe.db.sql("UPDATE \"tabUser\" SET last_login = now() - interval '3 day'")
	before = get_level({})["activation_level"]
	frappe.db.set_value("User", "Administrator", "last_login", frappe.utils.now())
	assert get_level({})["activation_level"] == before + 1


def test_requests_for_quotation_are_listed_newest_first_and_by_page(
	frappe: ModuleType, refused_without: Without, monkeypatch: pytest.MonkeyPatch
):
	from erpnext.controllers import website_list_for_contact

	monkeypatch.setattr(
		website_list_for_contact, "post_process", lambda doctype, rows: [row.name for row in rows]
	)
	for row, (parent, day) in enumerate((("RFQ-1", 1), ("RFQ-2", 2), ("RFQ-3", 3), ("RFQ-1", 4))):
		frappe.db.sql(
			'INSERT INTO "tabRequest for Quotation Supplier" (name, parent, supplier, docstatus, creation)'
			" VALUES (%s, %s, 'Test Supplier', 1, %s)",
			(f"test-{row}", parent, f"2026-01-0{day}"),
		)

	def page(start: int) -> list[str]:
		parties = ("Request for Quotation Supplier", "Request for Quotation", ["Test Supplier"])
		return website_list_for_contact.rfq_transaction_list(*parties, start, 2)

	with refused_without("erpnext.controllers.website_list_for_contact:rfq_transaction_list"):
		page(0)
	assert page(0) == ["RFQ-1", "RFQ-3"]
	assert page(2) == ["RFQ-2"]
