"""Processes that print come and go: none leaves a browser, and a forked child has one of its own."""

import os
import subprocess
import sys
from pathlib import Path

import psutil

from tests.patience import PATIENCE
from tests.unit.chromium.browsers import leaders, nothing_is_left, processes, wait_until

REPOSITORY = Path(__file__).parents[3]
PRELUDE = """
import os, sys
from gigafibre_utils.printing.chromium import WarmChromium, find_chromium
printer = WarmChromium(find_chromium(None))
assert printer.print_html("x").startswith(b"%PDF")
def say(text):
	print(text, flush=True)
"""


def start_python(text: str, place: Path) -> subprocess.Popen[str]:
	return subprocess.Popen(
		[sys.executable, "-c", PRELUDE + text],
		env={**os.environ, "TMPDIR": str(place), "PYTHONPATH": str(REPOSITORY)},
		stdin=subprocess.PIPE,
		stdout=subprocess.PIPE,
		text=True,
	)


def test_a_killed_python_leaves_no_browser(place):
	with start_python("say('printed'); sys.stdin.read()", place) as python:
		assert python.stdout.readline() == "printed\n"
		assert processes(place)
		python.kill()
		wait_until(lambda: nothing_is_left(place))


def test_a_python_that_ends_leaves_no_browser(place):
	with start_python("", place) as python:
		assert python.wait(PATIENCE) == 0
	wait_until(lambda: nothing_is_left(place))


def test_a_forked_child_prints_on_a_browser_of_its_own_and_leaves_none(place):
	text = """
if not (child := os.fork()):
	pdf = printer.print_html("in the child")
	os._exit(0 if pdf.startswith(b"%PDF") else 1)
say(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
sys.stdin.readline()
assert printer.print_html("in the parent").startswith(b"%PDF")
say("printed")
"""
	with start_python(text, place) as python:
		assert python.stdout.readline() == "0\n"
		wait_until(lambda: len(leaders(place)) == 1)
		python.stdin.write("\n")
		python.stdin.flush()
		assert python.stdout.readline() == "printed\n"
	wait_until(lambda: nothing_is_left(place))


def test_a_forked_child_does_not_keep_its_parents_browser_alive(place):
	text = """
if not (child := os.fork()):
	os.close(1)
	sys.stdin.read()
say(child)
sys.stdin.read()
"""
	with start_python(text, place) as python:
		child = psutil.Process(int(python.stdout.readline()))
		python.kill()
		try:
			wait_until(lambda: nothing_is_left(place))
			assert child.is_running()
		finally:
			child.kill()
