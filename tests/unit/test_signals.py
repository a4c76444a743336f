"""Signals to end: held back where nothing may be broken off, and handled then."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from gigafibre_utils.signals import held_back


@pytest.fixture
def terminated(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], bool]]:
	"""Whether SIGTERM came to its handler."""
	came: list[int] = []
	before = signal.signal(signal.SIGTERM, lambda number, _: came.append(number))
	yield lambda: bool(came)
	signal.signal(signal.SIGTERM, before)


def test_what_must_be_whole_is_done_before_a_signal_ends_it():
	done = []
	with pytest.raises(KeyboardInterrupt), held_back():
		signal.raise_signal(signal.SIGINT)
		done.append("the first")
		signal.raise_signal(signal.SIGINT)
		done.append("the second")
	assert done == ["the first", "the second"]
	with pytest.raises(KeyboardInterrupt):
		signal.raise_signal(signal.SIGINT)


def test_within_another_it_is_the_outer_that_lets_go(terminated: Callable[[], bool]):
	with held_back():
		with held_back():
			signal.raise_signal(signal.SIGTERM)
		assert not terminated()
	assert terminated()


def test_a_signal_that_is_ignored_stays_so():
	before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
	try:
		with held_back():
			signal.raise_signal(signal.SIGHUP)
		assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
	finally:
		signal.signal(signal.SIGHUP, before)


def test_another_thread_holds_nothing_back():
	handlers = []

	def work() -> None:
		with held_back():
			handlers.append(signal.getsignal(signal.SIGINT))

	thread = threading.Thread(target=work)
	thread.start()
	thread.join()
	assert handlers == [signal.getsignal(signal.SIGINT)]


def test_what_is_started_there_takes_signals():
	with held_back():
		process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
	process.terminate()
	assert process.wait(20) == -signal.SIGTERM
