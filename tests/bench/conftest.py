"""A live ERPNext; without one, what only it can show is skipped by name."""

import pytest

from tests.acceptance.site import Site


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest) -> Site:
	"""The site of the bench; skips where the options tell of none."""
	if not request.config.getoption("host_url"):
		pytest.skip("needs a bench: give its address by --host-url")
	return request.getfixturevalue("site")
