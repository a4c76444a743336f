#!/usr/bin/env python3
"""Products as Items, in both languages, with the income account of their category.

One step of `gigafibre migrate run`, as a run of its own.
"""

from gigafibre_utils.migration.command import script

script("import_items", __doc__)
