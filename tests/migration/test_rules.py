"""Each rule of the ledger holds for a migrated sample, and is broken by what it forbids."""

from collections.abc import Iterator

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.reconcile import erpnext_side
from gigafibre_utils.migration.reconcile.invariants import Checked, check
from tests.migration.conftest import AS_OF

SALE = """
	SELECT min(name) FROM public."tabSales Invoice" WHERE legacy_id <> '' AND docstatus = 1 AND is_return = 0
"""
VOID = "SELECT min(name) FROM public.\"tabSales Invoice\" WHERE legacy_id <> '' AND docstatus = 2"
DRAFT = "SELECT min(name) FROM public.\"tabSales Invoice\" WHERE legacy_id <> '' AND docstatus = 0"
RECEIPT = "SELECT min(parent) FROM public.\"tabPayment Entry Reference\" WHERE parent LIKE 'PAY-%'"
GL = f'public."tabGL Entry" SET {{}} WHERE voucher_no = ({SALE})'
RECEIVABLE = f"{GL} AND party <> ''"
INCOME = f"{GL} AND coalesce(party, '') = ''"
PLE = f'public."tabPayment Ledger Entry" SET {{}} WHERE voucher_no = ({SALE})'
INVOICE = f'public."tabSales Invoice" SET {{}} WHERE name = ({SALE})'
PAYMENT = f'public."tabPayment Entry" SET {{}} WHERE name = ({RECEIPT})'
REFERENCE = f'public."tabPayment Entry Reference" SET {{}} WHERE parent = ({RECEIPT})'


def row_of(doctype: str) -> str:
	return f'public."tab{doctype}" SET {{}} WHERE parent = ({SALE})'


# What breaks a rule: an UPDATE of what, and how.
BROKEN = {
	"balanced": (RECEIVABLE, "debit_in_account_currency = debit_in_account_currency + 0.000000001"),
	"two_lines": (GL, "is_cancelled = 1"),
	"one_sided_lines": (RECEIVABLE, "credit = debit"),
	"merged": (INCOME, "account = 'same', cost_center = 'same'"),
	"accounts": (INCOME, 'account = (SELECT min(name) FROM public."tabAccount" WHERE is_group = 1)'),
	"cost_centres": (GL, "cost_center = 'no such'"),
	"dates": (PLE, "posting_date = posting_date - 1"),
	"fiscal_years": (GL, "fiscal_year = '1999'"),
	"receivable_lines": (RECEIVABLE, "against_voucher = NULL"),
	"other_lines": (INCOME, "party_type = 'Customer', party = 'CUST-0000001'"),
	"taxes_booked": (row_of("Sales Taxes and Charges"), "base_tax_amount = base_tax_amount + 0.01"),
	"tax_accounts": (row_of("Sales Taxes and Charges"), "account_head = 'another'"),
	"income_booked": (INCOME, "account = 'another'"),
	"bank_booked": (PAYMENT, "paid_to = 'another'"),
	"payment_ledger": (PLE, "against_voucher_no = 'another'"),
	"both_currencies": (PLE, "amount = amount + 0.01"),
	"outstanding": (INVOICE, "outstanding_amount = outstanding_amount + 0.01"),
	"no_stranger": (PLE, "party = 'another'"),
	"cancelled": (f'public."tabGL Entry" SET {{}} WHERE voucher_no = ({VOID})', "is_cancelled = 0"),
	"drafts": (f'public."tabGL Entry" SET {{}} WHERE voucher_no = ({SALE})', f"voucher_no = ({DRAFT})"),
	"status": (INVOICE, "status = 'Unpaid', due_date = '2020-01-01', outstanding_amount = 1"),
	"one_company": (INVOICE, "company = 'Another'"),
	"customers": (INVOICE, "customer_name = 'Another'"),
	"invoice_adds_up": (row_of("Sales Invoice Item"), "amount = amount + 0.01"),
	"schedules": (row_of("Payment Schedule"), "payment_amount = payment_amount + 0.01"),
	"returns": (INVOICE, "is_return = 1"),
	"payment_adds_up": (PAYMENT, "unallocated_amount = unallocated_amount + 0.01"),
	"payment_accounts": (PAYMENT, "paid_to = paid_from"),
	"references": (REFERENCE, "reference_name = 'no such'"),
	"rows_of_sales_invoice_item": (row_of("Sales Invoice Item"), "idx = idx + 1"),
	"rows_of_sales_taxes_and_charges": (row_of("Sales Taxes and Charges"), "docstatus = 0"),
	"rows_of_payment_schedule": (row_of("Payment Schedule"), "parentfield = 'schedule'"),
	"rows_of_payment_entry_reference": (REFERENCE, "idx = 0"),
	"series": ("public.\"tabSeries\" SET {} WHERE name LIKE 'SINV-2020-%'", "current = 1"),
	"complete_gl_entry": (GL, "against = ''"),
	"complete_payment_ledger_entry": (PLE, "account_currency = NULL"),
	"complete_sales_invoice": (INVOICE, "territory = NULL"),
	"complete_payment_entry": (PAYMENT, "reference_date = NULL"),
	"complete_sales_invoice_item": (row_of("Sales Invoice Item"), "item_name = ''"),
	"complete_sales_taxes_and_charges": (row_of("Sales Taxes and Charges"), "description = NULL"),
	"complete_customer": ("public.\"tabCustomer\" SET {} WHERE legacy_id = '1'", "customer_group = ''"),
}


# The database itself refuses it, as long as the constraint is there.
TWICE = """
	DO $$ BEGIN EXECUTE (
		SELECT format('ALTER TABLE public."tabSales Invoice" DROP CONSTRAINT %I', conname) FROM pg_constraint
		WHERE conrelid = 'public."tabSales Invoice"'::regclass
			AND pg_get_constraintdef(oid) = 'UNIQUE (legacy_id)'
	); END $$;
	UPDATE public."tabSales Invoice" SET legacy_id = '2' WHERE legacy_id = '1';
"""


@pytest.fixture
def connection(scratch_site: str) -> Iterator[Connection]:
	"""What is changed by it is taken back."""
	connection = psycopg2.connect(scratch_site)
	yield connection
	connection.rollback()
	connection.close()


def broken(connection: Connection, change: str) -> dict[str, Checked]:
	with connection.cursor() as cursor:
		cursor.execute(change)
		assert cursor.rowcount > 0
	return {rule.name: rule for rule in checked(connection) if rule.count}


def checked(connection: Connection) -> list[Checked]:
	with erpnext_side.vouchers(connection, [], []):
		return check(connection, AS_OF)


def test_all_hold_for_a_migrated_sample_and_each_is_broken_below(connection: Connection):
	rules = checked(connection)
	assert [rule.name for rule in rules if rule.count] == []
	assert {rule.name for rule in rules} == {*BROKEN, "legacy_ids"}


@pytest.mark.parametrize("rule", BROKEN)
def test_what_a_rule_forbids_breaks_it(connection: Connection, rule: str):
	where, how = BROKEN[rule]
	found = broken(connection, "UPDATE " + where.format(how))
	assert rule in found
	assert 0 < len(found[rule].offenders) <= 10


def test_a_legacy_document_that_is_there_twice_is_told(connection: Connection):
	assert broken(connection, TWICE)["legacy_ids"].count == 1
