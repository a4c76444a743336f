"""The MariaDB that stands in for the legacy one, whoever starts it and wherever."""

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import MySQLdb
import pytest

from gigafibre_utils.embedded import mariadb
from gigafibre_utils.embedded.mariadb import MariadbServer
from gigafibre_utils.errors import InvalidInput, ServiceUnavailable
from tests.embedded.test_processes import lives, until


def connected(url: str):
	parts = urlsplit(url)
	return MySQLdb.connect(
		unix_socket=parse_qs(parts.query)["unix_socket"][0],
		user=parts.username,
		password=unquote(parts.password),
		database=parts.path.lstrip("/"),
	)


def told(url: str, query: str) -> list[tuple]:
	connection = connected(url)
	with connection.cursor() as cursor:
		cursor.execute(query)
		rows = list(cursor.fetchall())
	connection.commit()
	connection.close()
	return rows


def test_it_starts_again_on_what_it_made(tmp_path: Path):
	server = MariadbServer(tmp_path / "a name with blanks")
	server.start()
	told(server.url, "CREATE TABLE kept (id INT) ENGINE=InnoDB")
	told(server.url, "INSERT INTO kept VALUES (7)")
	server.stop()
	server.start()
	try:
		assert told(server.url, "SELECT id, database() FROM kept") == [(7, "gestionclient")]
	finally:
		server.stop()


def test_a_path_that_is_too_long_for_a_socket_does_not_matter(tmp_path: Path):
	server = MariadbServer(tmp_path / ("long" * 30))
	server.start()
	try:
		assert told(server.url, "SELECT @@skip_networking, @@character_set_server") == [(1, "latin1")]
	finally:
		server.stop()


def test_several_databases_live_in_one_server(tmp_path: Path):
	server = MariadbServer(tmp_path)
	server.start()
	try:
		other = server.new_database("other")
		told(other, "CREATE TABLE here (id INT)")
		assert told(server.url, "SHOW TABLES") == []
		assert told(server.new_database("other"), "SHOW TABLES") == []
		with pytest.raises(InvalidInput, match="small letters"):
			server.new_database("x; DROP DATABASE gestionclient")
	finally:
		server.stop()


def test_another_user_without_the_password_is_refused(tmp_path: Path):
	server = MariadbServer(tmp_path)
	server.start()
	try:
		socket = parse_qs(urlsplit(server.url).query)["unix_socket"][0]
		with pytest.raises(MySQLdb.OperationalError, match="Access denied"):
			MySQLdb.connect(unix_socket=socket, user=mariadb.USER, password="guessed")
		secret = [tmp_path / name for name in ("password", "start.sql")]
		assert [path.name for path in secret if path.stat().st_mode & 0o077] == []
	finally:
		server.stop()


def test_it_ends_with_the_process_that_started_it(tmp_path: Path):
	program = (
		"import os, sys; from pathlib import Path\n"
		"from gigafibre_utils.embedded.mariadb import MariadbServer\n"
		"server = MariadbServer(Path(sys.argv[1])); server.start()\n"
		"print(server._process._process.pid, flush=True); os.kill(os.getpid(), 9)"
	)
	ended = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True)
	until(lambda: not lives(int(ended.stdout)))


def test_without_mariadb_the_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(mariadb, "SEARCHED", os.fspath(tmp_path))
	with pytest.raises(ServiceUnavailable, match="mariadb-server-core"):
		MariadbServer(tmp_path / "data").start()


def test_broken_data_is_told_in_mariadbs_own_words(tmp_path: Path):
	server = MariadbServer(tmp_path)
	server.start()
	server.stop()
	(server.data / "ibdata1").write_bytes(b"no such thing")
	with pytest.raises(ServiceUnavailable, match="InnoDB"):
		server.start()
