#!/usr/bin/env python3
"""Dates of migrated invoices put back to the legacy ones.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("fix_invoice_dates", __doc__)
