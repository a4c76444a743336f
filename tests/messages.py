"""What the app says, and where: read by the tests; `python -m tests.messages` writes the catalogues.

`main.pot` is made anew; `fr.po` gets what is missing, with an empty French, and loses what nobody says any
more.
"""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from gigafibre_utils.custom_fields import CUSTOM_FIELDS

PACKAGE = Path(__file__).parents[1] / "gigafibre_utils"
LOCALE = PACKAGE / "locale"
# Labels that are translated where they are shown, not where they stand.
SHOWN_LATER = {
	"gigafibre_utils/invoice/resolver.py": ["Adjustment", "Credit note", "GST", "HST", "Payment", "QST"],
}
# What Frappe translates of a document that comes with an app.
TRANSLATED = {
	"DocType": ("name", "description"),
	"Page": ("title",),
	"Workspace": ("title",),
	"Workspace Sidebar": ("title",),
	"Desktop Icon": ("label",),
	"Number Card": ("label",),
	"Dashboard Chart": ("chart_name",),
}
ROWS = {
	"fields": ("label", "description"),
	"links": ("label", "group"),
	"shortcuts": ("label",),
	"items": ("label",),
}


def messages() -> dict[str, set[str]]:
	"""Every sentence, with the files that say it, outside of the embedded host."""
	found: dict[str, set[str]] = {}
	for path in sorted(PACKAGE.rglob("*")):
		if path.is_file() and "embedded" not in path.parts:
			place = str(path.relative_to(PACKAGE.parent))
			for message in (*_said(path), *SHOWN_LATER.get(place, ())):
				found.setdefault(message, set()).add(place)
	for fields in CUSTOM_FIELDS.values():
		for message in _of_rows({"fields": fields}):
			found.setdefault(message, set()).add("gigafibre_utils/custom_fields.py")
	return found


def catalogue(name: str) -> Catalog:
	"""A catalogue as it stands."""
	with (LOCALE / name).open("rb") as file:
		return read_po(file, locale=None if name.endswith(".pot") else Path(name).stem)


def write() -> None:
	"""Write the catalogues."""
	made = datetime.now(UTC)
	template = Catalog(
		project="gigafibre_utils", version="0.1", msgid_bugs_address="dev@targo.ca", copyright_holder="TARGO",
		creation_date=made, revision_date=made, charset="utf-8",
	)  # fmt: skip
	for message, places in sorted(messages().items()):
		template.add(message, locations=[(place, None) for place in sorted(places)])
	french = catalogue("fr.po")
	french.update(template, no_fuzzy_matching=True)
	french.obsolete.clear()
	for name, made_anew in (("main.pot", template), ("fr.po", french)):
		text = io.BytesIO()
		write_po(text, made_anew, width=110, sort_output=True, omit_header=False)
		(LOCALE / name).write_bytes(text.getvalue().rstrip() + b"\n")


def _said(path: Path) -> Iterator[str]:
	match path.suffix:
		case ".py":
			with path.open("rb") as file:
				yield from (
					message for _, message, _, _ in extract("python", file, keywords={"_": None}) if message
				)
		case ".js":
			with path.open("rb") as file:
				found = extract("javascript", file, keywords={"__": None})
				yield from (
					message[0] if isinstance(message, tuple) else message for _, message, _, _ in found
				)
		case ".html":
			with path.open("rb") as file:
				found = babel_extract(file, ("_",), [], {})
				yield from (message for _, _, message, _ in found if isinstance(message, str))
		case ".json":
			yield from _of_document(json.loads(path.read_text()))


def _of_document(document: Any) -> Iterator[str]:
	if isinstance(document, dict) and document.get("doctype") in TRANSLATED:
		yield from (document[key] for key in TRANSLATED[document["doctype"]] if document.get(key))
		yield from _of_rows(document)


def _of_rows(document: dict[str, Any]) -> Iterator[str]:
	for table, keys in ROWS.items():
		for row in document.get(table) or ():
			yield from (row[key] for key in keys if row.get(key))
			if row.get("fieldtype") == "Select":
				yield from (option for option in (row.get("options") or "").split("\n") if option)


if __name__ == "__main__":
	write()
