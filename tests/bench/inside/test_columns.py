"""Filters and order of Frappe's query engine on PostgreSQL."""

import json
import secrets
from collections.abc import Iterable
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without

ENGINE = "frappe.database.query:Engine"
FILTER = f"{ENGINE}._build_criterion_for_simple_filter"
TYPED = [
	("Issue", "opening_date", "2026-01-15", "NULL"),
	("Issue", "opening_time", "10:30:00", "NULL"),
	("Issue", "response_by", "2026-01-15 10:30:00", "NULL"),
	("Issue", "resolution_time", 90, "NULL"),
	("Issue", "via_customer_portal", 1, "0"),
	("Project", "percent_complete", 40, "0"),
	("Project", "estimated_costing", 12.5, "0"),
	("Task", "duration", 5, "0"),
]
"""A field of each type that holds no text, a value, and what stands there where it is empty."""


def document(doctype: str, title: str = "") -> str:
	"""The name of a new Issue, Project or Task."""
	field = "project_name" if doctype == "Project" else "subject"
	title = title or f"Test {secrets.token_hex(5)}"
	return documents.inserted(doctype, **{field: title}, company=documents.COMPANY).name


def todos(days: dict[str, list[int]]) -> str:
	"""The description of new ToDos, which each sender has for so many days from today."""
	description = secrets.token_hex(5)
	for name, ages in days.items():
		for age in ages:
			day = date.today() + timedelta(days=age)
			documents.inserted("ToDo", description=description, sender=f"{name}@example.com", date=day)
	return description


def names_of(senders: Iterable[str]) -> list[str]:
	return [address.partition("@")[0] for address in senders]


@pytest.fixture
def customer(frappe: ModuleType) -> str:
	return documents.customer().name


@pytest.fixture(params=TYPED, ids=lambda typed: typed[1])
def typed(request: pytest.FixtureRequest, frappe: ModuleType) -> tuple[str, str, Any, str, str]:
	"""A field, a value, a document that has the value and one where the field is empty."""
	doctype, field, value, nothing = request.param
	full, empty = document(doctype), document(doctype)
	frappe.db.sql(f'UPDATE "tab{doctype}" SET "{field}" = %s WHERE name = %s', (value, full))
	frappe.db.sql(f'UPDATE "tab{doctype}" SET "{field}" = {nothing} WHERE name = %s', empty)
	return doctype, field, value, full, empty


def test_a_filter_on_what_is_no_text_knows_empty(
	frappe: ModuleType, refused_without: Without, typed: tuple[str, str, Any, str, str]
):
	doctype, field, value, full, empty = typed

	def found(operator: str, wanted: Any) -> set[str]:
		filters = [["name", "in", [full, empty]], [field, operator, wanted]]
		return set(frappe.get_all(doctype, filters=filters, pluck="name"))

	for operator, wanted, expected in (
		("is", "set", {full}),
		("is", "not set", {empty}),
		("=", "", {empty}),
		("!=", "", {full}),
		(">", "", {full}),
		("in", ["", value], {full, empty}),
		("in", [None], {empty}),
		("in", "", {empty}),
		("in", [], {empty}),
		("not in", ["", value], set()),
		("not in", [], {full}),
		("like", f"%{str(value)[:3]}%", {full}),
		("not like", f"%{str(value)[:3]}%", {empty}),
	):
		with refused_without(FILTER):
			found(operator, wanted)
		assert (operator, wanted, found(operator, wanted)) == (operator, wanted, expected)
	assert found("=", value) == found("in", [value]) == {full}


def test_a_duration_is_compared_with_numbers(frappe: ModuleType, refused_without: Without):
	short, long, none = (document("Issue") for _ in range(3))
	for name, seconds in ((short, 60), (long, 3600)):
		frappe.db.set_value("Issue", name, "resolution_time", seconds)

	def found(operator: str, seconds: int) -> set[str]:
		filters = {"name": ["in", [short, long, none]], "resolution_time": [operator, seconds]}
		return set(frappe.get_all("Issue", filters=filters, pluck="name"))

	with refused_without(f"{ENGINE}._get_ifnull_fallback"):
		found(">", 60)
	assert found(">", 60) == {long}
	assert found("<", 60) == {none}
	assert found("!=", 60) == {long, none}


def test_a_filter_reaches_numbers_of_other_tables(
	frappe: ModuleType, refused_without: Without, customer: str
):
	frozen = documents.customer().name
	invoices = [documents.invoice(name, 10, submit=False).name for name in (customer, customer, frozen)]
	frappe.db.set_value("Sales Invoice Item", {"parent": invoices[0]}, "qty", 3)
	frappe.db.set_value("Customer", frozen, "is_frozen", 1)

	def found(**filters: Any) -> set[str]:
		return set(frappe.get_all("Sales Invoice", {"name": ["in", invoices]} | filters, pluck="name"))

	for other in ({"customer.is_frozen": ["!=", 1]}, {"qty": ["!=", 3]}, {"items.qty": ["not in", [3, 4]]}):
		with refused_without(FILTER):
			found(**other)
	assert found(**{"customer.is_frozen": ["!=", 1]}) == set(invoices[:2])
	assert found(qty=["!=", 3]) == found(**{"items.qty": ["not in", [3, 4]]}) == set(invoices[1:])


