"""What the host remembers while it runs: cached values, and counts of use in a window of time."""

import threading
import time
from collections.abc import Callable
from typing import Any

from gigafibre_utils.errors import TooManyRequests


class Memory:
	"""A cache with expiry and counters, shared by all threads of the process."""

	def __init__(self) -> None:
		self._lock = threading.Lock()
		self._values: dict[str, tuple[float, Any]] = {}
		self._counts: dict[str, tuple[float, int]] = {}

	def cached(self, key: str, make: Callable[[], Any], seconds: int) -> Any:
		"""The value under `key`, made where it is missing or older than `seconds`."""
		with self._lock:
			expires, value = self._values.get(key, (0.0, None))
		if expires > time.monotonic():
			return value
		value = make()
		with self._lock:
			self._values[key] = (time.monotonic() + seconds, value)
		return value

	def count(self, key: str, limit: int, seconds: int) -> None:
		"""Count a use. Raises TooManyRequests with the seconds left of the window."""
		now = time.monotonic()
		with self._lock:
			self._forget(now)
			ends, used = self._counts.get(key, (now + seconds, 0))
			self._counts[key] = (ends, used + 1)
		if used >= limit:
			raise TooManyRequests(
				"Too many requests; please wait a moment.", retry_after=max(1, round(ends - now))
			)

	def _forget(self, now: float) -> None:
		for key in [key for key, (ends, _) in self._counts.items() if ends <= now]:
			del self._counts[key]
