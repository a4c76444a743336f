"""Installed, migrated, removed: on a site of ERPNext that is nobody's, and more than once.

`--bench-command "bench --site …"` names that site; what the tests need on it, they make. In one process only.
"""

import json
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import psycopg2
import pytest
from psycopg2.sql import SQL, Composable, Identifier, Literal

pytestmark = pytest.mark.timeout(600)

APP = "gigafibre_utils"
SECRET = "ab" * 32
# What the site's own documents went through, such as its Log Settings; nobody rewrites that.
HISTORY = "tabVersion"
# What a company needs on a site that never saw the setup wizard.
GROUND = (
	{"doctype": "Warehouse Type", "name": "Transit"},
	{
		"doctype": "Company",
		"name": "Scratch",
		"company_name": "Scratch",
		"abbr": "SC",
		"default_currency": "CAD",
		"country": "Canada",
	},
	{"doctype": "Customer", "name": "Scratch", "customer_name": "Scratch"},
)


@dataclass(frozen=True)
class State:
	"""What a database is: its columns with their types, and how many rows each table has."""

	columns: frozenset[tuple[str, str, str]]
	rows: frozenset[tuple[str, int]]

	def __sub__(self, other: "State") -> list[tuple]:
		"""What is here and not there, to be read by a person."""
		return sorted([*(self.columns - other.columns), *(self.rows - other.rows)])


class Scratch:
	"""A site that may be changed at will."""

	def __init__(self, command: str):
		self._command = shlex.split(command)
		site = json.loads(self.run("execute", "frappe.get_site_config"))
		self._database = {
			"host": site.get("db_host") or "127.0.0.1",
			"port": site.get("db_port") or 5432,
			"dbname": site["db_name"],
			"user": site.get("db_user") or site["db_name"],
			"password": site["db_password"],
		}

	def run(self, *arguments: str, fails: bool = False) -> str:
		"""A command of the bench; what it printed."""
		done = subprocess.run([*self._command, *arguments], capture_output=True, text=True, timeout=500)
		assert bool(done.returncode) == fails, done.stdout[-2000:] + done.stderr[-2000:]
		return done.stdout

	def call(self, method: str, **arguments) -> None:
		"""Call a function of Frappe's as Administrator, and commit."""
		self.run("execute", method, "--kwargs", json.dumps(arguments))

	def sql(self, statement: str | Composable, *values) -> list[tuple]:
		"""Rows of one statement."""
		with closing(psycopg2.connect(**self._database)) as connection, connection.cursor() as cursor:
			cursor.execute(statement, values)
			return cursor.fetchall()

	def exists(self, doctype: str, name: str) -> bool:
		"""Whether there is such a document."""
		found = SQL("SELECT FROM {} WHERE name = %s").format(Identifier(f"tab{doctype}"))
		return bool(self.sql(found, name))

	def state(self) -> State:
		"""How the database stands."""
		columns = self.sql(
			"SELECT table_name, column_name, data_type FROM information_schema.columns "
			"WHERE table_schema = current_schema()"
		)
		count = SQL("SELECT {}, count(*) FROM {}")
		tables = {table for table, *_ in columns} - {HISTORY}
		counts = SQL(" UNION ALL ").join(count.format(Literal(table), Identifier(table)) for table in tables)
		return State(frozenset(columns), frozenset(self.sql(counts)))


@pytest.fixture(scope="module")
def scratch(request: pytest.FixtureRequest) -> Iterator[Scratch]:
	"""A site of ERPNext without the app; skips where no option names one."""
	command = request.config.getoption("bench_command")
	if not command:
		pytest.skip('needs a scratch site of a bench: name it by --bench-command "bench --site …"')
	scratch = Scratch(command)
	scratch.run("uninstall-app", APP, "--yes", "--no-backup")
	for document in GROUND:
		if not scratch.exists(document["doctype"], document["name"]):
			scratch.call("frappe.client.insert", doc=document)
	# Frappe's own defaults; ours come with the app.
	scratch.call("frappe.core.doctype.log_settings.log_settings.run_log_clean_up")
	yield scratch
	scratch.run("uninstall-app", APP, "--yes", "--no-backup")


