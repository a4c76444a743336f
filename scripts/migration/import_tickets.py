#!/usr/bin/env python3
"""Tickets as Issues with their Communications.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("import_tickets", __doc__)
