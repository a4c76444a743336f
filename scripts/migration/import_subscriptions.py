#!/usr/bin/env python3
"""Services as Subscriptions with their plans.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("import_subscriptions", __doc__)
