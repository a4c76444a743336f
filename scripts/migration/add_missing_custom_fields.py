#!/usr/bin/env python3
"""Our fields on ERPNext's DocTypes, on a site that lacks them.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("add_missing_custom_fields", __doc__)
