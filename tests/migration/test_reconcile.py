"""The comparison finds what is not the same to the cent."""

import ast
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration import reconcile as package
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.reconcile import Reconciliation, reconcile
from gigafibre_utils.migration.reconcile.figures import ALL, CUSTOMER, RATE, TAX, YEAR
from gigafibre_utils.migration.reconcile.report import as_html
from gigafibre_utils.migration.sample import Sums
from tests.migration.conftest import AS_OF, Migrated

READ_APART = {"legacy", "reconcile"}
"""What of the migration the legacy side may stand on."""

LEGACY_SIDE = ("allocated", "legacy_side", "lines", "wording")
READ_BESIDE = READ_APART | {"books", "history", "target"}


@pytest.fixture(scope="module")
def connection(migrated: Migrated) -> Iterator[Connection]:
	connection = psycopg2.connect(migrated.site_url)
	yield connection
	connection.close()


@pytest.fixture(scope="module")
def compared(migrated: Migrated, connection: Connection) -> Reconciliation:
	return reconcile(Legacy(migrated.legacy_url), connection, AS_OF)


def figures(compared: Reconciliation, group: str) -> dict[str, dict[str, tuple[Decimal, Decimal]]]:
	"""Both sides by key and measure."""
	return {
		row.key: {measure: (figure.legacy, figure.erpnext) for measure, figure in row.figures.items()}
		for row in compared.groups[group]
	}


def known(sums: Sums, codes: set[str]) -> dict[str, tuple[Decimal, Decimal]]:
	"""What both sides must say, by measure."""
	amounts = {"billed": sums.billed, "paid": sums.paid, "owed": sums.owed}
	amounts |= {TAX + code: sums.taxes.get(code, Decimal()) for code in codes}
	return {measure: (amount, amount) for measure, amount in amounts.items()}


def without_counts(told: dict[str, tuple[Decimal, Decimal]]) -> dict[str, tuple[Decimal, Decimal]]:
	return {measure: sides for measure, sides in told.items() if measure not in ("invoices", "payments")}


def broken(compared: Reconciliation) -> set[str]:
	return {checked.name for checked in compared.invariants if checked.count}


def differing(compared: Reconciliation) -> dict[str, set[tuple[str, Decimal]]]:
	"""Measures that are not the same in all, in each group, and by how much."""
	return {
		group: {
			(measure, figure.difference)
			for row in rows
			for measure, figure in row.figures.items()
			if figure.difference
		}
		for group, rows in compared.groups.items()
	}


def test_a_migrated_sample_leaves_nothing_unexplained(compared: Reconciliation):
	assert differing(compared) == {ALL: set(), YEAR: set(), CUSTOMER: set(), RATE: set()}
	assert broken(compared) == set()
	assert [drawn for drawn in compared.drawn if drawn.unlike] == []
	assert compared.unexplained == 0


def test_in_all_both_sides_are_what_was_made(compared: Reconciliation, migrated: Migrated):
	told = figures(compared, ALL)[""]
	assert without_counts(told) == known(migrated.totals.all, set(migrated.totals.all.taxes))


def test_each_year_is_what_was_made(compared: Reconciliation, migrated: Migrated):
	codes = set(migrated.totals.all.taxes)
	told = {year: without_counts(sums) for year, sums in figures(compared, YEAR).items()}
	assert told == {year: known(sums, codes) for year, sums in migrated.totals.by_year.items()}


def test_each_customer_is_what_was_made(compared: Reconciliation, migrated: Migrated):
	codes = set(migrated.totals.all.taxes)
	told = {int(customer): without_counts(sums) for customer, sums in figures(compared, CUSTOMER).items()}
	assert told == {customer: known(sums, codes) for customer, sums in migrated.totals.by_customer.items()}


def test_the_rates_of_a_tax_make_the_tax_that_was_made(compared: Reconciliation, migrated: Migrated):
	for code, amount in migrated.totals.all.taxes.items():
		rates = [sides["billed"] for key, sides in figures(compared, RATE).items() if key.split()[0] == code]
		assert rates
		assert [sum(side) for side in zip(*rates, strict=True)] == [amount, amount]


def test_void_ones_and_drafts_count_for_nothing_and_are_there(compared: Reconciliation, migrated: Migrated):
	apart = {told.kind: (told.legacy.amount, told.erpnext.amount) for told in compared.apart}
	for status, amount in migrated.totals.apart.items():
		assert apart[status] == (amount, amount)


def test_a_hundred_invoices_are_drawn_and_the_same_again(
	compared: Reconciliation, connection: Connection, migrated: Migrated
):
	again = reconcile(Legacy(migrated.legacy_url), connection, AS_OF)
	assert len({drawn.legacy_id for drawn in compared.drawn}) == 100
	assert again.drawn == compared.drawn
	assert all(drawn.fields > 10 for drawn in compared.drawn)


def test_the_site_of_its_own_is_reconciled_before_anything_is_changed(changed: Callable[..., Reconciliation]):
	assert changed().unexplained == 0


