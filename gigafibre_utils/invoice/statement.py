"""What a reader of an invoice sees, resolved: the one object that the template is given."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True)
class Charge:
	"""One line of an invoice as printed; the period's ends are inclusive and may be missing."""

	description: str
	quantity: Decimal
	rate: Decimal
	amount: Decimal
	period_start: date | None = None
	period_end: date | None = None


@dataclass(frozen=True)
class LocationCharges:
	"""The charges of one service location; `location` is None for those that belong to the account."""

	location: str | None
	address: tuple[str, ...]
	charges: tuple[Charge, ...]
	subtotal: Decimal


@dataclass(frozen=True)
class TaxLine:
	"""A tax as billed, with its rate in percent and the registration number that the law asks to print."""

	label: str
	rate: Decimal | None
	amount: Decimal
	registration: str = ""


@dataclass(frozen=True)
class Credit:
	"""A payment or a credit note applied to the invoice; `amount` is positive."""

	label: str
	reference: str
	on: date
	amount: Decimal


@dataclass(frozen=True)
class Sender:
	"""The company that bills."""

	name: str
	address: tuple[str, ...]
	phone: str
	email: str
	website: str


@dataclass(frozen=True)
class Statement:
	"""An invoice as its customer gets it. Amounts are in `currency`; dates are the site's."""

	invoice: str
	language: str
	is_credit_note: bool
	is_cancelled: bool
	is_draft: bool
	return_against: str | None
	sender: Sender
	customer: str
	customer_name: str
	customer_address: tuple[str, ...]
	posting_date: date
	due_date: date | None
	currency: str
	locations: tuple[LocationCharges, ...]
	net_total: Decimal
	taxes: tuple[TaxLine, ...]
	total: Decimal
	credits: tuple[Credit, ...]
	amount_due: Decimal
	other_balance: Decimal
	terms: str
	referral_code: str
	pay_url: str | None

	@property
	def is_payable(self) -> bool:
		"""Whether money is owed on it and a QR code belongs on it."""
		return self.pay_url is not None and self.amount_due > 0
