"""`gigafibre migrate …` and `bench gigafibre migrate …`: what an engineer does."""

import functools
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
from psycopg2.extensions import connection as Connection

from gigafibre_utils.errors import GigafibreError
from gigafibre_utils.migration.findings import write_rejects
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.run import Migration, Options, Outcome
from gigafibre_utils.migration.target import Target
from gigafibre_utils.migration.terminal import Display, show_findings
from gigafibre_utils.migration.undo import undo as undo_run

OUT = Path("out")


@dataclass(frozen=True)
class Door:
	"""How a command reaches a site where none is named: the bench's own one, or an embedded one."""

	site: Callable[[], str] | None = None
	embedded: Callable[[], AbstractContextManager[str]] | None = None


class Told(click.ClickException):
	"""One sentence, and exit status 1."""

	def show(self, file: Any = None) -> None:
		"""As the other commands tell it."""
		click.echo(f"✗ {self.message}", err=True)


def told(command: Callable[..., Any]) -> Callable[..., Any]:
	"""Let a command tell what went wrong in one sentence."""

	@functools.wraps(command)
	def wrapped(*args: Any, **kwargs: Any) -> Any:
		try:
			return command(*args, **kwargs)
		except GigafibreError as error:
			raise Told(str(error)) from error

	return wrapped


class Day(click.ParamType):
	"""A date as 2026-11-21."""

	name = "date"

	def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
		"""See `click.ParamType`."""
		try:
			return value if isinstance(value, date) else date.fromisoformat(value)
		except ValueError:
			self.fail(f"{value} is no date such as 2026-11-21.", param, ctx)


def names(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
	"""Names between commas, or the option several times."""
	return tuple(name.strip() for part in value for name in part.split(",") if name.strip())


legacy_option = click.option(
	"--legacy", required=True, envvar="GIGAFIBRE_LEGACY", help="mysql://user:password@host:3306/gestionclient"
)
erp_option = click.option(
	"--erp", envvar="GIGAFIBRE_ERP", help="postgresql://user:password@host:5432/database of the site"
)


@click.group()
@click.option("-v", "--verbose", is_flag=True, help="Tell how long each SQL file took.")
def migrate(verbose: bool) -> None:
	"""Bring the legacy billing database into ERPNext.

	Passwords are better given by GIGAFIBRE_LEGACY and GIGAFIBRE_ERP than on the command line.
	"""
	if verbose:
		logging.getLogger("gigafibre.migration").setLevel(logging.INFO)


@migrate.command()
@legacy_option
@erp_option
@click.option("--company", help="Whose books; not needed where the site has one company.")
@click.option("--only", multiple=True, callback=names, help="Steps, such as invoices,payments.")
@click.option("--since", type=Day(), help="Only documents dated on or after.")
@click.option(
	"--as-of", type=Day(), help="The day by which an invoice is overdue; today unless said otherwise."
)
@click.option("--create-missing", is_flag=True, help="Create accounts, modes of payment and fiscal years.")
@click.option("--dry-run", is_flag=True, help="Do everything but the last commit, with the same report.")
@click.option(
	"--reconcile/--no-reconcile", "is_reconciled", default=True, help="Compare both sides at the end."
)
@click.option("--out", type=click.Path(path_type=Path), help="Where reports go; out/migration-… by default.")
@click.pass_context
@told
def run(
	ctx: click.Context, legacy: str, erp: str | None, is_reconciled: bool, out: Path | None, **asked: Any
) -> None:
	"""Do every step, or go on with a run that did not end; then compare both sides to the cent."""
	options = Options(
		as_of=asked["as_of"] or date.today(),
		company=asked["company"],
		only=asked["only"],
		since=asked["since"],
		create_missing=asked["create_missing"],
		is_dry_run=asked["dry_run"],
	)
	is_good = migrated(Legacy(legacy), site_of(ctx, erp), options, out or _out(), is_reconciled)
	ctx.exit(0 if is_good else 1)


@migrate.command()
@erp_option
@click.option("--run", "number", type=click.IntRange(1), required=True, help="The run's number.")
@click.pass_context
@told
def undo(ctx: click.Context, erp: str | None, number: int) -> None:
	"""Remove exactly what a run added, unless something was built on it."""
	gone = undo_run(site_of(ctx, erp), number)
	click.echo(f"✓ Run {number} is taken back: {gone:,} documents went.")


def site_of(ctx: click.Context, erp: str | None) -> Target:
	"""The site that was named, or the bench's own."""
	door = ctx.find_object(Door) or Door()
	if erp:
		return Target(erp)
	if door.site:
		return Target(door.site())
	raise click.UsageError("--erp or GIGAFIBRE_ERP must name the site's database.", ctx)


def migrated(legacy: Legacy, target: Target, options: Options, out: Path, is_reconciled: bool = True) -> bool:
	"""Run, write the reports and tell of them; whether nothing is left unexplained."""
	verdict: list[bool] = []

	def report(connection: Connection, outcome: Outcome) -> None:
		write_rejects(connection, outcome.run, out / "rejects")
		if is_reconciled:
			verdict.append(_reconciled(legacy, connection, options, outcome, out))

	outcome = Migration(legacy, target, options, Display()).run(report)
	show_findings(outcome.findings)
	click.echo(f"\n{outcome.run}{' (dry run: nothing was kept)' if options.is_dry_run else ''}: {out}")
	return all(verdict)


def _out() -> Path:
	return OUT / f"migration-{datetime.now():%Y%m%d-%H%M%S}"
