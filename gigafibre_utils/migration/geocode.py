"""Coordinates of Service Locations that have none, from Mapbox's Geocoding API v6.

What was asked is kept in `gigafibre_migration.geocoded`, the answer as it came: an address is paid for once,
whoever lives there and however often a run is ended and begun anew. Mapbox allows that for answers that were
asked for as permanent ones alone, which needs a credit card or a contract on the account of the token.

An answer is taken where Mapbox is sure of it (`exact`, or `high`: one part of the address, never the house
number or the province, was corrected). `medium` is not: two parts may differ, and a village's rue Principale
is then easily another village's. A technician who is sent nowhere asks; one who is sent wrong drives.
"""

import logging

ENDPOINT = "https://api.mapbox.com"
PATH = "/search/geocode/v6/forward"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TIMEOUT_SECONDS = 10
TRIES = 6
LONGEST_WAIT = 120
"""Seconds that Mapbox may ask to be left alone for; after more the run is better begun again."""

CHECKPOINT = 20
"""Answers between two commits: what a killed run asks for again at most."""

REFUSED = "refused"
"""The accuracy of an address that Mapbox does not take as a question; it is asked for again in a later run."""

# The token is a part of the address, which urllib3 writes down where somebody listens.
logging.getLogger("urllib3.connectionpool").addFilter(
	lambda record: "access_token" not in record.getMessage()
)

_TABLE = """
	CREATE TABLE IF NOT EXISTS gigafibre_migration.geocoded (
		query text PRIMARY KEY,
		latitude numeric(21,7),
		longitude numeric(21,7),
		accuracy text,
		confidence text,
		found_at timestamptz NOT NULL DEFAULT now()
	)
"""
# The same words in the same order are one address, however they are written. Without a street, or without
# anything that says where it lies, there is nothing to ask for.
_PLACES = """
	CREATE TEMP TABLE unplaced ON COMMIT DROP AS
	SELECT place.name, legacy_delivery_id, latitude, longitude, street, city, region, postcode,
		CASE WHEN street <> '' AND (city <> '' OR postcode <> '')
			THEN lower(concat_ws(', ', street, city, region, postcode))
		END AS query
	FROM public."tabService Location" place
	CROSS JOIN LATERAL (
		SELECT tidy(address_line1) AS street, tidy(city) AS city, tidy(state) AS region,
			upper(replace(tidy(pincode), ' ', '')) AS postcode
	) address
	WHERE coalesce(latitude, 0) = 0 OR coalesce(longitude, 0) = 0
"""
