#!/usr/bin/env python3
"""Our fields on ERPNext's DocTypes, on a site that lacks them.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "add_missing_custom_fields", "--no-reconcile", *sys.argv[1:]])
