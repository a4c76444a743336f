#!/usr/bin/env python3
"""Sales Invoices print as Facture TARGO by default.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "setup_invoice_print_format", "--no-reconcile", *sys.argv[1:]])
