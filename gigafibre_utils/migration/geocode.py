"""Coordinates of Service Locations that have none, from Mapbox's Geocoding API v6.

What was asked is kept in `gigafibre_migration.geocoded`, the answer as it came: an address is paid for once,
whoever lives there and however often a run is ended and begun anew. Mapbox allows that for answers that were
asked for as permanent ones alone, which needs a credit card or a contract on the account of the token.

An answer is taken where Mapbox is sure of it (`exact`, or `high`: one part of the address, never the house
number or the province, was corrected). `medium` is not: two parts may differ, and a village's rue Principale
is then easily another village's. A technician who is sent nowhere asks; one who is sent wrong drives.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from psycopg2.extensions import connection as Connection

from gigafibre_utils.errors import InvalidInput, ServiceUnavailable
from gigafibre_utils.migration.single import Single, Work
from gigafibre_utils.migration.target import rows

ENDPOINT = "https://api.mapbox.com"
PATH = "/search/geocode/v6/forward"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
TIMEOUT_SECONDS = 10
TRIES = 6
BACKOFF_SECONDS = 1
LONGEST_WAIT = 120
"""Seconds that Mapbox may ask to be left alone for; after more the run is better begun again."""

CHECKPOINT = 20
"""Answers between two commits: what a killed run asks for again at most."""

REFUSED = "refused"
"""The accuracy of an address that Mapbox does not take as a question; a later run asks again."""

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
_TIDY = "trim(regexp_replace(coalesce({}, ''), '[\\s\\u00a0;]+', ' ', 'g'))"
# However an address is written in capitals and blanks, it is one. Without a street, or without anything that
# says where that lies, there is nothing to ask for.
_UNPLACED = f"""
	SELECT place.name, legacy_delivery_id, latitude, longitude, address.*,
		CASE WHEN street <> '' AND (address.city <> '' OR postcode <> '')
			THEN lower(concat_ws(', ', street, address.city, region, postcode))
		END AS query
	FROM public."tabService Location" place
	CROSS JOIN LATERAL (
		SELECT {_TIDY.format("address_line1")} AS street, {_TIDY.format("city")} AS city,
			{_TIDY.format("state")} AS region,
			regexp_replace(upper(replace({_TIDY.format("pincode")}, ' ', '')), '^(...)(...)$', '\\1 \\2')
				AS postcode
	) address
	WHERE disabled = 0 AND (coalesce(latitude, 0) = 0 OR coalesce(longitude, 0) = 0)
"""
_TO_ASK = f"""
	SELECT DISTINCT ON (query) query, street, city, region, postcode
	FROM ({_UNPLACED}) unplaced
	WHERE query IS NOT NULL AND NOT EXISTS (
		SELECT FROM gigafibre_migration.geocoded known
		WHERE known.query = unplaced.query AND known.accuracy IS DISTINCT FROM '{REFUSED}'
	)
	ORDER BY query, street, city
"""
_KEEP = """
	INSERT INTO gigafibre_migration.geocoded (query, latitude, longitude, accuracy, confidence)
	VALUES (%s, %s, %s, %s, %s)
	ON CONFLICT (query) DO UPDATE SET latitude = excluded.latitude, longitude = excluded.longitude,
		accuracy = excluded.accuracy, confidence = excluded.confidence, found_at = now()
"""
_JUDGE = f"""
	CREATE TEMP TABLE judged_place ON COMMIT DROP AS
	SELECT unplaced.*, known.latitude AS new_latitude, known.longitude AS new_longitude, accuracy, confidence,
		CASE
			WHEN unplaced.query IS NULL THEN 'no_address'
			WHEN known.latitude IS NULL THEN 'not_found'
			WHEN confidence IN ('exact', 'high') AND accuracy IS DISTINCT FROM 'approximate' THEN 'found'
			ELSE 'too_vague'
		END AS outcome
	FROM ({_UNPLACED}) unplaced
	LEFT JOIN gigafibre_migration.geocoded known ON known.query = unplaced.query
