"""The demo, as a shell starts it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from tests.patience import PATIENCE

CACHE = Path(__file__).parents[2] / ".cache"
COMMAND = [sys.executable, "-m", "gigafibre_utils.cli", "demo"]
KEYS = {
	"pdf_path",
	"pdf_pages",
	"qr_payload",
	"pay_url",
	"checkout_url",
	"payment_entry",
	"outstanding_before",
	"outstanding_after",
	"gl_balanced",
	"render_ms",
	"oneshot_ms",
	"steps",
}


@pytest.fixture
def folder() -> Iterator[Path]:
	"""A working directory with blanks in its name."""
	CACHE.mkdir(exist_ok=True)
	with tempfile.TemporaryDirectory(
		prefix="a folder with blanks ", dir=CACHE, ignore_cleanup_errors=True
	) as made:
		# Pytest's own folders are for one user alone; the embedded PostgreSQL may be another.
		Path(made).chmod(0o755)
		yield Path(made)


def left_behind(folder: Path) -> list[str]:
	"""Processes that still have something to do with a folder."""
	return [
		" ".join(process.info["cmdline"])
		for process in psutil.process_iter(["cmdline"])
		if any(str(folder) in argument for argument in process.info["cmdline"] or ())
	]


def test_two_at_once_make_the_trip_and_leave_nothing_running(folder: Path):
	demos = [
		subprocess.Popen([*COMMAND, "--json"], cwd=folder, stdout=subprocess.PIPE, text=True)
		for _ in range(2)
	]
	answers = [json.loads(demo.communicate()[0]) for demo in demos]
	assert [demo.returncode for demo in demos] == [0, 0]
	for answer in answers:
		assert set(answer) >= KEYS
		assert (answer["outstanding_before"], answer["outstanding_after"]) == ("114.92", "0.00")
		assert answer["gl_balanced"] is True
		assert answer["payment_entry"].startswith("ACC-PAY-")
		assert answer["pay_url"] == answer["qr_payload"]
		assert (folder / answer["pdf_path"]).read_bytes().startswith(b"%PDF")
		assert [step["name"] for step in answer["steps"]][-1] == "Warm engine against one-shot"
	assert len({answer["pdf_path"] for answer in answers}) == 2
	assert left_behind(folder) == []
	assert [path.name for path in (folder / ".host").iterdir()] == ["lock"]


def test_what_does_not_hold_ends_it_with_1_and_says_what(folder: Path):
	fake = folder / "bin"
	fake.mkdir()
	(fake / "chromium").write_text("#!/bin/sh\nexit 1\n")
	(fake / "chromium").chmod(0o755)
	demo = subprocess.run(
		COMMAND,
		cwd=folder,
		env=os.environ | {"PATH": f"{fake}:{os.environ['PATH']}"},
		capture_output=True,
		text=True,
	)
	assert demo.returncode == 1
	assert "invoice_pdf answered 500" in demo.stderr
	assert "Traceback" not in demo.stderr
	assert left_behind(folder) == []


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_served_host_can_be_tried_and_ends_with_its_process(folder: Path, ending: signal.Signals):
	demo = subprocess.Popen(
		[*COMMAND, "--serve", "--port", "0"], cwd=folder, stdout=subprocess.PIPE, text=True
	)
	shown = []
	for line in demo.stdout:
		shown.append(line)
		if "Ctrl-C" in line:
			break
	text = "".join(shown)
	for title in ("Pay page, French", "Pay page, English", "PDF, French", "Staff login"):
		assert title in text
	(page,) = re.findall(r"^Pay page, French +(\S+)", text, re.M)
	assert "Payer" in requests.get(page, timeout=PATIENCE).text
	(pdf,) = re.findall(r"^PDF, French +(\S+)", text, re.M)
	assert requests.get(pdf, timeout=PATIENCE).content.startswith(b"%PDF")
	url, user, password = re.findall(r"^Staff login +(\S+) +(\S+) +(\S+)", text, re.M)[0]
	session = requests.Session()
	staff = session.post(url, data={"usr": user, "pwd": password}, timeout=PATIENCE)
	assert "Marie-Ève Tremblay" in staff.text
	demo.send_signal(ending)
	demo.wait(PATIENCE)
	deadline = time.monotonic() + PATIENCE
	while left_behind(folder) and time.monotonic() < deadline:
		time.sleep(0.1)
	assert left_behind(folder) == []


def test_a_port_that_is_taken_is_said_in_one_sentence(folder: Path):
	with socket.socket() as taken:
		taken.bind(("127.0.0.1", 0))
		taken.listen()
		port = taken.getsockname()[1]
		demo = subprocess.run(
			[*COMMAND, "--serve", "--port", str(port)], cwd=folder, capture_output=True, text=True
		)
	assert demo.returncode == 1
	assert str(port) in demo.stderr
	assert "Traceback" not in demo.stderr
