#!/usr/bin/env python3
"""Customers with their addresses and contacts.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "import_customers", "--no-reconcile", *sys.argv[1:]])
