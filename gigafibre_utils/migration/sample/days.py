"""Days and moments of the legacy database.

A day is its ordinal (`date.toordinal`), 0 for none; a moment is a Unix second. The legacy system works in
America/Toronto.
"""

from datetime import UTC, date, datetime, time
from functools import cache
from zoneinfo import ZoneInfo

TORONTO = ZoneInfo("America/Toronto")
FIRST = date(2011, 1, 1)
END = date(2026, 10, 31).toordinal()
"""Last day on which anything happens."""

MONTHS = [date(2011 + month // 12, month % 12 + 1, 1).toordinal() for month in range(17 * 12)]
"""First day of each month from January 2011."""

LAST_MONTH = (2026 - FIRST.year) * 12 + 9
QUARTERS = LAST_MONTH // 3 + 1

UNKNOWN, IN_1970, IN_2106 = 0, 43_200, 4_294_944_000
"""Seconds that stand for no moment: none at all, and what a broken clock wrote."""


@cache
def _noon(day: int) -> int:
	return int(datetime.combine(date.fromordinal(day), time(12), TORONTO).timestamp())


def moment(day: int, hour: int = 12, minute: int = 0) -> int:
	"""The Unix second of a time of day in Toronto, from three in the morning on."""
	return _noon(day) + (hour - 12) * 3600 + minute * 60


@cache
def midnight_utc(day: int) -> int:
	"""The Unix second at which a day begins in UTC: still the evening before in Toronto."""
	return int(datetime.combine(date.fromordinal(day), time(0), UTC).timestamp())


@cache
def year_of(day: int) -> str:
	"""The year of a day, `undated` for none."""
	return str(date.fromordinal(day).year) if day else "undated"


@cache
def written(day: int) -> bytes:
	"""A day as SQL."""
	return b"'%s'" % date.fromordinal(day).isoformat().encode() if day else b"'0000-00-00'"
