"""Arrangements on the embedded host: what comes in on them, and the daily job."""

from datetime import timedelta
from decimal import Decimal

import pytest

from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.embedded.sample_company import DEBTORS, NAME
from gigafibre_utils.embedded.site import EmbeddedSite
from gigafibre_utils.payments import arrangements
from gigafibre_utils.site import IncomingPayment
from tests.acceptance.arrangements import ARRANGEMENT, INSTALMENT, Arrangements
from tests.acceptance.site import Site
from tests.doubles.mail import MailServer


class Books(Arrangements):
	"""Arrangements of sample customers, and the payments that come in on them."""

	def __init__(self, site: Site, running: RunningHost):
		super().__init__(site)
		self.running = running

	def pay(self, invoice: str, amount: int | Decimal, days_ago: int = 0) -> str:
		"""A cheque that comes in on an invoice; gives its Payment Entry."""
		row = self.site.sql('SELECT customer FROM "tabSales Invoice" WHERE name = %s', invoice)[0]
		payment = IncomingPayment(
			company=NAME,
			customer=row["customer"],
			customer_name=row["customer"],
			receivable_account=DEBTORS,
			mode_of_payment="Cheque",
			currency="CAD",
			amount=Decimal(amount),
			invoice=invoice,
			allocated=Decimal(amount),
			reference="CHQ",
			received_on=self.today - timedelta(days=days_ago),
			remarks="Cheque",
		)
		with EmbeddedSite(self.running.host) as current, current.atomic():
			return current.ledger.post_payment(payment)

	def cancel(self, payment: str) -> None:
		"""Cancel a payment as ERPNext does, with what it took off its invoice."""
		(paid,) = self.site.sql(
			'SELECT reference_name, allocated_amount FROM "tabPayment Entry Reference" WHERE parent = %s',
			payment,
		)
		self.site.sql('UPDATE "tabPayment Entry" SET docstatus = 2 WHERE name = %s', payment)
		self.site.sql('UPDATE "tabPayment Entry Reference" SET docstatus = 2 WHERE parent = %s', payment)
		self.site.sql(
			'UPDATE "tabSales Invoice" SET outstanding_amount = outstanding_amount + %s WHERE name = %s',
			paid["allocated_amount"],
			paid["reference_name"],
		)

	def later(self, arrangement: str, days: int) -> None:
		"""Let so many days pass for its instalments."""
		self.site.sql(
			f"UPDATE {INSTALMENT} SET due_date = due_date - %s WHERE parent = %s", days, arrangement
		)

	def follow_up(self) -> None:
		"""The daily job."""
		with EmbeddedSite(self.running.host):
			arrangements.run()


@pytest.fixture
def books(site: Site, running: RunningHost) -> Books:
	site.sql(f"DELETE FROM {ARRANGEMENT}")
	return Books(site, running)


def mails(mailbox: MailServer, invoice: str) -> list:
	return [mail for mail in mailbox.messages if invoice in mail["Subject"]]
