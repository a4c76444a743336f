"""Every document is compared with its legacy row: also what no sum would miss."""

import json
from collections.abc import Callable
from datetime import date

import pytest

from gigafibre_utils.migration.reconcile import Reconciliation, documents
from gigafibre_utils.migration.reconcile.fields import Unlike
from gigafibre_utils.migration.reconcile.figures import ALL, CUSTOMER, YEAR
from gigafibre_utils.migration.reconcile.report import as_html, as_json

PLAIN = """
	legacy_id NOT IN (SELECT legacy_id FROM public."tabMigration Finding") AND docstatus = 1
"""
"""What no finding tells of."""

# Another day of the same year comes after each.
INVOICE = f"""
	SELECT min(name) FROM public."tabSales Invoice"
	WHERE {PLAIN} AND is_return = 0 AND to_char(posting_date, 'MM-DD') < '12-31'
"""
PAYMENT = f"""
	SELECT min(name) FROM public."tabPayment Entry"
	WHERE {PLAIN} AND payment_type = 'Receive' AND unallocated_amount = 0
		AND to_char(posting_date, 'MM-DD') < '12-31'
"""
REFERENCE = f"""SELECT min(name) FROM public."tabPayment Entry Reference" WHERE parent = ({PAYMENT})"""
SHIFTED = {
	"invoices": (
		f"""UPDATE public."tabSales Invoice" SET posting_date = posting_date + 1 WHERE name = ({INVOICE})""",
		"posting date",
	),
	"payments": (
		f"""UPDATE public."tabPayment Entry" SET posting_date = posting_date + 1 WHERE name = ({PAYMENT})""",
		"posting date",
	),
}
CHANGED = {
	"due date": f"""UPDATE public."tabSales Invoice" SET due_date = due_date + 1 WHERE name = ({INVOICE})""",
	"net": f"""UPDATE public."tabSales Invoice" SET net_total = net_total + 1 WHERE name = ({INVOICE})""",
	"taxes": f"""
		UPDATE public."tabSales Invoice" SET total_taxes_and_charges = total_taxes_and_charges + 0.01
		WHERE name = ({INVOICE})
	""",
}


def differing(found: Reconciliation) -> dict[str, list[list[str]]]:
	"""The fields in which documents differ, by kind."""
	return {
		compared.kind: [[unlike.field for unlike in document.unlike] for document in compared.differing]
		for compared in found.documents
		if compared.differing
	}


def sums_differ(found: Reconciliation) -> bool:
	return any(row.differs for group in (ALL, YEAR, CUSTOMER) for row in found.groups[group])


def test_all_of_a_migrated_sample_are_alike(
	changed: Callable[..., Reconciliation], rows: Callable[..., list[tuple]]
):
	found = changed()
	assert differing(found) == {}
	invoices, payments, allocations = (compared.count for compared in found.documents)
	((there,),) = rows("""SELECT count(*) FROM public."tabSales Invoice" WHERE legacy_id <> ''""")
	assert invoices == there
	((there,),) = rows("""SELECT count(*) FROM public."tabPayment Entry" WHERE legacy_id <> ''""")
	assert payments == there
	((there,),) = rows(
		r"""SELECT count(*) FROM public."tabPayment Entry Reference" WHERE name ~ '^LR-\d+$'"""
	)
	assert allocations == there


@pytest.mark.parametrize("kind", SHIFTED)
def test_a_date_that_was_shifted_within_its_year_is_found(changed: Callable[..., Reconciliation], kind: str):
	change, field = SHIFTED[kind]
	found = changed(change)
	assert not sums_differ(found)
	assert differing(found) == {kind: [[field]]}


@pytest.mark.parametrize("field", CHANGED)
def test_a_field_of_any_invoice_that_is_not_as_billed_is_found(
	changed: Callable[..., Reconciliation], field: str
):
	assert differing(changed(CHANGED[field])) == {"invoices": [[field]]}


def test_money_that_was_moved_between_two_invoices_of_one_customer_is_found(
	changed: Callable[..., Reconciliation],
):
	found = changed(
		f"""
		WITH two AS (
			SELECT min(name) AS one, max(name) AS other FROM public."tabSales Invoice"
			WHERE {PLAIN} AND is_return = 0
			GROUP BY customer, extract(year FROM posting_date) HAVING count(*) > 1 ORDER BY one LIMIT 1
		)
		UPDATE public."tabSales Invoice"
		SET net_total = net_total + CASE name WHEN one THEN 10 ELSE -10 END,
			grand_total = grand_total + CASE name WHEN one THEN 10 ELSE -10 END
		FROM two WHERE name IN (one, other)
		"""
	)
	assert not sums_differ(found)
	assert differing(found) == {"invoices": [["net", "total"]] * 2}


