"""Sales Invoices print as *Facture TARGO* by default, as the desk's Customize Form would set it."""

from psycopg2.extensions import connection as Connection

from gigafibre_utils.errors import InvalidInput
from gigafibre_utils.migration.target import one

PRINT_FORMAT = "Facture TARGO"
NAME = "Sales Invoice-main-default_print_format"

_IS_THERE = 'SELECT EXISTS (SELECT FROM public."tabPrint Format" WHERE name = %s)'
_CHOSEN = """
	SELECT value FROM public."tabProperty Setter"
	WHERE doc_type = 'Sales Invoice' AND property = 'default_print_format' AND doctype_or_field = 'DocType'
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


def set_up(connection: Connection) -> str:
	"""Choose it where the site has chosen none; gives the one that is chosen.

	Raises InvalidInput where the site has no such print format.
	"""
	if not one(connection, _IS_THERE, PRINT_FORMAT):
		raise InvalidInput(f"The site has no print format {PRINT_FORMAT}: is gigafibre_utils installed?")
	if chosen := one(connection, _CHOSEN):
		return chosen
	with connection.cursor() as cursor:
		cursor.execute(_CHOOSE, [NAME, PRINT_FORMAT])
		cursor.execute("INSERT INTO added (doctype, name) VALUES ('Property Setter', %s)", [NAME])
	return PRINT_FORMAT
