"""What the resolver makes of ERPNext's rows."""

from datetime import date
from decimal import Decimal

import pytest

from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.embedded.site import EmbeddedSite
from gigafibre_utils.invoice import model
from gigafibre_utils.invoice.resolver import resolve
from gigafibre_utils.invoice.statement import Statement
from tests.acceptance.site import Site


@pytest.fixture
def statement_of(running: RunningHost):
	"""A function that resolves an invoice by its name."""

	def resolved(name: str) -> Statement:
		with EmbeddedSite(running.host):
			return resolve(model.find(name), None)

	return resolved


def test_charges_are_grouped_by_place_with_what_is_of_no_place_last(site: Site, statement_of):
	statement = statement_of(site.invoice("unpaid-business")["name"])
	assert [place.location for place in statement.locations] == [
		"Maison et bureau",
		"Étable",
		"Kiosque et boutique",
		None,
	]
	assert sum(place.subtotal for place in statement.locations) == statement.net_total
	assert statement.locations[2].address == ("5, rue de l'Église", "Saint-Chrysostome (QC) J0S 1R0")
	charge = statement.locations[0].charges[0]
	assert charge.description == "Internet fibre 1 Gbit/s"
	assert charge.period_start.day == 1
	assert charge.period_end >= charge.period_start.replace(day=28)


def test_taxes_carry_the_companys_registrations(site: Site, statement_of):
	taxes = statement_of(site.invoice("unpaid")["name"]).taxes
	assert [(tax.label, tax.rate, tax.registration) for tax in taxes] == [
		("TPS", Decimal(5), "123456789 RT0001"),
		("TVQ", Decimal("9.975"), "1234567890 TQ0001"),
	]


def test_payments_are_listed_and_lower_what_is_due(site: Site, statement_of):
	statement = statement_of(site.invoice("instalments")["name"])
	assert [credit.amount for credit in statement.credits] == [Decimal(60), statement.total - 60]
	assert statement.amount_due == 0


def test_a_credit_note_is_a_credit_of_its_invoice(site: Site, statement_of):
	statement = statement_of(site.invoice("credited")["name"])
	note = site.invoice("credit-note")["name"]
	# Other tests may have made copies of the note.
	(credit,) = [credit for credit in statement.credits if credit.reference == note]
	assert credit.label == "Credit note"
	assert statement.total - credit.amount == statement.amount_due


def test_drafts_and_what_was_cancelled_are_no_credits(site: Site, statement_of):
	name = site.fresh("unpaid")
	row = site.invoice("credit-note")["name"]
	site.sql(
		'INSERT INTO "tabSales Invoice" (name, return_against, is_return, grand_total, posting_date, '
		"update_outstanding_for_self, docstatus) "
		"SELECT 'DRAFT-' || %s, %s, is_return, grand_total, posting_date, update_outstanding_for_self, 0 "
		'FROM "tabSales Invoice" WHERE name = %s',
		name,
		name,
		row,
	)
	site.sql(
		'INSERT INTO "tabPayment Entry Reference" (name, parent, reference_doctype, reference_name, '
		"allocated_amount, docstatus) VALUES (%s, 'CANCELLED', 'Sales Invoice', %s, 10, 2)",
		f"R{name}",
		name,
	)
	assert statement_of(name).credits == ()


def test_what_was_taken_off_in_another_way_is_an_adjustment(site: Site, statement_of):
	name = site.fresh("unpaid")
	site.sql(
		'UPDATE "tabSales Invoice" SET outstanding_amount = outstanding_amount - 5 WHERE name = %s', name
	)
	(credit,) = statement_of(name).credits
	assert (credit.label, credit.amount) == ("Adjustment", Decimal(5))


def test_the_balance_of_the_account_counts_this_company_alone(site: Site, statement_of):
	name = site.fresh("hostile")
	before = statement_of(name).other_balance
	other = site.fresh("hostile")
	owed = site.outstanding(other)
	assert statement_of(name).other_balance == before + owed
	site.sql("UPDATE \"tabSales Invoice\" SET company = 'Another' WHERE name = %s", other)
	assert statement_of(name).other_balance == before


def test_a_cancelled_invoice_has_nothing_due(site: Site, statement_of):
	statement = statement_of(site.invoice("cancelled")["name"])
	assert statement.is_cancelled
	assert statement.amount_due == 0
	assert statement.credits == ()


def test_descriptions_and_terms_of_the_editor_are_printed_as_text(site: Site, statement_of):
	name = site.fresh(
		"unpaid", terms="<div><p>Payable <b>à</b> l'échéance&nbsp;;</p><p>merci &amp; à bientôt</p></div>"
	)
	assert statement_of(name).terms == "Payable à l'échéance\xa0;\nmerci & à bientôt"


def test_an_invoice_in_the_language_of_its_customer(site: Site, statement_of):
	assert statement_of(site.invoice("overdue")["name"]).language == "en"
	assert statement_of(site.invoice("overdue")["name"]).posting_date < date.today()
