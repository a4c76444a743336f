"""Makes the site, or brings it to this image: the job `create-site` of docker-compose.yml.

Runs in the bench's folder with the bench's Python. Frappe's commands get their arguments through a pipe: as a
process's arguments they would stand in `ps`, and `bench` would write them to logs/bench.log, passwords too.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

APPS = ("erpnext", "gigafibre_utils")

# A setting stands in the environment under its name in capitals. The environment rules: what is empty there
# is taken out of the site's configuration.
SETTINGS = (
	"gigafibre_pay_secret",
	"gigafibre_pay_secret_previous",
	"gigafibre_pay_host",
	"gigafibre_stripe_secret_key",
	"gigafibre_stripe_webhook_secret",
	"gigafibre_staff_domains",
	"gigafibre_pdf_engine",
	"twilio_account_sid",
	"twilio_auth_token",
	"twilio_from_number",
)
# Several values, separated by commas.
LISTS = ("gigafibre_stripe_webhook_secret", "gigafibre_staff_domains")

# What `bench` itself runs, in sites/, for each command of Frappe's.
RUN_FRAPPE = (
	"import json, runpy, sys; sys.argv = ['bench', 'frappe', *json.load(sys.stdin)]; "
	"runpy.run_module('frappe.utils.bench_helper', run_name='__main__')"
)


class Site:
	"""One site of the bench in `bench`."""

	def __init__(self, bench: Path, name: str):
		self._name = name
		self._sites = bench / "sites"
		self._config = self._sites / name / "site_config.json"
		# There while the site is being made: one that finds it was interrupted, and nobody has used the site.
		self._unfinished = self._sites / f"{name}.unfinished"
		# The image that the site was made or last migrated by.
		self._made_by = self._sites / name / "image"
		self._image = (bench / "image").read_text()

	@property
	def is_made(self) -> bool:
		"""Whether there is a whole site."""
		return self._config.exists() and not self._unfinished.exists()

	@property
	def is_of_this_image(self) -> bool:
		"""Whether this image made the site or migrated it."""
		return self._made_by.exists() and self._made_by.read_text() == self._image

	def make(self, database_host: str, database_password: str, admin_password: str) -> None:
		"""Create it with its database and all apps; over what an interrupted attempt left."""
		again = ["--force"] if self._unfinished.exists() else []
		self._unfinished.touch()
		database = ["--db-type", "postgres", "--db-host", database_host, "--db-port", "5432"]
		login = ["--db-root-username", "postgres", "--db-root-password", database_password]
		apps = [argument for app in APPS for argument in ("--install-app", app)]
		admin = ["--admin-password", admin_password]
		self._frappe("new-site", self._name, *again, *database, *login, *admin, *apps, "--set-default")
		self._frappe("--site", self._name, "enable-scheduler")
		self._made_by.write_text(self._image)
		self._unfinished.unlink()

	def migrate(self) -> None:
		"""Bring it to this image. It is closed meanwhile, and stays so where that fails."""
		self.configure({"maintenance_mode": 1})
		self._frappe("--site", self._name, "migrate")
		self._frappe("--site", self._name, "install-app", *APPS)  # leaves alone what is installed
		self._made_by.write_text(self._image)
		self.configure({"maintenance_mode": None})

	def configure(self, settings: Mapping[str, str | int | list[str] | None]) -> None:
		"""Write settings to the site's configuration, where None stands for none."""
		merged = json.loads(self._config.read_text()) | settings
		kept = {key: value for key, value in merged.items() if value is not None}
		written = self._config.with_suffix(".new")
		written.touch(mode=0o600)
		written.write_text(json.dumps(kept, indent=1, sort_keys=True))
		written.replace(self._config)

	def _frappe(self, *arguments: str) -> None:
		print("frappe", *arguments[:3], "…", flush=True)
		command = [sys.executable, "-c", RUN_FRAPPE]
		subprocess.run(command, input=json.dumps(arguments), text=True, cwd=self._sites, check=True)


def settings(environment: Mapping[str, str]) -> dict[str, str | list[str] | None]:
	"""Each setting's value in the environment, or None."""
	values: dict[str, str | list[str] | None] = {}
	for name in SETTINGS:
		value = environment.get(name.upper(), "").strip()
		if name in LISTS:
			values[name] = [part.strip() for part in value.split(",") if part.strip()] or None
		else:
			values[name] = value or None
	return values


def main() -> None:
	"""Makes, configures and migrates, whichever is needed. May run any number of times."""
	site = Site(Path.cwd(), os.environ["GIGAFIBRE_SITE"])
	if not site.is_made:
		site.make(os.environ["DATABASE_HOST"], os.environ["DATABASE_PASSWORD"], os.environ["ADMIN_PASSWORD"])
	site.configure(settings(os.environ))
	if not site.is_of_this_image:
		site.migrate()


if __name__ == "__main__":
	try:
		main()
	except subprocess.CalledProcessError as error:
		sys.exit(f"create-site: Frappe's command above ended with {error.returncode}.")
