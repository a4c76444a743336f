"""Sales Invoices print as *Facture TARGO* by default, as the desk's Customize Form would set it."""

from psycopg2.extensions import connection as Connection

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration.target import one, rows

PRINT_FORMAT = "Facture TARGO"
NAME = "Sales Invoice-main-default_print_format"

_IS_THERE = """
	SELECT EXISTS (
		SELECT FROM public."tabPrint Format"
		WHERE name = %s AND doc_type = 'Sales Invoice' AND disabled = 0
	)
"""
# What ERPNext's installation sets (`setup.install.set_default_print_formats`) was chosen by nobody; what a
# user sets, be it the same, is of type Data (`customize_form`, `print_format.make_default`).
_CHOSEN = """
	SELECT name, value,
		coalesce(value, '') = ''
			OR value = 'Sales Invoice with Item Image' AND property_type = 'Link' AS is_free
	FROM public."tabProperty Setter"
	WHERE doc_type = 'Sales Invoice' AND property = 'default_print_format' AND doctype_or_field = 'DocType'
	ORDER BY name LIMIT 1
"""
# Frappe: `make_property_setter`.
_CHOOSE = """
	INSERT INTO public."tabProperty Setter" (
		name, creation, modified, owner, modified_by, doctype_or_field, doc_type, property, property_type,
		value
	)
	SELECT %s, as_of, as_of, owner, owner, 'DocType', 'Sales Invoice', 'default_print_format', 'Data', %s
	FROM books
"""
_CHANGE = 'UPDATE public."tabProperty Setter" SET value = %s WHERE name = %s'
_CHANGED = """
	INSERT INTO changed (doctype, name, field, old_value, new_value)
	VALUES ('Property Setter', %s, 'value', %s, %s)
"""
_TELL = """
	INSERT INTO finding (outcome, legacy_table, legacy_id, reason, detail)
	VALUES ('Rejected', 'Print Format', 0, 'another_is_chosen', %s)
"""


def set_up(connection: Connection, replace: bool = False) -> str:
	"""Choose it where nobody has chosen another, or `replace` says so; gives the one that is chosen.

	Another that stays is told as a finding. The desk shows a change after its cache was cleared. Raises
	InvalidInput where the site has no such print format.
	"""
	if not one(connection, _IS_THERE, PRINT_FORMAT):
		raise InvalidInput(f"The site has no print format {PRINT_FORMAT}: is gigafibre_utils installed?")
	found = rows(connection, _CHOSEN)
	with connection.cursor() as cursor:
		if not found:
			cursor.execute(_CHOOSE, [NAME, PRINT_FORMAT])
			cursor.execute("INSERT INTO added (doctype, name) VALUES ('Property Setter', %s)", [NAME])
			return PRINT_FORMAT
		name, chosen, is_free = found[0]
		if chosen == PRINT_FORMAT:
			return chosen
		if not (is_free or replace):
			cursor.execute(_TELL, [f"Sales Invoices print as {chosen}: staff chose it, and it stays."])
			return chosen
		cursor.execute(_CHANGE, [PRINT_FORMAT, name])
		cursor.execute(_CHANGED, [name, chosen, PRINT_FORMAT])
	return PRINT_FORMAT