CENT_BILLED = """
	UPDATE public."tabSales Invoice" SET grand_total = grand_total + 0.01
	WHERE name = (
		SELECT min(name) FROM public."tabSales Invoice"
		WHERE docstatus = 1 AND legacy_id <> '' AND rounding_adjustment = 0 AND grand_total > 0
	)
"""


def test_a_cent_more_on_an_invoice_is_found_wherever_it_counts(changed: Callable[..., Reconciliation]):
	found = changed(CENT_BILLED)
	one_cent = {("billed", Decimal("0.01"))}
	told = differing(found)
	assert (told[ALL], told[YEAR], told[CUSTOMER]) == (one_cent, one_cent, one_cent)
	assert "invoice_adds_up" in broken(found)
	assert found.unexplained > 0


def test_cents_that_cancel_out_in_all_are_found_by_customer(changed: Callable[..., Reconciliation]):
	"""A cent more for one customer and a cent less for another of the same year: the sums say nothing."""
	found = changed(
		"""
		UPDATE public."tabSales Invoice" invoice SET grand_total = grand_total + cents
		FROM (
			SELECT
				(array_agg(name ORDER BY customer, name))[1] AS more,
				(array_agg(name ORDER BY customer DESC, name))[1] AS less
			FROM public."tabSales Invoice"
			WHERE docstatus = 1 AND legacy_id <> '' AND posting_date BETWEEN '2019-01-01' AND '2019-12-31'
				AND rounding_adjustment = 0 AND grand_total > 0
		) chosen CROSS JOIN LATERAL (VALUES (more, 0.01), (less, -0.01)) AS change (name, cents)
		WHERE invoice.name = change.name
		"""
	)
	told = differing(found)
	assert (told[ALL], told[YEAR]) == (set(), set())
	assert told[CUSTOMER] == {("billed", Decimal("0.01")), ("billed", Decimal("-0.01"))}
	assert found.unexplained > 0


def test_a_cent_in_the_general_ledger_breaks_its_rule(changed: Callable[..., Reconciliation]):
	found = changed(
		"""
		UPDATE public."tabGL Entry"
		SET debit = debit + 0.01, debit_in_account_currency = debit_in_account_currency + 0.01
		WHERE name = (
			SELECT min(name) FROM public."tabGL Entry"
			WHERE name LIKE 'LG-S%' AND debit > 0 AND is_cancelled = 0
		)
		"""
	)
	assert differing(found) == {ALL: set(), YEAR: set(), CUSTOMER: set(), RATE: set()}
	assert "balanced" in broken(found)
	assert found.unexplained > 0


def test_a_cent_owed_in_the_payment_ledger_is_found(changed: Callable[..., Reconciliation]):
	found = changed(
		"""
		UPDATE public."tabPayment Ledger Entry"
		SET amount = amount + 0.01, amount_in_account_currency = amount_in_account_currency + 0.01
		WHERE name = (
			SELECT min(name) FROM public."tabPayment Ledger Entry" WHERE name LIKE 'LP-S%' AND delinked = 0
		)
		"""
	)
	assert differing(found)[ALL] == {("owed", Decimal("0.01"))}
	assert broken(found) >= {"payment_ledger", "outstanding"}


def test_a_payment_that_is_missing_is_found(changed: Callable[..., Reconciliation]):
	chosen = """(
		SELECT max(name) FROM public."tabPayment Entry"
		WHERE name LIKE 'PAY-%' AND docstatus = 1 AND payment_type = 'Receive'
	)"""
	found = changed(
		f"""DELETE FROM public."tabGL Entry" WHERE voucher_no = {chosen}""",
		f"""DELETE FROM public."tabPayment Ledger Entry" WHERE voucher_no = {chosen}""",
		f"""DELETE FROM public."tabPayment Entry" WHERE name = {chosen}""",
	)
	told = dict(differing(found)[CUSTOMER])
	assert told["payments"] == -1
	assert told["paid"] < 0
	assert told["owed"] == -told["paid"]
	assert found.unexplained > 0


def test_a_payment_in_another_customers_name_is_found(changed: Callable[..., Reconciliation]):
	found = changed(
		"""
		UPDATE public."tabPayment Entry"
		SET party = (SELECT max(name) FROM public."tabCustomer" WHERE legacy_id <> '')
		WHERE name = (
			SELECT min(name) FROM public."tabPayment Entry" WHERE name LIKE 'PAY-%' AND docstatus = 1
		)
		"""
	)
	assert differing(found)[ALL] == set()
	assert {measure for measure, _ in differing(found)[CUSTOMER]} == {"payments", "paid"}


def test_a_tax_at_another_rate_is_found(changed: Callable[..., Reconciliation]):
	found = changed(
		"""
		UPDATE public."tabSales Taxes and Charges" SET rate = rate + 1
		WHERE name = (
			SELECT min(name) FROM public."tabSales Taxes and Charges" WHERE name LIKE 'LT-%' AND docstatus = 1
		)
		"""
	)
	assert differing(found)[ALL] == set()
	assert len(differing(found)[RATE]) == 2
	assert found.unexplained > 0


