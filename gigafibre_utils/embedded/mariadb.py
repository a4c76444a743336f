"""A MariaDB of one's own, from Debian's packages, that lives and ends with the process that started it.

It stands in for the legacy billing database in rehearsals and tests. It listens on an abstract Unix socket
under a password: no port to be free, no path too long or with a blank in it.
"""

import os
import re
import secrets
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import quote

import MySQLdb

from gigafibre_utils.embedded import processes
from gigafibre_utils.embedded.processes import ServerProcess
from gigafibre_utils.errors import InvalidInput, ServiceUnavailable

DATABASE = "gestionclient"
USER = "gigafibre"
# What a throw-away database gains from: no wait for the disk, no log for replicas.
SETTINGS = {
	"innodb-flush-log-at-trx-commit": "0",
	"innodb-flush-method": "nosync",
	"innodb-doublewrite": "0",
	"innodb-buffer-pool-size": "256M",
	"innodb-log-file-size": "256M",
	"max-allowed-packet": "64M",
	"performance-schema": "0",
	"character-set-server": "latin1",
}
# Of two servers with one directory for temporary tables, the one that starts takes away those of the other.
# Named from where the data lies: a colon in a whole path would part two directories.
TEMPORARY = {"TMPDIR": "../tmp"}
# Debian keeps the server where a user's PATH may not look.
SEARCHED = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))


class MariadbServer:
	"""A server with its data in `directory`, made there at the first start, and one database."""

	def __init__(self, directory: Path):
		directory = directory.resolve()  # the server takes its own directory for the current one
		self.data = directory / "data"
		self.log = directory / "mariadb.log"
		self._password_file = directory / "password"
		self._first_words = directory / "start.sql"
		self._socket = f"@gigafibre-{secrets.token_hex(8)}"
		self._process = ServerProcess("MariaDB", signal.SIGTERM)

	@property
	def url(self) -> str:
		"""The connection URL of `gestionclient`."""
		return self._url(DATABASE)

	def start(self) -> None:
		"""Start, and wait until it answers.

		Raises ServiceUnavailable where MariaDB is not installed, or in its own words where it does not start.
		"""
		server = _program("mariadbd")
		if not (self.data / "mysql").exists():
			self._make()
		self._write_first_words()
		command = [
			*("setpriv", "--pdeathsig", "TERM", "--"),
			*(server, "--no-defaults", *_as_root(), f"--datadir={self.data}", f"--socket={self._socket}"),
			*(
				"--skip-networking",
				"--skip-log-bin",
				"--skip-name-resolve",
				f"--init-file={self._first_words}",
			),
			*(f"--{name}={value}" for name, value in SETTINGS.items()),
		]
		self._process.start(command, self.log, os.environ | TEMPORARY)
		self._process.wait_until_it_answers(self._connect, MySQLdb.OperationalError, self._last_words)

	def stop(self) -> None:
		"""Stop, rolling back what is open; returns when the process is gone."""
		self._process.stop()

	def new_database(self, name: str) -> str:
		"""Make an empty database in place of one of that name, if any; gives its URL."""
		if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name):
			raise InvalidInput("A database's name is of small letters, digits and _.")
		connection = self._connect()
		with connection.cursor() as cursor:
			cursor.execute(f"CREATE OR REPLACE DATABASE {name} CHARACTER SET latin1")
		connection.close()
		return self._url(name)

	def _url(self, database: str) -> str:
		password = quote(self._password_file.read_text())
		return f"mysql://{USER}:{password}@localhost/{database}?unix_socket={quote(self._socket)}"

	def _connect(self) -> Any:
		password = self._password_file.read_text()
		return MySQLdb.connect(unix_socket=self._socket, user=USER, password=password, database=DATABASE)

	def _make(self) -> None:
		(self.data.parent / "tmp").mkdir(parents=True, exist_ok=True)
		_write_secret(self._password_file, secrets.token_urlsafe(24))
		command = [
			*(_program("mariadb-install-db"), "--no-defaults", *_as_root(), f"--datadir=./{self.data.name}"),
			*("--auth-root-authentication-method=socket", "--skip-test-db", "--skip-name-resolve"),
		]
		# A path from here: the shell script that this is does not quote one with a blank in it.
		processes.run(
			"MariaDB's mariadb-install-db",
			command,
			stderr=subprocess.STDOUT,
			cwd=self.data.parent,
			env=os.environ | TEMPORARY,
		)

	def _write_first_words(self) -> None:
		"""What the server does before it answers anybody: the user, and the database if it is missing."""
		password = self._password_file.read_text()
		_write_secret(
			self._first_words,
			f"CREATE OR REPLACE USER {USER}@localhost IDENTIFIED BY '{password}';\n"
			f"GRANT ALL ON *.* TO {USER}@localhost WITH GRANT OPTION;\n"
			f"CREATE DATABASE IF NOT EXISTS {DATABASE} CHARACTER SET latin1;\n",
		)

	def _last_words(self) -> str:
		lines = self.log.read_text(errors="replace").strip().splitlines()
		return " ".join([line for line in lines if "[ERROR]" in line][:3] or lines[-3:])


def _program(name: str) -> str:
	found = shutil.which(name, path=SEARCHED)
	if not found:
		raise ServiceUnavailable(
			f"{name} is not installed: Debian has it in mariadb-server-core with mariadb-client-core."
		)
	return found


def _as_root() -> list[str]:
	"""Root has to say that it means to run the server itself; nobody else may name a user."""
	return ["--user=root"] if os.geteuid() == 0 else []


def _write_secret(path: Path, text: str) -> None:
	path.touch(mode=0o600)
	path.write_text(text)
