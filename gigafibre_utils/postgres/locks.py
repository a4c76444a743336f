"""What MariaDB's locking reads keep out of the gaps between rows, and PostgreSQL's do not."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import frappe

STOCK_LEDGER = "Stock Ledger Entry"


def lock_stock(entries: Iterable[Mapping[str, Any]]) -> None:
	"""Let nobody else post the items of these entries in their warehouses until the transaction ends.

	Each new entry of the stock ledger continues the one before it. Without the lock two parallel submits
	continue the same one. All who wait take their locks in one order, so that none waits for another's.
	"""
	places = [f"{entry['item_code']}\n{entry['warehouse']}" for entry in entries]
	frappe.db.sql(
		"""SELECT pg_advisory_xact_lock(hashtext(%s), place)
		FROM (
			SELECT DISTINCT hashtext(value) AS place FROM json_array_elements_text(%s) ORDER BY place
		) places""",
		(STOCK_LEDGER, json.dumps(places)),
	)
