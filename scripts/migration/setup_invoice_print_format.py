#!/usr/bin/env python3
"""Sales Invoices print as Facture TARGO by default.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("setup_invoice_print_format", __doc__)
