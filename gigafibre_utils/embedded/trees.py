"""The trees of a new ERPNext site, as far as the sample company needs them, with the places of their nodes.

ERPNext: `verified/standard_chart_of_accounts.py`, `setup_wizard/operations/install_fixtures.py`; Frappe:
`frappe.utils.nestedset.rebuild_node`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

Tree = dict[str, "Tree"]

ACCOUNTS: Tree = {
	"Application of Funds (Assets)": {
		"Current Assets": {
			"Accounts Receivable": {"Debtors": {}},
			"Bank Accounts": {"Bank": {}, "Stripe": {}},
			"Cash In Hand": {"Cash": {}},
		}
	},
	"Expenses": {"Indirect Expenses": {"Round Off": {}, "Write Off": {}}},
	"Income": {"Direct Income": {"Sales": {}}},
	"Source of Funds (Liabilities)": {"Current Liabilities": {"Duties and Taxes": {"TPS": {}, "TVQ": {}}}},
}
BALANCE_SHEET, PROFIT_AND_LOSS = "Balance Sheet", "Profit and Loss"
# Root type and report type, by the root that an account lies under.
SIDES = {
	"Application of Funds (Assets)": ("Asset", BALANCE_SHEET),
	"Expenses": ("Expense", PROFIT_AND_LOSS),
	"Income": ("Income", PROFIT_AND_LOSS),
	"Source of Funds (Liabilities)": ("Liability", BALANCE_SHEET),
}
ACCOUNT_TYPES = {
	"Debtors": "Receivable",
	"Bank Accounts": "Bank",
	"Bank": "Bank",
	"Stripe": "Bank",
	"Cash In Hand": "Cash",
	"Cash": "Cash",
	"Round Off": "Round Off",
	"Sales": "Income Account",
	"Duties and Taxes": "Tax",
	"TPS": "Tax",
	"TVQ": "Tax",
}
GROUPS: dict[str, Tree] = {
	"Customer Group": {"All Customer Groups": {"Commercial": {}, "Individual": {}}},
	"Item Group": {"All Item Groups": {"Products": {}, "Services": {}}},
	"Territory": {"All Territories": {"Canada": {}, "Rest Of The World": {}}},
}


@dataclass(frozen=True)
class Node:
	"""A node, and the two numbers between which everything below it lies."""

	title: str
	parent: str | None
	root: str
	is_group: bool
	lft: int
	rgt: int


def nodes(tree: Tree) -> Iterator[Node]:
	"""The nodes of a tree, each after those below it."""
	return _below(tree, None, None, count(1))


def _below(tree: Tree, parent: str | None, root: str | None, places: Iterator[int]) -> Iterator[Node]:
	for title, branch in tree.items():
		lft = next(places)
		yield from _below(branch, title, root or title, places)
		yield Node(title, parent, root or title, bool(branch), lft, next(places))
