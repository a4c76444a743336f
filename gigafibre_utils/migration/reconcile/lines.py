"""The lines of an invoice beside their legacy rows: what each is of, how much of it, for how much, and where.

They are many: either server writes those of an invoice as one text, and only texts that are unlike are taken
apart. A line in it is `id,product,quantity,amount,place`.
"""

from collections.abc import Iterator
from decimal import Decimal

from gigafibre_utils.migration.reconcile.fields import Unlike, told

FIELD = "lines"

# A product that is gone is none. ERPNext has no line of no quantity, and in a return none above nothing.
LEGACY = """
	SELECT item.invoice_id, sum(item.amount) AS amount, group_concat(
		concat_ws(
			',',
			item.id,
			coalesce(product.id, 0),
			cast(
				if(total < 0, -abs(coalesce(nullif(quantity, 0), 1)), coalesce(nullif(quantity, 0), 1))
				AS decimal(21, 9)
			),
			cast(item.amount AS decimal(21, 9)),
			coalesce(delivery.id, '')
		) ORDER BY item.id SEPARATOR ' '
	) AS `lines`
	FROM invoice_item AS item
	JOIN invoice ON invoice.id = item.invoice_id
	LEFT JOIN product ON product.id = item.product_id
	LEFT JOIN service ON service.id = item.service_id
	LEFT JOIN delivery ON delivery.id = service.delivery_id
	GROUP BY item.invoice_id
"""
ERPNEXT = """
	SELECT line.parent, string_agg(
		concat_ws(
			',',
			CASE WHEN line.name LIKE 'LI-%' THEN ltrim(substr(line.name, 4), '0') ELSE line.name END,
			coalesce(item.legacy_id, ''),
			qty::numeric(21, 9),
			amount::numeric(21, 9),
			coalesce(location.legacy_delivery_id, '')
		), ' ' ORDER BY line.idx
	) AS lines
	FROM public."tabSales Invoice Item" AS line
	LEFT JOIN public."tabItem" AS item ON item.name = line.item_code
	LEFT JOIN public."tabService Location" AS location ON location.name = line.service_location
	GROUP BY line.parent
"""


def with_made_up(lines: str, invoice: int, amount: Decimal, is_return: bool) -> str:
	"""The lines of an invoice, and behind them one that stands for an amount that they lack."""
	made_up = f"A{invoice:07},0,{-1 if is_return else 1}.000000000,{amount:.9f},"
	return f"{lines} {made_up}".strip()


def unlike(legacy: str, erpnext: str) -> Iterator[Unlike]:
	"""What is not the same of two invoices' lines: each line that differs, else their order."""
	meant, there = _by_id(legacy), _by_id(erpnext)
	differing = [id_ for id_ in meant | there if meant.get(id_) != there.get(id_)]
	for id_ in differing:
		yield Unlike(f"line {id_}", *(_in_words(side.get(id_)) for side in (meant, there)))
	if not differing:
		yield Unlike("order of lines", " ".join(meant), " ".join(there))


def _by_id(lines: str) -> dict[str, str]:
	parts = (line.partition(",") for line in lines.split())
	return {id_: rest for id_, _, rest in parts}


def _in_words(line: str | None) -> str:
	if line is None:
		return "is not there"
	product, quantity, amount, place = line.split(",")
	numbers = " · ".join(told(Decimal(number)) for number in (quantity, amount))
	return f"product {product} · {numbers} · place {place or 'none'}"