"""
_PLACE = """
	INSERT INTO gigafibre_migration.changed (doctype, name, field, old_value, new_value)
	SELECT 'Service Location', name, field, old_value::text, new_value::text
	FROM judged_place
	CROSS JOIN LATERAL (
		VALUES ('latitude', latitude, new_latitude), ('longitude', longitude, new_longitude)
	) AS change (field, old_value, new_value)
	WHERE outcome = 'found'
	ORDER BY name, field;

	UPDATE public."tabService Location" place SET latitude = new_latitude, longitude = new_longitude
	FROM judged_place WHERE judged_place.name = place.name AND outcome = 'found';

	-- A place that staff made has no legacy id: it is numbered.
	INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail, legacy_row)
	SELECT 'Rejected',
		CASE WHEN is_legacy THEN 'delivery' ELSE 'Service Location' END,
		CASE WHEN is_legacy THEN legacy_delivery_id::bigint ELSE row_number() OVER (ORDER BY name) END,
		outcome,
		CASE
			WHEN outcome = 'no_address' THEN
				'It has no street, or neither a city nor a postal code: Mapbox was not asked.'
			WHEN outcome = 'too_vague' THEN
				'Mapbox''s best guess is of confidence ' || coalesce(confidence, 'unknown') || '.'
			WHEN accuracy IS NULL THEN 'Mapbox knows no such address.'
			ELSE 'Mapbox does not take the address as it is written.'
		END,
		jsonb_build_object(
			'name', name, 'street', street, 'city', city, 'region', region, 'postcode', postcode
		)
	FROM judged_place
	CROSS JOIN LATERAL (SELECT coalesce(legacy_delivery_id, '') ~ '^[0-9]{1,18}$' AS is_legacy) kind
	WHERE outcome <> 'found'
	ORDER BY name;
"""
_COUNT = "SELECT count(*), count(*) FILTER (WHERE outcome = 'found') FROM judged_place"


@dataclass(frozen=True)
class Geocoded:
	"""How many places had no coordinates, how many addresses were asked for, how many places were found."""

	places: int
	asked: int
	found: int


@dataclass(frozen=True)
class Address:
	"""Where a place is, in Mapbox's words."""

	address_line1: str
	place: str
	region: str
	postcode: str


@dataclass(frozen=True)
class Answer:
	"""What Mapbox says of an address; nothing where it knows none."""

	latitude: Decimal | None = None
	longitude: Decimal | None = None
	accuracy: str | None = None
	confidence: str | None = None


def places(token: str, endpoint: str = ENDPOINT, per_second: int = 10) -> Single:
	"""Looking all of them up, with what was found kept on the way."""

	def work(work: Work) -> int:
		return locations(work.connection, token, endpoint, per_second, work.progress, work.commit).places

	return Single("geocode_locations", "Mapbox", work, check=lambda _: Mapbox(token, endpoint, per_second))


def locations(
	connection: Connection,
	token: str,
	endpoint: str = ENDPOINT,
	per_second: int = 10,
	progress: Callable[[int], None] | None = None,
	commit: Callable[[], None] | None = None,
) -> Geocoded:
	"""Give coordinates to the Service Locations that have none, in a step's transaction.

	`commit` is called every few answers, so that they are kept, and before an error goes out; it leaves a
	transaction that is set up as a step's. `progress` is told how many addresses were asked for. Raises
	InvalidInput where Mapbox refuses the token, ServiceUnavailable where it does not answer: the same call
	goes on from there.
	"""
	mapbox = Mapbox(token, endpoint, per_second)
	with connection.cursor() as cursor:
		cursor.execute(_TABLE)
	asked = _look_up(connection, mapbox, progress or (lambda count: None), commit or (lambda: None))
	with connection.cursor() as cursor:
		cursor.execute(_JUDGE)
		cursor.execute(_PLACE)
	((places, found),) = rows(connection, _COUNT)
	return Geocoded(places, asked, found)


def _look_up(
	connection: Connection, mapbox: "Mapbox", progress: Callable[[int], None], commit: Callable[[], None]
) -> int:
	"""Ask for every address that is not known, and keep the answers; gives how many were asked for."""
	unknown = rows(connection, _TO_ASK)
	try:
		for number, (query, *parts) in enumerate(unknown, 1):
			answer = mapbox.find(Address(*parts))
			with connection.cursor() as cursor:
				cursor.execute(_KEEP, [query, *astuple(answer)])
			progress(number)
			if number % CHECKPOINT == 0:
				commit()
	except (InvalidInput, ServiceUnavailable):
		commit()
		raise
	commit()
	return len(unknown)