def leave_traces(scratch: Scratch) -> None:
	"""Use the app as people do, so that there is something to take away."""
	place = {"doctype": "Service Location", "location_name": "Chalet", "customer": "Scratch"}
	scratch.call("frappe.client.insert", doc=place)
	scratch.call("frappe.client.insert", doc={"doctype": "Stored Payment Method", "customer": "Scratch"})
	(name,) = scratch.sql('SELECT name FROM "tabService Location"')[0]
	scratch.call(
		"frappe.client.set_value", doctype="Service Location", name=name, fieldname="city", value="Gore"
	)
	remark = {"reference_doctype": "Service Location", "reference_name": name, "content": "Seen."}
	scratch.call("frappe.client.insert", doc={"doctype": "Comment", "comment_type": "Comment", **remark})
	settings = {"doctype": "Gigafibre Settings", "name": "Gigafibre Settings"}
	scratch.call("frappe.client.set_value", **settings, fieldname="gigafibre_pay_secret", value=SECRET)
	scratch.call("frappe.core.doctype.log_settings.log_settings.run_log_clean_up")
	(job,) = scratch.sql('SELECT name FROM "tabScheduled Job Type" WHERE method LIKE %s', f"{APP}.%")[0]
	log = {"doctype": "Scheduled Job Log", "status": "Complete", "scheduled_job_type": job}
	scratch.call("frappe.client.insert", doc=log)
	may_read = {"parent": "Stripe Event", "role": "Auditor", "permlevel": 0, "read": 1}
	scratch.call("frappe.client.insert", doc={"doctype": "Custom DocPerm", **may_read})


def test_what_was_installed_is_gone_after_it_was_removed(scratch: Scratch):
	bare = scratch.state()
	for _ in range(2):
		scratch.run("install-app", APP)
		assert scratch.exists("Workspace", "Gigafibre")
		assert scratch.exists("Mode of Payment", "Stripe")
		leave_traces(scratch)
		assert scratch.sql('SELECT FROM "__Auth" WHERE doctype = %s', "Gigafibre Settings")
		assert scratch.sql('SELECT FROM "tabVersion" WHERE ref_doctype = %s', "Service Location")
		scratch.run("uninstall-app", APP, "--yes", "--no-backup")
		assert (scratch.state() - bare, bare - scratch.state()) == ([], [])
		assert not scratch.sql('SELECT FROM "tabVersion" WHERE ref_doctype = %s', "Service Location")


def test_a_migrate_adds_nothing_to_what_was_installed(scratch: Scratch):
	scratch.run("install-app", APP)
	# Frappe's first changes its own menus.
	scratch.run("migrate")
	migrated = scratch.state()
	scratch.run("migrate")
	assert (scratch.state() - migrated, migrated - scratch.state()) == ([], [])


def test_a_dry_run_of_removing_removes_nothing(scratch: Scratch):
	scratch.run("install-app", APP)
	leave_traces(scratch)
	installed = scratch.state()
	scratch.run("uninstall-app", APP, "--dry-run", "--yes", "--no-backup")
	assert (scratch.state() - installed, installed - scratch.state()) == ([], [])


def test_a_mode_of_payment_that_was_there_before_stays(scratch: Scratch):
	scratch.run("uninstall-app", APP, "--yes", "--no-backup")
	mode = {"doctype": "Mode of Payment", "mode_of_payment": "Stripe", "type": "Bank"}
	scratch.call("frappe.client.insert", doc=mode)
	before = scratch.state()
	scratch.run("install-app", APP)
	assert scratch.sql('SELECT FROM "tabMode of Payment Account" WHERE parent = %s', "Stripe")
	scratch.run("uninstall-app", APP, "--yes", "--no-backup")
	assert (scratch.state() - before, before - scratch.state()) == ([], [])
	scratch.call("frappe.client.delete", doctype="Mode of Payment", name="Stripe")


