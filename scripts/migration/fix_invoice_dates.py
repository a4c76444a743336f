#!/usr/bin/env python3
"""Dates of migrated invoices put back to the legacy ones.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "fix_invoice_dates", "--no-reconcile", *sys.argv[1:]])
