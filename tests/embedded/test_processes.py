"""Programs by which a server is made and run: ended with us, and told in their own words."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import psutil
import pytest

from gigafibre_utils.embedded import processes
from gigafibre_utils.embedded.mariadb import MariadbServer
from gigafibre_utils.embedded.postgres import PostgresServer
from gigafibre_utils.embedded.processes import ServerProcess
from gigafibre_utils.errors import ServiceUnavailable
from tests.embedded.test_postgres import directory_for_all
from tests.patience import PATIENCE

# It says that it is there, and what it is asked to do it does not.
STUBBORN = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("here", flush=True)
signal.pause()
"""


@pytest.fixture
def stubborn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServerProcess]:
	"""A server that does not stop when it is asked to."""
	monkeypatch.setattr(processes, "STOP_SECONDS", 0.1)
	server, log = ServerProcess("It", signal.SIGTERM), tmp_path / "log"
	server.start([sys.executable, "-c", STUBBORN], log)
	until(lambda: log.read_text() == "here\n")
	yield server
	server.stop()


def until(is_so: Callable[[], bool]) -> None:
	deadline = time.monotonic() + PATIENCE
	while not is_so():
		assert time.monotonic() < deadline
		time.sleep(0.01)


def lives(pid: int) -> bool:
	try:
		return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
	except psutil.NoSuchProcess:
		return False


@pytest.mark.parametrize(
	("kind", "program"),
	[
		(MariadbServer, "mariadb-install-db"),
		(MariadbServer, "mariadbd"),
		(PostgresServer, "initdb"),
		(PostgresServer, "postgres"),
	],
)
def test_what_is_being_started_when_a_signal_comes_is_ended(
	kind: type[MariadbServer] | type[PostgresServer],
	program: str,
	tmp_path: Path,
	monkeypatch: pytest.MonkeyPatch,
):
	started: list[subprocess.Popen] = []

	class Interrupted(subprocess.Popen):
		"""A process that is there, of which its starter does not know yet when Ctrl-C comes."""

		def __init__(self, command: list[str], **options: object):
			super().__init__(command, **options)
			if program in [Path(word).name for word in command] and "test" not in command:
				started.append(self)
				signal.raise_signal(signal.SIGINT)

	monkeypatch.setattr(processes.subprocess, "Popen", Interrupted)
	server = kind(directory_for_all(tmp_path))
	with pytest.raises(KeyboardInterrupt):
		server.start()
	server.stop()
	assert [process.returncode is None for process in started] == [False]


def test_the_children_of_what_is_run_end_with_it(tmp_path: Path):
	told = tmp_path / "child"

	def interrupt() -> None:
		until(lambda: told.exists() and told.read_text().endswith("\n"))
		os.kill(os.getpid(), signal.SIGINT)

	threading.Thread(target=interrupt).start()
	with pytest.raises(KeyboardInterrupt):
		processes.run("It", ["sh", "-c", f"sleep 1000 & echo $! > '{told}'; wait"])
	until(lambda: not lives(int(told.read_text())))


def test_a_directory_that_is_not_empty_is_told_in_initdbs_own_words(tmp_path: Path):
	server = PostgresServer(directory_for_all(tmp_path))
	server.data.mkdir(parents=True)
	(server.data / "here").touch()
	with pytest.raises(ServiceUnavailable, match=r"PostgreSQL's initdb failed: .*not empty"):
		server.start()


def test_ctrl_c_at_the_terminal_is_not_the_servers(stubborn: ServerProcess):
	process = stubborn._process
	assert process and os.getpgid(process.pid) != os.getpgrp()


def test_a_server_that_does_not_stop_is_killed(stubborn: ServerProcess):
	process = stubborn._process
	stubborn.stop()
	assert process and process.returncode == -signal.SIGKILL


def test_a_server_that_does_not_answer_is_told_and_ended(
	stubborn: ServerProcess, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(processes, "START_SECONDS", 0.1)
	process = stubborn._process

	def connect() -> NoReturn:
		raise ConnectionError("nobody listens")

	with pytest.raises(ServiceUnavailable, match=r"It did not answer in 0\.1 s: nobody listens"):
		stubborn.wait_until_it_answers(connect, ConnectionError, lambda: "")
	assert process and process.returncode == -signal.SIGKILL
