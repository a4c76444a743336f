"""HTML to PDF on a Chromium that stays warm, or on one that is started for each print.

A page runs no script and loads nothing but `data:` addresses. Three walls stand behind each other for that:
the policy and sandbox that each document is under, DevTools, which refuses every request, and a browser that
cannot resolve any host.
"""

import atexit
import base64
import contextlib
import os
import shutil
import threading
import weakref
from collections import deque
from collections.abc import Iterator
from typing import Protocol

from gigafibre_utils.errors import ConfigurationError
from gigafibre_utils.printing.devtools import Browser, Deadline, Message, PrintError, Session

# The page on which a document is put. Nobody is asked for it: it is answered here, with a policy that the
# document inherits and cannot loosen. The sandbox also stops `meta refresh` and `mailto:` frames, for which
# Chromium would start the machine's mail program.
BLANK_PAGE = "https://print.invalid/"
POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline' data:; img-src data:; font-src data:"
BLANK_PAGE_RESPONSE = {
	"responseCode": 200,
	"responseHeaders": [
		{"name": "Content-Type", "value": "text/html; charset=utf-8"},
		{"name": "Content-Security-Policy", "value": POLICY},
	],
}

# Minimized: nothing is painted for a screen that nobody looks at, which would be a third of the work.
NEW_PAGE = {"url": "about:blank", "newWindow": True, "windowState": "minimized"}
# Tagged, so that a screen reader finds its way: a third more time, and three times the size.
PDF_OPTIONS = {"preferCSSPageSize": True, "printBackground": True, "generateTaggedPDF": True}

AT_ONCE = 2
QUEUE = 16
PRINTS_PER_BROWSER = 200

ANSWER_SECONDS = 30.0
CLOSE_PAGE_SECONDS = 0.1

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


class PrinterBusy(PrintError):
	"""Too many prints are waiting already, or none ended in time to make room; trying later helps."""

	http_status_code = 503


class Printer(Protocol):
	"""What turns a document into a PDF."""

	def print_html(self, html: str, timeout: float = 30.0) -> bytes:
		"""The PDF of a complete HTML document, with page size and margins from its `@page`.

		Waiting, starting and printing together take at most `timeout` seconds. Raises PrintError, and
		PrinterBusy when there is no room for another print.
		"""
		...


class WarmChromium:
	"""Prints on one browser per process, which is started by the first print and kept.

	Any thread may print. A forked child starts its own browser. One that died or did not answer is
	replaced for the next print, as is one that has printed `prints_per_browser` documents.
	"""

	def __init__(
		self,
		path: str,
		*,
		at_once: int = AT_ONCE,
		queue: int = QUEUE,
		prints_per_browser: int = PRINTS_PER_BROWSER,
	):
		"""`at_once` documents are printed at the same time, at most `queue` more wait."""
		self._path = path
		self._at_once = at_once
		self._queue = queue
		self._prints_per_browser = prints_per_browser
		self._start_afresh()
		_printers.add(self)

	def print_html(self, html: str, timeout: float = 30.0) -> bytes:
		"""See Printer."""
		deadline = Deadline(timeout)
		with self._places.take(deadline):
			chromium = self._join()
			try:
				return chromium.print_html(html, deadline)
			finally:
				chromium.leave()

	def close(self) -> None:
		"""Ends the browser, within about 2 s. The next print starts another."""
		with self._lock:
			chromium, self._chromium = self._chromium, None
		if chromium:
			chromium.close()

	def _start_afresh(self) -> None:
		self._lock = threading.Lock()
		self._places = Places(self._at_once, self._queue)
		self._chromium: Chromium | None = None

	def _join(self) -> "Chromium":
		with self._lock:
			if not (self._chromium and self._chromium.join()):
				self._chromium = Chromium(self._path, self._prints_per_browser)
				self._chromium.join()
			return self._chromium


