"""The host to test: an embedded one of our own, or a live one that the options tell of."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.sample import PORTAL_USER, STAFF
from tests.acceptance.site import Site
from tests.doubles import mail, twilio

# Not pytest's own folders: where there are no user namespaces, nobody must be able to enter.
HOSTS = Path(__file__).parents[2] / ".host"
TWILIO = {
	"twilio_account_sid": "AC" + "0" * 32,
	"twilio_auth_token": "secret-of-twilio",
	"twilio_from_number": "+15145550100",
}


@pytest.fixture(scope="session")
def sms(request: pytest.FixtureRequest) -> Iterator[twilio.TwilioDouble]:
	"""Twilio's double; a live site's `twilio_api_base` must lead to it."""
	port = request.config.getoption("twilio_port")
	if request.config.getoption("host_url") and not port:
		pytest.skip("the live site's twilio_api_base leads to no double: give its port by --twilio-port")
	with twilio.served(port) as double:
		yield double


@pytest.fixture(scope="session")
def mailbox(request: pytest.FixtureRequest) -> Iterator[mail.MailServer]:
	"""An SMTP server; a live site must send its mail there."""
	port = request.config.getoption("smtp_port")
	if request.config.getoption("host_url") and not port:
		pytest.skip("the live site sends its mail elsewhere: give the port it uses by --smtp-port")
	with mail.served(port) as server:
		yield server


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest) -> Iterator[RunningHost]:
	"""The embedded host. Only for tests that do something to its insides; they are skipped on a live host."""
	if request.config.getoption("host_url"):
		pytest.skip("needs the insides of the embedded host")
	with RunningHost(HOSTS) as running:
		yield running


@pytest.fixture(scope="session")
def site(request: pytest.FixtureRequest) -> Site:
	"""The site under test."""
	option = request.config.getoption
	if option("host_url"):
		return Site(
			url=option("host_url").rstrip("/"),
			database_url=option("database_url"),
			pay_secret=option("pay_secret"),
			webhook_secret=option("webhook_secret"),
			stripe_url=option("stripe_url"),
			staff=tuple(option("staff").split(":", 1)),
			customer=tuple(option("customer").split(":", 1)),
			is_embedded=False,
			patience=option("patience"),
		)
	running: RunningHost = request.getfixturevalue("running")
	double, server = request.getfixturevalue("sms"), request.getfixturevalue("mailbox")
	running.host.configure(
		**TWILIO,
		twilio_api_base=double.url,
		mail_server="127.0.0.1",
		mail_port=server.port,
		auto_email_id="facturation@targo.ca",
	)
	known = running.host.configuration
	return Site(
		url=running.url,
		database_url=running.host.postgres.url,
		pay_secret=known["gigafibre_pay_secret"],
		webhook_secret=known["gigafibre_stripe_webhook_secret"],
		stripe_url=known["gigafibre_stripe_api_base"],
		staff=(STAFF[0], running.host.passwords[STAFF[0]]),
		customer=(PORTAL_USER, running.host.passwords[PORTAL_USER]),
		is_embedded=True,
		patience=request.config.getoption("patience"),
	)


@pytest.fixture(autouse=True)
def usual_delivery(request: pytest.FixtureRequest) -> Iterator[None]:
	"""Whatever a test did to Stripe's delivery ends with it."""
	yield
	if "site" in request.fixturenames:
		request.getfixturevalue("site").deliver()
