"""A run as a terminal shows it: a line for each step, what is at work while somebody looks on, the end."""

import errno
import functools
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any

import click

from gigafibre_utils.errors import GigafibreError
from gigafibre_utils.migration.history import Finding, StepRecord
from gigafibre_utils.signals import first_alone

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
			say(in_one_line(record), err=True)
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
		say("\r… " + "   ".join(parts)[: width - 3], nl=False, err=True)
		self._shown_at = time.monotonic()

	def _wipe(self) -> None:
		if self._is_watched:
			say("\r\x1b[K", nl=False, err=True)


def say(text: str = "", nl: bool = True, err: bool = False) -> None:
	"""Print, until nobody reads any more; what is said from then on is lost, and the work goes on.

	What it prints is the lesser part of a migration: its record is in the site and its reports are files. As
	`tee -p` it writes on where the reader of a pipe has gone, as `head` does, and its exit status stays that
	of its work.
	"""
	try:
		click.echo(text, nl=nl, err=err)
	except BrokenPipeError:
		stream = sys.stderr if err else sys.stdout
		with open(os.devnull, "w") as nowhere:
			os.dup2(nowhere.fileno(), stream.fileno())  # also for what logs, and for what it still holds


def survive_any_encoding() -> None:
	"""Signs that the terminal's encoding lacks, as ✓ in ISO 8859-1, are shown as ? from now on."""
	for stream in (sys.stdout, sys.stderr):
		if isinstance(stream, TextIOWrapper):
			stream.reconfigure(errors="replace")


class Told(click.ClickException):
	"""One sentence, and exit status 1 unless told otherwise."""

	def __init__(self, message: str, exit_code: int = 1):
		super().__init__(message)
		self.exit_code = exit_code

	def show(self, file: Any = None) -> None:
		"""As the other commands tell it."""
		say(f"✗ {self.message}", err=True)


def told(command: Callable[..., Any]) -> Callable[..., Any]:
	"""Let a command tell what went wrong in one sentence."""

	@functools.wraps(command)
	def wrapped(*args: Any, **kwargs: Any) -> Any:
		survive_any_encoding()
		try:
			with interrupted_as("what was committed stays, the same command goes on from there"):
				return command(*args, **kwargs)
		except GigafibreError as error:
			raise Told(str(error)) from error
		except OSError as error:
			if error.errno == errno.EPIPE:
				raise  # nobody reads any more: click ends in silence
			if not error.filename:
				sys.stdout = open(os.devnull, "w")  # at the end Python would fail once more to write the rest
			raise Told(f"{error.filename or 'The output'}: {error.strerror or error}.") from error

	return wrapped


@contextmanager
def interrupted_as(what_stays: str) -> Iterator[None]:
	"""Let a signal to end be told in one sentence, with the exit status that the shell has for it."""
	try:
		with first_alone():
			yield
	except (KeyboardInterrupt, SystemExit) as error:
		# 128 and the signal's number.
		status = error.code if isinstance(error, SystemExit) else 130
		raise Told(f"Interrupted: {what_stays}.", exit_code=status) from None


def in_one_line(record: StepRecord) -> str:
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
			say(f"\n{outcome} {sum(finding.count for finding in chosen):,} legacy rows")
		for finding in chosen:
			say(f"  {finding.count:>9,}  {finding.reason:<32} {finding.step}")
