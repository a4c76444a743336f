#!/usr/bin/env python3
"""The customers' stored payment methods.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("import_payment_methods", __doc__)
