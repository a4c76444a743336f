"""How a referral code follows from a customer's name."""

import hashlib
import hmac

from gigafibre_utils.paylink.referral import ALPHABET, derive

KEY = bytes(32)


def test_a_code_is_the_first_thirty_bits_of_the_hmac_in_crockfords_base_32():
	digest = hmac.new(KEY, "Marie-Ève Tremblay".encode(), hashlib.sha256).digest()
	bits = f"{int.from_bytes(digest, 'big'):0256b}"[:30]
	expected = "".join(ALPHABET[int(bits[place : place + 5], 2)] for place in range(0, 30, 5))
	assert derive(KEY, "Marie-Ève Tremblay", 0) == expected


def test_thirty_bits_collide_at_scale_and_a_further_attempt_parts_them():
	taken: dict[str, str] = {}
	parted = 0
	for number in range(100_000):
		customer = f"Client {number}"
		attempt = 0
		while (code := derive(KEY, customer, attempt)) in taken:
			attempt += 1
		parted += attempt > 0
		taken[code] = customer
	assert len(taken) == 100_000
	assert parted > 0
