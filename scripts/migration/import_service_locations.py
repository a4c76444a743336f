#!/usr/bin/env python3
"""The places that service is delivered to.

Takes the options of `gigafibre migrate run`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["run", "--only", "import_service_locations", "--no-reconcile", *sys.argv[1:]])
