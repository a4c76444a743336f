#!/usr/bin/env python3
"""Outstanding amounts and statuses of migrated invoices, from the ledger.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "fix_invoice_outstanding", "--no-reconcile", *sys.argv[1:]])
