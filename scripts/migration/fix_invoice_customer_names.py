#!/usr/bin/env python3
"""The customers' names on migrated invoices, as the customers are called now.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("fix_invoice_customer_names", __doc__)
