"""Commands as a hurried engineer gives them: what cannot work is told in a sentence, before it is done."""

import errno
import os
import pty
import re
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gigafibre_utils.migration.command import migrate
from gigafibre_utils.migration.target import Target
from gigafibre_utils.migration.terminal import Display
from tests.doubles.mapbox import TOKEN, served
from tests.migration.test_undo import asked

LEGACY = "mysql://nobody@127.0.0.1:1/gestionclient"
ERP = "postgresql://nobody@127.0.0.1:1/erp"
SCRIPTS = Path(__file__).parents[2] / "scripts" / "migration"
STEPS_TOLD = re.compile("## The steps\n(.*?)\n## ", re.DOTALL)
PROGRAM = (sys.executable, "-m", "gigafibre_utils.cli", "migrate")


@pytest.fixture(autouse=True)
def _reports_are_the_tests_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
	monkeypatch.chdir(tmp_path)
	monkeypatch.setenv("PYTHONPATH", str(SCRIPTS.parents[1]))


def told(*arguments: object) -> Result:
	return CliRunner().invoke(migrate, [str(argument) for argument in arguments])


def script(monkeypatch: pytest.MonkeyPatch, name: str, *arguments: str) -> int:
	"""What a script ends with, run within this process: to begin one costs more than most of what they do."""
	monkeypatch.setattr(sys, "argv", [f"{SCRIPTS / name}.py", *arguments])
	with pytest.raises(SystemExit) as ended:
		runpy.run_path(sys.argv[0], run_name="__main__")
	return ended.value.code


def custom_fields(legacy_url: str, site_url: str) -> tuple[str, ...]:
	"""The shortest run that there is."""
	only = ("--only", "add_missing_custom_fields", "--no-reconcile", "--create-missing")
	return ("run", "--legacy", legacy_url, "--erp", site_url, *only)


def test_a_bench_migrates_into_its_own_site_whatever_the_environment_names(
	new_site: Callable[[], str], monkeypatch: pytest.MonkeyPatch
):
	own, other = new_site(), new_site()
	monkeypatch.setenv("GIGAFIBRE_ERP", other)
	result = CliRunner().invoke(migrate, ["undo", "--run", "7"], obj=own)
	assert f"{Target(own).name} has no run MIG-0007" in result.output
	refused = CliRunner().invoke(migrate, ["undo", "--run", "7", "--erp", other], obj=own)
	assert (refused.exit_code, "its own site" in refused.output) == (2, True)


@pytest.mark.parametrize("only", ["", ",", " , "])
def test_a_list_of_no_steps_is_no_way_to_say_all(only: str):
	result = told("run", "--legacy", LEGACY, "--erp", ERP, "--only", only)
	assert (result.exit_code, "it names no step" in result.output) == (2, True)


@pytest.mark.parametrize(
	"options", [("--embedded", "--erp", ERP), ("--erp", ERP, "--port", 1), ("--embedded", "--port", 70000)]
)
def test_options_that_contradict_each_other_are_refused(options: tuple):
	result = CliRunner().invoke(migrate, ["run", "--legacy", LEGACY, *map(str, options)], obj=print)
	assert (result.exit_code, "Error: " in result.output) == (2, True)


@pytest.mark.parametrize(
	("legacy", "erp"),
	[
		("mysql://u:s3cr%zz#t@127.0.0.1/x", ERP),
		("mysql://u:s3cret@[::1/x", ERP),
		("mysql://u:s3cret@127.0.0.1:port/x", ERP),
		("mysql://u:s3cret\u2100@127.0.0.1/x", ERP),
		("mysql://u:s3cret@127.0.0.1", ERP),
		(LEGACY, "postgresql://u:s3cr#t@127.0.0.1/x"),
		(LEGACY, "postgresql://u:s3cret@[::1/x"),
		(LEGACY, "postgresql://u:s3cret@127.0.0.1:port/x"),
		(LEGACY, "postgresql://u:s3cret\u2100@127.0.0.1/x"),
		(LEGACY, "postgresql://u:s3cret@127.0.0.1"),
	],
)
def test_an_address_that_is_none_is_told_without_its_password(legacy: str, erp: str):
	result = told("run", "--legacy", legacy, "--erp", erp)
	assert result.exit_code == 1
	assert "must be given as" in result.output
	assert "s3cr" not in result.output
	assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("erp", ["postgresql://u:s3cr%zz@127.0.0.1/x", "postgresql://127.0.0.1/x?s3cret=1"])
