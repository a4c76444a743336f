#!/usr/bin/env python3
"""Both sides compared to the cent; exit status 1 when a difference is unexplained.

See `gigafibre migrate reconcile --help`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["reconcile", *sys.argv[1:]])
