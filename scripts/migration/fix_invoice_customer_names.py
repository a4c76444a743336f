#!/usr/bin/env python3
"""The customers' names on migrated invoices, as the customers are called now.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "fix_invoice_customer_names", "--no-reconcile", *sys.argv[1:]])
