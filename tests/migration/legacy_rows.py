"""A legacy database that holds a few rows of one's own."""

from typing import Any

from gigafibre_utils.embedded.mariadb import MariadbServer
from gigafibre_utils.migration.legacy import Legacy
from gigafibre_utils.migration.sample.database import statements


def written(server: MariadbServer, name: str, *changes: str, **tables: list[dict[str, Any]]) -> str:
	"""Make a database of that name with these rows, after changes to its tables; gives its URL.

	A text goes in as the bytes of its UTF-8; what a row does not say is the schema's default.
	"""
	url = server.new_database(name)
	connection = Legacy(url).connect()
	with connection.cursor() as cursor:
		cursor.execute("SET NAMES latin1")
		cursor.execute("SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES'")
		for statement in (*statements().values(), *changes):
			cursor.execute(statement)
		for table, rows in tables.items():
			for row in rows:
				values = [value.encode() if isinstance(value, str) else value for value in row.values()]
				places = ", ".join(["%s"] * len(row))
				cursor.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", values)
	connection.commit()
	connection.close()
	return url
