"""The embedded PostgreSQL, whoever starts it and wherever."""

import os
from pathlib import Path

import psycopg2
import pytest

from gigafibre_utils.embedded import postgres
from gigafibre_utils.embedded.postgres import PostgresServer
from gigafibre_utils.errors import ServiceUnavailable

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")


def answer_of(server: PostgresServer) -> str:
	server.start()
	try:
		with psycopg2.connect(server.url) as connection, connection.cursor() as cursor:
			cursor.execute("SELECT 'here'")
			return cursor.fetchone()[0]
	finally:
		server.stop()


def directory_for_all(tmp_path: Path) -> Path:
	"""A directory that others may enter; pytest's own are for one user alone."""
	for parent in (tmp_path, *list(tmp_path.parents)[:3]):
		if parent.name.startswith(("test_", "popen", "pytest-")):
			parent.chmod(0o755)
	return tmp_path / "a name with blanks"


def test_it_starts_again_on_what_it_made(tmp_path: Path):
	server = PostgresServer(directory_for_all(tmp_path))
	assert answer_of(server) == "here"
	assert answer_of(server) == "here"


def test_a_path_that_is_too_long_for_a_socket_does_not_matter(tmp_path: Path):
	assert answer_of(PostgresServer(directory_for_all(tmp_path) / ("long" * 30))) == "here"


@needs_root
def test_without_user_namespaces_it_runs_as_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(postgres, "NAMESPACE", ["false"])
	if not postgres._succeeds([*postgres.NOBODY, "test", "-x", str(postgres.BINARIES / "postgres")]):
		pytest.skip("nobody may not enter this checkout")
	directory = directory_for_all(tmp_path)
	assert answer_of(PostgresServer(directory)) == "here"
	assert (directory / "data").owner() == "nobody"


@needs_root
def test_where_nobody_may_enter_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(postgres, "NAMESPACE", ["false"])
	closed = tmp_path / "closed"
	closed.mkdir(mode=0o700)
	with pytest.raises(ServiceUnavailable, match="others may enter"):
		PostgresServer(closed / "postgres").start()


def test_a_broken_cluster_is_told_in_postgresqls_own_words(tmp_path: Path):
	server = PostgresServer(directory_for_all(tmp_path))
	answer_of(server)
	(server.data / "postgresql.conf").write_text("no_such_setting = 1\n")
	with pytest.raises(ServiceUnavailable, match="no_such_setting"):
		server.start()
