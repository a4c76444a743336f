"""What a guest is answered: what was asked for, and nothing that the books laid beside it."""

import secrets

from tests.acceptance.arrangements import Arrangements
from tests.acceptance.site import Site

REQUEST = '"tabPayment Request"'


def test_who_pays_again_is_not_told_of_the_payment_requests_of_the_first_payment(
	site: Site, arrangements: Arrangements
):
	site.deliver(lost=True)
	invoice = site.fresh("unpaid")
	name = arrangements.agree((1, 25, invoice))
	asked = f"PREQ-{secrets.token_hex(5)}"
	site.sql(
		f"INSERT INTO {REQUEST} (name, docstatus, status, payment_request_type, reference_doctype, "
		"reference_name, grand_total, outstanding_amount) "
		"VALUES (%s, 1, 'Requested', 'Inward', 'Sales Invoice', %s, 25, 25)",
		asked,
		invoice,
	)
	site.pay(site.checkout(invoice, instalment=f"{name}-1"))
	# With the event lost, the next click books the first payment, in the guest's own request.
	answer = site.guest().call("create_checkout_session", invoice=invoice, token=site.token(invoice))
	site.sql(f"DELETE FROM {REQUEST} WHERE name = %s", asked)
	assert len(site.payments(invoice)) == 1
	assert answer.json().keys() == {"message"}
