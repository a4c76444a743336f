"""Invented people and firms of Quebec, where they live, and telephone numbers of the range for fiction."""

import unicodedata

from gigafibre_utils.migration.sample.chance import Chance

FIRST_NAMES = (
	"Marie-Ève Jean-François Zoé Benoît Éric Émilie Hélène François Geneviève René Chloé Jérôme Mélanie Luc "
	"Stéphane Julie Martin Sophie Daniel Nathalie Alain Sylvie Michel Louise Pierre Diane Karine Simon "
	"Mathieu Noémie Félix Raphaël Gaëlle Aurélie Yvon Réjean Thérèse William Olivia Liam Emma Thomas Léa"
).split()
LAST_NAMES = (
	"Tremblay Gagnon Côté Bélanger Lévesque Bérubé Gagné Pelletier Roy Bouchard Gauthier Morin Lavoie Fortin "
	"Ouellet Desjardins Hébert Théberge Poirier L'Écuyer D'Amours St-Onge Lefrançois Dubé Légaré Thériault "
	"Cloutier Girard Leduc Beaulieu Bédard Grenier Lapointe Nadeau Raymond Ménard Proulx Désilets Smith Paré"
).split()
TRADES = (
	"Ferme {} et fils inc.",
	"Garage {} enr.",
	"Boulangerie {} & Cie",
	"Épicerie {}",
	"Les Entreprises {} ltée",
	"Érablière {}",
	"Clinique vétérinaire {}",
	"Coopérative {}",
)
STREETS = (
	"chemin de la Rivière|rue Principale|rang Sainte-Mélanie|montée Gagné|route 209|rue de l'Église|"
	"chemin Saint-Édouard|rang du Ruisseau-Norton|rue des Érables|avenue du Collège|chemin Cowan"
).split("|")
PLACES = (
	("Sainte-Clotilde", "J0L 1W0", 45_167_000, -73_683_000),
	("Saint-Rémi", "J0L 2L0", 45_266_000, -73_616_000),
	("Napierville", "J0J 1L0", 45_183_000, -73_400_000),
	("Saint-Édouard", "J0L 1Y0", 45_233_000, -73_516_000),
	("Hemmingford", "J0L 1H0", 45_050_000, -73_583_000),
	("Saint-Chrysostome", "J0S 1R0", 45_100_000, -73_766_000),
	("Huntingdon", "J0S 1H0", 45_083_000, -74_166_000),
	("Saint-Cyprien-de-Napierville", "J0J 1L0", 45_183_000, -73_416_000),
	("L'Acadie", "J2Y 1J3", 45_316_000, -73_350_000),
	("Sherrington", "J0L 2N0", 45_166_000, -73_516_000),
)
NOTATIONS = (
	"({0}) {1}-{2}",
	"{0}-{1}-{2}",
	"{0}{1}{2}",
	"{0}.{1}.{2}",
	"{0} {1} {2}",
	"1-{0}-{1}-{2}",
	"+1 {0} {1}-{2}",
	"+1{0}{1}{2}",
	"1 ({0}) {1} {2}",
	"{0}/{1}-{2} poste 12",
)
AREAS = ("450", "514", "579", "438")


def spelled(text: str, is_utf8: bool) -> bytes:
	"""Text as it stands in a latin1 column: the bytes of UTF-8, or true latin1 as MariaDB has it (cp1252)."""
	return text.encode("utf-8" if is_utf8 else "cp1252")


def spelled_twice(text: str) -> bytes:
	"""UTF-8 that was taken for latin1 and made UTF-8 once more."""
	return text.encode().decode("cp1252").encode()


def person(chance: Chance) -> tuple[str, str]:
	"""First and last name."""
	last = chance.one_of(LAST_NAMES)
	if chance.happens(0.1):
		last = f"{last}-{chance.one_of(LAST_NAMES)}"
	return chance.one_of(FIRST_NAMES), last


def firm(chance: Chance) -> str:
	"""The name of a firm."""
	return chance.one_of(TRADES).format(chance.one_of(LAST_NAMES))


def street(chance: Chance) -> str:
	"""Number and street."""
	return f"{chance.whole(1, 2400)} {chance.one_of(STREETS)}"


def phone(chance: Chance, notation: str) -> bytes:
	"""A telephone number that rings nowhere, written one way of ten."""
	return notation.format(chance.one_of(AREAS), "555", f"01{chance.whole(0, 99):02}").encode()


def email(first: str, last: str, id: int) -> str:
	"""An address that nobody has."""
	plain = unicodedata.normalize("NFD", f"{first}.{last}").encode("ascii", "ignore").decode()
	domain = "example.org" if id % 5 == 0 else "example.com"
	return f"{plain.lower().replace(chr(39), '')}{id}@{domain}"
