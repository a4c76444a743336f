"""Sites whose books nobody expects: gone along with, or told before anything is written."""

from collections.abc import Callable
from contextlib import closing
from datetime import date

import psycopg2
import pytest

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration import undo
from gigafibre_utils.migration.chart import years_between
from gigafibre_utils.migration.target import Target
from tests.migration.checksums import checksums
from tests.migration.conftest import compared, migrate

FRENCH = (
	"UPDATE \"tabCustomer Group\" SET name = 'Individuel', customer_group_name = 'Individuel' "
	"WHERE name = 'Individual'",
	"UPDATE \"tabTerritory\" SET name = 'Tous les territoires' WHERE name = 'All Territories'",
	"DELETE FROM \"tabTerritory\" WHERE name = 'Canada'",
)
GROUPS = 'SELECT name, lft, rgt FROM "tabCustomer Group" ORDER BY lft'


def changed(site: str, *statements: str) -> str:
	"""The site, after these."""
	with closing(psycopg2.connect(site)) as connection, connection, connection.cursor() as cursor:
		for statement in statements:
			cursor.execute(statement)
	return site


def test_a_site_that_was_set_up_in_french_gets_the_groups_that_it_lacks(
	hostile: str, new_site: Callable[[], str]
):
	site = changed(new_site(), *FRENCH)
	with closing(psycopg2.connect(site)) as connection, connection.cursor() as cursor:
		cursor.execute(GROUPS)
		before = cursor.fetchall()
		connection.commit()
		migrate(hostile, site)
		cursor.execute(GROUPS)
		assert cursor.fetchall() == [(before[0][0], 1, before[0][2] + 2), *before[1:], ("Individual", 6, 7)]
		cursor.execute("SELECT DISTINCT customer_group, territory FROM \"tabCustomer\" WHERE legacy_id <> ''")
		assert sorted(cursor.fetchall()) == [
			("Commercial", "Tous les territoires"),
			("Individual", "Tous les territoires"),
		]
		connection.commit()
		undo.undo(Target(site), 1)
		cursor.execute(GROUPS)
		assert cursor.fetchall() == before


@pytest.mark.parametrize(
	("account", "kind", "made"),
	[("Internet", "Expense", "Internet (Income) - T"), ("TPS", "Asset", "TPS (Liability) - T")],
)
def test_an_account_of_that_name_but_another_kind_is_left_alone(
	account: str, kind: str, made: str, hostile: str, new_site: Callable[[], str]
):
	there = f"""
		DELETE FROM "tabAccount" WHERE name = '{account} - T';
		INSERT INTO "tabAccount" (name, account_name, company, root_type, parent_account, lft, rgt, is_group)
		SELECT '{account} - T', '{account}', company, '{kind}', parent_account, 1000, 1001, 0
		FROM "tabAccount" WHERE name = 'Debtors - T'
	"""
	site = changed(new_site(), there)
	migrate(hostile, site)
	assert compared(hostile, site).unexplained == 0
	with closing(psycopg2.connect(site)) as connection, connection.cursor() as cursor:
		cursor.execute(
			"SELECT DISTINCT account FROM \"tabGL Entry\" WHERE name ~ '^LG-' AND account LIKE %s",
			[f"{account}%"],
		)
		assert cursor.fetchall() == [(made,)]


@pytest.mark.parametrize(
	("change", "told"),
	[
		(
			"UPDATE \"tabAccount\" SET account_currency = 'USD' WHERE name = 'Debtors - T'",
			"Debtors - T is in USD, but TARGO in CAD",
		),
		(
			'INSERT INTO "tabFiscal Year" (name, year, year_start_date, year_end_date, disabled) '
			"VALUES ('2019', '2019', '2019-01-01', '2019-12-31', 1)",
			"fiscal year 2019 is there, but disabled",
		),
	],
)
def test_books_that_are_not_fit_are_told_before_anything_is_written(
	change: str, told: str, hostile: str, new_site: Callable[[], str]
):
	site = changed(new_site(), change)
	before = checksums(site)
	with pytest.raises(InvalidInput, match=told):
		migrate(hostile, site)
	assert checksums(site) == before


def test_fiscal_years_that_are_missing_go_in_step_with_those_that_are_there(
	hostile: str, new_site: Callable[[], str]
):
	site = changed(
		new_site(),
		'DELETE FROM "tabFiscal Year"',
		'INSERT INTO "tabFiscal Year" (name, year, year_start_date, year_end_date) '
		"VALUES ('ours', 'ours', '2019-04-01', '2020-03-31'), "
		"('theirs', 'theirs', '2010-01-01', '2030-12-31')",
		'INSERT INTO "tabFiscal Year Company" (name, parent, parenttype, parentfield, company) '
		"VALUES ('theirs', 'theirs', 'Fiscal Year', 'companies', 'Another')",
	)
	migrate(hostile, site)
	assert compared(hostile, site).unexplained == 0
	with closing(psycopg2.connect(site)) as connection, connection.cursor() as cursor:
		cursor.execute("SELECT DISTINCT fiscal_year FROM \"tabGL Entry\" WHERE name ~ '^LG-'")
		assert cursor.fetchall() == [("2018-2019",)]


@pytest.mark.parametrize(
	("there", "made"),
	[
		([], [("2019-01-01", "2019-12-31"), ("2020-01-01", "2020-12-31")]),
		([("2019-01-01", "2019-12-31")], [("2020-01-01", "2020-12-31")]),
		([("2018-07-01", "2020-12-31")], []),
		(
			[("2019-04-01", "2020-03-31"), ("2020-07-01", "2021-06-30")],
			[("2018-04-01", "2019-03-31"), ("2020-04-01", "2020-06-30")],
		),
	],
)
def test_years_between_those_that_are_there_leave_no_gap_and_overlap_none(
	there: list[tuple[str, str]], made: list[tuple[str, str]]
):
	def days(spans: list[tuple[str, str]]) -> list[tuple[date, date]]:
		return [(date.fromisoformat(first), date.fromisoformat(last)) for first, last in spans]

	assert list(years_between(days(there), date(2019, 1, 1), date(2020, 12, 31))) == days(made)
