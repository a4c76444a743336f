"""The real Traefik with the compose file's own arguments, before two servers that echo.

One stands in ERPNext's place, the other in that of a guard who refuses.
"""

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

from tests.patience import PATIENCE

ROOT = Path(__file__).parents[2]
FILES = ROOT / "deploy" / "traefik"
TRAEFIK = shutil.which("traefik", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
PAY, ERP = "pay.example.ca", "erp.example.ca"


class Backend(ThreadingHTTPServer):
	"""Answers with what it was asked, and keeps it."""

	daemon_threads = True

	def __init__(self, status: int = 200):
		super().__init__(("127.0.0.1", 0), Echo)
		self.status = status
		self.padding = 0
		self.asked: list[dict[str, Any]] = []
		threading.Thread(target=self.serve_forever, daemon=True).start()

	@property
	def url(self) -> str:
		return f"http://127.0.0.1:{self.server_port}"


class Echo(BaseHTTPRequestHandler):
	server: Backend

	def answer(self) -> None:
		body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
		asked = {
			"method": self.command,
			"path": self.path,
			"headers": {name.lower(): value for name, value in self.headers.items()},
			"body": body.decode("latin-1"),
		}
		self.server.asked.append(asked)
		content = json.dumps(asked).encode() + b" " * self.server.padding
		self.send_response(self.server.status)
		self.send_header("Set-Cookie", "sid=Guest")
		self.send_header("X-Frame-Options", "DENY")
		self.send_header("Content-Length", str(len(content)))
		self.end_headers()
		if self.command != "HEAD":
			self.wfile.write(content)

	do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = answer

	def log_message(self, format: str, *args: Any) -> None:
		"""Tests read `asked`, nobody a log."""


@dataclass
class Answer:
	status: int
	headers: dict[str, str]
	body: bytes


@dataclass
class Proxy:
	"""Traefik with the compose file's own arguments, a backend, and a guard that refuses."""

	port: int
	plain_port: int
	ping_port: int
	backend: Backend
	guard: Backend
	log: Path

	def ask(
		self, source: str, method: str, path: str, body: Any = None, host: str = PAY, **more: str
	) -> Answer:
		context = ssl._create_unverified_context()
		connection = http.client.HTTPSConnection(
			"127.0.0.1", self.port, context=context, source_address=(source, 0), timeout=PATIENCE
		)
		return _answer(connection, method, path, body, {"Host": host} | more)

	def ask_plainly(self, path: str) -> Answer:
		connection = http.client.HTTPConnection("127.0.0.1", self.plain_port, timeout=PATIENCE)
		return _answer(connection, "GET", path, None, {"Host": PAY})


def _answer(
	connection: http.client.HTTPConnection, method: str, path: str, body: Any, headers: dict[str, str]
) -> Answer:
	try:
		connection.request(method, path, body, headers)
		response = connection.getresponse()
		return Answer(response.status, dict(response.getheaders()), response.read())
	finally:
		connection.close()


def compose_service() -> dict[str, Any]:
	return yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["traefik"]


def free_port() -> int:
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return probe.getsockname()[1]


def wait_until(true: Callable[[], bool], what: str) -> None:
	deadline = time.monotonic() + PATIENCE
	while not true():
		assert time.monotonic() < deadline, what
		time.sleep(0.05)


@contextmanager
def running(folder: Path, files: Path = FILES, **changed: str) -> Iterator[Proxy]:
	"""A Traefik of the compose file, on loopback, with certificates of its own making."""
	backend, guard = Backend(), Backend(401)
	port, plain_port, ping_port = free_port(), free_port(), free_port()
	service = compose_service()
	moved = {
		"--entrypoints.web.address": f"127.0.0.1:{plain_port}",
		"--entrypoints.websecure.address": f"127.0.0.1:{port}",
		"--entrypoints.ping.address": f"127.0.0.1:{ping_port}",
		"--entrypoints.web.http.redirections.entrypoint.to": f":{port}",
		"--providers.file.directory": str(files),
	}
	arguments = dict(argument.split("=", 1) for argument in service["command"])
	kept = {key: value for key, value in arguments.items() if not key.startswith("--certificatesresolvers.")}
	environment = {
		"PATH": os.environ["PATH"],
		"GIGAFIBRE_PAY_HOST": f"https://{PAY}",
		"GIGAFIBRE_SITE": ERP,
		"FORWARD_AUTH_URL": guard.url,
		"ERPNEXT_URL": backend.url,
	} | changed
	assert moved.keys() <= kept.keys()
	assert environment.keys() - {"PATH"} <= set(service["environment"])
	# The container's own disk is read-only.
	environment["TMPDIR"] = str(folder) if "/tmp" in service.get("tmpfs", []) else "/nowhere"
	log = folder / "traefik.log"
	command = [TRAEFIK, *(f"{key}={value}" for key, value in (kept | moved).items())]
	with log.open("w") as output:
		traefik = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=folder)
	try:
		proxy = Proxy(port, plain_port, ping_port, backend, guard, log)
		wait_until(lambda: _is_up(ping_port) or traefik.poll() is not None, "Traefik does not start")
		assert traefik.poll() is None, log.read_text()
		yield proxy
	finally:
		traefik.terminate()
		traefik.wait(10)
		for server in (backend, guard):
			server.shutdown()
			server.server_close()


def _is_up(port: int) -> bool:
	try:
		return _answer(http.client.HTTPConnection("127.0.0.1", port), "GET", "/ping", None, {}).status == 200
	except OSError:
		return False
