#!/usr/bin/env python3
"""Customers with their addresses and contacts.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("import_customers", __doc__)
