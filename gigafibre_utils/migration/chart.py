"""What a site's books may lack, made as ERPNext makes it: accounts, modes of payment, fiscal years."""

from datetime import date

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
		name, creation, modified, modified_by, owner, year, year_start_date, year_end_date
	)
	VALUES (%(year)s, %(on)s, %(on)s, 'Administrator', 'Administrator', %(year)s, %(first)s, %(last)s)
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


def make_fiscal_year(cursor: Cursor, on: date, year: int) -> None:
	"""Add the fiscal year that is a calendar year."""
	values = {"on": on, "year": str(year), "first": date(year, 1, 1), "last": date(year, 12, 31)}
	cursor.execute(_FISCAL_YEAR, values)
	cursor.execute(_ADDED, ["Fiscal Year", str(year)])
