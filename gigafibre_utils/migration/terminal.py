"""A run as a terminal shows it: a line for each step, and what is at work while somebody looks on."""

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper

import click

from gigafibre_utils.migration.history import Finding, StepRecord

EVERY = 0.2
"""Seconds between two looks at what is at work."""


class Display:
	"""Prints to standard error. Several threads tell it."""

	def __init__(self) -> None:
		self._lock = threading.Lock()
		self._at_work: dict[str, int] = {}
		self._shown_at = 0.0
		self._is_watched = bool(sys.stderr) and sys.stderr.isatty()

	def began(self, step: str) -> None:
		"""A step is at work."""
		with self._lock:
			self._at_work[step] = 0
			self._show()

	def rows(self, step: str, count: int) -> None:
		"""So many rows were staged."""
		with self._lock:
			self._at_work[step] = count
			if time.monotonic() - self._shown_at > EVERY:
				self._show()

	def done(self, record: StepRecord) -> None:
		"""A step is behind."""
		with self._lock:
			self._at_work.pop(record.step, None)
			self._wipe()
			click.echo(told(record), err=True)
			self._show()

	@contextmanager
	def at_work(self, what: str) -> Iterator[None]:
		"""What is no step, while it lasts."""
		self.began(what)
		try:
			yield
		finally:
			with self._lock:
				self._at_work.pop(what, None)
				self._show()

	def _show(self) -> None:
		if not self._is_watched:
			return
		self._wipe()
		if not self._at_work:
			return
		parts = [f"{step} {count:,}" if count else step for step, count in self._at_work.items()]
		width = shutil.get_terminal_size().columns
		click.echo("\r… " + "   ".join(parts)[: width - 3], nl=False, err=True)
		self._shown_at = time.monotonic()

	def _wipe(self) -> None:
		if self._is_watched:
			click.echo("\r\x1b[K", nl=False, err=True)


def survive_any_encoding() -> None:
	"""Signs that the terminal's encoding lacks, as ✓ in ISO 8859-1, are shown as ? from now on."""
	for stream in (sys.stdout, sys.stderr):
		if isinstance(stream, TextIOWrapper):
			stream.reconfigure(errors="replace")


def told(record: StepRecord) -> str:
	"""What a step did, in one line."""
	counts = [
		(record.rows_read, "read"),
		(record.rows_made, "made"),
		(record.rejected, "rejected"),
		(record.repaired, "repaired"),
	]
	said = ", ".join(f"{count:,} {what}" for count, what in counts if count) or "nothing to do"
	return f"✓ {record.step:<29} {record.seconds:>7.1f} s  {said}"


def show_findings(findings: list[Finding]) -> None:
	"""Print how many rows were rejected and repaired for which reason."""
	for outcome in ("Rejected", "Repaired"):
		chosen = [finding for finding in findings if finding.outcome == outcome]
		if chosen:
			click.echo(f"\n{outcome} {sum(finding.count for finding in chosen):,} legacy rows")
		for finding in chosen:
			click.echo(f"  {finding.count:>9,}  {finding.reason:<32} {finding.step}")
