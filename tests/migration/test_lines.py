"""Every line of every invoice is compared with its legacy row: also where neither sum nor draw shows it."""

from collections.abc import Callable
from contextlib import closing

import psycopg2
import pytest

from gigafibre_utils.migration.reconcile import Reconciliation
from gigafibre_utils.migration.reconcile.fields import Unlike
from gigafibre_utils.migration.reconcile.report import as_html
from tests.migration.test_documents import PLAIN, differing, sums_differ

LINE = 'UPDATE public."tabSales Invoice Item" SET {} WHERE parent = %(invoice)s AND idx = 1'
TWO_LINES = LINE.replace("idx = 1", "idx <= 2")
# What is changed of an invoice's first lines, and of which of them it is told.
CHANGED = {
	"quantity": (LINE.format("qty = qty + 1"), 1),
	"amount": (TWO_LINES.format("amount = amount + CASE idx WHEN 1 THEN 0.01 ELSE -0.01 END"), 2),
	"item": (
		LINE.format("""item_code = (
			SELECT min(name) FROM public."tabItem" AS item WHERE legacy_id <> '' AND name <> item_code
		)"""),
		1,
	),
	"no place": (LINE.format("service_location = NULL"), 1),
	"another place": (
		LINE.format("""service_location = (
			SELECT min(name) FROM public."tabService Location" AS location
			WHERE legacy_delivery_id <> '' AND name <> service_location
		)"""),
		1,
	),
	"invoice": (
		LINE.format(f'parent = (SELECT max(name) FROM public."tabSales Invoice" WHERE {PLAIN})'),
		1,
	),
}


@pytest.fixture(scope="module")
def invoice(scratch_site: str) -> str:
	"""One of which no finding tells, whose first lines are services somewhere."""
	query = f"""
		SELECT min(parent) FROM public."tabSales Invoice Item" AS line
		WHERE idx = 2 AND service_location IS NOT NULL AND amount > 1 AND EXISTS (
			SELECT FROM public."tabSales Invoice Item" AS first
			WHERE first.parent = line.parent AND first.idx = 1 AND first.service_location IS NOT NULL
		) AND parent IN (SELECT name FROM public."tabSales Invoice" WHERE {PLAIN} AND is_return = 0)
	"""
	with closing(psycopg2.connect(scratch_site)) as connection, connection.cursor() as cursor:
		cursor.execute(query)
		((name,),) = cursor.fetchall()
		return name


@pytest.mark.parametrize("what", CHANGED)
def test_a_line_that_is_not_as_billed_is_found(
	changed: Callable[..., Reconciliation], invoice: str, what: str
):
	change, lines = CHANGED[what]
	found = changed(change, invoice=invoice)
	assert not sums_differ(found)
	assert [drawn for drawn in found.drawn if drawn.unlike] == []
	told = differing(found)["invoices"]
	assert len(told[0]) == lines
	assert all(field.startswith("line ") for document in told for field in document)
	# The line that came from another invoice is one too many there.
	assert told[1:] == ([told[0]] if what == "invoice" else [])


def test_lines_in_another_order_are_found(changed: Callable[..., Reconciliation], invoice: str):
	assert differing(changed(TWO_LINES.format("idx = 3 - idx"), invoice=invoice)) == {
		"invoices": [["order of lines"]]
	}


def test_a_line_that_nobody_billed_is_found(changed: Callable[..., Reconciliation], invoice: str):
	found = changed(
		"""
		INSERT INTO public."tabSales Invoice Item" (
			name, parent, parenttype, parentfield, docstatus, idx, item_code, qty, amount
		)
		SELECT 'stray', parent, parenttype, parentfield, docstatus, 99, item_code, 1, 0
		FROM public."tabSales Invoice Item" WHERE parent = %(invoice)s AND idx = 1
		""",
		invoice=invoice,
	)
	assert differing(found) == {"invoices": [["line stray"]]}


def test_a_line_that_was_made_up_must_be_what_is_lacking(changed: Callable[..., Reconciliation]):
	found = changed(
		"""
		UPDATE public."tabSales Invoice Item" SET qty = qty + 1
		WHERE name = (SELECT min(name) FROM public."tabSales Invoice Item" WHERE name LIKE 'LI-A%')
		"""
	)
	((field,),) = differing(found)["invoices"]
	assert field.startswith("line A")


def test_the_report_tells_what_is_not_the_same_of_a_line(
	changed: Callable[..., Reconciliation], invoice: str
):
	found = changed(LINE.format("service_location = NULL, qty = 1.5"), invoice=invoice)
	(document,) = next(compared for compared in found.documents if compared.differences).differing
	(unlike,) = document.unlike
	legacy, erpnext = (side.split(" · ") for side in (unlike.legacy, unlike.erpnext))
	assert (legacy[0], legacy[2]) == (erpnext[0], erpnext[2])
	assert (erpnext[1], erpnext[3]) == ("1.5", "place none")
	assert isinstance(unlike, Unlike)
	assert f"<td>{unlike.legacy}</td>" in as_html(found)
