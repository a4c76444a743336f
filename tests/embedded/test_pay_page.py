"""The pay page while a payment is being booked."""

from decimal import Decimal

import pytest

from gigafibre_utils import pay_page
from gigafibre_utils.invoice.model import Invoice
from gigafibre_utils.site import Document
from tests.embedded.conftest import Books


@pytest.mark.parametrize("moment", ["before the invoice is read", "after the invoice was read"])
def test_a_payment_that_settles_while_the_page_is_made_is_on_it_as_a_whole(
	books: Books, monkeypatch: pytest.MonkeyPatch, moment: str
):
	"""Otherwise the page would wait for a change of the balance that it shows already, or the former one."""
	site = books.site
	invoice = site.fresh("unpaid")
	name = books.agree((1, 25, invoice), (31, 25, invoice))
	session = site.checkout(invoice, instalment=f"{name}-1")
	visit, looks = pay_page._visit, []

	def settle() -> None:
		site.pay(session)
		site.until(lambda: site.outstanding(invoice), lambda owed: owed == Decimal("89.92"))

	def settled_meanwhile(paid: Invoice, session_id: str | None) -> Document | None:
		if len(looks) == 1 and moment.startswith("after"):
			settle()
		seen = visit(paid, session_id)
		looks.append(seen["status"])
		if len(looks) == 1 and moment.startswith("before"):
			settle()
		return seen

	monkeypatch.setattr(pay_page, "_visit", settled_meanwhile)
	back = {"outcome": "instalment", "session": session, "lang": "en"}
	page = site.guest().page(invoice, site.token(invoice), **back).text
	assert looks == ["Open", "Paid", "Paid"]
	assert "Instalment paid" in page
	assert "$89.92" in page
