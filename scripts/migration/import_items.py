#!/usr/bin/env python3
"""Products as Items, in both languages, with the income account of their category.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "import_items", "--no-reconcile", *sys.argv[1:]])
