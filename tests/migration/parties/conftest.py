"""A site into which the rows were brought once. Only to be read."""

from collections.abc import Iterator

import pytest

from tests.migration.by_hand import Migrated, Sites
from tests.migration.parties.rows import everything, staged


@pytest.fixture(scope="package")
def whole(databases: Sites) -> Iterator[tuple[Migrated, dict[tuple[str, int], set[str]]]]:
	with databases.site() as site:
		yield staged(site), everything(site)


@pytest.fixture
def brought(whole: tuple) -> Migrated:
	return whole[0]


@pytest.fixture
def findings(whole: tuple) -> dict[tuple[str, int], set[str]]:
	return whole[1]