@pytest.mark.parametrize(
	("table", "change", "unexplained"),
	[
		("tabSales Invoice", "legacy_number = 'X'", 1),
		("tabSales Invoice", "remarks = 'Autre note'", 1),
		("tabSales Invoice Item", "description = 'Autre chose'", 1),
		("tabSales Invoice Item", "service_start_date = '2001-02-03'", 1),
		# One by one the place is compared as well.
		("tabSales Invoice Item", "service_location = NULL", 2),
	],
)
def test_a_field_of_an_invoice_that_is_drawn_is_found(
	changed: Callable[..., Reconciliation],
	compared: Reconciliation,
	table: str,
	change: str,
	unexplained: int,
):
	chosen = max(compared.drawn, key=lambda drawn: drawn.legacy_id)
	which = "name = %(name)s" if table == "tabSales Invoice" else "parent = %(name)s AND idx = 1"
	found = changed(f'UPDATE public."{table}" SET {change} WHERE {which}', name=chosen.name)
	assert [(drawn.name, len(drawn.unlike)) for drawn in found.drawn if drawn.unlike] == [(chosen.name, 1)]
	assert found.unexplained == unexplained


def test_a_finding_explains_nothing_of_an_invoice_that_is_there(
	changed: Callable[..., Reconciliation],
):
	found = changed(
		CENT_BILLED,
		"""
		UPDATE public."tabMigration Finding" SET outcome = 'Rejected'
		WHERE legacy_table = 'invoice' AND outcome = 'Repaired'
		""",
	)
	assert found.unexplained > 0


# One that nothing stands against.
UNPAID = """(
	SELECT min(name) FROM public."tabSales Invoice" invoice
	WHERE docstatus = 1 AND legacy_id <> '' AND grand_total > 0 AND EXISTS (
		SELECT FROM public."tabSales Taxes and Charges" WHERE parent = invoice.name
	) AND NOT EXISTS (
		SELECT FROM public."tabPayment Ledger Entry"
		WHERE against_voucher_no = invoice.name AND voucher_no <> invoice.name
	)
)"""
REJECTED = f"""
	INSERT INTO public."tabMigration Finding" (name, run, step, outcome, legacy_table, legacy_id, reason)
	SELECT 'rejected', 'MIG-0001', 'import_invoices', 'Rejected', 'invoice', legacy_id, 'customer_gone'
	FROM public."tabSales Invoice" WHERE name = {UNPAID}
"""
GONE = (
	"""
	CREATE TEMP TABLE unpaid ON COMMIT DROP AS
	SELECT name FROM public."tabSales Invoice" WHERE name = """
	+ UNPAID,
	*(
		f"""DELETE FROM public."tab{doctype}" WHERE {field} = (SELECT name FROM unpaid)"""
		for doctype, field in (
			("Sales Invoice Item", "parent"),
			("Sales Taxes and Charges", "parent"),
			("Payment Schedule", "parent"),
			("GL Entry", "voucher_no"),
			("Payment Ledger Entry", "voucher_no"),
			("Sales Invoice", "name"),
		)
	),
)


def test_an_invoice_that_is_missing_is_explained_by_its_rejection_alone(
	changed: Callable[..., Reconciliation],
):
	found = changed(REJECTED, *GONE)
	measures = {measure for measure, _ in differing(found)[ALL]}
	assert measures >= {"invoices", "billed", "owed", "tax TPS", "tax TVQ"}
	assert found.unexplained == 0
	assert "but for documents that were rejected" in as_html(found)


def test_an_invoice_that_is_missing_for_no_reason_is_unexplained(changed: Callable[..., Reconciliation]):
	assert changed(*GONE).unexplained > 0


def test_the_comparison_shares_no_code_with_the_migration():
	"""Neither staging nor steps, nor their tables: an error there would stand on both sides.

	But for the record of which run made what: the legacy rows do not tell.
	"""
	for path in Path(package.__file__).parent.glob("*.py"):
		imported = _imported(path)
		allowed = READ_APART if path.stem in LEGACY_SIDE else READ_BESIDE
		assert imported <= allowed, path.name
		tables = set(re.findall(r"gigafibre_migration\.(\w+)", path.read_text()))
		assert tables <= ({"added"} if path.stem == "runs" else set()), path.name


def _imported(path: Path) -> set[str]:
	"""Modules of the migration that a file imports."""
	names = []
	for node in ast.walk(ast.parse(path.read_text())):
		if isinstance(node, ast.Import):
			names += [alias.name for alias in node.names]
		elif isinstance(node, ast.ImportFrom):
			names += [f"{node.module}.{alias.name}" for alias in node.names]
	ours = "gigafibre_utils.migration."
	return {name.removeprefix(ours).split(".")[0] for name in names if name.startswith(ours)}
