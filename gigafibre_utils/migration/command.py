"""`gigafibre migrate …` and `bench gigafibre migrate …`: what an engineer does."""

import logging
import os
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, NoReturn

import click
import psycopg2
from click.core import ParameterSource
from psycopg2.extensions import connection as Connection

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration import acquired, geocode, single
from gigafibre_utils.migration.checks import brought_since, judging_day, last_day
from gigafibre_utils.migration.findings import write_rejects
from gigafibre_utils.migration.history import History
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.reconcile import Reconciliation, reconcile
from gigafibre_utils.migration.reconcile import write as write_report
from gigafibre_utils.migration.reconcile.report import verdict
from gigafibre_utils.migration.reimport import Payments
from gigafibre_utils.migration.run import Migration, Options, Outcome, in_one_sentence
from gigafibre_utils.migration.sample import write as write_sample
from gigafibre_utils.migration.single import Single
from gigafibre_utils.migration.target import Target
from gigafibre_utils.migration.terminal import Display, interrupted_as, say, show_findings, told
from gigafibre_utils.migration.undo import undo as undo_run

OUT = Path("out")


Embedded = Callable[[Legacy, Options, Path, int | None, bool], bool]
"""Migrates into an embedded host, served on that port afterwards, and compares where it is told so."""


class Day(click.ParamType):
	"""A date as 2026-11-21."""

	name = "date"

	def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
		"""See `click.ParamType`."""
		try:
			return value if isinstance(value, date) else date.fromisoformat(value)
		except ValueError:
			self.fail(f"{value} is no date such as 2026-11-21.", param, ctx)


class RunNumber(click.ParamType):
	"""A run's number, or its name as it is told: 3 or MIG-0003."""

	name = "number"

	def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
		"""See `click.ParamType`."""
		if found := re.fullmatch(r"(?:MIG-)?0*([1-9]\d{0,8})", str(value), re.ASCII | re.IGNORECASE):
			return int(found[1])
		self.fail(f"{value} is no run such as 3 or MIG-0003.", param, ctx)


