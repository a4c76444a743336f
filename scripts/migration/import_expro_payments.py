#!/usr/bin/env python3
"""Payments of an acquired company from a CSV: date, account number, amount, method, reference.

See `gigafibre migrate import-expro-payments --help`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["import-expro-payments", *sys.argv[1:]])