class OneShotChromium(WarmChromium):
	"""Prints each document on a browser of its own, which is gone afterwards."""

	def __init__(self, path: str, *, at_once: int = AT_ONCE, queue: int = QUEUE):
		"""`at_once` documents are printed at the same time, at most `queue` more wait."""
		super().__init__(path, at_once=at_once, queue=queue, prints_per_browser=1)


class Places:
	"""Room for `at_once` prints. At most `queue` more wait; who came first is served first."""

	def __init__(self, at_once: int, queue: int):
		self._free = at_once
		self._queue = queue
		self._waiting: deque[threading.Event] = deque()
		self._lock = threading.Lock()

	@contextlib.contextmanager
	def take(self, deadline: Deadline) -> Iterator[None]:
		"""Holds a place. Raises PrinterBusy at once when the queue is full, else when `deadline` passed."""
		with self._lock:
			turn = self._take_or_queue()
		if turn:
			self._wait(turn, deadline)
		try:
			yield
		finally:
			self._give_back()

	def _take_or_queue(self) -> threading.Event | None:
		if self._free:
			self._free -= 1
			return None
		if len(self._waiting) >= self._queue:
			raise PrinterBusy("Too many documents are waiting to be printed. Try again in a moment.")
		self._waiting.append(threading.Event())
		return self._waiting[-1]

	def _wait(self, turn: threading.Event, deadline: Deadline) -> None:
		came = False
		try:
			came = turn.wait(deadline.left())
		finally:
			if not came:
				self._leave_queue(turn)
		if not came:
			raise PrinterBusy(f"The printer was busy for {deadline.seconds:g} s. Try again in a moment.")

	def _leave_queue(self, turn: threading.Event) -> None:
		with self._lock:
			if turn in self._waiting:
				self._waiting.remove(turn)
				return
		self._give_back()  # the turn came after all, too late by a hair

	def _give_back(self) -> None:
		# Handed on, not laid down: who comes just now would take it from those who wait.
		with self._lock:
			if self._waiting:
				self._waiting.popleft().set()
			else:
				self._free += 1


class Chromium:
	"""One running browser and its warm pages. Who prints on it joins before and leaves after."""

	def __init__(self, path: str, prints: int):
		"""Lets `prints` documents be printed, then ends."""
		self._browser = Browser(path)
		self._prints_left = prints
		self._users = 0
		self._lock = threading.Lock()
		self._idle: deque[Page] = deque()

	def join(self) -> bool:
		"""Whether one more document may be printed here."""
		with self._lock:
			if not self._prints_left or self._browser.gone.is_set():
				return False
			self._prints_left -= 1
			self._users += 1
			return True

	def leave(self) -> None:
		"""Ends the browser when no document is left to be printed on it."""
		with self._lock:
			self._users -= 1
			finished = not self._users and not self._prints_left
		if finished:
			self._browser.kill()

	def print_html(self, html: str, deadline: Deadline) -> bytes:
		"""A document's PDF. Raises PrintError."""
		page = None
		try:
			page = self._take_page(deadline)
			pdf = page.print_html(html, deadline)
			page.make_blank(deadline)
		except BaseException:  # also a job's time limit: nobody knows what the page is doing
			if page:
				page.close()
			if not deadline.left():
				self._take_no_more()
			raise
		self._idle.append(page)
		return pdf

	def close(self) -> None:
		"""Ends the browser, within about 2 s; what is being printed fails."""
		self._browser.close()

	def _take_page(self, deadline: Deadline) -> "Page":
		try:
			return self._idle.popleft()
		except IndexError:
			return Page(self._browser, deadline)

	def _take_no_more(self) -> None:
		"""Out of time, the browser itself may hang and not only the page."""
		with self._lock:
			self._prints_left = 0


