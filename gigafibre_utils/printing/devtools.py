"""A Chromium of our own, and the DevTools protocol spoken to it over a pair of pipes.

There is no port that another user of the machine could reach, and Chromium ends by itself when the pipes
close, so that even a killed Python leaves no browser behind.
"""

import contextlib
import fcntl
import itertools
import json
import os
import select
import shutil
import signal
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from typing import Any, BinaryIO

from gigafibre_utils.errors import GigafibreError

Message = dict[str, Any]

FLAGS = (
	"--headless",
	"--remote-debugging-pipe",
	"--no-startup-window",
	# No way out. DevTools can refuse a page's requests, but not that it connects ahead (`rel=preconnect`).
	"--host-resolver-rules=MAP * ~NOTFOUND",
	"--no-proxy-server",
	# Every frame in its page's own process, where what is forbidden to the page is forbidden to the frame;
	# the page in one process for good, which makes it blank again in a third of the time; and no document
	# kept for a "back" that never comes.
	"--disable-site-isolation-trials",
	"--disable-features=IsolateSandboxedIframes,BackForwardCache",
	"--disable-background-networking",
	"--disable-breakpad",
	"--disable-component-update",
	"--disable-crash-reporter",
	"--disable-default-apps",
	"--disable-dev-shm-usage",
	"--disable-extensions",
	"--disable-gpu",
	"--disable-sync",
	"--mute-audio",
	"--no-default-browser-check",
	"--no-first-run",
	"--password-store=basic",
)

# The profile goes when the browser has ended, also when nobody is left who would clean up: a forked job
# ends without a word, a killed one too.
RUN_THEN_REMOVE_PROFILE = 'trap : HUP INT TERM; "$@"; code=$?; rm -rf "$0"; exit $code'

# The site's secrets may be in our environment. Chromium, which reads what customers wrote, gets these only.
ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "LD_LIBRARY_PATH")

# Chromium stops listening for good when a message is larger than its buffer of 100 MiB.
MESSAGE_LIMIT = 100_000_000

ANSWER_SECONDS = 5.0
CLOSE_SECONDS = 2.0
EXIT_SECONDS = 0.5


class PrintError(GigafibreError):
	"""A document could not be printed; the message says why."""

	exc_type = "PrintError"
	http_status_code = 500


