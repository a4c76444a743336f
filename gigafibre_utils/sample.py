"""The sample company: what it bills to whom, the same on every host and at every run of a given day.

Plain data; each host loads it by its own means. Phone numbers are of the range kept for fiction, addresses of
customers lie at example.com.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

COMPANY = {
	"company_name": "TARGO",
	"abbr": "T",
	"default_currency": "CAD",
	"country": "Canada",
	"phone_no": "855 888-2746",
	"email": "facturation@targo.ca",
	"website": "https://www.targo.ca",
	"registration_details": "TPS: 123456789 RT0001\nTVQ: 1234567890 TQ0001",
}
COMPANY_ADDRESS = {
	"address_title": "TARGO",
	"address_type": "Billing",
	"address_line1": "1867 chemin de la Rivière",
	"city": "Ste-Clotilde",
	"state": "QC",
	"pincode": "J0L 1W0",
	"country": "Canada",
}
# Who may sign in: a member of the staff with its roles, and the portal user of one customer.
STAFF = ("comptes@targo.ca", ("Accounts Manager", "Accounts User"))
PORTAL_USER = "marie-eve@example.com"
TAXES = (("TPS", Decimal("5")), ("TVQ", Decimal("9.975")))
TERMS = (
	"Payable à l'échéance. Des frais de 2 % par mois (26,82 % par an) s'appliquent aux soldes en retard.",
	"Payable when due. Overdue balances bear 2% a month (26.82% a year).",
)
ITEMS = {
	"FTTH-500": "Internet fibre 500 Mbit/s",
	"FTTH-1000": "Internet fibre 1 Gbit/s",
	"TEL-QC": "Téléphonie résidentielle Canada – É.-U.",
	"TV-BASE": "Télévision, forfait de base",
	"ROUTEUR": "Location du routeur Wi-Fi 6",
	"IP-FIXE": "Adresse IP fixe",
	"INSTALL": "Frais d'installation",
	"APPEL": "Appel interurbain",
}


@dataclass(frozen=True)
class Place:
	"""An address."""

	line1: str
	city: str
	pincode: str
	name: str = ""


@dataclass(frozen=True)
class SampleCustomer:
	"""A customer with its contact and service locations."""

	name: str
	language: str
	kind: str
	phone: str
	email: str
	address: Place
	locations: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Line:
	"""One line of an invoice; `location` counts the customer's from 0, None for the account itself."""

	item: str
	rate: Decimal
	quantity: Decimal = Decimal(1)
	location: int | None = 0
	name: str | None = None
	with_period: bool = True


@dataclass(frozen=True)
class SampleInvoice:
	"""An invoice told by how old it is. `payments` are (days ago, amount), None for all that is owed."""

	key: str
	customer: str
	days_ago: int
	lines: tuple[Line, ...]
	days_to_pay: int = 21
	payments: tuple[tuple[int, Decimal | None], ...] = ()
	credits: str | None = None
	is_cancelled: bool = False
	is_draft: bool = False

	def posting_date(self, today: date) -> date:
		"""The day that it was billed."""
		return today - timedelta(days=self.days_ago)

	def due_date(self, today: date) -> date:
		"""The day until which it is to be paid."""
		return self.posting_date(today) + timedelta(days=self.days_to_pay)

	def period(self, today: date) -> tuple[date, date]:
		"""First and last day of the month that its recurring charges are for: the one of its date."""
		start = self.posting_date(today).replace(day=1)
		return start, (start + timedelta(days=32)).replace(day=1) - timedelta(days=1)

	@property
	def remarks(self) -> str:
		"""By what a sample invoice is found again."""
		return f"Sample: {self.key}"


def _line(item: str, rate: str, **more) -> Line:
	return Line(item, Decimal(rate), **more)


def _home(rate: str = "79.95") -> tuple[Line, ...]:
	return (_line("FTTH-500", rate), _line("ROUTEUR", "5.00"), _line("TEL-QC", "15.00"))


def _business() -> tuple[Line, ...]:
	shed = (_line("FTTH-500", "79.95", location=1), _line("ROUTEUR", "5.00", location=1))
	shop = (_line("FTTH-1000", "119.95", location=2), _line("TV-BASE", "24.00", location=2))
	house = (
		_line("FTTH-1000", "119.95"),
		_line("IP-FIXE", "10.00"),
		_line("TEL-QC", "15.00", quantity=Decimal(3)),
	)
	return (*house, *shed, *shop, _line("INSTALL", "49.00", location=None, with_period=False))


