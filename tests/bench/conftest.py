"""A live ERPNext; without one, what only it can show is skipped by name."""

import pytest

from tests.acceptance.site import Client, Site


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest) -> Site:
	"""The site of the bench; skips where the options tell of none."""
	if not request.config.getoption("host_url"):
		pytest.skip("needs a bench: give its address by --host-url")
	return request.getfixturevalue("site")


@pytest.fixture(scope="session")
def administrator(bench: Site, request: pytest.FixtureRequest) -> Client:
	"""A System Manager, signed in."""
	user, _, password = request.config.getoption("administrator").partition(":")
	return Client(bench.url, (user, password))
