"""Text and dates of the legacy database."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gigafibre_utils.migration import clean
from gigafibre_utils.migration.reconcile import wording


def twice(meant: str) -> bytes:
	"""UTF-8 that MariaDB took for its latin1 and encoded once more: what cp1252 lacks is a control."""
	signs = (bytes([byte]) for byte in meant.encode())
	return "".join(sign.decode("cp1252", "latin1") for sign in signs).encode()


@pytest.mark.parametrize(
	("raw", "meant"),
	[
		("Québec".encode(), "Québec"),
		("Québec".encode("cp1252"), "Québec"),
		("Québec".encode().decode("cp1252").encode(), "Québec"),
		("L’œuf à 5 €".encode("cp1252"), "L’œuf à 5 €"),
		("Émilie ".encode() + "Bélanger".encode("cp1252"), "Émilie Bélanger"),
		(twice("Ïle “d’été” ❤️ 😁 Á"), "Ïle “d’été” ❤️ 😁 Á"),
		(twice(twice("été").decode()), "été"),
		(twice("été") + " 中 été".encode(), "été 中 été"),
		(b"\xe9t\xe9 " + twice("été"), "été été"),
		("« Le préféré », FERMÉ… L’UNIVERSITÉ’".encode(), "« Le préféré », FERMÉ… L’UNIVERSITÉ’"),
		(b"\xe9" + twice("é"), "éé"),
		("Père Noël".encode()[:-2], "Père No"),
		("café".encode("cp1252"), "café"),
		("Forfait ❤️ 📶".encode(), "Forfait ❤️ 📶"),
		(b"a\x00b\x07c\x1f", "abc"),
		(b"  trailing   \t ", "trailing"),
		(b"Frais d&#39;installation &eacute;t&eacute; &amp; hiver", "Frais d'installation été & hiver"),
		(b"R&D chez AT&T", "R&D chez AT&T"),
		(b"une\r\nligne", "une ligne"),
		("une\x0bautre\x0cligne\u2028encore".encode(), "une autre ligne encore"),
		(b"\x81\x8d", ""),
		(b"", ""),
	],
)
def test_a_line_is_what_was_meant(raw: bytes, meant: str):
	assert clean.line(raw) == meant


def test_text_keeps_its_lines_and_no_carriage_return():
	assert clean.text(b"un\r\ndeux\rtrois\n\n") == "un\ndeux\ntrois"


@given(st.text())
def test_text_that_is_right_already_loses_nothing_but_controls_and_blanks(written: str):
	def plain(value: str) -> str:
		return "".join(value.split())

	safe = "".join(sign for sign in written if sign.isprintable() and sign not in "&ÂÃ" and sign < "À")
	assert plain(clean.line(safe.encode())) == plain(safe)


PIECES = st.sampled_from(
	["é", "Ï", "❤️", "“x”", "’", "« é »", "É…", "R&D", "a b", "\u00a0", "&eacute;", "&#0;", "中"]
)
WRITTEN = st.one_of(
	PIECES.map(str.encode),
	PIECES.map(lambda piece: piece.encode("cp1252", "ignore")),
	PIECES.map(lambda piece: twice(piece)),
	st.binary(max_size=2),
)


@given(st.lists(WRITTEN, max_size=6).map(b"".join))
def test_the_comparison_reads_text_as_the_cleaner_does_by_code_of_its_own(raw: bytes):
	assert (wording.line(raw), wording.text(raw)) == (clean.line(raw), clean.text(raw))


@given(st.binary())
def test_whatever_stands_in_a_column_postgresql_takes_it(raw: bytes):
	copied = clean.copied_line(raw)
	assert b"\x00" not in copied and b"\t" not in copied and b"\n" not in copied
	copied.decode()


def test_words_and_codes_are_told_apart_by_no_capitals():
	assert {clean.copied_word(word) for word in (b"Void", b"VOID ", b"void")} == {b"void"}
	assert {clean.copied_code(code) for code in (b"tvq", b" TVQ", b"Tvq")} == {b"TVQ"}
	assert (clean.copied_word(None), clean.copied_code(b"")) == (b"", b"")


def test_what_copy_would_read_as_an_escape_is_escaped():
	assert clean.copied_line(rb"C:\new") == rb"C:\\new"
	assert clean.copied_text(b"a\tb\nc") == rb"a\tb\nc"


def test_html_of_a_message_is_kept_and_its_scripts_are_not():
	body = clean.body(
		b'<p onclick="x()">Bonjour <b>vous</b></p><script>alert(1)</script><img src=x onerror=alert(1)>'
		b'<a href="javascript:alert(1)">ici</a>'
	)
	assert "<b>vous</b>" in body
	for danger in ("script", "onclick", "onerror", "alert"):
		assert danger not in body


def test_a_megabyte_of_tags_that_never_end_is_read_at_once():
	started = time.monotonic()
	assert clean.body(b"<a" * (1 << 19)).startswith("&lt;a&lt;a")
	assert time.monotonic() - started < 5


def test_entities_of_html_bring_no_control_character():
	assert clean.body(b"<b>a&#0;b&#1;c</b>") == "<b>a\ufffdbc</b>"


def test_plain_text_of_a_message_keeps_its_lines_and_shows_its_signs():
	assert clean.body(b"3 < 5 &amp; 7 > 5\r\nMerci") == "3 &lt; 5 &amp; 7 &gt; 5<br>Merci"


@pytest.mark.parametrize("raw", [b"0000-00-00", b"2019-02-31", b"2019-00-10", b""])
def test_a_day_that_no_calendar_has_is_none(raw: bytes):
	assert clean.day(raw) is None


def test_a_day_is_a_day():
	assert clean.day(b"2019-02-28") == date(2019, 2, 28)


def test_addresses_of_one_field_are_taken_apart():
	valid, invalid = clean.emails("Marie@Example.com; marie@example.com, pas d'adresse jean@@x, x@y")
	assert valid == ["marie@example.com"]
	assert invalid == ["pas", "d'adresse", "jean@@x", "x@y"]


@pytest.mark.parametrize(
	"written",
	[
		"514-555-0123",
		"(514) 555-0123",
		"514.555.0123",
		"+1 514 555 0123",
		"15145550123",
		"514 555-0123 poste 4",
	],
)
def test_a_number_is_read_in_any_notation(written: str):
	assert clean.phone(written) == "+15145550123"


@pytest.mark.parametrize("written", ["", "555-0123", "appeler le soir", "000-000-0000"])
def test_what_is_no_number_is_none(written: str):
	assert clean.phone(written) is None
