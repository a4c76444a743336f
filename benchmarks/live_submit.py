"""What ERPNext's own submit takes on a live PostgreSQL site, and the app's share of it.

In the folder of a bench's sites, by the bench's Python: `python -m benchmarks.live_submit SITE`. The site
must hold the sample company; whatever is made is rolled back.
"""

import cProfile
import pstats
import statistics
import sys
import time
import timeit
from collections.abc import Callable
from typing import Any

import frappe

import gigafibre_utils
from gigafibre_utils.postgres.fix import ON_POSTGRES
from gigafibre_utils.postgres.fixes import FIXES
from tests.bench.inside import documents

ROUNDS = 15
OURS = gigafibre_utils.__path__[0]


def main() -> None:
	"""Print medians in milliseconds, and the share in percent."""
	FIXES.await_postgres()
	frappe.init(sys.argv[1])
	frappe.connect()
	try:
		customer = documents.customer().name
		show("invoice", lambda: documents.invoice(customer, 100, submit=False))
		show("payment", lambda: documents.payment(documents.invoice(customer, 100), submit=False))
	finally:
		frappe.db.rollback()
		frappe.destroy()


def show(what: str, draft: Callable[[], Any]) -> None:
	"""Print one line: how long the submit of a draft takes, and how much of it is ours."""
	draft().submit()
	took = []
	for _ in range(ROUNDS):
		document = draft()
		started = time.perf_counter()
		document.submit()
		took.append(time.perf_counter() - started)
	median = statistics.median(took)
	print(f"submit of one {what}: {median * 1000:.1f} ms, of which the app {share(draft()) * 100:.2f} %")


def share(document: Any) -> float:
	"""The part of a submit that is spent in the app's code and in choosing a mended function's body."""
	profile = cProfile.Profile()
	profile.runcall(document.submit)
	stats = pstats.Stats(profile).stats
	ours = sum(
		cumulative
		for (file, *_), (_, _, _, cumulative, callers) in stats.items()
		if file.startswith(OURS) and not all(caller[0].startswith(OURS) for caller in callers)
	)
	mended = {(code.co_filename, code.co_firstlineno, code.co_name) for code in FIXES.codes()}
	calls = sum(row[1] for function, row in stats.items() if function in mended)
	telling = timeit.timeit(ON_POSTGRES, number=10_000) / 10_000
	return (ours + calls * telling) / pstats.Stats(profile).total_tt


if __name__ == "__main__":
	main()
