"""Many prints at once, and many one after the other."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gigafibre_utils.printing.chromium import OneShotChromium, PrinterBusy, PrintError
from tests.patience import PATIENCE
from tests.unit.chromium.browsers import leaders, nothing_is_left, wait_until
from tests.unit.chromium.documents import read


class Held:
	"""A program that is started as if it were Chromium, and lasts until what is done `with` this is done."""

	def __init__(self, script: Callable[[str], Path], pipe: Path):
		os.mkfifo(pipe)
		self._pipe = pipe
		self.program = script(f"exec cat {pipe}")

	def __enter__(self) -> None:
		self._end = self._pipe.open("wb")  # once the program reads

	def __exit__(self, *error: object) -> None:
		self._end.close()


def test_threads_get_each_the_document_that_they_gave(own):
	printer = own()
	names = [f"document-{number}-" for number in range(32)]

	def print_one(name: str) -> str:
		return read(printer.print_html(f"<h1>{name}</h1>" + f"<p>{name}</p>" * 50))

	with ThreadPoolExecutor(8) as pool:
		texts = list(pool.map(print_one, names))
	for name, text in zip(names, texts, strict=True):
		assert text.count(name) == text.count("document-") == 51


def test_nobody_who_waits_is_overtaken(own):
	printer = own(at_once=1)
	shares = [0] * 4
	printed = threading.Semaphore(60)

	def print_on(number: int) -> None:
		while printed.acquire(blocking=False):
			printer.print_html("x")
			shares[number] += 1

	with ThreadPoolExecutor(len(shares)) as pool:
		list(pool.map(print_on, range(len(shares))))
	assert max(shares) - min(shares) <= 2


@pytest.fixture
def held(script, tmp_path) -> Held:
	return Held(script, tmp_path / "held")


def test_who_finds_the_queue_full_is_told_at_once(own, held):
	printer = own(held.program, at_once=1, queue=0)
	with ThreadPoolExecutor(1) as pool:
		first = pool.submit(printer.print_html, "x", PATIENCE)
		with held, pytest.raises(PrinterBusy) as busy:
			printer.print_html("x", timeout=PATIENCE)
		assert busy.value.http_status_code == 503
		assert type(first.exception()) is PrintError


def test_who_waits_in_the_queue_waits_no_longer_than_the_time_limit(own, held):
	printer = own(held.program, at_once=1, queue=1)
	with ThreadPoolExecutor(1) as pool:
		pool.submit(printer.print_html, "x", PATIENCE)
		with held, pytest.raises(PrinterBusy, match=r"0\.2 s"):
			printer.print_html("x", timeout=0.2)


def test_a_browser_is_replaced_after_so_many_prints(own, place):
	printer = own(prints_per_browser=2)
	seen = []
	for number in range(5):
		assert f"number {number}" in read(printer.print_html(f"number {number}"))
		wait_until(lambda: len(leaders(place)) <= 1)
		seen.append(leaders(place))
	assert seen[0] and seen[2] and seen[4]
	assert seen[0] != seen[2] != seen[4]
	assert seen[1] <= seen[0]


def test_a_printer_prints_again_after_it_was_closed(own, place):
	printer = own()
	printer.print_html("x")
	printer.close()
	assert nothing_is_left(place)
	assert "again" in read(printer.print_html("again"))


def test_one_shot_leaves_no_browser_after_a_print(path, place):
	assert "once" in read(OneShotChromium(path).print_html("once"))
	wait_until(lambda: nothing_is_left(place))
