#!/usr/bin/env python3
"""Credit notes tied to the invoices that they reverse.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "fix_reversals", "--no-reconcile", *sys.argv[1:]])
