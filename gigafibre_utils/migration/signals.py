"""Ctrl-C while PostgreSQL is waited for: Python hears of it once the statement at work is cancelled."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 0.2
"""Seconds in which Python handles a signal, unless it waits for the database."""


@contextmanager
def heard(cancel: Callable[[], None]) -> Iterator[None]:
	"""While within, call `cancel` for a signal that Python does not come to handle; then it does.

	Does nothing outside of the main thread, which alone handles signals.
	"""
	if threading.current_thread() is not threading.main_thread():
		yield
		return
	handled = threading.Event()
	handlers = {number: signal.getsignal(number) for number in SIGNALS}
	for number, handler in handlers.items():
		if callable(handler):
			signal.signal(number, _noting(handled, handler))
	ours, theirs = socket.socketpair()
	theirs.setblocking(False)
	told_before = signal.set_wakeup_fd(theirs.fileno())
	listening = threading.Thread(target=_listen, args=(ours, handled, cancel), name="signals")
	listening.start()
	try:
		yield
	finally:
		signal.set_wakeup_fd(told_before)
		for number, handler in handlers.items():
			if callable(handler):
				signal.signal(number, handler)
		theirs.close()
		listening.join()
		ours.close()


def _noting(handled: threading.Event, handler: Callable[..., Any]) -> Callable[..., Any]:
	def handle(*arguments: Any) -> Any:
		handled.set()
		return handler(*arguments)

	return handle


def _listen(ours: socket.socket, handled: threading.Event, cancel: Callable[[], None]) -> None:
	while number := ours.recv(1):
		if number[0] not in SIGNALS:
			continue
		if not handled.wait(PATIENCE):
			cancel()
		handled.clear()
