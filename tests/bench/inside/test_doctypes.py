"""Our DocTypes as Frappe serves them: who may what, what is kept for how long, and what leads to what."""

import secrets
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.bench.inside import documents

ACCOUNTANT, CUSTOMER = "comptes@targo.ca", "marie-eve@example.com"
OWN = (
	"Migration Finding",
	"Migration Run",
	"Pay Link",
	"Payment Arrangement",
	"Service Location",
	"Stored Payment Method",
	"Stripe Checkout Session",
	"Stripe Event",
)
KEPT_BY_STRIPE = ("Stripe Checkout Session", "Stripe Event")
LONG_AGO = timedelta(days=401)


@pytest.fixture
def clerk(frappe: ModuleType) -> str:
	"""A new Accounts User."""
	email = f"{secrets.token_hex(5)}@targo.ca"
	values = {"email": email, "first_name": "Clerk", "send_welcome_email": 0, "user_type": "System User"}
	frappe.get_doc({"doctype": "User", **values, "roles": [{"role": "Accounts User"}]}).insert()
	return email


def event(frappe: ModuleType, status: str = "Processed", **more: Any) -> str:
	"""An event of the inbox; gives its name."""
	values = {"event_id": f"evt_{secrets.token_hex(8)}", "event_type": "checkout.session.completed"}
	return _insert(frappe, "Stripe Event", status=status, payload="{}", **values, **more)


def session(frappe: ModuleType, status: str = "Paid", **more: Any) -> str:
	"""A visit to Stripe's page; gives its name."""
	values = {"session_id": f"cs_{secrets.token_hex(8)}", "amount": 5, "currency": "CAD"}
	invoice = more.pop("invoice", None) or frappe.db.get_value("Sales Invoice", {"docstatus": 1})
	return _insert(frappe, "Stripe Checkout Session", status=status, invoice=invoice, **values, **more)


def _insert(frappe: ModuleType, doctype: str, age: timedelta = timedelta(0), **values: Any) -> str:
	name = frappe.get_doc({"doctype": doctype, **values}).insert(ignore_permissions=True).name
	long_ago = frappe.utils.now_datetime() - age
	frappe.db.set_value(doctype, name, "modified", long_ago, update_modified=False)
	return name


@pytest.mark.parametrize("doctype", KEPT_BY_STRIPE)
@pytest.mark.parametrize("right", ["create", "write", "delete"])
def test_no_member_of_the_staff_writes_what_stripe_said(
	frappe: ModuleType, clerk: str, doctype: str, right: str
):
	for user in (ACCOUNTANT, clerk):
		assert frappe.has_permission(doctype, "read", user=user)
		assert not frappe.has_permission(doctype, right, user=user)


@pytest.mark.parametrize("doctype", [*OWN, "Gigafibre Settings"])
@pytest.mark.parametrize("user", [CUSTOMER, "Guest"])
def test_customers_see_none_of_it(frappe: ModuleType, doctype: str, user: str):
	assert not frappe.has_permission(doctype, "read", user=user)


def test_the_payload_is_for_those_who_answer_for_the_books(frappe: ModuleType, clerk: str):
	name = event(frappe)
	for user, sees in ((ACCOUNTANT, True), (clerk, False)):
		frappe.set_user(user)
		document = frappe.get_doc("Stripe Event", name)
		document.apply_fieldlevel_read_permissions()
		assert bool(document.get("payload")) == sees
		asked = frappe.get_list("Stripe Event", {"name": name}, ["name", "payload"])
		assert bool(asked[0].get("payload")) == sees


def test_old_events_go_and_those_that_wait_stay(frappe: ModuleType):
	kept = [event(frappe, status, age=LONG_AGO) for status in ("Received", "Failed", "Needs Attention")]
	kept += [event(frappe, "Processed", age=timedelta(days=399))]
	gone = [event(frappe, status, age=LONG_AGO) for status in ("Processed", "Ignored")]
	_clear(frappe, "Stripe Event")
	assert {name for name in kept + gone if frappe.db.exists("Stripe Event", name)} == set(kept)


def test_old_sessions_go_and_those_that_wait_stay(frappe: ModuleType):
	kept = [session(frappe, status, age=LONG_AGO) for status in ("Open", "Processing")]
	kept += [session(frappe, "Paid", age=LONG_AGO, needs_attention=1)]
	kept += [session(frappe, "Paid", age=timedelta(days=399))]
	kept += [session(frappe, "Paid", age=LONG_AGO)]
	event(frappe, "Failed", object_id=kept[-1])
	# An event without an object must not hide the others.
	event(frappe, "Failed", object_id=None)
	gone = [session(frappe, status, age=LONG_AGO) for status in ("Paid", "Failed", "Expired")]
	event(frappe, "Processed", object_id=gone[0])
	_clear(frappe, "Stripe Checkout Session")
	assert {name for name in kept + gone if frappe.db.exists("Stripe Checkout Session", name)} == set(kept)


