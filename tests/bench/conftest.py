"""What only ERPNext can show: needs a bench with the app and the sample company, told of by `--host-url`."""

import pytest

from tests.acceptance.site import Site


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest) -> Site:
	"""The site of the bench; skips where the options tell of none."""
	option = request.config.getoption
	if not option("host_url"):
		pytest.skip("needs a bench: give its address by --host-url")
	return Site(
		url=option("host_url").rstrip("/"),
		database_url=option("database_url"),
		pay_secret=option("pay_secret"),
		webhook_secret=option("webhook_secret"),
		stripe_url=option("stripe_url"),
		staff=tuple(option("staff").split(":", 1)),
		customer=tuple(option("customer").split(":", 1)),
		is_embedded=False,
	)