def names(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
	"""Names between commas, or the option several times. An empty one is no way to say all."""
	found = tuple(name.strip() for part in value for name in part.split(",") if name.strip())
	if value and not found:
		raise click.BadParameter("it names no step.", ctx, param)
	return found


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
@click.option("--embedded", is_flag=True, help="Into an embedded host instead of a site, to rehearse.")
@click.option(
	"--port", type=click.IntRange(0, 65535), help="With --embedded: leave the host up on that port."
)
@click.pass_context
@told
def run(ctx: click.Context, legacy: str, erp: str | None, **asked: Any) -> None:
	"""Do every step, or go on with a run that did not end; then compare both sides to the cent."""
	options = Options(
		as_of=asked["as_of"] or date.today(),
		company=asked["company"],
		only=asked["only"],
		since=asked["since"],
		create_missing=asked["create_missing"],
		is_dry_run=asked["dry_run"],
	)
	_refuse_contradictions(ctx, asked)
	out = asked["out"] or _out()
	if asked["embedded"]:
		with interrupted_as("nothing is left but the reports"):
			is_good = _embedded(ctx)(Legacy(legacy), options, out, asked["port"], asked["is_reconciled"])
	else:
		is_good = migrated(Legacy(legacy), site_of(ctx, erp), options, out, asked["is_reconciled"])
	ctx.exit(0 if is_good else 1)


@migrate.command()
@erp_option
@click.option("--run", "number", type=RunNumber(), required=True, help="The run: 3, or MIG-0003.")
@click.pass_context
@told
def undo(ctx: click.Context, erp: str | None, number: int) -> None:
	"""Remove exactly what a run added, unless something was built on it."""
	gone = undo_run(site_of(ctx, erp), number)
	say(f"✓ Run {number} is taken back: {gone:,} documents went.")


@migrate.command("reimport-payments")
@legacy_option
@erp_option
@click.option("--company", help="Whose books; not needed where the site has one company.")
@click.option("--customer", type=click.IntRange(1), help="The legacy customer whose payments they are.")
@click.option("--from", "first", type=Day(), help="Payments dated on or after.")
@click.option("--to", "last", type=Day(), help="Payments dated on or before.")
@click.option("--as-of", type=Day(), help="The day by which an invoice is overdue; else the last run's.")
@click.pass_context
@told
def reimport_payments(
	ctx: click.Context,
	legacy: str,
	erp: str | None,
	company: str | None,
	as_of: date | None,
	**which: Any,
) -> None:
	"""Take a customer's or a period's payments out and bring them in again, in one transaction."""
	if not any(which.values()):
		raise click.UsageError("--customer, --from or --to must say which payments.", ctx)
	if which["first"] and which["last"] and which["first"] > which["last"]:
		raise click.UsageError("--from is later than --to.", ctx)
	options = Options(as_of=as_of, company=company, only=("import_payments",), take_out=Payments(**which))
	migrated(Legacy(legacy), site_of(ctx, erp), options, _out(), is_reconciled=False)


@migrate.command("import-expro-payments")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@erp_option
@click.option("--company", help="Whose books; not needed where the site has one company.")
@click.option("--as-of", type=Day(), help="No payment is dated after that day; today unless said otherwise.")
@click.option("--create-missing", is_flag=True, help="Create modes of payment and fiscal years.")
@click.option("--dry-run", "is_dry_run", is_flag=True, help="Do everything but the commit.")
@click.pass_context
@told
def import_expro_payments(
	ctx: click.Context,
	file: Path,
	erp: str | None,
	company: str | None,
	as_of: date | None,
	create_missing: bool,
	is_dry_run: bool,
) -> None:
	"""Bring in an acquired company's payments from a CSV: date, account number, amount, method, reference."""
	payments = acquired.payments(file, company, create_missing, as_of or date.today())
	_done_alone(site_of(ctx, erp), payments, is_dry_run)


@migrate.command("geocode-locations")
@erp_option
@click.option("--token", envvar="MAPBOX_TOKEN", required=True, help="Mapbox's; better given by MAPBOX_TOKEN.")
@click.option("--endpoint", envvar="MAPBOX_ENDPOINT", default=geocode.ENDPOINT, show_default=True)
@click.option(
	"--per-second", type=click.IntRange(1), default=10, show_default=True, help="Questions at most."
)
@click.pass_context
@told
def geocode_locations(
	ctx: click.Context, erp: str | None, token: str, endpoint: str, per_second: int
) -> None:
	"""Ask Mapbox where Service Locations without coordinates lie; goes on where it was ended."""
	_done_alone(site_of(ctx, erp), geocode.places(token, endpoint, per_second))


@migrate.command("reconcile")
@legacy_option
@erp_option
@click.option("--since", type=Day(), help="Only documents dated on or after; else as the site was filled.")
@click.option("--as-of", type=Day(), help="The day by which an invoice is overdue; else the last run's.")
@click.option("--out", type=click.Path(path_type=Path), help="Where the reports go.")
@click.pass_context
@told
def reconcile_command(
	ctx: click.Context, legacy: str, erp: str | None, since: date | None, as_of: date | None, out: Path | None
) -> None:
	"""Compare both sides to the cent; exit status 1 when a difference is unexplained."""
	source, target, out = Legacy(legacy), site_of(ctx, erp), out or _out()
	_see_that_it_can_be_written(out)
	try:
		with source.attended(), closing(target.connect()) as connection, target.attended():
			target.check(connection)
			_, first = brought_since(connection) or (None, None)
			options = Options(as_of=judging_day(connection, as_of), since=since or first)
			found = _reconciled(source, connection, options, out, Display())
			connection.commit()
	except psycopg2.Error as error:
		raise in_one_sentence("The comparison", target.name, error) from error
	_tell_verdict(found, out)
	ctx.exit(0 if found.is_explained else 1)


@migrate.command()
@legacy_option
@click.option("--customers", type=click.IntRange(40), default=100, show_default=True)
@click.option(
	"--totals",
	type=click.Path(dir_okay=False, writable=True, path_type=Path),
	default=OUT / "control-totals.json",
	show_default=True,
	help="Where what the database must come to is written.",
)
@told
def sample(legacy: str, customers: int, totals: Path) -> None:
	"""Fill an empty MariaDB with a legacy database of that size that holds every trap, the same each time."""
	_see_that_it_can_be_written(totals.parent)
	known = write_sample(legacy, customers)
	totals.parent.mkdir(parents=True, exist_ok=True)
	totals.write_text(known.as_json(), encoding="utf-8")
	say(f"✓ {customers:,} customers; what the database must come to: {totals}")


def site_of(ctx: click.Context, erp: str | None) -> Target:
	"""The bench's own, whose URL it gives as the context's object, or the site that was named."""
	if own := ctx.find_object(str):
		if _was_said(ctx, "erp"):
			raise click.UsageError("A bench migrates into its own site: --erp is for gigafibre outside.", ctx)
		return Target(own)
	if erp:
		return Target(erp)
	raise click.UsageError("--erp or GIGAFIBRE_ERP must name the site's database.", ctx)


def _refuse_contradictions(ctx: click.Context, asked: dict[str, Any]) -> None:
	if asked["embedded"] and _was_said(ctx, "erp"):
		raise click.UsageError("Either --embedded or --erp: which of the two is meant?", ctx)
	if asked["port"] is not None and not asked["embedded"]:
		raise click.UsageError("--port is for --embedded.", ctx)


def _was_said(ctx: click.Context, option: str) -> bool:
	"""Whether it stands on the command line; what the environment holds may be there for another command."""
	return ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE


def _embedded(ctx: click.Context) -> Embedded:
	if callable(ctx.obj):
		return ctx.obj
	raise click.UsageError("--embedded is for gigafibre outside a bench.", ctx)


def migrated(legacy: Legacy, target: Target, options: Options, out: Path, is_reconciled: bool = True) -> bool:
	"""Run, write the reports and tell of them; whether nothing is left unexplained."""
	_see_that_it_can_be_written(out)
	display = Display()
	compared: list[Reconciliation] = []

	def report(connection: Connection, outcome: Outcome) -> None:
		write_rejects(connection, outcome.run, out / "rejects")
		if is_reconciled:
			# What is there was brought in since one day, and judged by one, whatever this run was asked.
			_, since = brought_since(connection) or (None, options.since)
			asked = replace(options, as_of=last_day(connection) or options.as_of, since=since)
			compared.append(_reconciled(legacy, connection, asked, out, display, outcome.run))

	_tell(Migration(legacy, target, options, display).run(report), out, options.is_dry_run)
	for found in compared:
		_tell_verdict(found, out)
	return all(found.is_explained for found in compared)


def _done_alone(target: Target, work: Single, is_dry_run: bool = False) -> None:
	"""Do a piece of work as a run of its own, and tell of it."""
	out = _out()
	_see_that_it_can_be_written(out)

	def report(connection: Connection, outcome: Outcome) -> None:
		write_rejects(connection, outcome.run, out / "rejects")

	_tell(single.run(target, work, Display(), report, is_dry_run), out, is_dry_run)


def _tell(outcome: Outcome, out: Path, is_dry_run: bool) -> None:
	show_findings(outcome.findings)
	say(f"\n{outcome.run}{' (dry run: nothing was kept)' if is_dry_run else ''}: {out}")


def _reconciled(
	legacy: Legacy,
	connection: Connection,
	options: Options,
	out: Path,
	display: Display,
	run: str | None = None,
) -> Reconciliation:
	"""Compare both sides, write the reports and keep one with the run."""
	with display.at_work("reconcile"):
		found = reconcile(legacy, connection, options.as_of, options.since, run)
		page, _ = write_report(found, out)
		History(connection, found.run).set(report=page.read_text(encoding="utf-8"))
	return found


def _tell_verdict(found: Reconciliation, out: Path) -> None:
	sign = "✓" if found.is_explained else "✗"
	say(f"{sign} {verdict(found)}: {out / 'reconciliation.html'}, reconciliation.json")


def _see_that_it_can_be_written(directory: Path) -> None:
	"""Raises InvalidInput where reports cannot go there, before the work rather than after it."""
	there = next(path for path in (directory, *directory.absolute().parents) if path.exists())
	if not (there.is_dir() and os.access(there, os.W_OK)):
		raise InvalidInput(f"Reports cannot be written to {directory}: {there} is no directory of yours.")


def _out() -> Path:
	return OUT / f"migration-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}"


def script(step: str, told: str) -> NoReturn:
	"""What a script of `scripts/migration` does: that step, as a run of its own, with `told` as its help."""
	fixed = {"only": (step,), "is_reconciled": False, "embedded": False, "port": None}
	options = [option for option in run.params if option.name not in fixed]
	command = click.Command(
		None, params=options, help=told, callback=lambda **asked: run.callback(**asked, **fixed)
	)
	command.main()