def _clear(frappe: ModuleType, doctype: str) -> None:
	"""As `frappe.core.doctype.log_settings.log_settings.run_log_clean_up` does, without its commits."""
	from frappe.model.base_document import get_controller

	get_controller(doctype).clear_old_logs(days=400)


def test_log_settings_know_how_long_each_is_kept(frappe: ModuleType):
	settings = frappe.get_doc("Log Settings")
	settings.add_default_logtypes()
	days = {row.ref_doctype: row.days for row in settings.logs_to_clear}
	assert [days[doctype] for doctype in ("Pay Link", *KEPT_BY_STRIPE)] == [400, 400, 400]


@pytest.mark.parametrize(
	"written", ["aa:bb:cc:dd:ee:ff", "AA-BB-CC-DD-EE-FF", "aabb.ccdd.eeff", " aabbccddeeff "]
)
def test_a_mac_address_has_one_notation(frappe: ModuleType, written: str):
	assert _place(frappe, device_mac=written).device_mac == "AA:BB:CC:DD:EE:FF"


@pytest.mark.parametrize(
	"wrong", [{"device_mac": "no mac"}, {"device_mac": "AA:BB"}, {"latitude": 91}, {"longitude": -181}]
)
def test_a_place_that_cannot_be_is_refused(frappe: ModuleType, wrong: dict[str, Any]):
	with pytest.raises(frappe.ValidationError):
		_place(frappe, **wrong)


def test_places_without_a_legacy_id_are_many(frappe: ModuleType):
	assert {_place(frappe).legacy_delivery_id, _place(frappe, device_mac="").legacy_delivery_id} == {None}
	_place(frappe, legacy_delivery_id="17")
	with pytest.raises((frappe.UniqueValidationError, frappe.DuplicateEntryError)):
		_place(frappe, legacy_delivery_id="17")


def _place(frappe: ModuleType, **values: Any) -> Any:
	customer = frappe.db.get_value("Customer", {})
	place = {"doctype": "Service Location", "location_name": "Chalet", "customer": customer, **values}
	return frappe.get_doc(place).insert()


def _counts(frappe: ModuleType, doctype: str, name: str) -> dict[str, int]:
	"""What the links on a form say."""
	from frappe.desk.notifications import get_open_count

	found = get_open_count(doctype, name)["count"]["external_links_found"]
	return {row["doctype"]: row["count"] for row in found}


def test_a_customer_leads_to_his_places(frappe: ModuleType):
	place = _place(frappe)
	before = frappe.db.count("Service Location", {"customer": place.customer})
	assert _counts(frappe, "Customer", place.customer)["Service Location"] == before


def test_an_invoice_leads_to_how_it_was_paid_and_a_place_to_its_invoices(frappe: ModuleType):
	place = _place(frappe)
	lines = [{"item_code": documents.SERVICE, "qty": 1, "rate": 5, "service_location": place.name}]
	invoice = documents.invoice(place.customer, items=lines)
	name = session(frappe, invoice=invoice.name)
	event(frappe, invoice=invoice.name, object_id=name)
	counts = _counts(frappe, "Sales Invoice", invoice.name)
	assert (counts["Stripe Checkout Session"], counts["Stripe Event"], counts["Pay Link"]) == (1, 1, 0)
	assert _counts(frappe, "Service Location", place.name)["Sales Invoice"] == 1


def test_a_payment_leads_to_what_it_came_by(frappe: ModuleType):
	payment = frappe.db.get_value("Payment Entry", {"docstatus": 1})
	before = _counts(frappe, "Payment Entry", payment)
	name = session(frappe, payment_entry=payment)
	event(frappe, payment_entry=payment, object_id=name)
	after = _counts(frappe, "Payment Entry", payment)
	assert {doctype: after[doctype] - before[doctype] for doctype in KEPT_BY_STRIPE} == dict.fromkeys(
		KEPT_BY_STRIPE, 1
	)


@pytest.mark.parametrize("doctype", ["Migration Run", "Migration Finding"])
@pytest.mark.parametrize("right", ["create", "write", "delete"])
def test_what_a_migration_did_is_read_by_those_who_answer_for_the_books_and_written_by_nobody(
	frappe: ModuleType, clerk: str, doctype: str, right: str
):
	assert frappe.has_permission(doctype, "read", user=ACCOUNTANT)
	assert not frappe.has_permission(doctype, right, user=ACCOUNTANT)
	assert not frappe.has_permission(doctype, "read", user=clerk)


def _method(frappe: ModuleType, customer: str, **values: Any) -> Any:
	method = {"doctype": "Stored Payment Method", "customer": customer, "kind": "card", **values}
	return frappe.get_doc(method).insert()


