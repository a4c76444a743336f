"""A site of configuration alone, for code that asks for nothing else."""

from typing import Any


class ConfiguredSite:
	"""Answers `conf`; keeps what is logged."""

	def __init__(self, **configuration: Any):
		self.configuration = configuration
		self.logged: list[tuple[str, str]] = []

	def conf(self, key: str) -> Any:
		return self.configuration.get(key)

	def log_error(self, title: str, detail: str) -> None:
		self.logged.append((title, detail))
