"""Coordinates from Mapbox: which are taken, that none is asked for twice, and what its refusals lead to."""

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from functools import partial

import pytest

from gigafibre_utils.errors import GigafibreError, InvalidInput, ServiceUnavailable
from gigafibre_utils.migration import geocode
from gigafibre_utils.migration.geocode import Address, Geocoded, Mapbox
from gigafibre_utils.migration.target import run_file
from tests.doubles.mapbox import TOKEN, Known, MapboxDouble, served
from tests.migration.by_hand import Migrated
from tests.migration.one_step import begin, checkpoint, run, undone

FAST = 1000
CHURCH = "12, rue de l'Église"
MILL = "9 rang du Moulin"


@pytest.fixture
def mapbox() -> Iterator[MapboxDouble]:
	with served() as double:
		yield double


def add(fresh: Migrated, name: str, street: str | None, city: str | None = "Laval", **values: object) -> None:
	values = {"state": "QC", "pincode": "h7a1a1", "legacy_delivery_id": name[3:].lstrip("0"), **values}
	values |= {"name": name, "address_line1": street, "city": city}
	with fresh.connection.cursor() as cursor:
		columns, places = ", ".join(values), ", ".join(["%s"] * len(values))
		cursor.execute(
			f'INSERT INTO public."tabService Location" ({columns}) VALUES ({places})', list(values.values())
		)
	fresh.connection.commit()


def at(fresh: Migrated, name: str) -> tuple[Decimal, Decimal]:
	row = fresh.row("Service Location", name)
	return row["latitude"], row["longitude"]


def located(fresh: Migrated, mapbox: MapboxDouble, token: str = TOKEN) -> tuple[Geocoded, list[tuple]]:
	return run(
		fresh,
		geocode.locations,
		token,
		mapbox.url,
		per_second=FAST,
		commit=partial(checkpoint, fresh.connection),
	)


def test_a_place_gets_its_coordinates(fresh: Migrated, mapbox: MapboxDouble):
	add(fresh, "SL-0000001", CHURCH)
	mapbox.known[CHURCH] = Known(45.6066487, -73.7124043)
	assert located(fresh, mapbox) == (Geocoded(places=1, asked=1, found=1), [])
	assert at(fresh, "SL-0000001") == (Decimal("45.6066487"), Decimal("-73.7124043"))


def test_mapbox_is_asked_for_what_may_be_kept_in_parts(fresh: Migrated, mapbox: MapboxDouble):
	add(fresh, "SL-0000001", "12,  rue de\u00a0l'Église;", address_line2="app. 3")
	located(fresh, mapbox)
	(asked,) = mapbox.asked
	assert asked == {
		"address_line1": CHURCH,
		"place": "Laval",
		"region": "QC",
		"postcode": "H7A 1A1",
		"country": "ca",
		"types": "address",
		"language": "fr",
		"limit": "1",
		"autocomplete": "false",
		"permanent": "true",
		"access_token": TOKEN,
	}


@pytest.mark.parametrize(
	("confidence", "accuracy", "is_taken"),
	[
		("exact", "rooftop", True),
		("high", "parcel", True),
		("high", "interpolated", True),
		("exact", "approximate", False),
		("medium", "rooftop", False),
		("low", "rooftop", False),
		(None, "point", False),
	],
)
def test_only_what_mapbox_is_sure_of_is_taken(
	confidence: str | None, accuracy: str, is_taken: bool, fresh: Migrated, mapbox: MapboxDouble
):
	add(fresh, "SL-0000001", CHURCH)
	mapbox.known[CHURCH] = Known(45.5, -73.5, confidence, accuracy)
	counts, findings = located(fresh, mapbox)
	assert counts.found == int(is_taken)
	assert findings == ([] if is_taken else [("Rejected", "delivery", 1, "too_vague")])
	assert at(fresh, "SL-0000001") == ((Decimal("45.5"), Decimal("-73.5")) if is_taken else (0, 0))


def test_what_is_not_found_is_told_place_by_place(fresh: Migrated, mapbox: MapboxDouble):
	add(fresh, "SL-0000001", CHURCH)
	add(fresh, "SL-0000002", None)
	add(fresh, "SL-0000003", CHURCH, city=None, pincode=None)
	add(fresh, "SL-0000004", " ".join(["mot"] * 30))
	add(fresh, "Fait à la main", MILL, legacy_delivery_id=None)
	add(fresh, "Fait à la main 2", MILL, legacy_delivery_id=None)
	counts, findings = located(fresh, mapbox)
	assert counts == Geocoded(places=6, asked=3, found=0)
	assert findings == [
		("Rejected", "Service Location", 1, "not_found"),
		("Rejected", "Service Location", 2, "not_found"),
		("Rejected", "delivery", 1, "not_found"),
		("Rejected", "delivery", 2, "no_address"),
		("Rejected", "delivery", 3, "no_address"),
		("Rejected", "delivery", 4, "not_found"),
	]


