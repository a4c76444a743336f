"""A legacy database to rehearse with: of any size, ever the same, and with all that fifteen years did to it.

Nothing in it is anybody's: names are drawn from lists, telephone numbers are of the range kept for fiction,
addresses lie at example.com and example.org.
"""

from collections import defaultdict

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration.sample import catalogue, traps_of_money, traps_of_people
from gigafibre_utils.migration.sample.billing import Life, finish, issue
from gigafibre_utils.migration.sample.database import Progress, opened
from gigafibre_utils.migration.sample.days import MONTHS, QUARTERS
from gigafibre_utils.migration.sample.life import move_in, stays
from gigafibre_utils.migration.sample.making import TRAPS, Making, Schedule
from gigafibre_utils.migration.sample.paying import settle
from gigafibre_utils.migration.sample.support import ask_for_help
from gigafibre_utils.migration.sample.totals import ControlTotals, Sums

__all__ = ["FEWEST", "TRAPS", "ControlTotals", "Sums", "traps_of_money", "traps_of_people", "write"]

FEWEST = 40
"""Customers that it takes for every trap to occur."""

EXPECTED = {
	"customer": 0.9,
	"delivery": 1,
	"service": 2.8,
	"invoice": 14,
	"invoice_item": 15,
	"payment": 12,
	"payment_arrangement_due": 0.4,
	"ticket": 34,
	"ticket_message": 100,
}
"""Rows to a customer over which a table's traps are spread; rather too few, so that all are laid."""

ONE_MORE_TRAP_EVERY = 250
"""Customers for which each trap is laid once more."""


def write(url: str, customers: int, seed: int = 1, progress: Progress | None = None) -> ControlTotals:
	"""Fill the MariaDB at `url` with so many customers and what they did in fifteen years.

	The same number and seed give the same bytes. Tables are made where they are missing; `progress` is told a
	table and its rows so far, now and then. Raises InvalidInput where there are too few customers for every
	trap or a table holds rows, ServiceUnavailable where MariaDB cannot be reached or written to.
	"""
	if customers < FEWEST:
		raise InvalidInput(f"A sample has {FEWEST} customers at least, so that every trap is in it.")
	times = 2 + customers // ONE_MORE_TRAP_EVERY
	schedules = {table: Schedule(traps, times, EXPECTED[table] * customers) for table, traps in TRAPS.items()}
	with opened(url, progress) as database:
		making = Making(database.put, seed, schedules)
		_products(making)
		_fifteen_years(making, customers)
		making.check()
	return making.tally.result(customers, seed, dict(sorted(database.counts.items())))


def _products(making: Making) -> None:
	for product in catalogue.PRODUCTS:
		making.put(product)
	for name, product in catalogue.ODD_PRODUCTS.items():
		making.put(product)
		making.tally.trap(name, product.id)


def _fifteen_years(making: Making, customers: int) -> None:
	"""Quarter by quarter, so that ids rise with time as they do in a real database."""
	coming = defaultdict(list)
	for first, last in stays(making.chance, customers):
		coming[first].append(last)
	here: list[Life] = []
	for quarter in range(QUARTERS):
		here += [move_in(making, quarter, last) for last in coming[quarter]]
		for life in here:
			_quarter(making, life, quarter)
		here = [life for life in here if life.last_quarter > quarter]


def _quarter(making: Making, life: Life, quarter: int) -> None:
	is_last = quarter == life.last_quarter
	bill = issue(making, life, quarter)
	settle(making, life, bill, MONTHS[quarter * 3] + life.billing_day, is_last)
	ask_for_help(making, life, quarter)
	if is_last:
		for unpaid in life.unpaid:
			finish(making, unpaid)
