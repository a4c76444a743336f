"""Tasks that stand on each other, done side by side where they may be."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from gigafibre_utils.signals import held_back

EVERY = 0.2
"""Seconds between two looks at whether a signal came, and two calls to end what is at work."""


@dataclass(frozen=True)
class Task:
	"""Something to do once all tasks that it names are done; a name that is no task's is left aside."""

	name: str
	do: Callable[[], None]
	after: frozenset[str] = frozenset()


def do_all(tasks: Sequence[Task], lanes: int, cancel: Callable[[], None]) -> None:
	"""Do every task, those that are ready in their order, no more than `lanes` at a time.

	The first error ends it: what is at work is waited for, nothing more is begun, and the error comes out.
	A signal to end does not wait: `cancel` is called until it has ended what is at work, which a second one
	does not break off.
	"""
	waiting, done = list(tasks), set[str]()
	names = {task.name for task in tasks}
	running: dict[Future[None], Task] = {}
	error: BaseException | None = None
	with held_back() as signals, ThreadPoolExecutor(lanes, thread_name_prefix="lane") as pool:
		while running or (waiting and not error and not signals):
			if not error and not signals:
				for task in [task for task in waiting if task.after & names <= done]:
					if len(running) < lanes:
						waiting.remove(task)
						running[pool.submit(task.do)] = task
				if not running:
					raise ValueError(
						f"These tasks wait for each other: {', '.join(task.name for task in waiting)}."
					)
			for future in wait(running, EVERY, return_when=FIRST_COMPLETED).done:
				done.add(running.pop(future).name)
				error = error or future.exception()
			if signals:
				cancel()
	if error:
		raise error
