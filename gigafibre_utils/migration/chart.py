"""What a site's books may lack, made as ERPNext makes it: accounts, modes of payment, fiscal years."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from psycopg2.extensions import cursor as Cursor

# ERPNext: `frappe.utils.nestedset.update_add_node`.
_OPEN_GAP = """
	UPDATE public."tabAccount" SET lft = lft + CASE WHEN lft > %(rgt)s THEN 2 ELSE 0 END, rgt = rgt + 2
	WHERE rgt >= %(rgt)s
"""
_ACCOUNT = """
	INSERT INTO public."tabAccount" (
		name, creation, modified, modified_by, owner, account_name, company, root_type, report_type,
		account_currency, parent_account, old_parent, account_type, freeze_account, lft, rgt
	)
	SELECT %(name)s, %(on)s, %(on)s, 'Administrator', 'Administrator', %(title)s, %(company)s,
		parent.root_type, parent.report_type, company.default_currency, parent.name, parent.name, %(kind)s,
		'No', %(rgt)s, %(rgt)s + 1
	FROM public."tabAccount" parent JOIN public."tabCompany" company ON company.name = parent.company
	WHERE parent.name = %(parent)s
"""
_MODE = """
	INSERT INTO public."tabMode of Payment" (
		name, creation, modified, modified_by, owner, mode_of_payment, enabled, type
	)
	VALUES (%(mode)s, %(on)s, %(on)s, 'Administrator', 'Administrator', %(mode)s, 1, %(kind)s)
	ON CONFLICT (name) DO NOTHING
"""
_ACCOUNT_OF_MODE = """
	INSERT INTO public."tabMode of Payment Account" (
		name, creation, modified, modified_by, owner, parent, parenttype, parentfield, idx, company,
		default_account
	)
	SELECT %(row)s, %(on)s, %(on)s, 'Administrator', 'Administrator', %(mode)s, 'Mode of Payment', 'accounts',
		count(*) + 1, %(company)s, %(account)s
	FROM public."tabMode of Payment Account" WHERE parent = %(mode)s
"""
_FISCAL_YEAR = """
	INSERT INTO public."tabFiscal Year" (
		name, creation, modified, modified_by, owner, year, year_start_date, year_end_date, is_short_year
	)
	VALUES (
		%(name)s, %(on)s, %(on)s, 'Administrator', 'Administrator', %(name)s, %(first)s, %(last)s,
		%(is_short)s
	)
"""
_ADDED = "INSERT INTO added (doctype, name) VALUES (%s, %s)"


def make_account(
	cursor: Cursor, on: date, company: str, title: str, name: str, parent: str, kind: str = ""
) -> None:
	"""Add an account under a group, in its place of the tree. `on` is the day it is dated."""
	cursor.execute('SELECT rgt FROM public."tabAccount" WHERE name = %s FOR UPDATE', [parent])
	(rgt,) = cursor.fetchone()
	values = {
		"company": company,
		"title": title,
		"name": name,
		"parent": parent,
		"kind": kind,
		"rgt": rgt,
		"on": on,
	}
	cursor.execute(_OPEN_GAP, values)
	cursor.execute(_ACCOUNT, values)
	cursor.execute(_ADDED, ["Account", name])


def make_mode(cursor: Cursor, on: date, mode: str, company: str, account: str, kind: str) -> None:
	"""Add a mode of payment where there is none, and the account that the company books it to."""
	row = f"{mode}-{company}"[:140]
	values = {"mode": mode, "company": company, "account": account, "kind": kind, "row": row, "on": on}
	cursor.execute(_MODE, values)
	if cursor.rowcount:
		cursor.execute(_ADDED, ["Mode of Payment", mode])
	cursor.execute(_ACCOUNT_OF_MODE, values)
	cursor.execute(_ADDED, ["Mode of Payment Account", row])


def make_fiscal_year(cursor: Cursor, on: date, name: str, first: date, last: date) -> None:
	"""Add a fiscal year."""
	is_short = last + timedelta(days=1) < first.replace(year=first.year + 1)
	values = {"on": on, "name": name, "first": first, "last": last, "is_short": int(is_short)}
	cursor.execute(_FISCAL_YEAR, values)
	cursor.execute(_ADDED, ["Fiscal Year", name])


def years_between(there: Sequence[tuple[date, date]], day: date, last: date) -> Iterator[tuple[date, date]]:
	"""The years that cover the days up to `last` that none of those that are there covers.

	They are in step with the first that is there, calendar years where there is none, and shorter where they
	would overlap one.
	"""
	month, first_day = (there[0][0].month, there[0][0].day) if there else (1, 1)
	while day <= last:
		if ends := [end for start, end in there if start <= day <= end]:
			day = max(ends) + timedelta(days=1)
			continue
		start = max(
			date(day.year - (day < date(day.year, month, first_day)), month, first_day),
			*(end + timedelta(days=1) for _, end in there if end < day),
			date.min,
		)
		end = min(
			date(start.year + (start >= date(start.year, month, first_day)), month, first_day),
			*(start for start, _ in there if start > day),
			date.max,
		) - timedelta(days=1)
		yield start, end
		day = end + timedelta(days=1)
