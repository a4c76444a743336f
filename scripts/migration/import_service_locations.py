#!/usr/bin/env python3
"""The places that service is delivered to.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("import_service_locations", __doc__)