def _calls(count: int) -> tuple[Line, ...]:
	return tuple(
		Line(
			"APPEL",
			Decimal("0.065"),
			quantity=Decimal(1 + n * 7 % 43),
			name=f"Appel interurbain {n + 1:03d}, 514 555-0{100 + n * 3 % 100}",
			with_period=False,
		)
		for n in range(count)
	)


STE_CLOTILDE = "Ste-Clotilde"
HOSTILE = "Zoë <script>alert('œuf')</script> \"L'Œil\" & Fils 🦊 مريم"

CUSTOMERS = (
	SampleCustomer(
		"Marie-Ève Tremblay",
		"fr",
		"Individual",
		"450 555-0142",
		"marie-eve@example.com",
		Place("214, rang Saint-Joseph", STE_CLOTILDE, "J0L 1W0"),
		(Place("214, rang Saint-Joseph", STE_CLOTILDE, "J0L 1W0", "Maison"),),
	),
	SampleCustomer(
		"James O'Connor",
		"en",
		"Individual",
		"(450) 555-0177",
		"james@example.com",
		Place("38 Covey Hill Road", "Havelock", "J0S 2C0"),
		(Place("38 Covey Hill Road", "Havelock", "J0S 2C0", "Home"),),
	),
	SampleCustomer(
		"Ferme Boréale inc.",
		"fr",
		"Company",
		"1-450-555-0113",
		"comptabilite@example.com",
		Place("1200, route 209", "Franklin", "J0S 1E0"),
		(
			Place("1200, route 209", "Franklin", "J0S 1E0", "Maison et bureau"),
			Place("1210, route 209", "Franklin", "J0S 1E0", "Étable"),
			Place("5, rue de l'Église", "Saint-Chrysostome", "J0S 1R0", "Kiosque et boutique"),
		),
	),
	SampleCustomer(
		"Luc Gagnon",
		"fr",
		"Individual",
		"+1 450 555 0190",
		"luc@example.com",
		Place("77, rue Principale", "Saint-Rémi", "J0L 2L0"),
		(Place("77, rue Principale", "Saint-Rémi", "J0L 2L0", "Appartement 3"),),
	),
	SampleCustomer(
		HOSTILE,
		"en",
		"Individual",
		"450.555.0166",
		"zoe@example.com",
		Place('9, "rue" <b>Œuvrée</b> & Cie', "Hemmingford", "J0L 1H0"),
		(Place('9, "rue" <b>Œuvrée</b> & Cie', "Hemmingford", "J0L 1H0", "<i>Atelier</i> 🧵"),),
	),
	SampleCustomer(
		"Coopérative de santé des Jardins-de-Napierville",
		"fr",
		"Company",
		"450-555-0101",
		"coop@example.com",
		Place("361, rue Saint-Jacques", "Napierville", "J0J 1L0"),
		(Place("361, rue Saint-Jacques", "Napierville", "J0J 1L0", "Clinique"),),
	),
)

MARIE, JAMES, FERME, LUC, ZOE, COOP = (customer.name for customer in CUSTOMERS)

INVOICES = (
	SampleInvoice("paid", MARIE, 40, _home(), payments=((25, None),)),
	SampleInvoice("overdue", JAMES, 40, _home("84.95")),
	SampleInvoice("instalments", COOP, 38, _home("119.95"), payments=((30, Decimal("60.00")), (20, None))),
	SampleInvoice("partly-paid", FERME, 35, _business(), days_to_pay=60, payments=((10, Decimal("150.00")),)),
	SampleInvoice("credited", FERME, 33, _business(), days_to_pay=60),
	SampleInvoice("credit-note", FERME, 12, (_line("FTTH-500", "79.95", location=1),), credits="credited"),
	SampleInvoice("cancelled", LUC, 30, _home(), is_cancelled=True),
	SampleInvoice("unpaid", MARIE, 5, _home()),
	SampleInvoice("unpaid-english", JAMES, 5, _home("84.95")),
	SampleInvoice("unpaid-business", FERME, 4, _business()),
	SampleInvoice("unpaid-with-credit", LUC, 4, _home()),
	SampleInvoice(
		"hostile",
		ZOE,
		4,
		(*_home(), _line("INSTALL", "25.00", name="<img src=x onerror=alert(1)> “pose” 🔧")),
	),
	SampleInvoice("long", COOP, 3, (_line("FTTH-1000", "119.95"), *_calls(119))),
	SampleInvoice("thirty", COOP, 2, (*_home(), *_calls(27))),
	SampleInvoice("draft", LUC, 0, _home(), is_draft=True),
)

# Money that came without an invoice to put it on: the customer's credit.
ADVANCES = ((LUC, 15, Decimal("50.00")),)
