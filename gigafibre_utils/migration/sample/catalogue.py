"""What the provider sells, and the taxes of each year."""

from datetime import date
from functools import cache

from gigafibre_utils.migration.sample.days import MONTHS
from gigafibre_utils.migration.sample.people import spelled
from gigafibre_utils.migration.sample.records import Product

MONTH_NAMES = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
UTF8_SINCE = 60
"""Month, counted from January 2011, in which the application began to write UTF-8."""

_SOLD = """
FTTH-100|Internet fibre 100 Mbit/s|Fibre internet 100 Mbit/s|internet|4995|monthly
FTTH-500|Internet fibre 500 Mbit/s|Fibre internet 500 Mbit/s|internet|5995|monthly
FTTH-1000|Internet fibre 1 Gbit/s – illimité|Fibre internet 1 Gbit/s – unlimited|internet|7995|monthly
DSL-15|Internet haute vitesse 15 Mbit/s|High-speed internet 15 Mbit/s|internet|3995|monthly
WISP-25|Internet par ondes 25 Mbit/s|Wireless internet 25 Mbit/s|internet|5495|monthly
IP-FIXE|Adresse IP fixe|Static IP address|internet|1000|monthly
TEL-QC|Téléphonie résidentielle Canada – É.-U.|Home phone Canada and U.S.|phone|2495|monthly
TEL-AFF|Téléphonie d'affaires|Business phone|phone|3995|monthly
TEL-AFFICHEUR|Afficheur et boîte vocale|Caller ID and voicemail|phone|500|monthly
TV-BASE|Télévision, forfait de base|Television, basic package|tv|2500|monthly
TV-10|Télévision, 10 chaînes au choix|Television, pick 10|tv|3995|monthly
TV-SPORT|Télévision, bouquet sports|Television, sports pack|tv|1995|monthly
ROUTEUR|Location du routeur Wi-Fi 6|Wi-Fi 6 router rental|equipment|500|monthly
DECODEUR|Location du décodeur|Set-top box rental|equipment|595|monthly
ONT|Location du terminal optique|Optical terminal rental|equipment|300|monthly
INSTALL|Frais d'installation|Installation fee|fee|9995|once
APPEL|Appel interurbain|Long-distance call|phone|5|usage
INT-APPEL|Appel outre-mer|Overseas call|phone|18|usage
RETARD|Frais de retard|Late payment fee|fee|500|once
NSF|Frais de chèque sans provision|NSF fee|fee|2500|once
ACCES|Frais d'accès au réseau|Network access fee|fee|295|monthly
911|Contribution au service 9-1-1|9-1-1 levy|fee|46|monthly
RABAIS-FID|Rabais fidélité|Loyalty discount|discount|-500|monthly
RABAIS-DUO|Rabais duo|Duo discount|discount|-1000|monthly
RABAIS-PARRAIN|Rabais parrainage|Referral discount|discount|-2500|once
"""
# Under codes that are used twice, empty, of a vanished category, untranslated, with dirt of the keyboard.
_ODD = (
	(
		"product.sku_twice",
		b"FTTH-100",
		b"Internet fibre 100 Mbit/s (ancien)",
		b"Fibre 100 (old)",
		b"internet",
	),
	("product.sku_empty", b"", "Réparation à domicile".encode(), b"Home repair", b"fee"),
	("product.without_category", b"DIVERS", "Divers – à préciser".encode("cp1252"), b"Miscellaneous", b""),
	("product.untranslated", b"HEBERGEMENT", "Hébergement Web".encode("cp1252"), b"", b"internet"),
	(
		"product.control_characters",
		b"CAM\x00ERA",
		b"Cam\xc3\xa9ra\x07 de s\xc3\xa9curit\xc3\xa9",
		b"Camera\x1f",
		b"equipment",
	),
	("product.trailing_blanks", b"FILTRE  ", b"Filtre DSL  ", b"DSL filter ", b"equipment"),
	("product.entities", b"DUO-PLUS", b"Duo t&eacute;l&eacute; &amp; internet", b"TV &amp; internet", b"tv"),
)
GONE_PRODUCT = 13
"""An id that no product has any more."""


def _products() -> list[Product]:
	sold = []
	for line in _SOLD.strip().splitlines():
		sku, french, english, category, price, billing = line.split("|")
		id = len(sold) + 1 + (len(sold) + 1 >= GONE_PRODUCT)
		name = spelled(french, is_utf8=id % 2 == 0)
		sold.append(
			Product(
				id,
				sku.encode(),
				name,
				spelled(english, True),
				category.encode(),
				int(price),
				billing.encode(),
			)
		)
	return sold


PRODUCTS = _products()
_AFTER = PRODUCTS[-1].id + 1
ODD_PRODUCTS = {
	name: Product(_AFTER + place, *texts, price=1500 + place, billing=b"monthly")
	for place, (name, *texts) in enumerate(_ODD)
}
BY_SKU = {product.sku.decode(): product for product in PRODUCTS}
INTERNET = [BY_SKU[sku] for sku in ("FTTH-100", "FTTH-500", "FTTH-1000", "DSL-15", "WISP-25")]
BESIDE = [
	*(
		BY_SKU[sku]
		for sku in "TEL-QC TV-BASE ROUTEUR TEL-AFFICHEUR TV-10 DECODEUR ONT IP-FIXE TV-SPORT".split()
	),
	*ODD_PRODUCTS.values(),
]
USAGE = [BY_SKU["APPEL"], BY_SKU["INT-APPEL"]]
EXTRAS = [BY_SKU[sku] for sku in "RABAIS-FID ACCES 911 RABAIS-DUO".split()]
_FRENCH = {
	product.id: line.split("|")[1] for product, line in zip(PRODUCTS, _SOLD.strip().splitlines(), strict=True)
}
_AS_IT_STANDS = {product.id: product.name_fr for product in ODD_PRODUCTS.values()}


@cache
def described(product_id: int, month: int) -> bytes:
	"""What a line of an invoice says of a product and a month, as the application of that time wrote it."""
	is_utf8 = month >= UTF8_SINCE
	when = spelled(f" – {MONTH_NAMES[month % 12]} {2011 + month // 12}", is_utf8)
	if product_id in _AS_IT_STANDS:
		return _AS_IT_STANDS[product_id] + when
	return spelled(_FRENCH[product_id], is_utf8) + when


_RATE_CHANGES = [
	(date(2011, 4, 1).toordinal(), 75_000),
	(date(2012, 1, 1).toordinal(), 85_000),
	(date(2013, 1, 1).toordinal(), 95_000),
]
OLD_RATES = frozenset(rate for _, rate in _RATE_CHANGES)
COMPOUNDED_BEFORE = MONTHS[24]


def taxes_on(subtotal: int, day: int) -> tuple[tuple[str, int, int], ...]:
	"""Code, rate in ten-thousandths of a percent, and amount in cents of each tax on that day.

	Until 2012 Quebec taxed the federal tax too.
	"""
	rate = next((rate for until, rate in _RATE_CHANGES if day < until), 99_750)
	federal = _percent(subtotal, 50_000)
	taxed = subtotal + federal if day < COMPOUNDED_BEFORE else subtotal
	return ("TPS", 50_000, federal), ("TVQ", rate, _percent(taxed, rate))


def _percent(cents: int, rate: int) -> int:
	"""Half up, away from zero."""
	amount = (abs(cents) * rate + 500_000) // 1_000_000
	return amount if cents >= 0 else -amount
