"""What goes wrong with a print, a page or a browser is named in time, and the next print works."""

import contextlib
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import psutil
import pytest

from gigafibre_utils.errors import ConfigurationError
from gigafibre_utils.printing.chromium import PrintError, find_chromium
from tests.patience import PATIENCE
from tests.unit.chromium.browsers import is_at_work, leaders, nothing_is_left, renderers, wait_until
from tests.unit.chromium.documents import ENDLESS, LONG, read


def test_a_killed_browser_fails_the_print_with_its_cause_and_the_next_print_works(own, place):
	printer = own()
	with ThreadPoolExecutor(1) as pool:
		print_in_flight = pool.submit(printer.print_html, ENDLESS)
		wait_until(lambda: is_at_work(place))
		for leader in leaders(place):
			os.killpg(leader, signal.SIGKILL)
		with pytest.raises(PrintError, match="killed by signal 9"):
			print_in_flight.result()
	assert "next" in read(printer.print_html("next"))


def test_a_crashed_page_fails_its_print_only(own, place):
	printer = own()
	printer.print_html("x")
	before = leaders(place)
	with ThreadPoolExecutor(1) as pool:
		print_in_flight = pool.submit(printer.print_html, ENDLESS)
		wait_until(lambda: is_at_work(place))
		for renderer in renderers(place):
			with contextlib.suppress(psutil.NoSuchProcess):
				renderer.kill()
		with pytest.raises(PrintError, match=r"crashed|could not print"):
			print_in_flight.result()
	assert "next" in read(printer.print_html("next"))
	assert leaders(place) == before


def test_a_page_that_crashed_while_idle_is_noticed_at_once(own, place):
	printer = own()
	printer.print_html("x")
	for renderer in renderers(place):
		renderer.kill()
	wait_until(lambda: not renderers(place))
	with pytest.raises(PrintError, match="crashed"):
		printer.print_html("next", timeout=PATIENCE)
	assert "next" in read(printer.print_html("next"))


def test_a_stopped_browser_fails_the_print_in_time_and_the_next_print_works(own, place):
	printer = own()
	printer.print_html("x")
	(stopped,) = leaders(place)
	os.killpg(stopped, signal.SIGSTOP)
	began = time.monotonic()
	with pytest.raises(PrintError, match="within 1 s"):
		printer.print_html("y" * 1_000_000, timeout=1)
	assert time.monotonic() - began < PATIENCE
	assert "next" in read(printer.print_html("next"))
	assert stopped not in leaders(place)


def test_each_print_on_a_hanging_browser_fails_within_its_own_time_limit(own, place):
	printer = own()
	printer.print_html("x")
	for leader in leaders(place):
		os.killpg(leader, signal.SIGSTOP)

	with ThreadPoolExecutor(1) as pool:
		longer = pool.submit(printer.print_html, "y" * 1_000_000, 5)
		with pytest.raises(PrintError, match=r"within 0\.5 s"):
			printer.print_html("y" * 1_000_000, 0.5)
		assert not longer.done()
		with pytest.raises(PrintError, match="within 5 s"):
			longer.result(PATIENCE)


def test_a_browser_that_died_while_idle_is_replaced(own, place):
	printer = own()
	printer.print_html("x")
	(leader,) = leaders(place)
	os.killpg(leader, signal.SIGKILL)
	wait_until(lambda: nothing_is_left(place))
	assert "next" in read(printer.print_html("next"))


def test_a_browser_that_dies_as_a_print_begins_is_replaced_or_named(own, place):
	printer = own()
	printer.print_html("x")
	for leader in leaders(place):
		os.killpg(leader, signal.SIGKILL)
	try:
		assert "next" in read(printer.print_html("next"))
	except PrintError as error:
		assert "killed by signal 9" in str(error)


def test_a_document_that_takes_too_long_is_given_up_and_its_page_ends(own, place):
	printer = own()
	printer.print_html("x")
	began = time.monotonic()
	with pytest.raises(PrintError, match="within 1 s"):
		printer.print_html(ENDLESS, timeout=1)
	assert time.monotonic() - began < PATIENCE
	wait_until(lambda: not is_at_work(place))
	assert "next" in read(printer.print_html("next"))


def test_the_other_print_survives_one_that_takes_too_long(own):
	printer = own()
	printer.print_html("x")
	with ThreadPoolExecutor(1) as pool:
		long_print = pool.submit(printer.print_html, LONG, PATIENCE)
		with pytest.raises(PrintError, match=r"within 0\.5 s"):
			printer.print_html(ENDLESS, timeout=0.5)
		assert "fibre" in read(long_print.result())


def test_a_document_larger_than_chromium_listens_to_is_refused(printer):
	with pytest.raises(PrintError, match="too large"):
		printer.print_html("x" * 101_000_000)
	assert "next" in read(printer.print_html("next"))


def test_a_time_limit_that_strikes_in_the_middle_leaves_the_printer_whole(own, place):
	class JobTimeout(Exception):
		pass

	def end(*_: object) -> None:
		raise JobTimeout

	def strike() -> None:
		wait_until(lambda: is_at_work(place))
		os.kill(os.getpid(), signal.SIGALRM)

	printer = own(at_once=1)
	printer.print_html("x")
	before = signal.signal(signal.SIGALRM, end)
	try:
		with ThreadPoolExecutor(1) as pool, pytest.raises(JobTimeout):
			pool.submit(strike)
			printer.print_html(ENDLESS, PATIENCE)
	finally:
		signal.signal(signal.SIGALRM, before)
	assert read(printer.print_html("next")).strip() == "next"


@pytest.mark.parametrize(
	("text", "cause"),
	[
		("echo No usable sandbox >&2; exit 3", r"exit code 3\. No usable sandbox"),
		("echo garbage; exit 0", "exit code 0. garbage"),
		(r"printf 'garbage\0' >&4; exec sleep 600", "does not answer as Chromium does"),
		(r"printf '[1]\0' >&4; exec sleep 600", "does not answer as Chromium does"),
		("kill -SEGV $$", "killed by signal 11"),
	],
)
def test_a_chromium_that_does_not_start_is_named_with_its_cause(own, script, text, cause):
	with pytest.raises(PrintError, match=cause):
		own(script(text)).print_html("x", timeout=PATIENCE)


def test_a_chromium_that_never_answers_is_given_up_in_time_and_ended(own, script, place):
	printer = own(script("sleep 600; true"))
	began = time.monotonic()
	with pytest.raises(PrintError, match=r"within 0\.5 s"):
		printer.print_html("x", timeout=0.5)
	assert time.monotonic() - began < PATIENCE
	wait_until(lambda: nothing_is_left(place))


def test_a_path_that_is_not_there_is_named(own):
	with pytest.raises(PrintError, match="/no/such/chromium"):
		own("/no/such/chromium").print_html("x")


def test_chromium_is_looked_for_where_the_site_says_and_then_on_path(tmp_path, monkeypatch):
	for name in ("google-chrome", "chromium", "mine"):
		(tmp_path / name).write_text("#!/bin/sh\n")
		(tmp_path / name).chmod(0o755)
	monkeypatch.setenv("PATH", str(tmp_path))
	assert find_chromium(str(tmp_path / "mine")) == str(tmp_path / "mine")
	assert find_chromium(None) == str(tmp_path / "chromium")
	with pytest.raises(ConfigurationError, match="chromium_path"):
		find_chromium("/no/such/chromium")
	monkeypatch.setenv("PATH", "/nowhere")
	with pytest.raises(ConfigurationError, match=r"Chromium.*chromium_path"):
		find_chromium(None)
