"""Frappe itself on PostgreSQL: values, figures, links, and the sync of a table."""

import json
import secrets
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import pytest

from tests.bench.inside import documents
from tests.bench.inside.conftest import Without

ENGINE = "frappe.database.query:Engine"
TERMS = "frappe.query_builder.terms:ParameterizedValueWrapper.get_sql"
CHART = "frappe.desk.doctype.dashboard_chart.dashboard_chart.get"
CARD = "frappe.desk.doctype.number_card.number_card.get_result"


@pytest.fixture
def customer(frappe: ModuleType) -> str:
	return documents.customer().name


def test_true_is_one(frappe: ModuleType, refused_without: Without):
	name = documents.inserted("Note", title=secrets.token_hex(5)).name
	query = 'SELECT count(*) FROM "tabNote" WHERE name = %s AND public = %s'
	with refused_without(TERMS):
		frappe.db.set_value("Note", name, "public", True)
	with refused_without("frappe.database.postgres.database:modify_values"):
		frappe.db.sql(query, (name, True))
	frappe.db.set_value("Note", name, "public", True)
	assert frappe.db.sql(query, (name, True)) == ((1,),)
	assert frappe.db.sql(query, (name, False)) == ((0,),)
	note = frappe.qb.DocType("Note")
	assert frappe.qb.from_(note).select(note.name).where((note.name == name) & note.public.eq(True)).run()


@pytest.mark.parametrize("order_by", [None, "posting_date desc"])
def test_an_aggregate_of_all_rows_needs_no_order(
	frappe: ModuleType, refused_without: Without, order_by: str | None
):
	order = {"order_by": order_by} if order_by else {}
	fields = [
		{"SUM": "grand_total", "as": "total"},
		{"IFNULL": [{"MAX": "grand_total"}, 0], "as": "most"},
		{"DIV": [{"SUM": "grand_total"}, {"COUNT": "*"}], "as": "mean"},
	]
	with refused_without(f"{ENGINE}.apply_order_by"):
		frappe.get_all("Sales Invoice", fields=fields, **order)
	(row,) = frappe.get_all("Sales Invoice", fields=fields, **order)
	query = 'SELECT sum(grand_total), max(grand_total), avg(grand_total) FROM "tabSales Invoice"'
	assert [row.total, row.most, row.mean] == pytest.approx(frappe.db.sql(query)[0])


def test_a_chart_sums_each_day(frappe: ModuleType, customer: str):
	today = date.today()
	rates = {age: 10 + age for age in (3, 0, 5, 1, 4)}
	for age, rate in rates.items():
		day = today - timedelta(days=age)
		documents.invoice(customer, rate, submit=False, posting_date=day, due_date=today, set_posting_time=1)
	chart = {
		"name": "Test",
		"chart_type": "Sum",
		"document_type": "Sales Invoice",
		"based_on": "posting_date",
		"value_based_on": "net_total",
		"timespan": "Last Month",
		"time_interval": "Daily",
		"filters_json": json.dumps([["Sales Invoice", "customer", "=", customer]]),
	}

	def last_week() -> list[float]:
		return frappe.get_attr(CHART)(chart=json.dumps(chart), no_cache=1)["datasets"][0]["values"][-7:]

	assert last_week() == [rates.get(age, 0) for age in range(6, -1, -1)]


@pytest.mark.parametrize(
	("function", "query"),
	[("Sum", "sum(grand_total)"), ("Average", "avg(grand_total)"), ("Maximum", "max(grand_total)")],
)
def test_a_number_card_tells_its_number(
	frappe: ModuleType, refused_without: Without, function: str, query: str
):
	card = json.dumps(
		{
			"document_type": "Sales Invoice",
			"function": function,
			"aggregate_function_based_on": "grand_total",
		}
	)
	filters = json.dumps([["Sales Invoice", "docstatus", "=", 1]])
	with refused_without(f"{ENGINE}.apply_order_by"):
		frappe.get_attr(CARD)(card, filters)
	rows = frappe.db.sql(f'SELECT {query} FROM "tabSales Invoice" WHERE docstatus = 1')
	assert frappe.get_attr(CARD)(card, filters) == pytest.approx(rows[0][0])


def test_a_month_has_its_result(frappe: ModuleType, refused_without: Without):
	from frappe.utils.goal import get_monthly_results

	wanted = ("Sales Invoice", "base_grand_total", "posting_date", {"docstatus": 1}, "sum")
	with refused_without("frappe.utils.goal:get_monthly_results"):
		get_monthly_results(*wanted)
	rows = frappe.db.sql(
		"SELECT to_char(posting_date, 'MM-YYYY'), sum(base_grand_total) FROM \"tabSales Invoice\""
		" WHERE docstatus = 1 GROUP BY 1"
	)
	assert get_monthly_results(*wanted) == pytest.approx(dict(rows))


