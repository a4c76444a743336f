"""The embedded host as a whole: directory, configuration, database, jobs, clock."""

import fcntl
import json
import logging
import secrets
import shutil
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from pathlib import Path
from typing import IO, Any

from gigafibre_utils.embedded import schema
from gigafibre_utils.embedded.database import Database
from gigafibre_utils.embedded.memory import Memory
from gigafibre_utils.embedded.postgres import PostgresServer
from gigafibre_utils.embedded.sample_company import SampleCompany
from gigafibre_utils.embedded.site import EmbeddedSite, call
from gigafibre_utils.errors import GigafibreError
from gigafibre_utils.sample import PORTAL_USER, STAFF
from gigafibre_utils.signals import held_back

WORKERS = 8
SWEEP_SECONDS = 60
SWEEP = "gigafibre_utils.payments.sweep.run"

log = logging.getLogger("gigafibre")


class Host:
	"""A host in a directory of its own under `base`, gone when it is closed. Use as a context manager."""

	def __init__(self, base: Path):
		self.directory, self._lock = _own_directory(base)
		self.configuration: dict[str, Any] = {
			"gigafibre_pay_secret": secrets.token_hex(32),
			"gigafibre_stripe_webhook_secret": f"whsec_{secrets.token_hex(24)}",
			"gigafibre_stripe_secret_key": f"sk_test_{secrets.token_hex(24)}",
		}
		self.passwords = {user: secrets.token_urlsafe(12) for user in (STAFF[0], PORTAL_USER)}
		self.memory = Memory()
		self.postgres = PostgresServer(self.directory / "postgres")
		self.database: Database
		self._jobs = ThreadPoolExecutor(WORKERS, thread_name_prefix="job")
		self._closing = threading.Event()

	def __enter__(self) -> "Host":
		try:
			self.postgres.start()
			self.database = Database(self.postgres.url)
			self._load_company()
		except BaseException:
			self.close()
			raise
		threading.Thread(target=self._sweep_now_and_then, daemon=True, name="sweep").start()
		return self

	def __exit__(self, *error: Any) -> None:
		self.close()

	def configure(self, **values: Any) -> None:
		"""Set keys of the host's configuration, and keep them in its file."""
		self.configuration.update(values)
		path = self.directory / "site_config.json"
		path.touch(mode=0o600)
		path.write_text(json.dumps(self.configuration | {"passwords": self.passwords}, indent=1))

	def close(self) -> None:
		"""End everything and remove the directory."""
		with held_back():
			self._closing.set()
			self._jobs.shutdown(cancel_futures=True)
			if hasattr(self, "database"):
				self.database.close()
			self.postgres.stop()
			shutil.rmtree(self.directory, ignore_errors=True)
			self._lock.close()

	def new_site(self, name: str) -> str:
		"""Another database of this PostgreSQL with the sample company; gives its URL."""
		other = copy(self)
		other.database = Database(self.postgres.new_database(name))
		try:
			other._load_company()
		finally:
			other.database.close()
		return other.database.url

	def _load_company(self) -> None:
		with EmbeddedSite(self, user="Administrator") as site:
			with site.atomic():
				schema.create(site.connection)
			SampleCompany(site, self.passwords).load()

	def run_job(self, function: str, arguments: dict[str, Any]) -> None:
		"""Call a dotted function on a worker thread, as a site of its own."""
		if not self._closing.is_set():
			self._jobs.submit(self._job, function, arguments)

	def _job(self, function: str, arguments: dict[str, Any]) -> None:
		try:
			with EmbeddedSite(self) as site:
				call(function, arguments)
				site.connection.commit()
		except GigafibreError as error:
			log.error("%s failed: %s", function, error)
		except Exception:
			log.exception("%s failed", function)

	def _sweep_now_and_then(self) -> None:
		while not self._closing.wait(SWEEP_SECONDS):
			self._job(SWEEP, {})


def _own_directory(base: Path) -> tuple[Path, IO[bytes]]:
	"""A new directory, locked while we live. Those that nobody locks are of killed hosts, and go."""
	base.mkdir(parents=True, exist_ok=True)
	with (base / "lock").open("wb") as turn:
		fcntl.flock(turn, fcntl.LOCK_EX)
		for directory in filter(Path.is_dir, base.iterdir()):
			_remove_if_left_over(directory)
		own = Path(tempfile.mkdtemp(prefix="host-", dir=base))
		own.chmod(0o711)  # PostgreSQL's files, which lie in it, may be another user's
		lock = (own / "lock").open("wb")
		fcntl.flock(lock, fcntl.LOCK_EX)
		return own, lock


def _remove_if_left_over(directory: Path) -> None:
	with (directory / "lock").open("wb") as lock:
		try:
			fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
		except BlockingIOError:
			return  # its host lives
		shutil.rmtree(directory, ignore_errors=True)
