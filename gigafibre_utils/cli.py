"""`gigafibre …`: what an engineer does from a shell."""

import json
import logging
import os
import signal
import sys
import threading
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from gigafibre_utils.errors import GigafibreError

if TYPE_CHECKING:
	from gigafibre_utils.embedded.demo import Report, Step
	from gigafibre_utils.embedded.running import RunningHost
	from gigafibre_utils.migration.legacy import Legacy
	from gigafibre_utils.migration.run import Options

HOSTS = Path(".host")
OUT = Path("out")
DEFAULT_PORT = 8080
PORT = click.IntRange(0, 65535)


class Commands(click.Group):
	"""`migrate` needs much, and is imported when somebody asks for it."""

	def list_commands(self, ctx: click.Context) -> list[str]:
		"""See `click.Group`."""
		return sorted([*super().list_commands(ctx), "migrate"])

	def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
		"""See `click.Group`."""
		if cmd_name != "migrate":
			return super().get_command(ctx, cmd_name)
		from gigafibre_utils.migration.command import migrate

		return migrate


@click.group(cls=Commands)
@click.version_option(package_name="gigafibre_utils")
@click.pass_context
def main(ctx: click.Context) -> None:
	"""Gigafibre billing for ERPNext."""
	ctx.obj = _migrate_embedded
	logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
	# A terminated process cleans up as an interrupted one does; so does one whose terminal is closed.
	for number in (signal.SIGTERM, signal.SIGHUP):
		if signal.getsignal(number) is signal.SIG_DFL:  # nohup has the latter ignored
			signal.signal(number, lambda number, _: sys.exit(128 + number))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@click.option("--serve", is_flag=True, help="Leave the host up and print the addresses to try.")
@click.option(
	"--port", type=click.IntRange(0, 65535), default=DEFAULT_PORT, help="With --serve; 0 takes a free one."
)
def demo(as_json: bool, serve: bool, port: int) -> None:
	"""Print an invoice, scan it, pay it and find it posted, on an embedded host with a sample company."""
	from gigafibre_utils.embedded.running import RunningHost

	try:
		with RunningHost(HOSTS, port if serve else 0) as running:
			if serve:
				_show_addresses(running)
				_wait_for_a_signal()
			else:
				_make_trip(running, as_json)
	except GigafibreError as error:
		_fail(str(error), as_json)
	except OSError as error:
		_fail(f"{error.filename or 'The demo'}: {error.strerror or error}.", as_json)


@main.command()
@click.option("--port", type=PORT, required=True)
@click.option("--webhook-url", required=True, help="Where the site takes Stripe's events.")
def stripe_simulator(port: int, webhook_url: str) -> None:
	"""Serve the Stripe simulator for a site elsewhere on this machine.

	STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET, the site's own for tests, are read from the environment.
	"""
	from gigafibre_utils.embedded.running import serve_simulator

	key, secret = (os.environ.get(name) for name in ("STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"))
	if not key or not secret:
		raise click.UsageError("STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET must be set.")
	try:
		serve_simulator(port, webhook_url, key, secret, _wait_for_a_signal)
	except GigafibreError as error:
		_fail(str(error), as_json=False)


@main.command()
@click.option("--customers", type=click.IntRange(40), default=100, show_default=True)
@click.option("--port", type=PORT, default=DEFAULT_PORT, help="0 takes a free one.")
@click.option("--serve/--no-serve", default=True, help="Leave the host up to look at what was migrated.")
def rehearse(customers: int, port: int, serve: bool) -> None:
	"""Rehearse the migration: a sample legacy database, brought into an embedded host and compared."""
	from gigafibre_utils.embedded.rehearsal import migrate_into, sample_legacy
	from gigafibre_utils.embedded.running import RunningHost
	from gigafibre_utils.migration.run import Options
	from gigafibre_utils.migration.terminal import interrupted_as

	out = OUT / f"rehearsal-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}"
	options = Options(as_of=date.today(), create_missing=True)
	try:
		with interrupted_as("nothing is left but the reports"):
			# The host first: a port that is taken is told before anything is made.
			with RunningHost(HOSTS, port if serve else 0) as running:
				with sample_legacy(running, customers, out) as legacy:
					is_good = migrate_into(running, legacy, options, out)
					if serve:
						_show_migrated(running)
	except GigafibreError as error:
		_fail(str(error), as_json=False)
	except OSError as error:
		_fail(f"{error.filename or 'The rehearsal'}: {error.strerror or error}.", as_json=False)
	sys.exit(0 if is_good else 1)


def _migrate_embedded(
	legacy: "Legacy", options: "Options", out: Path, port: int | None, is_reconciled: bool
) -> bool:
	"""Migrate into an embedded host, which stays up where it was given a port; whether all is explained."""
	from gigafibre_utils.embedded.rehearsal import migrate_into
	from gigafibre_utils.embedded.running import RunningHost

	with RunningHost(HOSTS, port or 0) as running:
		is_good = migrate_into(running, legacy, options, out, is_reconciled)
		if port is not None:
			_show_migrated(running)
	return is_good


def _show_migrated(running: "RunningHost") -> None:
	from gigafibre_utils.embedded.rehearsal import addresses_of_migrated

	for title, address in addresses_of_migrated(running):
		click.echo(f"{title:<24} {address}")
	click.echo("\nCtrl-C ends the host.")
	_wait_for_a_signal()


def _make_trip(running: "RunningHost", as_json: bool) -> None:
	from gigafibre_utils.embedded.demo import Trip

	out = OUT / f"demo-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}"
	trip = Trip(running, out, lambda step: None if as_json else _tell(step))
	report = trip.make()
	if as_json:
		click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=1))
	else:
		_show(report)


def _tell(step: "Step") -> None:
	click.echo(f"✓ {step.name} ({step.ms:.0f} ms)", err=True)


def _show(report: "Report") -> None:
	from rich.console import Console
	from rich.table import Table

	table = Table(title="Print, scan, pay, posted", show_edge=False)
	table.add_column("Step", no_wrap=True)
	table.add_column("ms", justify="right", no_wrap=True)
	table.add_column("What it showed", overflow="fold")
	for step in report.steps:
		table.add_row(step.name, f"{step.ms:.0f}", step.detail)
	console = Console()
	console.print(table)
	console.print("\nFiles", style="bold")
	for file in report.files:
		console.print(f"  {file}", soft_wrap=True, highlight=False)


def _show_addresses(running: "RunningHost") -> None:
	from gigafibre_utils.embedded.addresses import addresses

	for title, address in addresses(running):
		click.echo(f"{title:<24} {address}")
	click.echo("\nCtrl-C ends the host.")


def _wait_for_a_signal() -> None:
	try:
		threading.Event().wait()
	except KeyboardInterrupt:
		click.echo()


def _fail(message: str, as_json: bool) -> NoReturn:
	click.echo(
		json.dumps({"error": message}, ensure_ascii=False) if as_json else f"✗ {message}", err=not as_json
	)
	sys.exit(1)


if __name__ == "__main__":
	main()