def test_coordinates_that_are_there_stay(fresh: Migrated, mapbox: MapboxDouble):
	add(fresh, "SL-0000001", CHURCH, latitude="46.1", longitude="-72.1")
	assert located(fresh, mapbox) == (Geocoded(0, 0, 0), [])
	assert mapbox.requests == 0
	assert at(fresh, "SL-0000001") == (Decimal("46.1"), Decimal("-72.1"))


def test_half_a_pair_is_none(fresh: Migrated, mapbox: MapboxDouble):
	add(fresh, "SL-0000001", CHURCH, latitude="46.1")
	mapbox.known[CHURCH] = Known(45.5, -73.5)
	located(fresh, mapbox)
	assert at(fresh, "SL-0000001") == (Decimal("45.5"), Decimal("-73.5"))


def test_one_address_is_asked_for_once_whoever_lives_there(fresh: Migrated, mapbox: MapboxDouble):
	add(fresh, "SL-0000001", CHURCH)
	add(fresh, "SL-0000002", "12, RUE DE  L'ÉGLISE", pincode="H7A 1A1")
	mapbox.known[CHURCH] = mapbox.known["12, RUE DE L'ÉGLISE"] = Known(45.5, -73.5)
	assert located(fresh, mapbox)[0] == Geocoded(places=2, asked=1, found=2)
	assert at(fresh, "SL-0000001") == at(fresh, "SL-0000002") == (Decimal("45.5"), Decimal("-73.5"))


def test_a_second_run_asks_nothing_and_tells_the_same(fresh: Migrated, mapbox: MapboxDouble):
	add(fresh, "SL-0000001", CHURCH)
	add(fresh, "SL-0000002", MILL)
	mapbox.known[MILL] = Known(45.5, -73.5)
	_, findings = located(fresh, mapbox)
	sums, asked = fresh.checksum(), mapbox.requests
	assert located(fresh, mapbox) == (Geocoded(places=1, asked=0, found=0), findings)
	assert (fresh.checksum(), mapbox.requests) == (sums, asked)


def test_a_run_that_was_ended_goes_on_and_asks_nothing_again(fresh: Migrated, mapbox: MapboxDouble):
	for number in range(1, geocode.CHECKPOINT + 6):
		add(fresh, f"SL-{number:07d}", f"{number} rue Principale")
		mapbox.known[f"{number} rue Principale"] = Known(45 + number / 100, -73.5)

	class Killed(Exception):
		pass

	def kill(count: int) -> None:
		if count == geocode.CHECKPOINT + 1:
			raise Killed

	step = partial(geocode.locations, token=TOKEN, endpoint=mapbox.url, per_second=FAST)
	with pytest.raises(Killed):
		run(fresh, step, progress=kill, commit=partial(checkpoint, fresh.connection))
	assert len(mapbox.asked) == geocode.CHECKPOINT + 1
	counts, findings = located(fresh, mapbox)
	assert counts == Geocoded(places=geocode.CHECKPOINT + 5, asked=5, found=geocode.CHECKPOINT + 5)
	assert findings == []


