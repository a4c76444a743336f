"""The process side of Chromium: started with two pipes, ended for certain, cleared up after."""

import fcntl
import os
import select
import shutil
import signal
import tempfile
import threading
import weakref

FLAGS = (
	"--headless",
	"--remote-debugging-pipe",
	"--no-startup-window",
	# No way out. DevTools refuses a page's requests, but cannot refuse that it connects ahead of one.
	"--host-resolver-rules=MAP * ~NOTFOUND",
	"--no-proxy-server",
	# Each frame in its page's own process, where what is forbidden to the page is forbidden to the frame; the
	# page in one process for good, so that it is blank again in a third of the time.
	"--disable-site-isolation-trials",
	"--disable-features=IsolateSandboxedIframes,"
	# No document kept for a way back, and no process for what would drop down from the address bar.
	"BackForwardCache,WebUIOmniboxPopup,WebUIOmniboxAimPopup",
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

# The shell outlives us: the profile goes with the browser, also when we were killed, or were a forked job
# that ends without a word.
RUN_THEN_REMOVE_PROFILE = 'trap : HUP INT TERM; "$@"; code=$?; rm -rf "$0"; exit $code'

# Secrets of the site may be in our environment. Chromium, which reads what customers wrote, gets only these.
ENVIRONMENT = (
	"PATH",
	"HOME",
	"XDG_CACHE_HOME",
	"XDG_CONFIG_HOME",
	"LANG",
	"LC_ALL",
	"TZ",
	"FONTCONFIG_FILE",
	"FONTCONFIG_PATH",
	"LD_LIBRARY_PATH",
)

EXIT_SECONDS = 0.5


class BrowserProcess:
	"""A Chromium that reads commands from one pipe and writes answers to another, and ends when they close.

	It has a process group and a profile of its own. Raises OSError when it cannot be started at all.
	"""

	def __init__(self, path: str):
		self._reaped = False
		self._reaping = threading.Lock()
		self._log = tempfile.TemporaryFile()
		self._profile = tempfile.mkdtemp(prefix="gigafibre-chromium-")
		flags = [*FLAGS, f"--user-data-dir={self._profile}"]
		if os.geteuid() == 0:
			flags.append("--no-sandbox")  # as root, Chromium does not start with it
		environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
		try:
			with _starting:
				self._pid, self._to, self._from = _spawn(
					["/bin/sh", "-c", RUN_THEN_REMOVE_PROFILE, self._profile, path, *flags],
					environment | {"TMPDIR": self._profile},
					self._log.fileno(),
				)
				_processes.add(self)
		except OSError:
			os.rmdir(self._profile)
			raise
		self._writable = select.poll()
		self._writable.register(self._to, select.POLLOUT)

	def write(self, data: memoryview, seconds: float) -> int:
		"""Writes the start of `data` and gives its length: 0 when the browser read nothing for `seconds`.

		Raises BrokenPipeError when it does not listen any more.
		"""
		if not self._writable.poll(seconds * 1000):
			return 0
		return os.write(self._to, data)

	def read(self) -> bytes:
		"""Waits for output; b"" after its end."""
		return os.read(self._from, 1 << 20)

	def kill(self) -> None:
		"""Ends all processes of the browser at once. Does not wait."""
		with self._reaping:
			if not self._reaped:
				os.killpg(self._pid, signal.SIGKILL)

	def wait(self) -> str:
		"""Waits for the end, half a second at most before it kills, and removes what the browser leaves.

		Gives a sentence on how it ended. To be called once, by the thread that reads.
		"""
		lingers = threading.Timer(EXIT_SECONDS, self.kill)
		lingers.daemon = True
		lingers.start()
		ending = self._reap()
		lingers.cancel()
		shutil.rmtree(self._profile, ignore_errors=True)  # it is there only if the shell was killed as well
		last_words = self._last_words()
		self._log.close()
		return f"{ending} {last_words}".strip()

	def close_pipes(self) -> None:
		"""Lets go of the browser, which then ends unless another process holds copies of the pipes."""
		# Forgotten first, closed then: in between, another thread may fork.
		pipes, self._to, self._from = {self._to, self._from}, -1, -1
		for pipe in pipes - {-1}:
			os.close(pipe)

	def _reap(self) -> str:
		try:
			os.waitid(os.P_PID, self._pid, os.WEXITED | os.WNOWAIT)
			with self._reaping:
				self._reaped = True
				# The leader, dead but not yet waited for, keeps the group's number from going to others.
				os.killpg(self._pid, signal.SIGKILL)
				return _how_it_ended(os.waitpid(self._pid, 0)[1])
		except ChildProcessError:
			self._reaped = True
			return "Chromium ended."  # the host waits for all children itself, and was quicker

	def _last_words(self) -> str:
		size = os.fstat(self._log.fileno()).st_size
		tail = os.pread(self._log.fileno(), 1000, max(0, size - 1000)).decode(errors="replace")
		return " / ".join(line.strip() for line in tail.splitlines()[-3:])


def _spawn(command: list[str], environment: dict[str, str], log: int) -> tuple[int, int, int]:
	"""Starts a process group that reads from fd 3 and writes to fd 4.

	Gives its id, the fd to write to, which does not block, and the fd to read from.
	"""
	their_input, our_output = os.pipe()
	our_input, their_output = os.pipe()
	# Out of the way of 0 to 4, each of which is about to be replaced in the child.
	theirs = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (their_input, their_output)]
	try:
		pid = os.posix_spawn(
			command[0],
			command,
			environment,
			file_actions=[
				(os.POSIX_SPAWN_DUP2, log, 1),
				(os.POSIX_SPAWN_DUP2, log, 2),
				(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
				(os.POSIX_SPAWN_DUP2, theirs[0], 3),
				(os.POSIX_SPAWN_DUP2, theirs[1], 4),
			],
			setpgroup=0,
		)
	except OSError:
		os.close(our_output)
		os.close(our_input)
		raise
	finally:
		for fd in (their_input, their_output, *theirs):
			os.close(fd)
	os.set_blocking(our_output, False)
	return pid, our_output, our_input


def _how_it_ended(status: int) -> str:
	code = os.waitstatus_to_exitcode(status)
	signal_number = -code if code < 0 else code - 128  # the shell's way to say it of its child
	if 0 < signal_number < signal.NSIG:
		return f"Chromium was killed by signal {signal_number} ({signal.strsignal(signal_number)})."
	return f"Chromium ended with exit code {code}."


# A fork waits while pipes exist that are in no list yet: a child that could not close its copies would keep
# the browser alive after its parent's end.
_starting = threading.Lock()
_processes: weakref.WeakSet[BrowserProcess] = weakref.WeakSet()


def _let_go_in_child() -> None:
	_starting.release()
	for process in list(_processes):
		process.close_pipes()
	_processes.clear()


os.register_at_fork(
	before=_starting.acquire, after_in_parent=_starting.release, after_in_child=_let_go_in_child
)
