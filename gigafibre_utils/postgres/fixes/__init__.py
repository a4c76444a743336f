"""The fixes, in one file for each part of Frappe and ERPNext that needs them."""

from gigafibre_utils.postgres.fix import Fixes
from gigafibre_utils.postgres.fixes import (
	accounts,
	bank,
	buying,
	framework,
	others,
	reports,
	search,
	selling,
	stock,
	wordings,
)

FIXES = Fixes(
	(
		*framework.FIXES,
		*search.FIXES,
		*accounts.FIXES,
		*bank.FIXES,
		*reports.FIXES,
		*selling.FIXES,
		*stock.FIXES,
		*buying.FIXES,
		*others.FIXES,
		*wordings.FIXES,
	)
)
