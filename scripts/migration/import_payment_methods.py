#!/usr/bin/env python3
"""The customers' stored payment methods.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "import_payment_methods", "--no-reconcile", *sys.argv[1:]])
