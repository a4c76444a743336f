"""The job that makes the site and migrates it, with a Frappe that only writes down how it was called."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CREATE_SITE = ROOT / "deploy" / "create_site.py"

FAKE_FRAPPE = """
import json, os, pathlib, sys

site = os.environ["GIGAFIBRE_SITE"]
command = next(word for word in sys.argv[2:] if word not in ("--site", site))
folder = pathlib.Path(site)
config = folder / "site_config.json"
if command == "new-site":
	folder.mkdir(exist_ok="--force" in sys.argv)
	config.write_text('{"db_name": "_1", "db_password": "theirs"}')
call = {
	"arguments": sys.argv[1:],
	"seen_by_others": pathlib.Path("/proc/self/cmdline").read_text().split(chr(0)),
	"closed": json.loads(config.read_text()).get("maintenance_mode", 0),
}
with open("calls", "a") as calls:
	print(json.dumps(call), file=calls)
sys.exit(command == os.environ.get("FAIL_AT"))
"""

SITE = "erp.example.ca"
ENVIRONMENT = {
	"DATABASE_HOST": "database",
	"DATABASE_PASSWORD": "database-password",
	"ADMIN_PASSWORD": "admin-password",
	"GIGAFIBRE_SITE": SITE,
	"GIGAFIBRE_PAY_SECRET": "ab" * 32,
	"GIGAFIBRE_PAY_HOST": "https://pay.example.ca",
	"GIGAFIBRE_STRIPE_SECRET_KEY": "sk_test_1",
	"GIGAFIBRE_STRIPE_WEBHOOK_SECRET": "whsec_1, whsec_2",
	"GIGAFIBRE_STAFF_DOMAINS": "",
}


class Job:
	"""Runs of create_site.py on a bench."""

	def __init__(self, bench: Path):
		self._bench = bench
		(bench / "sites").mkdir()
		self.use_image("first")
		helper = bench / "lib" / "frappe" / "utils"
		helper.mkdir(parents=True)
		(helper / "bench_helper.py").write_text(FAKE_FRAPPE)

	def run(self, **changed: str) -> subprocess.CompletedProcess[str]:
		environment = {**ENVIRONMENT, **changed, "PYTHONPATH": str(self._bench / "lib")}
		command = [sys.executable, CREATE_SITE]
		return subprocess.run(command, cwd=self._bench, env=environment, capture_output=True, text=True)

	def use_image(self, image: str) -> None:
		(self._bench / "image").write_text(f"{image}\n")

	def take_calls(self) -> list[dict[str, Any]]:
		calls = self._bench / "sites" / "calls"
		lines = calls.read_text().splitlines() if calls.exists() else []
		calls.unlink(missing_ok=True)
		return [json.loads(line) for line in lines]

	def take_commands(self) -> list[str]:
		return [" ".join(call["arguments"]) for call in self.take_calls()]

	@property
	def config_file(self) -> Path:
		return self._bench / "sites" / SITE / "site_config.json"

	@property
	def config(self) -> dict[str, Any]:
		return json.loads(self.config_file.read_text())


@pytest.fixture
def job(tmp_path: Path) -> Job:
	return Job(tmp_path)


MIGRATION = [f"frappe --site {SITE} migrate", f"frappe --site {SITE} install-app erpnext gigafibre_utils"]


def test_the_site_is_made_on_postgresql_with_both_apps_and_its_scheduler(job: Job):
	assert job.run().returncode == 0
	assert job.take_commands() == [
		f"frappe new-site {SITE} --db-type postgres --db-host database --db-port 5432"
		" --db-root-username postgres --db-root-password database-password"
		" --admin-password admin-password --install-app erpnext --install-app gigafibre_utils --set-default",
		f"frappe --site {SITE} enable-scheduler",
	]
	assert job.config == {
		"db_name": "_1",
		"db_password": "theirs",
		"gigafibre_pay_secret": "ab" * 32,
		"gigafibre_pay_host": "https://pay.example.ca",
		"gigafibre_stripe_secret_key": "sk_test_1",
		"gigafibre_stripe_webhook_secret": ["whsec_1", "whsec_2"],
	}


def test_no_password_is_seen_by_others(job: Job):
	done = job.run()
	shown = done.stdout + done.stderr + str([call["seen_by_others"] for call in job.take_calls()])
	assert "new-site" in shown
	assert "-password" not in shown


def test_the_file_with_the_secrets_is_for_its_owner_alone(job: Job):
	job.run()
	assert stat.S_IMODE(job.config_file.stat().st_mode) == 0o600


def test_a_second_start_on_the_same_image_leaves_the_site_alone(job: Job):
	job.run()
	job.take_calls()
	assert job.run().returncode == 0
	assert job.take_calls() == []


def test_another_image_migrates_the_site_once_behind_closed_doors(job: Job):
	job.run()
	job.take_calls()
	job.use_image("second")
	assert job.run().returncode == 0
	calls = job.take_calls()
	assert [" ".join(call["arguments"]) for call in calls] == MIGRATION
	assert [call["closed"] for call in calls] == [1, 1]
	assert "maintenance_mode" not in job.config
	job.run()
	assert job.take_calls() == []


def test_a_site_whose_migration_failed_stays_closed_until_it_succeeds(job: Job):
	job.run()
	job.use_image("second")
	failed = job.run(FAIL_AT="migrate")
	assert failed.returncode == 1
	assert "Traceback" not in failed.stderr
	assert job.config["maintenance_mode"] == 1
	job.take_calls()
	assert job.run().returncode == 0
	assert job.take_commands() == MIGRATION
	assert "maintenance_mode" not in job.config


def test_a_site_that_was_never_finished_is_made_again(job: Job):
	assert job.run(FAIL_AT="new-site").returncode == 1
	job.take_calls()
	assert job.run().returncode == 0
	made, _ = job.take_commands()
	assert made.startswith(f"frappe new-site {SITE} --force ")
	assert job.run().returncode == 0
	assert job.take_commands() == []


def test_a_site_from_elsewhere_is_migrated_and_gets_the_app_and_is_never_made_anew(job: Job):
	job.config_file.parent.mkdir()
	job.config_file.write_text('{"db_name": "_1"}')
	assert job.run().returncode == 0
	assert job.take_commands() == MIGRATION


def test_settings_follow_the_environment_and_others_are_left_alone(job: Job):
	job.run(GIGAFIBRE_PAY_SECRET_PREVIOUS="cd" * 32, GIGAFIBRE_STAFF_DOMAINS="targo.ca")
	assert job.config["gigafibre_staff_domains"] == ["targo.ca"]
	job.config_file.write_text(json.dumps({**job.config, "mail_server": "smtp.example.ca"}))
	job.run(GIGAFIBRE_STRIPE_WEBHOOK_SECRET="whsec_2")
	assert "gigafibre_pay_secret_previous" not in job.config
	assert "gigafibre_staff_domains" not in job.config
	assert job.config["gigafibre_stripe_webhook_secret"] == ["whsec_2"]
	assert job.config["mail_server"] == "smtp.example.ca"


def test_every_setting_is_handed_over_and_read_by_the_app():
	names = set(re.findall(r'^\t"(\w+)",$', CREATE_SITE.read_text(), re.M))
	assert names
	service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["create-site"]
	assert {name.upper() for name in names} <= set(service["environment"])
	sources = [path.read_text() for path in (ROOT / "gigafibre_utils").rglob("*.py")]
	read = {name for text in sources for name in re.findall(r'"(\w+)"', text)}
	assert names <= read