def test_contacts_of_a_customer_are_found(frappe: ModuleType, refused_without: Without, customer: str):
	from frappe.contacts.doctype.contact.contact import contact_query

	links = [{"link_doctype": "Customer", "link_name": customer}]
	names = [
		documents.inserted("Contact", first_name=first, company_name="Fibre", links=links).name
		for first in ("Zoé Tremblay", "Anne Tremblay", "Anne Roy")
	]
	documents.inserted("Contact", first_name="Zoé Tremblay")

	def found(text: str, start: int = 0, count: int = 20) -> list[str]:
		filters = {"link_doctype": "Customer", "link_name": customer}
		return [row[0] for row in contact_query("Contact", text, "name", start, count, filters)]

	with refused_without("frappe.contacts.doctype.contact.contact:contact_query"):
		found("")
	assert set(found("")) == set(names)
	assert found("tremblay") == [names[1], names[0]]
	assert found("tremblay", 1, 1) == [names[0]]


def test_a_count_that_fails_costs_no_more_than_itself(
	frappe: ModuleType, as_upstream: Without, customer: str
):
	"""The dashboard of an invoice counts Sales Orders by a column that they do not have."""
	import psycopg2
	from frappe.desk.notifications import get_open_count

	invoice = documents.invoice(customer, 100)
	entry = documents.payment(invoice)
	with as_upstream("frappe.desk.notifications:get_doc_count"):
		with pytest.raises(psycopg2.errors.InFailedSqlTransaction):
			get_open_count("Sales Invoice", invoice.name)
	counts = get_open_count("Sales Invoice", invoice.name)["count"]["external_links_found"]
	assert entry.docstatus == 1
	assert {row["count"] for row in counts if row["doctype"] == "Payment Entry"} == {1}


@pytest.mark.parametrize("hint", ["force_index", "use_index"])
def test_a_hint_for_an_index_is_no_matter(frappe: ModuleType, refused_without: Without, hint: str):
	entry = frappe.qb.DocType("GL Entry")
	query = getattr(frappe.qb.from_(entry), hint)("posting_date_company_index").select(entry.name).limit(1)
	with refused_without(f"pypika.queries:QueryBuilder._{hint}_sql"):
		query.run()
	assert query.run() == frappe.db.sql('SELECT name FROM "tabGL Entry" LIMIT 1')


def test_today_is_today(frappe: ModuleType, refused_without: Without):
	from frappe.query_builder.functions import CurDate

	user = frappe.qb.DocType("User")

	def today() -> Any:
		return frappe.qb.from_(user).select(CurDate()).limit(1).run()

	with refused_without("pypika.functions:CurDate.__init__"):
		today()
	assert today() == frappe.db.sql("SELECT current_date")


def test_a_communication_is_linked_anew(frappe: ModuleType, refused_without: Without, customer: str):
	from frappe.email import relink

	letter = documents.inserted("Communication", subject="Bonjour", content="Allô", sender="anne@example.com")
	with refused_without("frappe.email:relink"):
		relink(letter.name, "Customer", customer)
	relink(letter.name, "Customer", customer)
	letter.reload()
	assert (letter.reference_doctype, letter.reference_name, letter.status) == (
		"Customer",
		customer,
		"Linked",
	)


def test_help_is_listed_by_category(frappe: ModuleType, refused_without: Without):
	from frappe.website.doctype.help_article.help_article import clear_knowledge_base_cache, get_sidebar_items

	category = secrets.token_hex(5)
	documents.inserted("Help Category", category_name=category, published=1).db_set("help_articles", 3)
	clear_knowledge_base_cache()
	with refused_without("frappe.website.doctype.help_article.help_article:get_sidebar_items"):
		get_sidebar_items()
	titles = [item.title for item in get_sidebar_items()]
	clear_knowledge_base_cache()
	assert f"{category} (3)" in titles


@pytest.mark.parametrize("prefix", ["", "unique_"])
def test_the_sync_of_a_table_drops_no_index_of_another(frappe: ModuleType, as_upstream: Without, prefix: str):
	"""Task has an index on its company, and does not ask for it; the one of that name is Project's."""
	from frappe.database.postgres.schema import PostgresTable

	index, kind = f"{prefix}company", "UNIQUE INDEX" if prefix else "INDEX"
	frappe.db.sql(f'DROP INDEX IF EXISTS "{index}"')
	frappe.db.sql(f'CREATE {kind} "{index}" ON "tabProject" (company, name)')
	frappe.db.sql(f'CREATE {kind} task_company ON "tabTask" (company, name)')

	def table() -> list[str]:
		return frappe.db.sql("SELECT tablename FROM pg_indexes WHERE indexname = %s", index, pluck=True)

	def sync(doctype: str) -> None:
		table = PostgresTable(doctype)
		table.validate()
		table.sync()

	with as_upstream("frappe.database.postgres.schema:PostgresTable.alter"):
		sync("Task")
		assert table() == []
	sync("Task")
	assert table() == ["tabProject"]
	sync("Project")
	assert table() == []


@pytest.mark.parametrize("is_unique", [False, True])
def test_the_sync_of_a_table_drops_the_index_that_we_renamed(frappe: ModuleType, is_unique: bool):
	"""Whoever unticks *Unique* can write equal values from then on."""
	from frappe.database.postgres.schema import PostgresTable

	from gigafibre_utils.postgres.indexes import names_of

	ours = names_of("tabTask", "company", is_unique)[1]
	frappe.db.sql(f'CREATE {"UNIQUE" if is_unique else ""} INDEX "{ours}" ON "tabTask" (company)')
	table = PostgresTable("Task")
	table.validate()
	table.sync()
	assert frappe.db.sql("SELECT 1 FROM pg_indexes WHERE indexname = %s", ours) == ()
