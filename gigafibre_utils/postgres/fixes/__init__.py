"""The fixes, in one file for each part of Frappe and ERPNext that needs them."""

from gigafibre_utils.postgres.fix import Fixes
from gigafibre_utils.postgres.fixes import accounts, framework, reports, search, stock

FIXES = Fixes((*framework.FIXES, *search.FIXES, *accounts.FIXES, *reports.FIXES, *stock.FIXES))
