"""What a job of the bench prints and forgets."""

import io
from collections.abc import Iterator
from contextlib import suppress
from types import ModuleType

import pytest
from pypdf import PdfReader

FORMAT = "Facture TARGO"


@pytest.fixture
def job(frappe: ModuleType) -> Iterator[ModuleType]:
	"""Frappe in a job: there is no form, until something makes one."""
	before, frappe.local.form_dict = frappe.local.form_dict, frappe._dict()
	yield frappe
	frappe.local.form_dict = before


@pytest.fixture
def invoice(frappe: ModuleType) -> str:
	"""A submitted sample invoice in French."""
	return frappe.db.get_value("Sales Invoice", {"remarks": "Sample: unpaid"})


def text_of(pdf: bytes) -> str:
	return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_a_print_attached_to_an_email_comes_from_our_engine(job: ModuleType, invoice: str):
	attached = job.attach_print("Sales Invoice", invoice, print_format=FORMAT)
	assert attached["fname"] == f"{invoice}.pdf"
	# Only our engine prints the margin of the page that the format asks for.
	assert f"Facture {invoice} · Page 1 de 1" in " ".join(text_of(attached["fcontent"]).split())


def test_a_password_locks_an_attached_print(job: ModuleType, invoice: str):
	attached = job.attach_print("Sales Invoice", invoice, print_format=FORMAT, password="a secret")
	reader = PdfReader(io.BytesIO(attached["fcontent"]))
	assert reader.is_encrypted
	assert reader.decrypt("a secret")


def test_each_print_of_a_job_chooses_its_generator_by_itself(job: ModuleType, invoice: str):
	"""Frappe takes the first one's for all that follow, such as the attachments of a batch of e-mails."""
	with suppress(OSError):  # not every bench has wkhtmltopdf
		job.get_print("Sales Invoice", invoice, "Standard", as_pdf=True)
	attached = job.attach_print("Sales Invoice", invoice, print_format=FORMAT)
	assert "Page 1 de 1" in text_of(attached["fcontent"])
	assert "pdf_generator" not in job.local.form_dict


def test_pay_links_older_than_their_time_are_forgotten(frappe: ModuleType, invoice: str):
	from frappe.utils import add_days, now_datetime

	from gigafibre_utils.gigafibre_utils.doctype.pay_link.pay_link import PayLink

	customer = frappe.db.get_value("Sales Invoice", invoice, "customer")
	values = {"doctype": "Pay Link", "invoice": invoice, "customer": customer, "channel": "Copied"}
	old, new = (frappe.get_doc(values).insert() for _ in range(2))
	old.db_set("creation", add_days(now_datetime(), -31), update_modified=False)
	PayLink.clear_old_logs(days=30)
	assert not frappe.db.exists("Pay Link", old.name)
	assert frappe.db.exists("Pay Link", new.name)
