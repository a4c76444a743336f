"""Every sentence for customers has its French."""

from pathlib import Path

from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from gigafibre_utils.translation import supported, translator

PACKAGE = Path(__file__).parents[2] / "gigafibre_utils"
# Labels that are translated where they are shown, not where they stand.
SHOWN_LATER = {"Payment", "Credit note", "Adjustment", "GST", "QST", "HST"}


def sentences() -> set[str]:
	"""Everything that is passed to `_()` in code and templates outside of the embedded host."""
	found = set(SHOWN_LATER)
	for path in PACKAGE.rglob("*"):
		if "embedded" in path.parts:
			continue
		with path.open("rb") if path.is_file() else open("/dev/null", "rb") as file:
			if path.suffix == ".py":
				found |= {message for _, message, _, _ in extract("python", file, keywords={"_": None})}
			elif path.suffix == ".html":
				found |= {message for _, _, message, _ in babel_extract(file, ("_",), [], {})}
	found.discard(None)
	assert len(found) > 80
	return found


def catalogue(name: str) -> dict[str, str]:
	with (PACKAGE / "locale" / name).open("rb") as file:
		return {message.id: message.string for message in read_po(file) if message.id}


def test_every_sentence_has_its_french():
	french = catalogue("fr.po")
	assert sorted(sentences() - {text for text, string in french.items() if string}) == []


def test_the_template_catalogue_holds_the_same_sentences_as_the_french_one():
	assert set(catalogue("main.pot")) == set(catalogue("fr.po"))


def test_no_sentence_stays_in_the_catalogue_after_it_left_the_code():
	assert sorted(set(catalogue("fr.po")) - sentences()) == []


def test_placeholders_survive_translation():
	for english, french in catalogue("fr.po").items():
		for placeholder in ("{0}", "{1}", "{2}", "{page}", "{pages}"):
			assert english.count(placeholder) == french.count(placeholder), english


def test_a_language_that_is_not_spoken_here_reads_french():
	assert [supported(code) for code in ("fr-CA", "en", "EN_us", "es", "", None)] == [
		"fr",
		"en",
		"en",
		"fr",
		"fr",
		"fr",
	]
	assert translator("fr")("Payment") == "Paiement"
	assert translator("en")("Payment") == "Payment"


def test_taxes_have_their_names_in_both_languages():
	assert [translator("en")(tax) for tax in ("TPS", "TVQ")] == ["GST", "QST"]
	assert [translator("fr")(tax) for tax in ("GST", "TVQ")] == ["TPS", "TVQ"]