class Page:
	"""A blank page that waits for a document, prints it, and is blank again. For one thread at a time."""

	def __init__(self, browser: Browser, deadline: Deadline):
		"""Raises PrintError when the browser ended or `deadline` passed."""
		self._target = browser.call("Target.createTarget", deadline, **NEW_PAGE)["targetId"]
		attached = browser.call("Target.attachToTarget", deadline, targetId=self._target, flatten=True)
		self._session = Session(
			browser, attached["sessionId"], on_event={"Fetch.requestPaused": self._answer_request}
		)
		self._session.send("Inspector.enable", deadline)
		self._session.send("Fetch.enable", deadline)
		self._session.send("Emulation.setScriptExecutionDisabled", deadline, value=True)
		# Waited for: a page could be blank before it has begun to tell so, in another process.
		self._session.call("Page.enable", deadline)
		self.make_blank(deadline)

	def print_html(self, html: str, deadline: Deadline) -> bytes:
		"""A document's PDF. Raises PrintError; the page is of no use then."""
		next(message for message in self._session.messages(deadline) if _address(message) == BLANK_PAGE)
		self._wait("Page.loadEventFired", deadline)
		self._session.send("Page.setDocumentContent", deadline, frameId=self._target, html=html)
		self._wait("Page.loadEventFired", deadline)
		call_id = self._session.send("Page.printToPDF", deadline, **PDF_OPTIONS)
		return base64.b64decode(self._wait(call_id, deadline)["result"]["data"])

	def make_blank(self, deadline: Deadline) -> None:
		"""Starts to remove all trace of the last document; the next print waits for the end of it.

		A new document in the same page would be under the last one's `<meta>` policies. Raises PrintError.
		"""
		self._session.tell("Page.navigate", deadline, url=BLANK_PAGE)

	def close(self) -> None:
		"""Closes the page, also one that hangs. Does not wait for it."""
		self._session.close()
		with contextlib.suppress(PrintError):  # then the browser hangs or has ended, and is replaced
			self._session.tell("Target.closeTarget", Deadline(CLOSE_PAGE_SECONDS), targetId=self._target)

	def _wait(self, wanted: int | str, deadline: Deadline) -> Message:
		"""The reply to the call of this id, or the next event of this name."""
		for message in self._session.messages(deadline):
			if _address(message):
				raise PrintError("The document went elsewhere while it was printed.")
			if wanted in (message.get("id"), message.get("method")):
				break
		return message

	def _answer_request(self, request: Message) -> None:
		paused, deadline = request["requestId"], Deadline(ANSWER_SECONDS)
		if request["request"]["url"] == BLANK_PAGE:
			self._session.tell("Fetch.fulfillRequest", deadline, requestId=paused, **BLANK_PAGE_RESPONSE)
		else:
			self._session.tell("Fetch.failRequest", deadline, requestId=paused, errorReason="BlockedByClient")


def find_chromium(configured: str | None) -> str:
	"""The path of the Chromium to print with: the configured one, else one that is found on PATH.

	Raises ConfigurationError when there is none.
	"""
	for program in (configured,) if configured else PROGRAMS:
		if path := shutil.which(program):
			return path
	if configured:
		raise ConfigurationError("chromium_path names no program that can be run.")
	raise ConfigurationError(
		f"Printing needs Chromium: no {', '.join(PROGRAMS)} is on PATH. Install it or set chromium_path."
	)


def _address(message: Message) -> str | None:
	"""Where the page, not a frame in it, has gone, if that is what the message tells."""
	if message.get("method") != "Page.frameNavigated" or "parentId" in message["params"]["frame"]:
		return None
	return message["params"]["frame"]["url"]


_printers: weakref.WeakSet[WarmChromium] = weakref.WeakSet()


def _close_all() -> None:
	for printer in list(_printers):
		printer.close()


def _start_afresh_in_child() -> None:
	for printer in list(_printers):
		printer._start_afresh()


atexit.register(_close_all)
os.register_at_fork(after_in_child=_start_afresh_in_child)
