"""What Frappe's query engine must mind of a column on PostgreSQL, where it filters or orders by it.

MariaDB compares anything with anything: an empty text is 0 to it, and before any date. PostgreSQL refuses.
Here a filter means what it does there: empty is what Frappe takes for a column of that type where it is NULL.
"""

from collections.abc import Callable
from itertools import takewhile
from typing import Any

import frappe
from frappe.database.operator_map import func_in, func_is, func_not_in, ilike, like, not_like
from frappe.database.query import CORE_DOCTYPES
from frappe.database.utils import get_doctype_name
from frappe.model.meta import Meta, get_default_df
from frappe.query_builder import Field, Order
from frappe.query_builder.functions import Cast, Max, Min
from frappe.utils import cstr
from pypika.queries import QueryBuilder, Table
from pypika.terms import Criterion, Term

Compare = Callable[[Term, Any], Criterion]

_EMPTY = {
	**dict.fromkeys(("Check", "Currency", "Duration", "Float", "Int", "Long Int", "Percent", "Rating"), 0),
	**dict.fromkeys(("Date", "Datetime"), "0001-01-01"),
	"Time": "00:00:00",
}
"""What is empty, by the type of field; those that are not here hold text."""


def suited(compare: Compare, column: Term, value: Any) -> Compare:
	"""How to compare a column with this value: `compare` itself, unless PostgreSQL would refuse it."""
	empty = _EMPTY.get(_fieldtype(column))
	if empty is None:
		return _suited_to_text(compare)
	if compare is func_is:
		return lambda key, value: _is_set(key, value, empty)
	if compare in (like, ilike, not_like):
		return lambda key, value: compare(Cast(key, "varchar"), value)
	if compare in (func_in, func_not_in) and isinstance(value, str):
		value = value.split(",")
	if compare is func_in and _is_list(value):
		value = ["" if part is None else part for part in value]
	if not _has_empty(value):
		return compare
	filled = _filled(value, empty)
	if compare is func_in:
		return lambda key, _: key.isin(filled) | key.isnull()
	return lambda key, _: compare(key, filled)


def doctype_of(column: Term) -> str | None:
	"""The DocType in whose table the column is; None where it is no column of a table."""
	table = getattr(column, "table", None)
	return get_doctype_name(table._table_name) if isinstance(table, Table) else None


def settle_order(query: QueryBuilder) -> None:
	"""Make the order of a query one that PostgreSQL takes beside GROUP BY or DISTINCT.

	A column that differs within a group counts with its least value, or with its greatest where the order
	descends. The order of a DISTINCT ends before the first column that is not selected.
	"""
	# A place in the list of columns, which is read as a column's name by then, orders nothing.
	query._orderbys = [by for by in query._orderbys if not getattr(by[0], "name", "").isdigit()]
	if query._groupbys:
		query._orderbys = [(_of_group(term, order, query), order) for term, order in query._orderbys]
	if query._distinct:
		selected = {_spelling(term) for term in query._selects}
		selected |= {_spelling(Field(term.alias)) for term in query._selects if term.alias}
		query._orderbys = list(takewhile(lambda by: _spelling(by[0]) in selected, query._orderbys))


def _fieldtype(column: Term) -> str | None:
	doctype = doctype_of(column)
	if not doctype:
		return None
	df = get_default_df(column.name)
	# The meta of the core may be what is being loaded.
	if doctype not in CORE_DOCTYPES and (meta := _meta(doctype)):
		if column.name == "name" and meta.autoname == "autoincrement":
			return "Long Int"
		df = meta.get_field(column.name) or df
	return df.fieldtype if df else None


def _meta(doctype: str) -> Meta | None:
	try:
		return frappe.get_meta(doctype)
	except frappe.DoesNotExistError:
		# There are tables without a DocType.
		return None


def _suited_to_text(compare: Compare) -> Compare:
	if compare is not_like:
		return lambda key, value: key.not_ilike(value)
	if compare in (func_in, func_not_in):
		return lambda key, value: compare(key, _spelt(value))
	return compare


def _is_set(key: Term, value: Any, empty: Any) -> Criterion:
	match cstr(value).lower():
		case "set":
			return key != empty
		case "not set":
			return key.isnull() | (key == empty)
	return func_is(key, value)


def _is_list(value: Any) -> bool:
	return isinstance(value, list | tuple | set)


def _has_empty(value: Any) -> bool:
	# Asked by type: to be equal is something else for a term of a query.
	return any(map(_has_empty, value)) if _is_list(value) else isinstance(value, str) and not value


def _filled(value: Any, empty: Any) -> Any:
	if _is_list(value):
		return [_filled(part, empty) for part in value]
	return empty if _has_empty(value) else value


def _spelt(value: Any) -> Any:
	if _is_list(value):
		return [_spelt(part) for part in value]
	if isinstance(value, float) and not value.is_integer():
		return repr(value)
	# A whole number is written without its fraction, and a boolean as 1 or 0.
	return str(int(value)) if isinstance(value, int | float) else value


def _of_group(term: Term, order: Order, query: QueryBuilder) -> Term:
	if not term.table:
		return term
	grouped = {_spelling(group) for group in query._groupbys}
	if grouped & {_spelling(term), _spelling(term.table.name)}:
		return term
	return Max(term) if order == Order.desc else Min(term)


def _spelling(term: Term) -> str:
	return term.get_sql(with_namespace=True, quote_char='"')
