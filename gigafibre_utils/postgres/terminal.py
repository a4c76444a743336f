"""The doctor's findings for a terminal."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict

import click

from gigafibre_utils.postgres.catalogue import Outcome
from gigafibre_utils.postgres.doctor import ISOLATION, LackingTable, Report
from gigafibre_utils.postgres.fix import WELL

SHOWN = 15
"""Tables and indexes that are worth a line; `--json` has them all."""


def show(report: Report, outcomes: list[Outcome], as_json: bool = False) -> None:
	"""Print a report, and before it what was mended."""
	if as_json:
		refused = [asdict(outcome) for outcome in outcomes if outcome.refusal]
		click.echo(json.dumps(report.as_json() | {"refused": refused}, ensure_ascii=False, indent=1))
		return
	show_mended(outcomes)
	database = report.database
	since = f", counting since {database.counting_since[:16]}" if database.counting_since else ""
	click.echo(f"PostgreSQL {database.version}, {size(database.bytes)}{since}")
	_verdict(database.isolation == ISOLATION, f"Transactions are {database.isolation}.")
	_show_fixes(report)
	_show_lacks(report)
	_show_unused(report)
	_verdict(report.is_healthy, "Healthy." if report.is_healthy else "Not healthy.")


def show_nothing_to_do(as_json: bool) -> None:
	"""Print that the site is on another database."""
	sentence = "This site is not on PostgreSQL: there is nothing to look after."
	click.echo(json.dumps({"is_healthy": True, "note": sentence}) if as_json else sentence)


def show_mended(outcomes: list[Outcome]) -> None:
	"""Print what was made, and what PostgreSQL refused."""
	done = Counter(outcome.lack.kind for outcome in outcomes if not outcome.refusal)
	if done:
		words = {"missing": "made", "broken": "rebuilt", "in danger": "renamed"}
		click.echo("Indexes: " + ", ".join(f"{count} {words[kind]}" for kind, count in done.items()))
	for outcome in outcomes:
		if outcome.refusal:
			wish = outcome.lack.wish
			what = f"{'unique ' if wish.is_unique else ''}index of {wish.table} ({', '.join(wish.columns)})"
			click.secho(f"✗ The {what} was refused: {outcome.refusal}", fg="yellow")


def size(count: float) -> str:
	"""Bytes as people read them."""
	for unit in ("B", "kB", "MB"):
		if count < 1024:
			return f"{count:.0f} {unit}"
		count /= 1024
	return f"{count:.1f} GB"


def _show_fixes(report: Report) -> None:
	states = Counter(fix["state"] for fix in report.fixes)
	told = ", ".join(f"{count} {state}" for state, count in states.most_common())
	_verdict(set(states) <= set(WELL), f"Query fixes: {told}.")
	for fix in report.fixes:
		if fix["state"] not in WELL:
			click.echo(f"    {fix['target']}: {fix['detail'] or fix['state']}")


def _show_lacks(report: Report) -> None:
	kinds = Counter(lack["kind"] for table in report.tables for lack in table.lacks)
	if not kinds:
		_verdict(True, "Every index that a DocType asks for is there.")
		return
	told = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
	_verdict(False, f"Indexes: {told}. Tables that were read most for want of them:")
	for table in report.tables[:SHOWN]:
		click.echo("\n".join(_lines(table)))
	if len(report.tables) > SHOWN:
		click.echo(f"    … and {len(report.tables) - SHOWN} tables more")


def _show_unused(report: Report) -> None:
	if not report.unused:
		return
	total = size(sum(index.bytes for index in report.unused))
	click.secho(f"• Big indexes that were never read so far: {len(report.unused)}, {total}", fg="yellow")
	for index in report.unused[:SHOWN]:
		asked = "" if index.is_asked_for else "  no DocType asks for it any more"
		click.echo(f"    {index.name:<63} {size(index.bytes):>8}{asked}")


def _lines(table: LackingTable) -> Iterator[str]:
	read = f"{table.rows_read:,} rows read in {table.scans:,} scans"
	yield f"    {table.table.removeprefix('tab'):<40} {size(table.bytes):>8}  {read}"
	columns = ", ".join(
		" + ".join(lack["columns"])
		+ (" (unique)" if lack["is_unique"] else "")
		+ ("" if lack["kind"] == "missing" else f" ({lack['kind']})")
		for lack in table.lacks
	)
	yield textwrap.fill(columns, 106, initial_indent=" " * 8, subsequent_indent=" " * 8)


def _verdict(is_well: bool, sentence: str) -> None:
	click.secho(f"{'✓' if is_well else '✗'} {sentence}", fg="green" if is_well else "red")
