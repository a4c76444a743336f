#!/usr/bin/env python3
"""A customer's or a period's payments out and in again.

See `gigafibre migrate reimport-payments --help`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["reimport-payments", *sys.argv[1:]])
