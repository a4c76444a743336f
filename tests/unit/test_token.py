"""The token of a pay link."""

import secrets

from hypothesis import assume, given
from hypothesis import strategies as st

from gigafibre_utils.paylink.token import Purpose, Token, sign, verify
from tests.acceptance import tokens

SECRET = bytes(range(32))
invoices = st.text(min_size=1, max_size=140)
known_tokens = st.builds(
	lambda purpose, issued, lives: Token(purpose, issued, issued + lives),
	st.sampled_from(Purpose),
	st.integers(0, 2**31),
	st.integers(0, 2**30),
)


@given(invoices, known_tokens)
def test_what_was_signed_is_read_back(invoice: str, token: Token):
	text = sign(SECRET, invoice, token)
	assert len(text) == 34
	assert verify([SECRET], invoice, text) == token


@given(invoices, invoices, known_tokens)
def test_a_token_is_for_one_invoice(invoice: str, other: str, token: Token):
	assume(invoice != other)
	assert verify([SECRET], other, sign(SECRET, invoice, token)) is None


@given(invoices, known_tokens, st.integers(0, 33), st.integers(1, 63))
def test_no_changed_character_passes(invoice: str, token: Token, place: int, step: int):
	alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	text = list(sign(SECRET, invoice, token))
	text[place] = alphabet[(alphabet.index(text[place]) + step) % 64]
	assert verify([SECRET], invoice, "".join(text)) is None


@given(st.text(max_size=60))
def test_no_text_makes_it_fail(text: str):
	assert verify([SECRET], "SINV-1", text) is None


def test_a_second_secret_is_good_until_it_is_taken_away():
	old, new = secrets.token_bytes(32), secrets.token_bytes(32)
	token = Token(Purpose.QR, 1_800_000_000, 1_805_000_000)
	text = sign(old, "SINV-1", token)
	assert verify([new, old], "SINV-1", text) == token
	assert verify([new], "SINV-1", text) is None


def test_a_version_of_the_future_is_not_guessed_at():
	good = tokens.token(SECRET.hex(), "SINV-1")
	assert verify([SECRET], "SINV-1", good)
	assert verify([SECRET], "SINV-1", tokens.token(SECRET.hex(), "SINV-1", purpose=5)) is None


def test_the_format_is_the_one_that_is_described():
	theirs = tokens.token("00" * 32, "SINV-1", tokens.MAGIC, issued=1_800_000_000, lives=900)
	ours = sign(bytes(32), "SINV-1", Token(Purpose.MAGIC, 1_800_000_000, 1_800_000_900))
	assert ours == theirs
