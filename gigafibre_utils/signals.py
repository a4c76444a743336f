"""Signals to end: heard while a database is waited for, held back where nothing may be broken off."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 0.2
"""Seconds in which Python handles a signal, unless it waits for a database."""

# Those that Python came to handle. No Event: a handler that interrupts another one would wait for its lock.
_handled: list[int] = []


@contextmanager
def heard(cancel: Callable[[], None]) -> Iterator[None]:
	"""While within, call `cancel` for a signal that Python does not come to handle; then it does.

	Within another, that one's `cancel` comes after it. Does nothing outside of the main thread, which alone
	handles signals.
	"""
	if threading.current_thread() is not threading.main_thread():
		yield
		return
	handlers = _handlers()
	ours, theirs = socket.socketpair()
	theirs.setblocking(False)
	outer = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
	# A daemon: nothing that goes wrong here keeps the process from ending.
	listening = threading.Thread(target=_listen, args=(ours, outer, cancel), name="signals", daemon=True)
	try:
		with held_back():
			listening.start()
		for number, handler in handlers.items():
			signal.signal(number, _noting(handler))
		yield
	finally:
		with held_back():
			signal.set_wakeup_fd(outer)
			theirs.close()
			listening.join()
			ours.close()
		for number, handler in handlers.items():
			signal.signal(number, handler)


@contextmanager
def held_back() -> Iterator[list[int]]:
	"""While within, a signal to end waits: what is begun is remembered, what is ended is ended whole.

	Gives those that came so far, to who does not come to an end by himself soon. None come to another thread
	than the main one.
	"""
	came: list[int] = []
	if threading.current_thread() is not threading.main_thread():
		yield came
		return
	handlers = _handlers()
	try:
		for number in handlers:
			signal.signal(number, _noting(lambda number, _: came.append(number)))
		yield came
	finally:
		for number, handler in handlers.items():
			signal.signal(number, handler)
		for number in came[:1]:
			signal.raise_signal(number)


@contextmanager
def first_alone() -> Iterator[None]:
	"""While within, only the first signal to end is handled: what it ends is not broken off by the next.

	Once one came they are ignored for good: the process is ending, and its exit status tells of the first.
	"""
	if threading.current_thread() is not threading.main_thread():
		yield
		return
	came: list[int] = []
	handlers = _handlers()

	def once(handler: Callable[..., Any]) -> Callable[..., Any]:
		def handle(number: int, frame: Any) -> None:
			if not came:
				came.append(number)
				handler(number, frame)

		return handle

	for number, handler in handlers.items():
		signal.signal(number, once(handler))
	try:
		yield
	finally:
		for number in handlers:
			signal.signal(number, signal.SIG_IGN if came else handlers[number])


def _handlers() -> dict[int, Callable[..., Any]]:
	"""Those that are Python's: one that is ignored stays so, as under nohup."""
	found = {number: signal.getsignal(number) for number in SIGNALS}
	return {number: handler for number, handler in found.items() if callable(handler)}


def _noting(handler: Callable[..., Any]) -> Callable[..., Any]:
	def handle(number: int, frame: Any) -> Any:
		_handled.append(number)
		return handler(number, frame)

	return handle


def _listen(ours: socket.socket, outer: int, cancel: Callable[[], None]) -> None:
	while came := ours.recv(1024):
		if not {*SIGNALS}.intersection(came):
			continue
		if not _is_handled_soon():
			cancel()
			if outer >= 0:
				os.write(outer, came)
		_handled.clear()


def _is_handled_soon() -> bool:
	deadline = time.monotonic() + PATIENCE
	while not _handled and time.monotonic() < deadline:
		time.sleep(PATIENCE / 20)
	return bool(_handled)
