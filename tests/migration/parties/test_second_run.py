"""What was brought is left as it is by a second run, and no series goes back."""

from tests.migration.by_hand import Sites
from tests.migration.parties.rows import everything, staged


def test_a_second_run_changes_nothing(databases: Sites):
	with databases.site() as site:
		everything(staged(site))
		once, added = site.checksum(), site.rows("SELECT * FROM added")
		again = everything(staged(site))
		assert site.checksum() == once and site.rows("SELECT * FROM added") == added
		assert {reason for reasons in again.values() for reason in reasons} == {
			"Rejected delivery_gone",
			"Rejected product_gone",
			"Rejected not_recurring",
		}


def test_series_stand_past_every_name_and_never_go_back(databases: Sites):
	with databases.site() as site:
		site.run("INSERT INTO \"tabSeries\" (name, current) VALUES ('SL-', 9), ('SUB-', 500)")
		everything(staged(site))
		series = {row["name"]: row["current"] for row in site.rows('SELECT * FROM "tabSeries"')}
		assert series == {"CUST-": 12345678, "SL-": 14, "SUB-": 500}
		changed = site.rows(
			"SELECT name, old_value, new_value FROM changed WHERE doctype = 'Series' ORDER BY 1"
		)
		assert [tuple(row.values()) for row in changed] == [("CUST-", "0", "12345678"), ("SL-", "9", "14")]
