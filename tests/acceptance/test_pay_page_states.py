"""What heads the pay page when an invoice was visited at Stripe more than once, or paid otherwise since."""

import secrets
from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.acceptance.arrangements import Arrangements
from tests.acceptance.site import Site, sentence

DECLINED, RECEIPT, UNDER_WAY = (
	"The payment did not go through",
	"Instalment paid",
	"Payment being processed",
)
PAYMENT, REFERENCE = '"tabPayment Entry"', '"tabPayment Entry Reference"'


def page(site: Site, invoice: str, **more: str) -> str:
	"""The page in English."""
	return site.guest().page(invoice, site.token(invoice), lang="en", **more).text


def visited(site: Site, invoice: str, how: str, status: str, **more: str) -> str:
	"""A visit to Stripe that ended so; gives the session's id."""
	session = site.checkout(invoice, **more)
	site.pay(session, how=how)
	statement = 'SELECT status FROM "tabStripe Checkout Session" WHERE name = %s'
	site.until(lambda: site.sql(statement, session)[0]["status"], lambda seen: seen == status)
	return session


@pytest.fixture
def paid_otherwise(site: Site) -> Iterator:
	"""A function that books a payment of an invoice so many minutes after a visit ended, by SQL."""
	names = []

	def book(invoice: str, session: str, minutes: int, docstatus: int = 1) -> None:
		name = f"TEST-{secrets.token_hex(5)}"
		names.append(name)
		when = (
			'(SELECT modified + make_interval(mins => %s) FROM "tabStripe Checkout Session" WHERE name = %s)'
		)
		site.sql(
			f"INSERT INTO {PAYMENT} (name, docstatus, creation) VALUES (%s, %s, {when})",
			name,
			docstatus,
			minutes,
			session,
		)
		site.sql(
			f"INSERT INTO {REFERENCE} (name, parent, parenttype, docstatus, reference_doctype, "
			"reference_name, allocated_amount) "
			"VALUES (%s, %s, 'Payment Entry', %s, 'Sales Invoice', %s, 1)",
			name,
			name,
			docstatus,
			invoice,
		)

	yield book
	for name in names:
		site.sql(f"DELETE FROM {REFERENCE} WHERE parent = %s", name)
		site.sql(f"DELETE FROM {PAYMENT} WHERE name = %s", name)


def test_a_debit_that_failed_heads_the_page_until_something_is_paid(site: Site, paid_otherwise):
	invoice = site.fresh("unpaid")
	failed = visited(site, invoice, "failed-debit", "Failed")
	assert DECLINED in page(site, invoice)
	paid_otherwise(invoice, failed, minutes=-60)
	paid_otherwise(invoice, failed, minutes=60, docstatus=2)
	assert DECLINED in page(site, invoice)
	paid_otherwise(invoice, failed, minutes=60)
	assert DECLINED not in page(site, invoice)
	assert DECLINED in page(site, invoice, session=failed)


def test_a_debit_that_failed_heads_the_page_until_the_next_visit(site: Site):
	invoice = site.fresh("unpaid")
	failed = visited(site, invoice, "failed-debit", "Failed")
	site.checkout(invoice)
	assert DECLINED not in page(site, invoice)
	assert DECLINED in page(site, invoice, session=failed)


def test_a_receipt_is_that_of_its_own_visit_however_often_it_is_opened(
	site: Site, arrangements: Arrangements
):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((3, 25, invoice), (33, 30, invoice), (63, 10, invoice))
	visits = []
	for instalment in (f"{name}-1", f"{name}-2"):
		site.until(lambda: page(site, invoice), lambda text, due=instalment: f'value="{due}"' in text)
		visits.append(visited(site, invoice, "card", "Paid", instalment=instalment))
	for session, amount in zip(visits, ("$25.00", "$30.00"), strict=True):
		receipt = page(site, invoice, outcome="instalment", session=session)
		assert RECEIPT in receipt
		assert f'<p class="amount">{amount}</p>' in receipt


def test_what_is_under_way_is_not_the_amount_of_a_visit_before(site: Site, arrangements: Arrangements):
	invoice = site.fresh("unpaid")
	name = arrangements.agree((3, 25, invoice), (33, 30, invoice))
	paid = visited(site, invoice, "card", "Paid", instalment=f"{name}-1")
	site.until(lambda: arrangements.statuses(name)[1], lambda status: status == "Met")
	visited(site, invoice, "pending-debit", "Processing", instalment=f"{name}-2")
	assert '<p class="amount">$30.00</p>' in page(site, invoice)
	shown = page(site, invoice, outcome="instalment", session=paid)
	assert UNDER_WAY in shown
	assert '<p class="amount">$25.00</p>' not in shown


@pytest.mark.parametrize("outcome", ["", "declined"])
def test_a_balance_that_stripe_does_not_take_is_not_asked_for_online(site: Site, outcome: str):
	invoice = site.fresh("unpaid", outstanding_amount=Decimal("0.49"))
	shown = page(site, invoice, outcome=outcome)
	assert "Too small to pay online" in shown
	assert "Online payments start at $0.50; please call us to pay another way." in shown
	assert '<p class="amount">$0.49</p>' in shown
	assert "<form" not in shown
	guest = site.guest()
	guest.headers["Accept-Language"] = "en"
	refused = guest.call("create_checkout_session", invoice=invoice, token=site.token(invoice))
	assert refused.status_code == 417
	assert sentence(refused) == "Online payments start at $0.50; please call us to pay another way."
	site.sql('UPDATE "tabSales Invoice" SET outstanding_amount = 0.5 WHERE name = %s', invoice)
	assert "Pay $0.50" in page(site, invoice)
	site.checkout(invoice)
