"""One PDF through `invoice_pdf`, data and template included, beside Chromium's command line and the floor."""

import statistics
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from benchmarks.pdf import BarePage, print_by_command_line
from gigafibre_utils import printing
from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.embedded.site import EmbeddedSite
from gigafibre_utils.invoice import model
from gigafibre_utils.printing.chromium import find_chromium

ROUNDS = 20
OURS = "invoice_pdf, warm engine"
FLOOR = "bare DevTools: set content, printToPDF"
ALTERNATIVE = "chromium --headless --print-to-pdf"
# What the work must reach.
FASTER_THAN_ALTERNATIVE, WITHIN_FLOOR = 10, 1.6


def show(running: RunningHost, console: Console) -> None:
	"""Print medians in milliseconds and their ratios."""
	with EmbeddedSite(running.host) as site:
		name = site.exists("Sales Invoice", {"remarks": "Sample: thirty"})
		medians = _medians(name)
	table = Table(title=f"One PDF of {name}, medians of {ROUNDS} rounds taken in turns", show_edge=False)
	for column in ("", "ms", "× ours"):
		table.add_column(column, justify="left" if not column else "right")
	for way, ms in medians.items():
		table.add_row(way, f"{ms:.0f}", f"{ms / medians[OURS]:.2f}")
	console.print(table)
	console.print(
		f"{medians[ALTERNATIVE] / medians[OURS]:.1f}× faster than the alternative "
		f"(wanted: {FASTER_THAN_ALTERNATIVE}×), "
		f"{medians[OURS] / medians[FLOOR]:.2f}× the floor (wanted: at most {WITHIN_FLOOR}×)"
	)


def _medians(name: str) -> dict[str, float]:
	html = printing.invoice_html(model.find(name))
	path = find_chromium(None)
	bare = BarePage(path)
	ways: dict[str, Callable[[], bytes]] = {
		OURS: lambda: printing.invoice_pdf(model.find(name), printing.FACTURE_TARGO, None),
		FLOOR: lambda: bare.set_content_and_print(html),
		ALTERNATIVE: lambda: print_by_command_line(path, html),
	}
	for way in ways.values():
		way()
	times: dict[str, list[float]] = {way: [] for way in ways}
	for _ in range(ROUNDS):
		for way, make in ways.items():
			started = time.perf_counter()
			make()
			times[way].append((time.perf_counter() - started) * 1000)
	bare.close()
	return {way: statistics.median(taken) for way, taken in times.items()}
