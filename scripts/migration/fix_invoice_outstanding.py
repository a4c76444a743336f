#!/usr/bin/env python3
"""Outstanding amounts and statuses of migrated invoices, from the ledger.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("fix_invoice_outstanding", __doc__)
