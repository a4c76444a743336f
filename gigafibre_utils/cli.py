"""`gigafibre …`: what an engineer does from a shell."""

import json
import logging
import os
import signal
import sys
import threading
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from gigafibre_utils.errors import GigafibreError

if TYPE_CHECKING:
	from gigafibre_utils.embedded.demo import Report, Step
	from gigafibre_utils.embedded.running import RunningHost

HOSTS = Path(".host")
OUT = Path("out")
DEFAULT_PORT = 8080
PORT = click.IntRange(0, 65535)


@click.group()
@click.version_option(package_name="gigafibre_utils")
def main() -> None:
	"""Gigafibre billing for ERPNext."""
	logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s %(message)s")
	# A terminated process cleans up as an interrupted one does.
	signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


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
		_fail(f"127.0.0.1:{port} cannot be served: {error.strerror or error}", as_json)


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
	serve_simulator(port, webhook_url, key, secret, _wait_for_a_signal)


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
