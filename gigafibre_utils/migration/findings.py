"""What a run could not bring over, as files that an engineer hands on: a CSV for each step."""

import csv
from pathlib import Path

from psycopg2.extensions import connection as Connection

from gigafibre_utils.migration.target import rows

COLUMNS = ("legacy_table", "legacy_id", "reason", "detail", "legacy_row")
_STEPS = """
	SELECT DISTINCT step FROM public."tabMigration Finding"
	WHERE run = %s AND outcome = 'Rejected' ORDER BY step
"""
_REJECTS = f"""
	SELECT {", ".join(COLUMNS)} FROM public."tabMigration Finding"
	WHERE run = %s AND step = %s AND outcome = 'Rejected' ORDER BY legacy_table, legacy_id, reason
"""


def write_rejects(connection: Connection, run: str, directory: Path) -> list[Path]:
	"""Write the rejected rows of a run, a file for each step that has any; `legacy_row` is JSON."""
	directory.mkdir(parents=True, exist_ok=True)
	paths = []
	for (step,) in rows(connection, _STEPS, run):
		path = directory / f"{step}.csv"
		path.touch(mode=0o600)  # names and addresses are in it
		path.chmod(0o600)
		with path.open("w", newline="", encoding="utf-8-sig") as file:  # Excel takes it for UTF-8 by its mark
			writer = csv.writer(file)
			writer.writerow(COLUMNS)
			writer.writerows(rows(connection, _REJECTS, run, step))
		paths.append(path)
	return paths
