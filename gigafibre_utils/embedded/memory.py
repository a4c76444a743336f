"""What the host remembers while it runs: how often what was used in a window of time."""

import threading
import time

from gigafibre_utils.errors import TooManyRequests


class Memory:
	"""Counters, shared by all threads of the process."""

	def __init__(self) -> None:
		self._lock = threading.Lock()
		self._counts: dict[str, tuple[float, int]] = {}

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
