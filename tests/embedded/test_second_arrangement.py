"""A second arrangement about the same invoices is found, also one that is saved at the same instant."""

import threading

import pytest

from gigafibre_utils.embedded.site import EmbeddedSite
from gigafibre_utils.payments import arrangements
from tests.acceptance.arrangements import ARRANGEMENT
from tests.embedded.conftest import Books
from tests.embedded.test_standing import customer
from tests.patience import PATIENCE


def test_of_two_arrangements_saved_at_one_instant_the_second_finds_the_first(books: Books):
	site = books.site
	owner = customer(site)
	invoice = site.fresh("unpaid", customer=owner)
	company = site.invoice("unpaid")["company"]
	first, second = ({"name": name, "customer": owner, "company": company} for name in ("ARR-A", "ARR-B"))
	found = []

	def save_the_second() -> None:
		with EmbeddedSite(books.running.host) as current, current.atomic():
			found.append(arrangements.in_the_way(second, {invoice}))

	other = threading.Thread(target=save_the_second)
	with EmbeddedSite(books.running.host) as current, current.atomic():
		assert arrangements.in_the_way(first, {invoice}) is None
		other.start()
		waiting = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
		site.until(lambda: site.sql(waiting) or found, bool)
		current.insert("Payment Arrangement", first | {"status": "Active"})
		part = {"parent": first["name"], "parenttype": "Payment Arrangement", "invoice": invoice}
		current.insert("Payment Arrangement Instalment", part)
	other.join(PATIENCE)
	assert found == [first["name"]]


@pytest.mark.parametrize("about", ["", "its own"])
def test_an_arrangement_about_other_invoices_or_that_is_over_is_not_in_the_way(books: Books, about: str):
	site = books.site
	owner = customer(site)
	invoice, another = (site.fresh("unpaid", customer=owner) for _ in range(2))
	asking = {"name": "new", "customer": owner, "company": site.invoice("unpaid")["company"]}
	asked = {about and invoice}
	with EmbeddedSite(books.running.host):
		assert arrangements.in_the_way(asking, asked) is None
		elsewhere = books.agree((5, 25, another), customer=owner)
		assert arrangements.in_the_way(asking, asked) == (None if about else elsewhere)
		same = books.agree((5, 25, invoice), customer=owner)
		assert arrangements.in_the_way(asking, {invoice}) == same
		assert arrangements.in_the_way(asking | {"name": same}, {invoice}) is None
		site.sql(f"UPDATE {ARRANGEMENT} SET status = 'Broken' WHERE customer = %s", owner)
		assert arrangements.in_the_way(asking, asked) is None
