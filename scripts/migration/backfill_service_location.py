#!/usr/bin/env python3
"""The Service Location of invoice lines that lack it.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("backfill_service_location", __doc__)
