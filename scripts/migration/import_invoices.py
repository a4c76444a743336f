#!/usr/bin/env python3
"""Invoices with their lines, taxes and ledger entries.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("import_invoices", __doc__)
