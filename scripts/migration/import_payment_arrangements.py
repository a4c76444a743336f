#!/usr/bin/env python3
"""Payment arrangements with their instalments.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("import_payment_arrangements", __doc__)
