"""The processes of browsers: which there are, what they do, and when they are gone."""

import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.patience import PATIENCE


def wait_until(holds: Callable[[], object]) -> None:
	end = time.monotonic() + PATIENCE
	while not holds():
		assert time.monotonic() < end, "did not come to hold in time"
		time.sleep(0.02)


def processes(marker: Path) -> list[psutil.Process]:
	"""Those with `marker` on their command line, which each browser's profile is; zombies not counted."""
	found = []
	for process in psutil.process_iter():
		with contextlib.suppress(psutil.Error):
			if any(str(marker) in word for word in process.cmdline()):
				found.append(process)
	return found


def leaders(marker: Path) -> set[int]:
	"""One process id for each browser."""
	found = set()
	for process in processes(marker):
		with contextlib.suppress(ProcessLookupError):
			found.add(os.getpgid(process.pid))
	return found


def renderers(marker: Path) -> list[psutil.Process]:
	"""The processes of pages; Chromium's own windows have some too, which are of no interest."""
	found = []
	for process in processes(marker):
		with contextlib.suppress(psutil.Error):
			words = process.cmdline()
			if "--type=renderer" in words and "--top-chrome-webui" not in words:
				found.append(process)
	return found


def is_at_work(marker: Path) -> bool:
	with contextlib.suppress(psutil.NoSuchProcess):
		return any(process.cpu_times().user > 0.4 for process in renderers(marker))
	return False


def nothing_is_left(place: Path) -> bool:
	return not processes(place) and not list(place.iterdir())


def no_child_is_a_zombie() -> bool:
	return not any(child.status() == psutil.STATUS_ZOMBIE for child in psutil.Process().children())