def test_what_libpq_cannot_read_is_told_without_its_password(erp: str):
	result = told("undo", "--erp", erp, "--run", 1)
	assert (result.exit_code, "must be given as" in result.output) == (1, True)
	assert "s3cr" not in result.output


def test_reports_that_cannot_be_written_are_told_before_the_work(tmp_path: Path):
	(tmp_path / "file").touch()
	for out in ("file", "file/below"):
		result = told("run", "--legacy", LEGACY, "--erp", ERP, "--out", out)
		assert (result.exit_code, "Reports cannot be written to" in result.output) == (1, True)
	result = told("sample", "--legacy", LEGACY, "--totals", "file/totals.json")
	assert (result.exit_code, "Reports cannot be written to" in result.output) == (1, True)


@pytest.mark.parametrize("unbuffered", ("", "1"))
def test_a_run_of_which_nobody_can_be_told_is_done_all_the_same(
	unbuffered: str, sample, new_site: Callable[[], str]
):
	site_url = new_site()
	environment = os.environ | {"PYTHONUNBUFFERED": unbuffered}
	with open("/dev/full", "w") as full:
		command = [*PROGRAM, *custom_fields(sample[0], site_url)]
		run = subprocess.run(command, env=environment, stdout=full, stderr=subprocess.PIPE, text=True)
	assert run.returncode == 1
	assert "Traceback" not in run.stderr
	assert os.strerror(errno.ENOSPC) in run.stderr
	assert asked(site_url, 'SELECT status FROM "tabMigration Run"') == [("Done",)]


@pytest.mark.parametrize("is_progress_read", (True, False))
def test_a_run_goes_on_to_its_end_when_nobody_reads_any_more(
	is_progress_read: bool, sample, new_site: Callable[[], str], tmp_path: Path
):
	site_url = new_site()
	progress = (tmp_path / "progress").open("w+")
	reader, writer = os.pipe()
	os.close(reader)
	command = [*PROGRAM, "-v", *custom_fields(sample[0], site_url), "--reconcile"]
	status = subprocess.call(command, stdout=writer, stderr=progress if is_progress_read else writer)
	os.close(writer)
	with progress:
		progress.seek(0)
		assert "Error" not in progress.read()
	assert status == 0
	assert asked(site_url, 'SELECT status, error FROM "tabMigration Run"') == [("Done", None)]
	assert list(tmp_path.glob("out/*/reconciliation.html"))


def test_a_terminal_of_another_encoding_shows_what_it_can(sample, new_site: Callable[[], str]):
	command = [*PROGRAM, *custom_fields(sample[0], new_site()), "--reconcile"]
	latin = os.environ | {"PYTHONIOENCODING": "latin-1:strict"}
	run = subprocess.run(command, env=latin, capture_output=True)
	assert b"Traceback" not in run.stderr
	assert b"? add_missing_custom_fields" in run.stderr
	assert run.stdout.splitlines()[-1].startswith(b"? ")


@pytest.mark.parametrize(("run", "number"), [("7", "0007"), ("MIG-0007", "0007"), ("mig-12345", "12345")])
def test_a_run_is_known_by_its_number_or_by_its_name(run: str, number: str, new_site: Callable[[], str]):
	result = told("undo", "--erp", new_site(), "--run", run)
	assert (result.exit_code, f"has no run MIG-{number} " in result.output) == (1, True)


