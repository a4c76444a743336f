"""Where an arrangement stands when ERPNext itself credits, pays and cancels."""

from contextlib import nullcontext
from types import ModuleType
from typing import Any

import pytest

from gigafibre_utils.payments import arrangements
from gigafibre_utils.payments.standing import ROW, judge
from tests.bench.inside import documents


@pytest.fixture
def agreed(frappe: ModuleType) -> Any:
	"""An arrangement over two invoices of 100 and more, 20 and 30 on the first, 40 on the second."""
	customer = documents.customer().name
	invoices = [documents.invoice(customer).name for _ in range(2)]
	due = frappe.utils.add_days(None, 9)
	parts = [(20, invoices[0]), (30, invoices[0]), (40, invoices[1])]
	return documents.inserted(
		"Payment Arrangement",
		customer=customer,
		company=documents.COMPANY,
		instalments=[{"amount": amount, "invoice": invoice, "due_date": due} for amount, invoice in parts],
	)


def credited(frappe: ModuleType, arrangement: Any) -> Any:
	"""A credit note over all of the first invoice, taken off what is owed on it."""
	invoice = frappe.get_doc("Sales Invoice", arrangement.instalments[0].invoice)
	note = documents.credit_note(invoice, submit=False)
	return note.update({"update_outstanding_for_self": 0}).submit()


def followed(frappe: ModuleType, arrangement: Any) -> list[str]:
	"""What the daily job makes of its instalments, without its commits."""
	from gigafibre_utils.site.frappe_site import FrappeSite

	row = FrappeSite().get("Payment Arrangement", arrangement.name, ROW)
	arrangements._keep(judge(row, frappe.utils.getdate()))
	return [part.status for part in arrangement.reload().instalments]


def test_instalments_that_a_credit_note_met_are_due_again_once_it_is_cancelled(
	frappe: ModuleType, agreed: Any
):
	note = credited(frappe, agreed)
	assert followed(frappe, agreed) == ["Met", "Met", "Due"]
	assert [part.is_paid_off for part in agreed.instalments] == [1, 1, 0]
	note.cancel()
	assert followed(frappe, agreed) == ["Due"] * 3
	assert (agreed.paid, [part.is_paid_off for part in agreed.instalments]) == (0, [0, 0, 0])


def test_what_staff_name_stands_when_the_credit_note_is_cancelled(frappe: ModuleType, agreed: Any):
	note = credited(frappe, agreed)
	assert followed(frappe, agreed) == ["Met", "Met", "Due"]
	payment = documents.advance(agreed.customer, 20).name
	agreed.instalments[0].payment_entry = payment
	agreed.save()
	note.cancel()
	assert followed(frappe, agreed) == ["Met", "Due", "Due"]
	assert agreed.instalments[0].payment_entry == payment


def test_the_payment_request_of_what_was_broken_is_closed_once_its_invoice_is_paid(
	frappe: ModuleType, agreed: Any, monkeypatch: pytest.MonkeyPatch
):
	from erpnext.accounts.doctype.payment_request.payment_request import make_payment_request

	from gigafibre_utils.site.frappe_site import FrappeSite

	monkeypatch.setattr(FrappeSite, "atomic", lambda _: nullcontext())
	request = make_payment_request(
		dt="Sales Invoice",
		dn=agreed.instalments[0].invoice,
		recipient_id="a@example.com",
		mute_email=1,
		submit_doc=1,
	)
	asked = frappe.get_doc("Payment Request", request["name"])
	agreed.instalments[0].db_set("payment_request", asked.name)
	agreed.db_set("status", "Broken")
	arrangements._close_paid_requests()
	assert asked.reload().status == "Requested"
	# ERPNext closes it with a payment that names it, and with nothing else.
	credited(frappe, agreed)
	assert asked.reload().status == "Requested"
	arrangements._close_paid_requests()
	asked.reload()
	assert (asked.status, asked.outstanding_amount) == ("Paid", 0)
