"""Every sentence of the app, for customers and for staff, has its French."""

from babel.messages.catalog import Catalog

from gigafibre_utils.translation import supported, translator
from tests.messages import catalogue, messages


def said(catalogue: Catalog) -> dict[str, str]:
	"""The sentences of a catalogue."""
	return {message.id: message.string for message in catalogue if message.id}


def test_every_sentence_has_its_french():
	french = said(catalogue("fr.po"))
	assert len(messages()) > 300
	assert sorted(set(messages()) - {text for text, string in french.items() if string}) == []


def test_the_template_catalogue_holds_the_same_sentences_as_the_french_one():
	assert set(said(catalogue("main.pot"))) == set(said(catalogue("fr.po")))


def test_no_sentence_stays_in_the_catalogue_after_it_left_the_code():
	assert sorted(set(said(catalogue("fr.po"))) - set(messages())) == []


def test_placeholders_survive_translation():
	for english, french in said(catalogue("fr.po")).items():
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
