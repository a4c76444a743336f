"""What staff made under a name that the migration gives is never taken for what the migration would make."""

from collections.abc import Callable
from contextlib import closing

import psycopg2
import pytest

from gigafibre_utils.errors import InvalidInput
from tests.migration.conftest import Migrated, migrate

LEGACY_ID = {
	"Customer": "legacy_id",
	"Service Location": "legacy_delivery_id",
	"Sales Invoice": "legacy_id",
	"Payment Entry": "legacy_id",
	"Issue": "legacy_id",
}


def executed(site_url: str, statement: str, *values: str) -> list[tuple]:
	with closing(psycopg2.connect(site_url)) as connection, connection, connection.cursor() as cursor:
		cursor.execute(statement, values)
		return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize(("doctype", "legacy_id"), LEGACY_ID.items())
def test_a_name_that_staff_gave_before_is_refused_and_freed_by_them(
	doctype: str, legacy_id: str, migrated: Migrated, new_site: Callable[[], str]
) -> None:
	site_url = new_site()
	names = executed(migrated.site_url, f'SELECT name FROM "tab{doctype}" WHERE {legacy_id} <> %s', "")
	name = min(name for (name,) in names)
	executed(site_url, f'INSERT INTO "tab{doctype}" (name) VALUES (%s)', name)
	with pytest.raises(InvalidInput, match=f"made by hand under a name .*: {doctype} {name}; rename"):
		migrate(migrated.legacy_url, site_url)
	executed(site_url, f'UPDATE "tab{doctype}" SET name = %s WHERE name = %s', f"Own {name}", name)
	migrate(migrated.legacy_url, site_url)
	count = f'SELECT count(*) FROM "tab{doctype}"'
	assert executed(site_url, count)[0][0] == executed(migrated.site_url, count)[0][0] + 1