class Deadline:
	"""A moment, `seconds` from now, after which nobody waits for the answer any more."""

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
		"""Raises PrintError when the machine has no room for another process."""
		self.path = path
		self.gone = threading.Event()
		self._cause = ""
		self._reaped = False
		self._call_ids = itertools.count(1)
		self._routes: dict[int | str, Callable[[Message], None]] = {}
		self._writing = threading.Lock()
		self._reaping = threading.Lock()
		self._start()
		threading.Thread(target=self._read, name="chromium", daemon=True).start()

	def call(self, method: str, deadline: Deadline, **params: Any) -> Message:
		"""The result of a command to the browser as a whole. Raises PrintError."""
		return Session(self, None).call(method, deadline, **params)

	def send(
		self,
		session_id: str | None,
		method: str,
		params: Message,
		deadline: Deadline,
		on_reply: Callable[[Message], None] | None = None,
	) -> int:
		"""Sends a command and gives its id. Raises PrintError when the browser has ended or does not read."""
		call_id = next(self._call_ids)
		message: Message = {"id": call_id, "method": method, "params": params}
		if session_id:
			message["sessionId"] = session_id
		data = json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\0"
		if len(data) > MESSAGE_LIMIT:
			raise PrintError(f"The document is too large to print: {len(data) >> 20} MiB.")
		if on_reply:
			self._routes[call_id] = on_reply
		self._write(data, deadline)
		return call_id

	def listen(self, session_id: str, on_event: Callable[[Message], None]) -> None:
		"""From now on, calls `on_event` on the reading thread with each event of the session."""
		self._routes[session_id] = on_event

	def unlisten(self, session_id: str) -> None:
		"""Drops the session's events."""
		self._routes.pop(session_id, None)

	def close(self) -> None:
		"""Asks the browser to end, and kills it when it has not within 2 s."""
		with contextlib.suppress(PrintError):  # it has ended, or it does not read any more
			self.send(None, "Browser.close", {}, Deadline(CLOSE_SECONDS))
		if not self.gone.wait(CLOSE_SECONDS):
			self.kill()
			self.gone.wait(CLOSE_SECONDS)

	def kill(self) -> None:
		"""Ends the browser and all its processes at once, without waiting; `gone` tells when it is done."""
		with self._reaping:
			if not self._reaped:
				os.killpg(self._pid, signal.SIGKILL)

	def forget(self) -> None:
		"""In a forked child: lets go of the parent's browser, which else would outlive the parent."""
		self._close_pipes()

	def _start(self) -> None:
		self._profile = tempfile.mkdtemp(prefix="gigafibre-chromium-")
		flags = [*FLAGS, f"--user-data-dir={self._profile}"]
		if os.geteuid() == 0:
			flags.append("--no-sandbox")  # Chromium refuses to start as root with it
		command = ["/bin/sh", "-c", RUN_THEN_REMOVE_PROFILE, self._profile, self.path, *flags]
		environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
		self._log: BinaryIO = tempfile.TemporaryFile()
		try:
			with _spawning:
				self._pid, self._to, self._from = _spawn(
					command, environment | {"TMPDIR": self._profile}, self._log.fileno()
				)
				_browsers.add(self)
		except OSError as error:
			os.rmdir(self._profile)
			raise PrintError(f"Chromium could not be started: {error.strerror}.") from error
		self._writable = select.poll()
		self._writable.register(self._to, select.POLLOUT)

	def _write(self, data: bytes, deadline: Deadline) -> None:
		if not self._writing.acquire(timeout=deadline.left()):
			raise _too_late(deadline)
		try:
			if self.gone.is_set():
				raise PrintError(self._cause)
			self._write_all(memoryview(data), deadline)
		except BrokenPipeError:
			if not self.gone.wait(EXIT_SECONDS * 2):
				self.kill()
				self.gone.wait(CLOSE_SECONDS)
			raise PrintError(self._cause or "Chromium stopped listening.") from None
		finally:
			self._writing.release()

	def _write_all(self, rest: memoryview, deadline: Deadline) -> None:
		while rest:
			if not self._writable.poll(deadline.left() * 1000):
				self.kill()  # it has half a message, and would take the next one for the other half
				raise _too_late(deadline)
			rest = rest[os.write(self._to, rest) :]

	def _read(self) -> None:
		cause = ""
		try:
			for message in self._messages():
				route = (
					self._routes.pop(message["id"], None)
					if "id" in message
					else self._routes.get(message.get("sessionId", ""))
				)
				if route:
					route(message)
		except PrintError:
			self.kill()
		except (ValueError, TypeError, AttributeError):
			cause = f"{self.path} answers, but not as Chromium does."
			self.kill()
		self._end(cause)

	def _messages(self) -> Iterator[Message]:
		parts: list[bytes] = []
		while chunk := os.read(self._from, 1 << 20):
			*ends, rest = chunk.split(b"\0")
			for end in ends:
				yield json.loads(b"".join([*parts, end]))
				parts = []
			parts.append(rest)

	def _end(self, cause: str) -> None:
		"""Waits for the end of the process, clears up after it, and tells everyone who waits for an answer."""
		ended = self._reap()
		shutil.rmtree(self._profile, ignore_errors=True)  # left only where the shell was killed with the rest
		self._cause = cause or f"Chromium {ended}. {self._last_words()}".strip()
		self._log.close()
		self.gone.set()
		with self._writing:
			self._close_pipes()
		for route in list(self._routes.values()):
			route({"gone": self._cause})

	def _reap(self) -> str:
		lingers = threading.Timer(EXIT_SECONDS, self.kill)
		lingers.daemon = True
		lingers.start()
		try:
			os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOWAIT)
			with self._reaping:
				# The dead leader, not yet waited for, keeps the group's number from being given to others.
				os.killpg(self._pid, signal.SIGKILL)
				return _how_it_ended(os.waitpid(self._pid, 0)[1])
		except ChildProcessError:
			return "ended"  # the host's own handler of SIGCHLD was quicker, and knows how
		finally:
			self._reaped = True
			lingers.cancel()

	def _last_words(self) -> str:
		end = os.fstat(self._log.fileno()).st_size
		tail = os.pread(self._log.fileno(), 2000, max(0, end - 2000)).decode(errors="replace")
		return " / ".join(line.strip() for line in tail.splitlines() if line.strip())[-500:]

	def _close_pipes(self) -> None:
		# Forgotten first, closed then: between the two, another thread may fork.
		pipes, self._to, self._from = {self._to, self._from}, -1, -1
		for pipe in pipes - {-1}:
			os.close(pipe)


