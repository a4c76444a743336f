"""Signals to end: held back where nothing may be broken off, and handled then."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from gigafibre_utils.signals import first_alone, held_back
from tests.patience import PATIENCE

FLOODED = """
import time
from gigafibre_utils.signals import first_alone, heard, held_back
try:
	with first_alone(), heard(lambda: None), held_back() as came:
		print("here", flush=True)
		while len(came) < 1000:
			time.sleep(0.001)
except KeyboardInterrupt:
	print("ended")
"""


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
		process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
	process.terminate()
	assert process.wait(PATIENCE) == -signal.SIGTERM


def test_who_is_ending_is_not_broken_off_by_the_next():
	done = []
	before = signal.getsignal(signal.SIGINT)
	try:
		with pytest.raises(KeyboardInterrupt), first_alone():
			try:
				signal.raise_signal(signal.SIGINT)
			finally:
				signal.raise_signal(signal.SIGINT)
				done.append("ended whole")
		signal.raise_signal(signal.SIGINT)
		assert done == ["ended whole"]
	finally:
		signal.signal(signal.SIGINT, before)


def test_where_none_came_they_are_handled_as_before():
	before = signal.getsignal(signal.SIGINT)
	with first_alone():
		assert signal.getsignal(signal.SIGINT) is not before
	assert signal.getsignal(signal.SIGINT) is before


def test_signals_without_end_are_borne():
	"""Also one that interrupts the handler of another."""
	process = subprocess.Popen([sys.executable, "-c", FLOODED], stdout=subprocess.PIPE, text=True)
	assert process.stdout and process.stdout.readline() == "here\n"
	deadline = time.monotonic() + PATIENCE
	while process.poll() is None and time.monotonic() < deadline:
		process.send_signal(signal.SIGINT)
		time.sleep(0.0001)
	process.kill()
	assert (process.communicate()[0], process.returncode) == ("ended\n", 0)
