#!/usr/bin/env python3
"""The Service Location of invoice lines that lack it.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "backfill_service_location", "--no-reconcile", *sys.argv[1:]])