class Session:
	"""One page's part of the conversation (or, without an id, the browser's), for one thread at a time."""

	def __init__(
		self,
		browser: Browser,
		session_id: str | None,
		on_event: dict[str, Callable[[Message], None]] | None = None,
	):
		"""`on_event`: what is called with an event's parameters, on the reading thread, as soon as it comes."""
		self._browser = browser
		self._session_id = session_id
		self._on_event = on_event or {}
		self._inbox: SimpleQueue[Message] = SimpleQueue()
		if session_id:
			browser.listen(session_id, self._receive)

	def send(self, method: str, deadline: Deadline, **params: Any) -> int:
		"""Sends a command, whose reply comes among the `messages`, and gives its id. Raises PrintError."""
		return self._browser.send(self._session_id, method, params, deadline, self._inbox.put)

	def tell(self, method: str, **params: Any) -> None:
		"""Sends a command whose reply is of no interest. Raises PrintError."""
		self._browser.send(self._session_id, method, params, Deadline(ANSWER_SECONDS))

	def call(self, method: str, deadline: Deadline, **params: Any) -> Message:
		"""A command's result. Raises PrintError."""
		call_id = self.send(method, deadline, **params)
		return next(m["result"] for m in self.messages(deadline) if m.get("id") == call_id)

	def messages(self, deadline: Deadline) -> Iterator[Message]:
		"""Replies and events in the order in which they come, each once.

		Raises PrintError when a command was refused, the page crashed, the browser ended, or time is up.
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
		handler = self._on_event.get(message.get("method", ""))
		if handler:
			handler(message["params"])
		else:
			self._inbox.put(message)


def _spawn(command: list[str], environment: dict[str, str], log: int) -> tuple[int, int, int]:
	"""A process group of its own that reads from fd 3 and writes to fd 4.

	Gives its id, the fd to write to, which does not block, and the fd to read from.
	"""
	with contextlib.ExitStack() as stack:
		theirs_in, ours_out = _pipe(stack)
		ours_in, theirs_out = _pipe(stack)
		pid = os.posix_spawn(
			command[0],
			command,
			environment,
			file_actions=[
				(os.POSIX_SPAWN_DUP2, log, 1),
				(os.POSIX_SPAWN_DUP2, log, 2),
				(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
				(os.POSIX_SPAWN_DUP2, theirs_in, 3),
				(os.POSIX_SPAWN_DUP2, theirs_out, 4),
			],
			setpgroup=0,
		)
		ours_out, ours_in = os.dup(ours_out), os.dup(ours_in)
	os.set_blocking(ours_out, False)
	return pid, ours_out, ours_in


def _pipe(stack: contextlib.ExitStack) -> list[int]:
	"""A pipe, closed with the stack, whose fds are out of the way of 0 to 4, which the child gets."""
	ends = []
	for low in os.pipe():
		stack.callback(os.close, low)
		ends.append(fcntl.fcntl(low, fcntl.F_DUPFD_CLOEXEC, 10))
		stack.callback(os.close, ends[-1])
	return ends


def _how_it_ended(status: int) -> str:
	code = os.waitstatus_to_exitcode(status)
	signal_number = -code if code < 0 else code - 128  # a shell's way to say so of its child
	if 0 < signal_number < signal.NSIG:
		return f"was killed by signal {signal_number} ({signal.strsignal(signal_number)})"
	return f"ended with exit code {code}"


def _too_late(deadline: Deadline) -> PrintError:
	return PrintError(f"Chromium did not print within {deadline.seconds:g} s.")


# A fork waits for the moment in which a browser's pipes exist and are not known yet: the child could not
# close its copies, and as long as it lives the browser would not notice the parent's end.
_spawning = threading.Lock()
_browsers: weakref.WeakSet[Browser] = weakref.WeakSet()


def _let_go_in_child() -> None:
	_spawning.release()
	for browser in list(_browsers):
		browser.forget()
	_browsers.clear()


os.register_at_fork(
	before=_spawning.acquire, after_in_parent=_spawning.release, after_in_child=_let_go_in_child
)