@pytest.mark.parametrize("run", ["0", "-1", "MIG-", "MIG-0000", "1.5", "last", "MIG-1234567890"])
def test_what_is_no_run_is_told(run: str):
	result = told("undo", "--erp", ERP, "--run", run)
	assert (result.exit_code, f"{run} is no run such as 3 or MIG-0003" in result.output) == (2, True)


def test_two_commands_of_one_second_write_into_directories_of_their_own(
	sample, new_site: Callable[[], str], tmp_path: Path
):
	command = [*PROGRAM, *custom_fields(sample[0], new_site())]
	for _ in range(2):
		subprocess.run(command, check=True, capture_output=True)
	assert len(list((tmp_path / "out").iterdir())) == 2


def test_a_script_tells_what_it_does():
	command = [sys.executable, str(SCRIPTS / "import_items.py"), "--help"]
	shown = subprocess.run(command, capture_output=True, text=True)
	assert shown.returncode == 0
	assert shown.stdout.startswith("Usage: import_items.py [OPTIONS]")
	assert "Products as Items" in shown.stdout


@pytest.mark.parametrize("option", ("--only=import_invoices", "--embedded", "--port=1", "--reconcile"))
def test_a_script_takes_no_option_that_is_not_for_it(
	option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
	status = script(monkeypatch, "import_items", "--legacy", LEGACY, "--erp", ERP, option)
	assert (status, "No such option" in capsys.readouterr().err) == (2, True)


def test_a_period_that_ends_before_it_begins_is_refused():
	period = ("--from", "2021-01-01", "--to", "2020-12-31")
	result = told("reimport-payments", "--legacy", LEGACY, "--erp", ERP, *period)
	assert (result.exit_code, "--from is later than --to" in result.output) == (2, True)


def test_the_scripts_one_by_one_in_the_documented_order_end_in_books_that_reconcile(
	sample,
	new_site: Callable[[], str],
	tmp_path: Path,
	monkeypatch: pytest.MonkeyPatch,
	capsys: pytest.CaptureFixture[str],
):
	steps = STEPS_TOLD.search((SCRIPTS.parents[1] / "docs" / "migration.md").read_text())[1]
	cells = re.findall(r"^\| (`.+?) \|", steps, re.MULTILINE)
	names = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
	assert sorted(names) == sorted(path.stem for path in SCRIPTS.glob("*.py"))
	file = tmp_path / "expro.csv"
	file.write_text("date,account number,amount,method,reference\n2024-01-31,none,10.00,card,1\n")
	with served() as mapbox:
		asking = ["--token", TOKEN, "--endpoint", mapbox.url, "--per-second", "1000"]
		own = {
			"reimport_payments": ["--customer", "5"],
			"import_expro_payments": [str(file), "--create-missing"],
			"geocode_locations": asking,
			"reconcile": [],
		}
		monkeypatch.setenv("GIGAFIBRE_LEGACY", sample[0])
		monkeypatch.setenv("GIGAFIBRE_ERP", new_site())
		for name in names:
			status = script(monkeypatch, name, *own.get(name, ["--create-missing"]))
			shown = capsys.readouterr()
			assert status == 0, (name, shown)
	assert "Reconciled to the cent" in shown.out


def test_a_terminal_is_left_clean_when_nothing_is_at_work(monkeypatch: pytest.MonkeyPatch):
	ours, theirs = pty.openpty()
	shown = ""
	with open(theirs, "w") as terminal:
		monkeypatch.setattr(sys, "stderr", terminal)
		with Display().at_work("reconcile"):
			while not shown.endswith("reconcile"):
				shown += os.read(ours, 1000).decode()
	while not shown.endswith("reconcile\r\x1b[K"):
		shown += os.read(ours, 1000).decode()
	os.close(ours)
	assert shown == "\r\x1b[K\r… reconcile\r\x1b[K"