def test_what_was_paid_stays_in_the_books(scratch: Scratch):
	scratch.run("uninstall-app", APP, "--yes", "--no-backup")
	scratch.run("install-app", APP)
	columns = "(name, mode_of_payment, reference_no, stripe_payment_intent)"
	paid = f"INSERT INTO \"tabPayment Entry\" {columns} VALUES ('PAID', 'Stripe', 'pi_1', 'pi_1')"
	scratch.call("frappe.db.sql", query=paid)
	scratch.run("uninstall-app", APP, "--yes", "--no-backup")
	kept = scratch.sql('SELECT mode_of_payment, reference_no FROM "tabPayment Entry" WHERE name = %s', "PAID")
	assert kept == [("Stripe", "pi_1")]
	assert scratch.exists("Mode of Payment", "Stripe")
	(account,) = scratch.sql("SELECT name FROM \"tabAccount\" WHERE account_name = 'Stripe'")[0]
	scratch.call("frappe.db.sql", query="DELETE FROM \"tabPayment Entry\" WHERE name = 'PAID'")
	scratch.call("frappe.client.delete", doctype="Mode of Payment", name="Stripe")
	scratch.call("frappe.client.delete", doctype="Account", name=account)


def field_of_the_site(scratch: Scratch, fieldname: str, fieldtype: str) -> str:
	"""A Custom Field of Customer that somebody made before; its name."""
	field = {"dt": "Customer", "fieldname": fieldname, "label": "Before", "fieldtype": fieldtype}
	scratch.call("frappe.client.insert", doc={"doctype": "Custom Field", **field})
	return f"Customer-{fieldname}"


def forget_field(scratch: Scratch, fieldname: str) -> None:
	scratch.call("frappe.client.delete", doctype="Custom Field", name=f"Customer-{fieldname}")
	scratch.call("frappe.db.sql_ddl", query=f'ALTER TABLE "tabCustomer" DROP COLUMN "{fieldname}"')


def assert_refused(scratch: Scratch, told: str) -> None:
	before = scratch.state()
	assert told in scratch.run("install-app", APP, fails=True)
	assert (scratch.state() - before, before - scratch.state()) == ([], [])


def test_a_field_of_another_kind_refuses_the_app_before_anything_is_written(scratch: Scratch):
	scratch.run("uninstall-app", APP, "--yes", "--no-backup")
	field_of_the_site(scratch, "legacy_id", "Int")
	assert_refused(scratch, "Customer has a field legacy_id of another kind already")
	forget_field(scratch, "legacy_id")
	scratch.call("frappe.db.sql_ddl", query='ALTER TABLE "tabCustomer" ADD COLUMN "legacy_id" integer')
	assert_refused(scratch, "Customer has a field legacy_id of another kind already")
	scratch.call("frappe.db.sql_ddl", query='ALTER TABLE "tabCustomer" DROP COLUMN "legacy_id"')


def test_values_that_stand_twice_in_what_must_be_unique_refuse_the_app(scratch: Scratch):
	scratch.run("uninstall-app", APP, "--yes", "--no-backup")
	field_of_the_site(scratch, "legacy_id", "Data")
	second = {"doctype": "Customer", "name": "Second", "customer_name": "Second"}
	scratch.call("frappe.client.insert", doc=second)
	scratch.call("frappe.db.sql", query="UPDATE \"tabCustomer\" SET legacy_id = '7'")
	assert_refused(scratch, "Customer has a field legacy_id already, in which values stand twice")
	scratch.call("frappe.client.delete", doctype="Customer", name="Second")
	forget_field(scratch, "legacy_id")


def test_fields_and_columns_that_were_there_before_stay_with_their_values(scratch: Scratch):
	scratch.run("uninstall-app", APP, "--yes", "--no-backup")
	field = field_of_the_site(scratch, "legacy_id", "Data")
	# A column without a field: left behind by an app that was removed.
	column = 'ALTER TABLE "tabCustomer" ADD COLUMN "referral_code" varchar(140)'
	scratch.call("frappe.db.sql_ddl", query=column)
	values = "UPDATE \"tabCustomer\" SET legacy_id = 'L7', referral_code = 'R7'"
	scratch.call("frappe.db.sql", query=values)
	before = scratch.state()
	for _ in range(2):
		scratch.run("install-app", APP)
		scratch.run("uninstall-app", APP, "--yes", "--no-backup")
		assert (scratch.state() - before, before - scratch.state()) == ([], [])
	assert scratch.exists("Custom Field", field)
	kept = scratch.sql('SELECT legacy_id, referral_code FROM "tabCustomer" WHERE name = %s', "Scratch")
	assert kept == [("L7", "R7")]
	forget_field(scratch, "legacy_id")
	scratch.call("frappe.db.sql_ddl", query='ALTER TABLE "tabCustomer" DROP COLUMN "referral_code"')
