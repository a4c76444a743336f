"""A real Chromium, one for all tests that leave it as it was, or one of the test's own."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gigafibre_utils.printing.chromium import WarmChromium, find_chromium
from tests.unit.chromium.browsers import no_child_is_a_zombie, nothing_is_left, wait_until


@pytest.fixture(scope="package")
def path() -> str:
	return find_chromium(None)


@pytest.fixture(scope="package")
def printer(path: str) -> Iterator[WarmChromium]:
	"""One for all tests that leave it as it was."""
	printer = WarmChromium(path)
	yield printer
	printer.close()


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
	"""Where the test's own browsers have their profiles; short, for Chromium makes a socket in there."""
	tmp_path_factory.getbasetemp()  # which pytest makes when it is first asked for, or else in `place`
	place = Path(tempfile.mkdtemp(prefix="pdf"))
	monkeypatch.setattr(tempfile, "tempdir", str(place))
	yield place
	shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def own(path: str, place: Path) -> Iterator[Callable[..., WarmChromium]]:
	"""Makes printers for this test only; whatever happens to them, nothing may be left of them."""
	made = []

	def make(program: object = path, **options: int) -> WarmChromium:
		made.append(WarmChromium(str(program), **options))
		return made[-1]

	yield make
	for printer in made:
		printer.close()
	wait_until(lambda: nothing_is_left(place))
	wait_until(no_child_is_a_zombie)


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Path]:
	"""Makes a program that is started as if it were Chromium."""

	def make(text: str) -> Path:
		program = tmp_path / "chromium"
		program.write_text(f"#!/bin/sh\n{text}\n")
		program.chmod(0o755)
		return program

	return make