def test_an_allocation_to_another_invoice_is_found(changed: Callable[..., Reconciliation]):
	found = changed(
		f"""
		UPDATE public."tabPayment Entry Reference" AS paid SET reference_name = (
			SELECT max(name) FROM public."tabSales Invoice"
			WHERE legacy_id <> '' AND docstatus = 1 AND name <> paid.reference_name
		) WHERE name = ({REFERENCE})
		"""
	)
	assert differing(found) == {"allocations": [["invoice"]]}


@pytest.mark.parametrize("mode", ("Credit Card", "Pre-authorized Debit", "Cheque", "Cash", "Not Stated"))
def test_a_payment_that_was_made_by_another_mode_is_found(changed: Callable[..., Reconciliation], mode: str):
	found = changed(
		"""
		UPDATE public."tabPayment Entry" SET mode_of_payment = 'Credit' WHERE name = (
			SELECT min(name) FROM public."tabPayment Entry"
			WHERE legacy_id <> '' AND mode_of_payment = %(mode)s
		)
		""",
		mode=mode,
	)
	assert differing(found) == {"payments": [["mode of payment"]]}


def test_a_document_that_is_missing_is_found_unless_it_was_rejected(changed: Callable[..., Reconciliation]):
	found = changed(f"""UPDATE public."tabPayment Entry" SET legacy_id = NULL WHERE name = ({PAYMENT})""")
	(missing,) = next(compared for compared in found.documents if compared.kind == "payments").differing
	assert missing.unlike == [Unlike("document", "is there", "is not there")]
	told = changed(
		f"""
		INSERT INTO public."tabMigration Finding" (name, run, step, outcome, legacy_table, legacy_id, reason)
		SELECT 'told', 'MIG-0001', 'import_payments', 'Rejected', 'payment', {missing.legacy_id}, 'gone'
		"""
	)
	assert "payments" not in differing(told)


def test_a_document_that_the_legacy_side_has_not_is_found(changed: Callable[..., Reconciliation]):
	found = changed(
		f"""UPDATE public."tabSales Invoice" SET legacy_id = '99999999' WHERE name = ({INVOICE})"""
	)
	assert differing(found)["invoices"] == [["document"]] * 2


def test_since_a_day_what_is_older_is_not_compared(
	changed: Callable[..., Reconciliation], rows: Callable[..., list[tuple]]
):
	found = changed(
		"""
		UPDATE public."tabSales Invoice" SET net_total = net_total + 1
		WHERE posting_date < '2020-01-01' AND legacy_id <> ''
		""",
		since=date(2020, 1, 1),
	)
	assert differing(found) == {}
	invoices, payments, _ = (compared.count for compared in found.documents)
	younger = "WHERE legacy_id <> '' AND posting_date >= '2020-01-01'"
	assert [(invoices,), (payments,)] == rows(
		f"""
		SELECT count(*) FROM public."tabSales Invoice" {younger}
		UNION ALL SELECT count(*) FROM public."tabPayment Entry" {younger}
		"""
	)


def test_of_many_that_differ_the_first_are_told(
	changed: Callable[..., Reconciliation], monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(documents, "TOLD", 60)
	found = changed("""UPDATE public."tabPayment Entry" SET mode_of_payment = 'Gold' WHERE legacy_id <> ''""")
	(payments,) = (compared for compared in found.documents if compared.differences)
	assert payments.differences == payments.count == found.unexplained > 60
	assert len(payments.differing) == 60
	assert f"The first 50 of {payments.count:,}; the JSON file has the first 60." in as_html(found)


def test_the_page_and_the_json_tell_of_them(changed: Callable[..., Reconciliation]):
	found = changed(CHANGED["due date"])
	page = as_html(found)
	assert "1 documents differ for no known reason" in page
	assert "✗ 1 differ" in page
	assert "<td>due date</td>" in page
	(told, *_) = json.loads(as_json(found))["documents"]
	(document,) = told["differing"]
	assert [unlike["field"] for unlike in document["unlike"]] == ["due date"]
