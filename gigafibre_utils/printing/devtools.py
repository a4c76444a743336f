"""The DevTools protocol, spoken to a Chromium of our own over a pair of pipes.

There is no port that another user of the machine could reach, and Chromium ends by itself when the pipes
close, so that even a killed Python leaves no browser behind.
"""

import contextlib
import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any

from gigafibre_utils.errors import GigafibreError
from gigafibre_utils.printing.process import BrowserProcess

Message = dict[str, Any]
Receiver = Callable[[Message], None]

# Chromium stops listening for good when a message is larger than its buffer of 100 MiB.
MESSAGE_LIMIT = 100_000_000

CLOSE_SECONDS = 2.0


class PrintError(GigafibreError):
	"""A document could not be printed; the message says why."""

	exc_type = "PrintError"
	http_status_code = 500


class Deadline:
	"""The moment, `seconds` from now, after which nobody waits for an answer any more."""

	def __init__(self, seconds: float):
		self.seconds = seconds
		self._end = time.monotonic() + seconds

	def left(self) -> float:
		"""The seconds until then; 0.0 from then on."""
		return max(0.0, self._end - time.monotonic())


class Browser:
	"""A running Chromium, started without waiting for it. Any thread may use it.

	`gone` is set when it has ended, for whatever reason, and its processes and its profile are removed.
	"""

	def __init__(self, path: str):
		"""Raises PrintError when no process can be started at all."""
		self.gone = threading.Event()
		self._why_gone = ""
		self._call_ids = itertools.count(1)
		self._receivers: dict[int | str, Receiver] = {}
		self._writing = threading.Lock()
		try:
			self._process = BrowserProcess(path)
		except OSError as error:
			raise PrintError(f"Chromium could not be started: {error.strerror}.") from error
		threading.Thread(target=self._receive_all, name="chromium", daemon=True).start()

	def call(self, method: str, deadline: Deadline, **params: Any) -> Message:
		"""The result of a command to the browser as a whole. Raises PrintError."""
		return Session(self, None).call(method, deadline, **params)

	def send(
		self,
		session_id: str | None,
		method: str,
		params: Message,
		deadline: Deadline,
		on_reply: Receiver | None = None,
	) -> int:
		"""Sends a command and gives its id. Raises PrintError when the browser has ended or does not read."""
		call_id = next(self._call_ids)
		message: Message = {"id": call_id, "method": method, "params": params}
		if session_id:
			message["sessionId"] = session_id
		data = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\0"
		if len(data) > MESSAGE_LIMIT:
			raise PrintError(f"The document is too large to print: {len(data) / 1e6:.0f} MB.")
		if on_reply:
			self._receivers[call_id] = on_reply
		self._write(data, deadline)
		return call_id

	def listen(self, session_id: str, on_event: Receiver) -> None:
		"""From now on, gives each event of a session to `on_event`, on the thread that reads."""
		self._receivers[session_id] = on_event

	def unlisten(self, session_id: str) -> None:
		"""Drops the events of a session from now on."""
		self._receivers.pop(session_id, None)

	def kill(self) -> None:
		"""Ends the browser without waiting; `gone` tells when it has ended."""
		self._process.kill()

	def close(self) -> None:
		"""Asks the browser to end, and kills it when it has not within 2 s."""
		deadline = Deadline(CLOSE_SECONDS)
		with contextlib.suppress(PrintError):  # it has ended already, or does not read any more
			self.send(None, "Browser.close", {}, deadline)
		if not self.gone.wait(deadline.left()):
			self.kill()
			self.gone.wait(CLOSE_SECONDS)

	def _write(self, data: bytes, deadline: Deadline) -> None:
		if not self._writing.acquire(timeout=deadline.left()):
			raise _too_late(deadline)
		try:
			if self.gone.is_set():
				raise PrintError(self._why_gone)
			self._write_all(memoryview(data), deadline)
		except BrokenPipeError:
			if not self.gone.wait(min(CLOSE_SECONDS, deadline.left())):
				self.kill()
			raise PrintError(self._why_gone or "Chromium does not listen any more.") from None
		finally:
			self._writing.release()

	def _write_all(self, data: memoryview, deadline: Deadline) -> None:
		written = 0
		while written < len(data):
			more = self._process.write(data[written:], deadline.left())
			if not more:
				if written:
					self.kill()  # it would take the next message for the rest of this one
				raise _too_late(deadline)
			written += more

	def _receive_all(self) -> None:
		strange = ""
		try:
			for message in self._messages():
				self._receive(message)
		except ValueError:
			strange = "What was started as Chromium does not answer as Chromium does."
		except PrintError as error:
			strange = str(error)
		finally:
			self._why_gone = f"{strange} {self._process.wait()}".strip()
			self.gone.set()
			with self._writing:
				self._process.close_pipes()
			for receiver in list(self._receivers.values()):
				receiver({"gone": self._why_gone})

	def _messages(self) -> Iterator[Message]:
		parts: list[bytes] = []
		while chunk := self._process.read():
			*ends, rest = chunk.split(b"\0")
			for end in ends:
				message = json.loads(b"".join([*parts, end]))
				if not isinstance(message, dict):
					raise ValueError("DevTools messages are objects")
				yield message
				parts = []
			parts.append(rest)

	def _receive(self, message: Message) -> None:
		if "id" in message:
			receiver = self._receivers.pop(message["id"], None)
		else:
			receiver = self._receivers.get(message.get("sessionId", ""))
		if receiver:
			receiver(message)


