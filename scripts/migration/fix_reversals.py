#!/usr/bin/env python3
"""Credit notes tied to the invoices that they reverse.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("fix_reversals", __doc__)
