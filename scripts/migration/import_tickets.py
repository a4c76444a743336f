#!/usr/bin/env python3
"""Tickets as Issues with their Communications.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "import_tickets", "--no-reconcile", *sys.argv[1:]])
