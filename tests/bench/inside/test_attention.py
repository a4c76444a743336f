"""What waits for staff is there for those alone who may read its invoice."""

from types import ModuleType

import pytest

from gigafibre_utils import site
from gigafibre_utils.errors import NotFound
from gigafibre_utils.payments import attention

ACCOUNTANT = "comptes@targo.ca"
SESSION = "cs_test_of_somebody"


@pytest.fixture
def event(frappe: ModuleType) -> str:
	"""An event about a session, whose invoice's customer is not the one that the accountant is kept to."""
	invoice, customer = frappe.db.get_value("Sales Invoice", {"docstatus": 1}, ["name", "customer"])
	other = frappe.db.get_value("Customer", {"name": ["!=", customer]})
	row = {"session_id": SESSION, "invoice": invoice, "amount": 10, "currency": "CAD", "status": "Open"}
	site.current().insert("Stripe Checkout Session", row)
	about = {"object_id": SESSION, "event_type": "checkout.session.completed", "status": "Failed"}
	name = site.current().insert("Stripe Event", {"event_id": "evt_of_somebody", **about})
	only = {"user": ACCOUNTANT, "allow": "Customer", "for_value": other}
	frappe.get_doc({"doctype": "User Permission", **only}).insert()
	return name


def test_who_may_read_the_invoice_sees_its_event_and_session(frappe: ModuleType, event: str):
	assert attention.require_event(event)["object_id"] == SESSION
	attention.require_session(SESSION)


def test_who_may_not_read_the_invoice_is_told_what_is_told_of_the_unknown(frappe: ModuleType, event: str):
	frappe.set_user(ACCOUNTANT)
	for require, name in ((attention.require_event, event), (attention.require_session, SESSION)):
		with pytest.raises(NotFound) as refused:
			require(name)
		with pytest.raises(NotFound) as unknown:
			require("none")
		assert str(refused.value).replace(name, "none") == str(unknown.value)


def test_nobody_settles_or_handles_what_he_may_not_read(frappe: ModuleType, event: str):
	frappe.set_user(ACCOUNTANT)
	for call in (
		lambda: attention.try_again(event),
		lambda: attention.handle_event(event, "Done."),
		lambda: attention.settle(SESSION),
		lambda: attention.handle_session(SESSION, "Done."),
	):
		with pytest.raises(NotFound):
			call()


def test_an_event_of_no_known_session_is_for_everybody_who_sees_the_inbox(frappe: ModuleType):
	about = {"object_id": "cs_of_another_shop", "event_type": "checkout.session.completed"}
	name = site.current().insert("Stripe Event", {"event_id": "evt_foreign", "status": "Failed", **about})
	frappe.set_user(ACCOUNTANT)
	assert attention.require_event(name)
