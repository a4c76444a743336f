#!/usr/bin/env python3
"""Coordinates of Service Locations from Mapbox; goes on where it was ended.

See `gigafibre migrate geocode-locations --help`.
"""

import sys

from gigafibre_utils.migration.command import migrate

migrate(["geocode-locations", *sys.argv[1:]])
