#!/usr/bin/env python3
"""Invoices with their lines, taxes and ledger entries.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "import_invoices", "--no-reconcile", *sys.argv[1:]])
