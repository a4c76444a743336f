"""A migration rehearsed on a laptop: a legacy database made for it, brought into an embedded host."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from gigafibre_utils.embedded.mariadb import MariadbServer
from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.embedded.site import EmbeddedSite
from gigafibre_utils.migration.command import migrated
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.run import Options
from gigafibre_utils.migration.sample import write
from gigafibre_utils.migration.target import Target
from gigafibre_utils.paylink import links
from gigafibre_utils.paylink.token import Purpose
from gigafibre_utils.sample import STAFF

TOTALS = "control-totals.json"


@contextmanager
def sample_legacy(running: RunningHost, customers: int, out: Path) -> Iterator[Legacy]:
	"""A MariaDB of our own with a sample of that size; what is known from making it is written to `out`.

	Its data lies in the host's directory, and goes with it.
	"""
	server = MariadbServer(running.host.directory / "mariadb")
	try:
		server.start()
		totals = write(server.url, customers)
		out.mkdir(parents=True, exist_ok=True)
		(out / TOTALS).write_text(totals.as_json(), encoding="utf-8")
		told = f"{customers:,} customers, {totals.counts['invoice']:,} invoices"
		click.echo(f"✓ legacy database of {told}", err=True)
		yield Legacy(server.url)
	finally:
		server.stop()


def migrate_into(
	running: RunningHost, legacy: Legacy, options: Options, out: Path, is_reconciled: bool = True
) -> bool:
	"""Migrate into the host's own site, beside the sample company's documents; whether all is explained."""
	return migrated(legacy, Target(running.host.postgres.url), options, out, is_reconciled)


def addresses_of_migrated(running: RunningHost) -> Iterator[tuple[str, str]]:
	"""A migrated invoice that waits to be paid, as its customer and as staff see it."""
	with EmbeddedSite(running.host) as site:
		for status in ("Unpaid", "Partly Paid", "Overdue"):
			migrated_ones = {"legacy_id": ["!=", ""], "docstatus": 1, "status": status}
			if name := site.exists("Sales Invoice", migrated_ones):
				link = links.make(name, Purpose.QR, links.QR_SECONDS)
				yield f"Pay page, {status.lower()}", link.url
				yield f"PDF, {status.lower()}", f"{running.api}.invoice_pdf?name={name}&t={link.token}"
	yield "Staff login", f"{running.url}/login   {STAFF[0]}   {running.host.passwords[STAFF[0]]}"