def test_a_stripe_token_is_for_those_who_answer_for_the_books(frappe: ModuleType, clerk: str):
	name = _method(frappe, frappe.db.get_value("Customer", {}), stripe_token="pm_1", last4="4242").name
	for user, sees in ((ACCOUNTANT, True), (clerk, False)):
		frappe.set_user(user)
		asked = frappe.get_list("Stored Payment Method", {"name": name}, ["last4", "stripe_token"])
		assert asked[0].last4 == "4242"
		assert bool(asked[0].get("stripe_token")) == sees


def test_a_customer_has_one_default_method(frappe: ModuleType):
	customer = frappe.db.get_value("Customer", {})
	methods = [_method(frappe, customer, is_default=default) for default in (1, 0, 1)]
	assert [frappe.db.get_value(one.doctype, one.name, "is_default") for one in methods] == [0, 0, 1]


def _arrangement(frappe: ModuleType, customer: str, *instalments: dict[str, Any], **more: Any) -> Any:
	agreed = {"doctype": "Payment Arrangement", "customer": customer, "company": documents.COMPANY, **more}
	return frappe.get_doc({**agreed, "instalments": list(instalments)}).insert()


def _migrated(arrangement: Any, **written: Any) -> Any:
	"""The same with an instalment written without the checks, as a migration does."""
	arrangement.instalments[0].db_set(written)
	return arrangement.reload()


def test_an_arrangement_adds_up_its_instalments(frappe: ModuleType):
	customer = documents.customer().name
	paid = documents.advance(customer, 22.5).name
	parts = {"amount": 20, "due_date": "2030-01-01"}, {"amount": 22.5, "status": "Met", "payment_entry": paid}
	arrangement = _arrangement(frappe, customer, *parts)
	assert (arrangement.total, arrangement.paid, arrangement.status) == (42.5, 22.5, "Active")


def test_an_instalment_of_nothing_or_on_a_foreign_invoice_is_refused(frappe: ModuleType):
	owner, other = documents.customer().name, documents.customer().name
	invoice = documents.invoice(owner).name
	assert _arrangement(frappe, owner, {"amount": 5, "invoice": invoice}).total == 5
	for wrong in ({"amount": 0}, {"amount": 0.004}, {"amount": 5, "invoice": invoice}):
		with pytest.raises(frappe.ValidationError):
			_arrangement(frappe, other, wrong)


@pytest.mark.parametrize(("currency", "kept"), [("CAD", [33.33, 0.13]), ("JPY", [33, 1])])
def test_instalments_are_kept_in_what_can_be_paid(
	frappe: ModuleType, monkeypatch: pytest.MonkeyPatch, currency: str, kept: list[float]
):
	monkeypatch.setattr(frappe, "get_cached_value", lambda *_: currency)
	parts = {"amount": 33.333333333}, {"amount": 0.125 if currency == "CAD" else 0.5}
	arrangement = _arrangement(frappe, documents.customer().name, *parts).reload()
	assert [row.amount for row in arrangement.instalments] == kept
	assert arrangement.total == sum(kept)


def test_an_arrangement_is_agreed_on_today_unless_it_says_otherwise(frappe: ModuleType):
	assert frappe.utils.getdate(_arrangement(frappe, documents.customer().name, {"amount": 5}).agreed_on) == (
		frappe.utils.getdate()
	)


def test_an_arrangement_is_not_agreed_on_in_the_future(frappe: ModuleType):
	customer, tomorrow = documents.customer().name, frappe.utils.add_days(None, 1)
	with pytest.raises(frappe.ValidationError, match="after today"):
		_arrangement(frappe, customer, {"amount": 5}, agreed_on=tomorrow)
	arrangement = _arrangement(frappe, customer, {"amount": 5})
	arrangement.db_set("agreed_on", tomorrow)
	arrangement.reload().update({"note": "Called."}).save()
	arrangement.agreed_on = frappe.utils.add_days(None, 2)
	with pytest.raises(frappe.ValidationError, match="after today"):
		arrangement.save()


@pytest.mark.parametrize(
	("first", "second"),
	[("A", "A"), ("AB", "BC"), ("A", "-"), ("-", "A"), ("-", "-"), ("A-", "B")],
)
def test_a_second_arrangement_about_the_same_is_refused(frappe: ModuleType, first: str, second: str):
	customer = documents.customer().name
	invoices = {key: documents.invoice(customer).name for key in "ABC"}

	def parts(keys: str) -> list[dict[str, Any]]:
		return [{"amount": 5, "invoice": invoices.get(key)} for key in keys]

	standing = _arrangement(frappe, customer, *parts(first))
	with pytest.raises(frappe.ValidationError, match=f"{standing.name} is active"):
		_arrangement(frappe, customer, *parts(second))
	_arrangement(frappe, documents.customer().name, {"amount": 5})
	later = _arrangement(frappe, customer, *parts(second), status="Cancelled")
	later.status = "Active"
	with pytest.raises(frappe.ValidationError, match=f"{standing.name} is active"):
		later.save()
	standing.update({"status": "Cancelled"}).save()
	later.reload().update({"status": "Active"}).save()