class Session:
	"""One page's part of the conversation (or, without an id, the browser's), for one thread at a time."""

	def __init__(self, browser: Browser, session_id: str | None, on_event: dict[str, Receiver] | None = None):
		"""`on_event`: by an event's name, what gets its parameters as soon as it comes, on the thread that
		reads; events with other names come among the `messages`."""
		self._browser = browser
		self._session_id = session_id
		self._on_event = on_event or {}
		self._inbox: SimpleQueue[Message] = SimpleQueue()
		if session_id:
			browser.listen(session_id, self._receive)

	def send(self, method: str, deadline: Deadline, **params: Any) -> int:
		"""Sends a command, whose reply comes among the `messages`, and gives its id. Raises PrintError."""
		return self._browser.send(self._session_id, method, params, deadline, self._inbox.put)

	def tell(self, method: str, deadline: Deadline, **params: Any) -> None:
		"""Sends a command whose reply is of no interest. Raises PrintError."""
		self._browser.send(self._session_id, method, params, deadline)

	def call(self, method: str, deadline: Deadline, **params: Any) -> Message:
		"""A command's result. Raises PrintError."""
		call_id = self.send(method, deadline, **params)
		return next(m["result"] for m in self.messages(deadline) if m.get("id") == call_id)

	def messages(self, deadline: Deadline) -> Iterator[Message]:
		"""Replies and events, each once, in the order in which they came; endless.

		Raises PrintError when a command was refused, the page crashed, the browser ended or time is up.
		"""
		while True:
			try:
				message = self._inbox.get(timeout=deadline.left())
			except Empty:
				raise _too_late(deadline) from None
			if "gone" in message:
				raise PrintError(message["gone"])
			if "error" in message:
				raise PrintError(f"Chromium could not print: {message['error']['message']}.")
			if message.get("method") == "Inspector.targetCrashed":
				raise PrintError("The page crashed while it was printed; it may have been too large.")
			yield message

	def close(self) -> None:
		"""Drops what still comes."""
		if self._session_id:
			self._browser.unlisten(self._session_id)

	def _receive(self, message: Message) -> None:
		if on_event := self._on_event.get(message.get("method", "")):
			on_event(message["params"])
		else:
			self._inbox.put(message)


def _too_late(deadline: Deadline) -> PrintError:
	return PrintError(f"Chromium did not print within {deadline.seconds:g} s.")
