"""Programs by which a server of one's own is made and run: none outlives us, whatever signal ends us."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from gigafibre_utils.errors import ServiceUnavailable
from gigafibre_utils.signals import held_back

START_SECONDS = 120
STOP_SECONDS = 30
"""As many as a slow disk under load may take."""


def run(name: str, command: Sequence[str], **options: Any) -> None:
	"""Run a program to its end. Where a signal ends us, its children end with it: none is to write on.

	Raises ServiceUnavailable in its own words where it fails.
	"""
	program: subprocess.Popen[str] | None = None
	try:
		with held_back():  # what was started is known to who ends it
			program = subprocess.Popen(
				command,
				stdin=subprocess.DEVNULL,
				stdout=subprocess.PIPE,
				text=True,
				errors="replace",
				start_new_session=True,
				**options,
			)
		told, errors = program.communicate()
	except BaseException:
		if program:
			with held_back():
				with suppress(ProcessLookupError):  # it may have come to its end just then
					os.killpg(program.pid, signal.SIGKILL)
				program.communicate()
		raise
	if program.returncode:
		raise ServiceUnavailable(f"{name} failed: {(errors or told).strip()}")


class ServerProcess:
	"""The process of a server, by the server's name. `gently` is the signal by which it stops."""

	def __init__(self, name: str, gently: signal.Signals):
		self._name, self._gently = name, gently
		self._process: subprocess.Popen[bytes] | None = None

	def start(self, command: Sequence[str], log: Path, environment: dict[str, str] | None = None) -> None:
		"""Start it; what it says goes to `log`.

		In a session of its own: Ctrl-C at the terminal is for us, who stop it once nobody needs it any more.
		"""
		with log.open("wb") as output, held_back():
			self._process = subprocess.Popen(
				command,
				stdin=subprocess.DEVNULL,
				stdout=output,
				stderr=output,
				env=environment,
				start_new_session=True,
			)

	def wait_until_it_answers(
		self, connect: Callable[[], Any], refusal: type[Exception], last_words: Callable[[], str]
	) -> None:
		"""Connect until that is not met by a refusal, and close the connection.

		Raises ServiceUnavailable where the process ends instead, with its last words, or takes too long.
		"""
		deadline = time.monotonic() + START_SECONDS
		while True:
			try:
				connect().close()
				return
			except refusal as error:
				if self._process and self._process.poll() is not None:
					raise ServiceUnavailable(f"{self._name} did not start: {last_words()}") from error
				if time.monotonic() > deadline:
					self.stop()
					told = f"did not answer in {START_SECONDS} s: {error.args[-1]}"
					raise ServiceUnavailable(f"{self._name} {told}") from error
				time.sleep(0.05)

	def stop(self) -> None:
		"""Stop it gently, or by force where that takes too long; returns when it is gone."""
		if not self._process:
			return
		with held_back():
			self._process.send_signal(self._gently)
			try:
				self._process.wait(STOP_SECONDS)
			except subprocess.TimeoutExpired:
				self._process.kill()
				self._process.wait()
			self._process = None
