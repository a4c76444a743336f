#!/usr/bin/env python3
"""Payments with what they pay and their ledger entries.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("import_payments", __doc__)
