#!/usr/bin/env python3
"""Payment arrangements with their instalments.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "import_payment_arrangements", "--no-reconcile", *sys.argv[1:]])