def test_what_was_found_before_mapbox_went_away_is_kept(
	fresh: Migrated, mapbox: MapboxDouble, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(geocode, "BACKOFF_SECONDS", 0)
	add(fresh, "SL-0000001", "1 rue Principale")
	add(fresh, "SL-0000002", "2 rue Principale")
	with pytest.raises(ServiceUnavailable, match="HTTP status 503"):
		run(
			fresh,
			geocode.locations,
			TOKEN,
			mapbox.url,
			per_second=FAST,
			progress=lambda count: mapbox.refusals.extend([(503, {})] * geocode.TRIES),
			commit=partial(checkpoint, fresh.connection),
		)
	assert len(mapbox.asked) == 1
	assert located(fresh, mapbox)[0].asked == 1


def test_without_checkpoints_nothing_is_kept(fresh: Migrated, mapbox: MapboxDouble):
	add(fresh, "SL-0000001", CHURCH)
	mapbox.known[CHURCH] = Known(45.5, -73.5)
	before = fresh.checksum()
	with fresh.connection.cursor() as cursor:
		run_file(cursor, "000_schema.sql")
	fresh.connection.commit()
	begin(fresh.connection)
	assert geocode.locations(fresh.connection, TOKEN, mapbox.url, FAST).found == 1
	fresh.connection.rollback()
	assert fresh.checksum() == before


def test_undo_gives_the_old_values_back(fresh: Migrated, mapbox: MapboxDouble):
	add(fresh, "SL-0000001", CHURCH, latitude="46.1")
	before = fresh.checksum()
	mapbox.known[CHURCH] = Known(45.60664871, -73.5)
	located(fresh, mapbox)
	assert fresh.checksum() != before
	undone(fresh)
	assert fresh.checksum() == before


def test_mapbox_is_not_asked_faster_than_allowed(mapbox: MapboxDouble):
	asking = Mapbox(TOKEN, mapbox.url, per_second=20)
	began = time.monotonic()
	for number in range(5):
		asking.find(Address(f"{number} rue Principale", "Laval", "QC", ""))
	assert time.monotonic() - began >= 4 / 20


@pytest.mark.parametrize(
	"header",
	[
		lambda until: {"Retry-After": "1"},
		lambda until: {"Retry-After": format_datetime(until, usegmt=True)},
		lambda until: {"X-Rate-Limit-Reset": str(int(until.timestamp()))},
	],
	ids=["seconds", "date", "mapbox"],
)
def test_mapbox_is_left_alone_as_long_as_it_asks(header, mapbox: MapboxDouble):
	mapbox.known[CHURCH] = Known(45.5, -73.5)
	mapbox.refusals = [(429, header(datetime.now(UTC) + timedelta(seconds=2)))]
	began = time.monotonic()
	assert Mapbox(TOKEN, mapbox.url, FAST).find(Address(CHURCH, "Laval", "QC", "")).confidence == "exact"
	assert 0.9 <= time.monotonic() - began < 5
	assert mapbox.requests == 2


def test_a_wait_that_is_too_long_ends_it(mapbox: MapboxDouble):
	mapbox.refusals = [(429, {"Retry-After": "3600"})]
	with pytest.raises(ServiceUnavailable, match="asks to wait 3600 seconds"):
		Mapbox(TOKEN, mapbox.url, FAST).find(Address(CHURCH, "", "", ""))
	assert mapbox.requests == 1


def test_a_fault_that_passes_does_no_harm_and_one_that_stays_is_told(
	mapbox: MapboxDouble, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(geocode, "BACKOFF_SECONDS", 0.01)
	asking = Mapbox(TOKEN, mapbox.url, FAST)
	mapbox.refusals = [(502, {}), (500, {"Retry-After": "garbage"})]
	assert asking.find(Address(CHURCH, "", "", "")) == geocode.Answer()
	mapbox.refusals = [(500, {})] * 99
	mapbox.requests = 0
	with pytest.raises(ServiceUnavailable, match="HTTP status 500"):
		asking.find(Address(CHURCH, "", "", ""))
	assert mapbox.requests == geocode.TRIES


@pytest.mark.parametrize(
	"body",
	[
		"<html>",
		"[]",
		"{}",
		'{"features": [{}]}',
		'{"features": [{"properties": {"coordinates": {"latitude": "x"}}}]}',
		'{"features": [{"properties": {"coordinates": {"latitude": NaN, "longitude": -73.5}}}]}',
		'{"features": [{"properties": {"coordinates": {"latitude": 95, "longitude": -73.5}}}]}',
	],
)
def test_an_answer_that_is_none_is_told(body: str, mapbox: MapboxDouble):
	mapbox.broken = body
	with pytest.raises(ServiceUnavailable, match="none of its Geocoding API"):
		Mapbox(TOKEN, mapbox.url, FAST).find(Address(CHURCH, "Laval", "QC", ""))


def test_another_address_of_the_api_is_told(mapbox: MapboxDouble):
	with pytest.raises(ServiceUnavailable, match="HTTP status 404"):
		Mapbox(TOKEN, f"{mapbox.url}/elsewhere", FAST).find(Address(CHURCH, "Laval", "QC", ""))


@pytest.mark.parametrize(
	("token", "endpoint", "per_second", "told"),
	[
		(" ", geocode.ENDPOINT, 10, "token is missing"),
		(TOKEN, "http://api.mapbox.com", 10, "must begin with https"),
		(TOKEN, "api.mapbox.com", 10, "must begin with https"),
		(TOKEN, "https://", 10, "must begin with https"),
		(TOKEN, "https://[::1", 10, "must begin with https"),
		(TOKEN, "https://api.mapbox.com:port", 10, "must begin with https"),
		(TOKEN, geocode.ENDPOINT, 0, "at least once a second"),
	],
)
def test_what_cannot_work_is_told_before_anything_is_asked(
	token: str, endpoint: str, per_second: int, told: str
):
	with pytest.raises(InvalidInput, match=told):
		Mapbox(token, endpoint, per_second)


SECRET = "pk.eyJzZWNyZXQ"


@pytest.mark.parametrize("trouble", ["wrong token", "forbidden", "gone", "away"])
def test_the_token_is_shown_nowhere(
	trouble: str,
	mapbox: MapboxDouble,
	caplog: pytest.LogCaptureFixture,
	monkeypatch: pytest.MonkeyPatch,
):
	monkeypatch.setattr(geocode, "BACKOFF_SECONDS", 0)
	caplog.set_level(logging.DEBUG)
	url = mapbox.url if trouble != "away" else "http://127.0.0.1:1"
	mapbox.refusals = {"forbidden": [(403, {})], "gone": [(500, {})] * 9}.get(trouble, [])
	with pytest.raises(GigafibreError) as refused:
		Mapbox(SECRET, url, FAST).find(Address(CHURCH, "Laval", "QC", ""))
	chain: BaseException | None = refused.value
	while chain:
		assert SECRET not in str(chain) and SECRET not in repr(chain)
		chain = chain.__cause__ or chain.__context__
	assert SECRET not in caplog.text
	assert ("refuses the access token" in str(refused.value)) is (trouble in ("wrong token", "forbidden"))
