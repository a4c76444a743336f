"""Chance that falls the same way at every run of a seed."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Chance:
	"""Draws from `random()` alone, whose sequence Python promises to keep from version to version."""

	def __init__(self, seed: int):
		self.draw = Random(seed).random

	def happens(self, share: float) -> bool:
		"""True in `share` of all cases."""
		return self.draw() < share

	def whole(self, low: int, high: int) -> int:
		"""A whole number from `low` to `high`, both included."""
		return low + int(self.draw() * (high - low + 1))

	def one_of(self, choices: Sequence[T]) -> T:
		"""One of the choices, each as likely as the next."""
		return choices[int(self.draw() * len(choices))]
