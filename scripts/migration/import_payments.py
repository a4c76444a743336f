#!/usr/bin/env python3
"""Payments with what they pay and their ledger entries.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "import_payments", "--no-reconcile", *sys.argv[1:]])
