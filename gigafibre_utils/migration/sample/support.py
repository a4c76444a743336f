"""Tickets and what was written in them."""

from gigafibre_utils.migration.sample.billing import Life
from gigafibre_utils.migration.sample.days import END, MONTHS, moment
from gigafibre_utils.migration.sample.making import Making
from gigafibre_utils.migration.sample.people import spelled
from gigafibre_utils.migration.sample.records import Message, Ticket

TICKETS_TO_AN_INVOICE = 242_000 / 115_000
MESSAGES_TO_A_TICKET = 700_000 / 242_000
SUBJECTS = (
	"Pas d'accès à Internet depuis hier",
	"Déménagement prévu – transfert de l'adresse",
	"Question au sujet de la facture",
	"Téléphone: aucune tonalité",
	"Télévision: image brouillée à l'écran",
	"Débit réduit en soirée",
	"Changement de forfait demandé",
	"Remplacement du routeur",
	"Prélèvement préautorisé à modifier",
	"Installation à confirmer",
)
DEPARTMENTS = ("Soutien technique", "Facturation", "Ventes", "Réseau", "Installation et réparation")
STAFF = (b"mgagne", b"jtremblay", b"s.cote", b"support", b"noc")
SENTENCES = (
	"Bonjour, le client nous a joints ce matin à propos de son service.",
	"Le signal optique mesuré à la prise est de -21 dBm, ce qui est normal.",
	"Nous avons redémarré le terminal à distance; tout est rentré dans l'ordre.",
	"Un technicien passera jeudi entre 8 h et 12 h, merci de dégager l'accès.",
	"La facture a été révisée; un crédit paraîtra à la prochaine période.",
	"Votre « mot de passe » Wi-Fi se trouve à l'arrière de l'appareil.",
	"Le câble a été coupé par une pelle à l'entrée du rang; réparation prévue demain.",
	"Merci d'avoir patienté, et bonne fin de journée à vous.",
	"Le débit mesuré avec fil atteint 480 Mbit/s, sans fil à peine 60.",
	"Nous n'avons pas reçu votre paiement du mois passé, est-ce un oubli?",
	"Problème réglé après la mise à jour du routeur (version 3.2.1).",
	"Je vous rappelle dès que j'ai du nouveau de l'équipe du réseau.",
)
PARAGRAPHS = [
	" ".join(SENTENCES[(start + step * place) % len(SENTENCES)] for place in range(1 + (start + step) % 4))
	for start in range(len(SENTENCES))
	for step in (1, 5, 7)
]
SPELLED = {is_utf8: [spelled(text, is_utf8) for text in PARAGRAPHS] for is_utf8 in (True, False)}
SUBJECTS_SPELLED = {is_utf8: [spelled(text, is_utf8) for text in SUBJECTS] for is_utf8 in (True, False)}
DEPARTMENTS_SPELLED = {is_utf8: [spelled(text, is_utf8) for text in DEPARTMENTS] for is_utf8 in (True, False)}
BODIES = (
	b"%b\n\n%b\n\nRef. %d",
	b"<p>%b</p><p>%b</p><p>Ref. <b>%d</b></p>",
	b"%b\r\n%b -- %d",
	b"<div>%b<br>%b</div>%d",
)


def ask_for_help(making: Making, life: Life, quarter: int) -> None:
	"""The tickets of a customer's quarter, so many that they keep pace with the invoices."""
	wanted = int(making.ids["invoice"] * TICKETS_TO_AN_INVOICE) - making.ids["ticket"]
	first = MONTHS[quarter * 3]
	for _ in range(max(0, wanted + making.chance.whole(-1, 1))):
		_ticket(making, life, min(first + making.chance.whole(0, 89), END))


def _ticket(making: Making, life: Life, day: int) -> None:
	chance = making.chance
	id = making.next_id("ticket")
	messages = int(id * MESSAGES_TO_A_TICKET) - making.ids["ticket_message"] + chance.whole(-1, 1)
	closed = min(day + messages, END)
	is_open = closed > END - 20 and chance.happens(0.5)
	ticket = Ticket(
		*(id, life.customer.id, chance.one_of(life.delivery_ids) if chance.happens(0.7) else 0),
		*(chance.one_of(SUBJECTS_SPELLED[life.is_utf8]), chance.one_of(DEPARTMENTS_SPELLED[life.is_utf8])),
		*(chance.whole(1, 3), b"pending" if is_open and id % 2 else b"open" if is_open else b"closed"),
		*(moment(day, chance.whole(7, 22), id % 60), 0 if is_open else moment(closed, 23, 30)),
	)
	making.lay("ticket", ticket)
	making.put(ticket)
	for place in range(max(1, messages)):
		_message(making, life, id, min(day + place, END), place)


def _message(making: Making, life: Life, ticket: int, day: int, place: int) -> None:
	chance = making.chance
	id = making.next_id("ticket_message")
	author = life.customer.email.split(b";")[0] if place % 2 == 0 else chance.one_of(STAFF)
	said = SPELLED[life.is_utf8]
	body = BODIES[id % len(BODIES)] % (chance.one_of(said), chance.one_of(said), ticket)
	message = Message(id, ticket, author, body, moment(day, 8 + id % 14, id % 60))
	making.lay("ticket_message", message)
	making.put(message)