def test_text_is_found_in_a_list_of_numbers(frappe: ModuleType, refused_without: Without):
	title = secrets.randbelow(10**9)
	name = document("Issue", str(title))
	with refused_without(FILTER):
		frappe.get_all("Issue", {"subject": ["in", [title, 2]]})
	assert frappe.get_all("Issue", {"subject": ["in", [title, 2]]}, pluck="name") == [name]
	assert frappe.get_all("Issue", {"name": name, "subject": ["not in", [title, 2]]}) == []


def test_text_is_found_in_a_list_of_fractions(frappe: ModuleType, refused_without: Without):
	whole = secrets.randbelow(10**6)
	names = {document("Issue", f"{whole}.5"), document("Issue", str(whole))}
	filters = {"subject": ["in", [whole + 0.5, float(whole)]]}
	with refused_without(FILTER):
		frappe.get_all("Issue", filters)
	assert set(frappe.get_all("Issue", filters, pluck="name")) == names


def test_what_is_not_like_is_so_in_small_letters_too(frappe: ModuleType, as_upstream: Without):
	name = document("Issue", "Panne de fibre")

	def found() -> list[str]:
		return frappe.get_all("Issue", {"name": name, "subject": ["not like", "%FIBRE%"]}, pluck="name")

	with as_upstream(FILTER):
		assert found() == [name]
	assert found() == []


def test_filters_on_text_stay_what_they_were(frappe: ModuleType, as_upstream: Without):
	wanted = [
		*(["=", "a"], ["=", ""], ["!=", "a"], ["!=", ""], [">", "a"], ["like", "%a%"]),
		*(["in", ["a", "b"]], ["in", "a,b"], ["in", []], ["in", ["", "a"]]),
		*(["not in", ["a"]], ["not in", ["", "a"]], ["is", "set"], ["is", "not set"]),
	]
	fields = ("name", "subject", "status", "description", "customer", "_assign", "owner")

	def statements() -> list[str]:
		return [
			frappe.get_all("Issue", filters=[[field, *rest]], run=False).get_sql()
			for field in fields
			for rest in wanted
		]

	mended = statements()
	with as_upstream(FILTER):
		assert statements() == mended


def test_the_largest_groups_come_first(frappe: ModuleType, as_upstream: Without):
	counts = {"b": 3, "e": 6, "a": 2, "f": 7, "c": 4, "d": 5}
	description = todos({name: [0] * count for name, count in counts.items()})
	filters = json.dumps([["ToDo", "description", "=", description]])

	def groups() -> list[str]:
		from frappe.desk.listview import get_group_by_count

		rows = get_group_by_count("ToDo", filters, "sender")
		assert {row.count for row in rows} == set(counts.values())
		return names_of(row.name for row in rows)

	with as_upstream(f"{ENGINE}.get_query"), pytest.warns(UserWarning, match="ORDER BY"):
		assert groups() != list("fedcba")
	assert groups() == list("fedcba")


def test_a_group_stands_where_its_greatest_or_least_does(frappe: ModuleType):
	description = todos({"wide": [-4, -2, 0], "next": [1], "now": [0], "past": [-3, -1]})

	def senders(order_by: str, **more: Any) -> list[str]:
		filters = {"description": description}
		return names_of(
			frappe.get_all("ToDo", filters, pluck="sender", group_by="sender", order_by=order_by, **more)
		)

	assert senders("date desc, sender desc") == ["next", "wide", "now", "past"]
	assert senders("date asc") == ["wide", "past", "now", "next"]
	assert senders("date desc", limit=1) == ["next"]


def test_a_list_filtered_by_its_lines_keeps_its_order(
	frappe: ModuleType, as_upstream: Without, customer: str
):
	from frappe.desk.reportview import execute

	rates = {documents.invoice(customer, rate, submit=False).name: rate for rate in (30, 10, 60, 20, 50, 40)}

	def names() -> list[str]:
		rows = execute(
			"Sales Invoice",
			fields=["`tabSales Invoice`.`name`", "`tabSales Invoice`.`grand_total`"],
			filters=[
				["Sales Invoice", "customer", "=", customer],
				["Sales Invoice Item", "item_code", "=", documents.SERVICE],
			],
			group_by="`tabSales Invoice`.`name`",
			order_by="`tabSales Invoice`.`grand_total` desc",
			limit_page_length=5,
		)
		return [row.name for row in rows]

	largest = sorted(rates, key=rates.get, reverse=True)[:5]
	with as_upstream(f"{ENGINE}.get_query"):
		assert names() != largest
	assert names() == largest


def test_what_is_distinct_is_ordered_by_what_is_selected(frappe: ModuleType, as_upstream: Without):
	description = todos({name: [0, 1] for name in "cafbed"})

	def senders(order_by: str) -> list[str]:
		filters = {"description": description}
		return names_of(frappe.get_all("ToDo", filters, pluck="sender", distinct=True, order_by=order_by))

	with as_upstream(f"{ENGINE}.get_query"):
		assert senders("sender desc, date asc") != list("fedcba")
	assert senders("sender desc, date asc") == list("fedcba")
	assert sorted(senders("date asc")) == list("abcdef")