class Mapbox:
	"""Mapbox's forward geocoding, asked no more often than `per_second`."""

	def __init__(self, token: str, endpoint: str = ENDPOINT, per_second: int = 10):
		if not token.strip():
			raise InvalidInput("Mapbox's access token is missing.")
		if not _is_safe(endpoint):
			raise InvalidInput("The address of Mapbox's API must begin with https://.")
		if per_second < 1:
			raise InvalidInput("Mapbox must be asked at least once a second.")
		self._url = endpoint.rstrip("/") + PATH
		self._token = token.strip()
		self._interval = 1 / per_second
		self._turn = 0.0
		self._session = requests.Session()

	def find(self, address: Address) -> Answer:
		"""Where an address of Canada is. Raises InvalidInput for the token, ServiceUnavailable."""
		response = self._answered(address)
		status = response.status_code
		if status in (401, 403):
			needed = "one without URL restrictions, of an account that may store results"
			raise InvalidInput(f"Mapbox refuses the access token (HTTP status {status}): it takes {needed}.")
		if status == 422:
			return Answer(accuracy=REFUSED)
		if status != 200:
			raise ServiceUnavailable(
				f"Mapbox answers with HTTP status {status}: is the address of its API right?"
			)
		try:
			return _read(response.json(parse_float=Decimal))
		except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
			raise ServiceUnavailable("Mapbox's answer is none of its Geocoding API v6.") from None

	def _answered(self, address: Address) -> requests.Response:
		"""What came back that is no passing fault. Its errors never hold the address that was asked."""
		told = ""
		for attempt in range(TRIES):
			self._wait_for_turn()
			try:
				response = self._session.get(
					self._url, params=self._question(address), timeout=TIMEOUT_SECONDS, allow_redirects=False
				)
			except requests.RequestException as error:
				told, wait = f"does not answer ({type(error).__name__})", BACKOFF_SECONDS * 2**attempt
			else:
				if response.status_code != 429 and response.status_code < 500:
					return response
				told = f"answers with HTTP status {response.status_code}"
				wait = _asked_to_wait(response, BACKOFF_SECONDS * 2**attempt)
			if wait > LONGEST_WAIT:
				told += f" and asks to wait {wait:.0f} seconds"
				break
			if attempt < TRIES - 1:
				time.sleep(wait)
		raise ServiceUnavailable(f"Mapbox {told}. What it found is kept; the same command goes on from here.")

	def _question(self, address: Address) -> dict[str, Any]:
		named = {part.name: getattr(address, part.name) for part in fields(address)}
		return {name: value for name, value in named.items() if value} | {
			"country": "ca",
			"types": "address",
			"language": "fr",
			"limit": 1,
			"autocomplete": "false",
			"permanent": "true",
			"access_token": self._token,
		}

	def _wait_for_turn(self) -> None:
		now = time.monotonic()
		if now < self._turn:
			time.sleep(self._turn - now)
		self._turn = max(now, self._turn) + self._interval


def _is_safe(endpoint: str) -> bool:
	"""Whether it is an address, and one that nobody on the way reads the token of."""
	try:
		parts = urlsplit(endpoint)
		is_address = bool(parts.hostname) and parts.port != 0
	except ValueError:
		return False
	return is_address and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def _read(answer: dict[str, Any]) -> Answer:
	if not answer["features"]:
		return Answer()
	found = answer["features"][0]["properties"]
	at = found["coordinates"]
	latitude, longitude = Decimal(at["latitude"]), Decimal(at["longitude"])
	if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
		raise ValueError("that is nowhere")
	match = found.get("match_code", {})
	return Answer(latitude, longitude, at.get("accuracy"), match.get("confidence"))


def _asked_to_wait(response: requests.Response, otherwise: float) -> float:
	"""Seconds that a refusal asks to wait: `Retry-After`, or Mapbox's own end of the interval."""
	asked = response.headers.get("Retry-After", "")
	if asked.isdecimal():
		return float(asked)
	reset = response.headers.get("X-Rate-Limit-Reset", "")
	if not asked and not reset.isdecimal():
		return otherwise
	try:
		until = parsedate_to_datetime(asked) if asked else datetime.fromtimestamp(int(reset), UTC)
		return max(0.0, (until - datetime.now(UTC)).total_seconds())
	except (ValueError, TypeError, OverflowError):
		return otherwise
