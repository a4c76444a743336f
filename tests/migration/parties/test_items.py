"""Items and their groups as legacy rows with every trap make them."""

from collections.abc import Callable
from decimal import Decimal

from tests.migration.by_hand import Migrated, Sites
from tests.migration.parties.rows import ITEMS, staged


def test_items_have_codes_of_their_own_whatever_the_skus_were(brought: Migrated):
	found = brought.rows(
		'SELECT legacy_id, name, item_name, item_group FROM "tabItem" ORDER BY legacy_id::int'
	)
	assert [tuple(row.values()) for row in found] == [
		("0", "LEGACY", "Reprise de l'ancien système", "Autres"),
		("1", "NET-1", "Fibre", "Internet"),
		("2", "TEL-2", "Téléphone", "Téléphonie"),
		("3", "TEL-3", "Téléphone 2", "Téléphonie"),
		("4", "TEL-3-4", "Tricky", "Autres"),
		("5", "P-5", "Sans code", "Frais"),
		("6", "INST", "Installation", "Frais"),
	]
	fibre = brought.row("Item", "NET-1")
	assert (fibre["is_stock_item"], fibre["is_sales_item"], fibre["is_purchase_item"]) == (0, 1, 0)
	assert (fibre["stock_uom"], fibre["standard_rate"], fibre["item_name_en"]) == (
		"Nos",
		Decimal("59.95"),
		"Fibre line",
	)
	(default,) = brought.rows('SELECT * FROM "tabItem Default" WHERE parent = %s', "NET-1")
	assert (default["company"], default["income_account"], default["selling_cost_center"]) == (
		"TARGO",
		"Internet - T",
		"Main - T",
	)


def assert_nested(site: Migrated) -> None:
	"""The groups are a nested set: the bounds are 1 to 2n, and every group lies within its parent."""
	groups = site.rows('SELECT name, lft, rgt, parent_item_group FROM "tabItem Group"')
	bounds = sorted(bound for group in groups for bound in (group["lft"], group["rgt"]))
	assert bounds == list(range(1, 2 * len(groups) + 1))
	by_name = {group["name"]: group for group in groups}
	for group in groups:
		assert group["lft"] < group["rgt"]
		if parent := by_name.get(group["parent_item_group"]):
			assert parent["lft"] < group["lft"] and group["rgt"] < parent["rgt"]


def test_item_groups_are_a_nested_set(brought: Migrated, databases: Sites):
	assert_nested(brought)
	with databases.site() as site:
		site.run(
			"""
			INSERT INTO "tabItem Group" (name, item_group_name, parent_item_group, is_group, lft, rgt) VALUES
			('Tous les groupes', 'Tous les groupes', '', 1, 1, 6),
			('Services', 'Services', 'Tous les groupes', 0, 2, 3),
			('Frais', 'Frais', 'Tous les groupes', 0, 4, 5)
			"""
		)
		staged(site).step(ITEMS)
		assert_nested(site)
		(changed,) = site.rows("SELECT doctype, name, field, old_value, new_value FROM changed")
		assert tuple(changed.values()) == ("Item Group", "Tous les groupes", "rgt", "6", "12")


def test_an_item_that_was_there_is_used_as_it_is(databases: Sites):
	with databases.site() as site:
		site.run("INSERT INTO \"tabItem\" (name, item_code, item_name) VALUES ('NET-1', 'NET-1', 'Ours')")
		found = staged(site).step(ITEMS)
		assert ("Repaired", "product", 1, "item_was_there") in found
		assert (site.row("Item", "NET-1")["item_name"], site.row("Item", "NET-1")["legacy_id"]) == (
			"Ours",
			"1",
		)
		assert not site.rows("SELECT FROM added WHERE doctype = 'Item' AND name = 'NET-1'")
		assert site.rows(
			"SELECT old_value, new_value FROM changed WHERE doctype = 'Item' AND name = 'NET-1'"
		) == [{"old_value": None, "new_value": "1"}]
		assert site.step(ITEMS) == []


def test_lines_can_be_handled_as_they_were_billed(rows: Callable[..., list[tuple]]):
	"""By the fraction, and below nothing; and each item in its own unit."""
	assert rows("""SELECT must_be_whole_number FROM "tabUOM" WHERE name = 'Nos'""") == [(0,)]
	assert rows("""SELECT value FROM "tabSingles" WHERE field = 'allow_negative_rates_for_items'""") == [
		("1",)
	]
	made, units = rows(
		"""SELECT count(DISTINCT name), count(uom) FROM gigafibre_migration.added
		LEFT JOIN (
			SELECT parent AS name, uom FROM "tabUOM Conversion Detail" WHERE conversion_factor = 1
		) AS unit USING (name) WHERE doctype = 'Item'"""
	)[0]
	assert made == units > 0
