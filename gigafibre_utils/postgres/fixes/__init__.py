"""The fixes, in one file for each part of Frappe and ERPNext that needs them."""

from gigafibre_utils.postgres.fix import Fixes
from gigafibre_utils.postgres.fixes import accounts, bank, framework, reports, search, selling, stock

FIXES = Fixes(
	(
		*framework.FIXES,
		*search.FIXES,
		*accounts.FIXES,
		*bank.FIXES,
		*reports.FIXES,
		*selling.FIXES,
		*stock.FIXES,
	)
)