def test_arrangements_about_other_invoices_stand_side_by_side(frappe: ModuleType):
	customer = documents.customer().name
	first, second = (documents.invoice(customer).name for _ in range(2))
	one, other = (_arrangement(frappe, customer, {"amount": 5, "invoice": name}) for name in (first, second))
	other.append("instalments", {"amount": 5, "invoice": first})
	with pytest.raises(frappe.ValidationError, match=one.name):
		other.save()
	one.save()


def test_arrangements_that_clashed_before_can_still_be_saved(frappe: ModuleType):
	customer = documents.customer().name
	first, second = (documents.invoice(customer).name for _ in range(2))
	one, other = (_arrangement(frappe, customer, {"amount": 5, "invoice": name}) for name in (first, second))
	_migrated(other, invoice=first).update({"note": "Called."}).save()
	other.append("instalments", {"amount": 5, "invoice": first})
	other.save()
	one.append("instalments", {"amount": 5})
	with pytest.raises(frappe.ValidationError, match=other.name):
		one.save()


def test_staff_cannot_say_that_an_instalment_was_met_but_by_its_payment(frappe: ModuleType):
	assert frappe.get_meta("Payment Arrangement Instalment").get_field("status").read_only
	customer = documents.customer().name
	with pytest.raises(frappe.ValidationError, match="Instalment 1 needs the payment"):
		_arrangement(frappe, customer, {"amount": 5, "status": "Met"})
	arrangement = _arrangement(frappe, customer, {"amount": 5})
	arrangement.instalments[0].status = "Met"
	with pytest.raises(frappe.ValidationError, match="Instalment 1 needs the payment"):
		arrangement.save()
	arrangement.reload().instalments[0].payment_entry = documents.advance(customer, 5).name
	arrangement.save()


def test_what_the_daily_job_found_met_stays_met(frappe: ModuleType):
	arrangement = _arrangement(frappe, documents.customer().name, {"amount": 5})
	_migrated(arrangement, status="Met").update({"note": "Called."}).save()
	assert (arrangement.instalments[0].status, arrangement.paid) == ("Met", 5)


def test_an_instalment_whose_payment_is_taken_off_is_due_again(frappe: ModuleType):
	customer = documents.customer().name
	arrangement = _arrangement(frappe, customer, {"amount": 5})
	_migrated(arrangement, status="Met", payment_entry=documents.advance(customer, 5).name)
	arrangement.instalments[0].payment_entry = None
	arrangement.save()
	assert (arrangement.instalments[0].status, arrangement.paid) == ("Due", 0)


@pytest.mark.parametrize("kind", ["of another", "a draft", "cancelled", "paid out"])
def test_a_payment_that_met_nothing_is_refused(frappe: ModuleType, kind: str):
	customer = documents.customer().name
	payment = documents.advance(
		documents.customer().name if kind == "of another" else customer, 5, kind != "a draft"
	)
	if kind == "cancelled":
		payment.cancel()
	if kind == "paid out":
		payment.db_set("payment_type", "Pay")
	named = {"amount": 5, "payment_entry": payment.name}
	with pytest.raises(frappe.ValidationError, match=f"Payment {payment.name} is not"):
		_arrangement(frappe, customer, named)
	arrangement = _arrangement(frappe, customer, {"amount": 5})
	_migrated(arrangement, payment_entry=payment.name).update({"note": "Called."}).save()


@pytest.mark.parametrize(
	"doctype", [*OWN, "Gigafibre Settings", "Migration Run Step", "Payment Arrangement Instalment"]
)
def test_a_controllers_types_are_those_of_its_doctype(frappe: ModuleType, doctype: str):
	from frappe.types.exporter import TypeExporter

	exporter = TypeExporter(frappe.get_meta(doctype))
	exporter._guess_indentation()
	assert exporter._generate_code() in Path(exporter.controller_path).read_text()


@pytest.mark.parametrize(("version", "told"), [("15.93.0", "this bench has 15.93.0"), (None, "has none")])
def test_installing_on_another_erpnext_is_refused_in_a_sentence(
	frappe: ModuleType, monkeypatch: pytest.MonkeyPatch, version: str | None, told: str
):
	import sys

	import erpnext

	from gigafibre_utils import install

	if version:
		monkeypatch.setattr(erpnext, "__version__", version)
	else:
		monkeypatch.setitem(sys.modules, "erpnext", None)
	with pytest.raises(frappe.IncompatibleApp, match=told):
		install.before_install()
