#!/usr/bin/env python3
"""Services as Subscriptions with their plans.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "import_subscriptions", "--no-reconcile", *sys.argv[1:]])
