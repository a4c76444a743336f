"""What MariaDB's locking reads keep out of the gaps between rows, and PostgreSQL's do not."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import frappe

STOCK_LEDGER, PICK_LIST = "Stock Ledger Entry", "Pick List"


def lock_stock(entries: Iterable[Mapping[str, Any]]) -> None:
	"""Let nobody else post the items of these entries in their warehouses until the transaction ends.

	Each new entry of the stock ledger continues the one before it. Without the lock two parallel submits
	continue the same one. The locks of one call are taken in one order, so that no two submits wait for each
	other's. A repost calls for each item as it comes to it, in an order of its own: where it and a submit
	wait for each other, PostgreSQL ends one of them, and a repost that ended so is taken up again.
	"""
	_lock(STOCK_LEDGER, [f"{entry['item_code']}\n{entry['warehouse']}" for entry in entries])


def lock_picking(lines: Iterable[str]) -> None:
	"""Let nobody else count what was picked for these lines of orders until the transaction ends.

	Without the lock two pick lists that are submitted at once are each within what was ordered, and both
	together beyond it.
	"""
	_lock(PICK_LIST, lines)


def _lock(what: str, which: Iterable[str]) -> None:
	frappe.db.sql(
		"""SELECT pg_advisory_xact_lock(hashtext(%s), place)
		FROM (
			SELECT DISTINCT hashtext(value) AS place FROM json_array_elements_text(%s) ORDER BY place
		) places""",
		(what, json.dumps(list(which))),
	)
