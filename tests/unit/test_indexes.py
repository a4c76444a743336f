"""Which indexes are lacking, and what they are called: no matter what is asked for and what stands."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigafibre_utils.postgres.indexes import Index, Wish, lacking

ITEMS, INVOICES = "tabSales Invoice Item", "tabSales Invoice"

columns = st.lists(
	st.sampled_from(("a", "b", "a_b", "parent", "unique")), min_size=1, max_size=3, unique=True
)
tables = st.sampled_from(("tabA", "tabA_b", INVOICES, "tab" + "É" * 40))
wished = st.builds(Wish, tables, columns.map(tuple), st.booleans())


@st.composite
def standing(draw: st.DrawFn) -> list[Index]:
	"""Indexes with names as Frappe, PostgreSQL, we and strangers give them, all different."""
	indexes: dict[str, Index] = {}
	for of in draw(st.lists(wished, max_size=8)):
		bare = of.columns[0]
		name = draw(st.sampled_from((bare, f"unique_{bare}", f"{bare}_index", *of.names[:2])))
		indexes[name] = Index(name, of, draw(st.booleans()), draw(st.booleans()))
	return list(indexes.values())


@given(st.lists(wished, max_size=12))
def test_a_name_fits_and_is_like_no_other(wishes: list[Wish]):
	lacks = lacking(wishes, [], ["a", "b"])
	names = [lack.name for lack in lacks]
	assert len(set(names)) == len(names)
	for lack in lacks:
		assert len(lack.name.encode()) <= 63
		assert lack.name.startswith("tab")
		# By `_key` Frappe knows that a unique field was refused.
		assert lack.name.endswith("_key" if lack.wish.is_unique else "_idx")


@given(st.lists(wished, max_size=12), standing())
def test_when_all_is_mended_nothing_is_lacking_and_nothing_else_has_changed(
	wishes: list[Wish], before: list[Index]
):
	lacks = lacking(wishes, before, (index.name for index in before))
	gone = {lack.stands.name for lack in lacks if lack.stands}
	made = [Index(lack.name, lack.stands.of if lack.stands else lack.wish) for lack in lacks]
	after = [index for index in before if index.name not in gone] + made
	assert lacking(wishes, after, (index.name for index in after)) == []
	assert max(Counter(index.name for index in after).values(), default=1) == 1
	for index in before:
		if index.name in gone:
			assert index.is_in_danger or (index.is_ours and not index.is_valid)


def test_what_is_lacking_does_not_hang_on_the_order_of_asking():
	wishes = [Wish(ITEMS, ("parent",)), Wish(ITEMS, ("item_code",)), Wish(ITEMS, ("item_code", "warehouse"))]
	lacks = lacking(wishes, [], [])
	assert lacks == lacking(reversed(wishes), [], [])
	assert [lack.name for lack in lacks] == [
		"tabSales Invoice Item_item_code_warehouse_idx",
		"tabSales Invoice Item_parent_idx",
	]


def test_a_long_name_is_cut_and_told_apart():
	first, second = (Wish(f"tab{'Subcontracting ' * 3}Item", ("purchase_order_item" + end,)) for end in "ab")
	(name, *_), (other, *_) = first.names, second.names
	assert name != other
	assert len(name) == len(other) == 63


def test_a_name_that_others_hold_is_not_taken():
	wish = Wish(INVOICES, ("customer",))
	(lack,) = lacking([wish], [], ["tabSales Invoice_customer_idx"])
	assert lack.name in wish.names[1:]


@pytest.mark.parametrize(
	("of", "wish", "is_served"),
	[
		(Wish(ITEMS, ("a", "b")), Wish(ITEMS, ("a",)), True),
		(Wish(ITEMS, ("a", "b")), Wish(ITEMS, ("b",)), False),
		(Wish(ITEMS, ("a",)), Wish(ITEMS, ("a", "b")), False),
		(Wish(INVOICES, ("a",)), Wish(ITEMS, ("a",)), False),
		(Wish(ITEMS, ("a",), True), Wish(ITEMS, ("a",)), True),
		(Wish(ITEMS, ("a",)), Wish(ITEMS, ("a",), True), False),
		(Wish(ITEMS, ("a", "b"), True), Wish(ITEMS, ("a",), True), False),
	],
)
def test_an_index_serves_what_begins_like_it_and_a_unique_one_what_is_the_same(
	of: Wish, wish: Wish, is_served: bool
):
	assert Index("stranger", of).serves(wish) is is_served
	assert not Index("stranger", of, is_valid=False).serves(wish)


@pytest.mark.parametrize(
	("index", "kind"),
	[
		(Index("customer", Wish(INVOICES, ("customer",))), "in danger"),
		(Index("unique_customer", Wish(INVOICES, ("customer",), True)), "in danger"),
		(Index("tabSales Invoice_customer_idx", Wish(INVOICES, ("customer",)), False), "broken"),
		(Index("stranger", Wish(INVOICES, ("customer",)), False), "missing"),
		(Index("customer", Wish(INVOICES, ("customer",), True), is_constraint=True), None),
		(Index("stranger", Wish(INVOICES, ("customer",))), None),
	],
)
def test_what_is_wrong_with_what_stands(index: Index, kind: str | None):
	lacks = lacking([Wish(INVOICES, ("customer",))], [index], [index.name])
	assert [lack.kind for lack in lacks] == ([kind] if kind else [])
