"""Referral codes: six characters that a customer can say over the phone.

30 bits collide at an internet provider's size, so a code is kept on its Customer, unique in the database, and
derived again with a counter where it is taken.
"""

import hashlib
import hmac
from itertools import count

from gigafibre_utils import config, site
from gigafibre_utils.errors import DuplicateDocument, InvalidInput, NotFound
from gigafibre_utils.paylink.token import derived_key

# Douglas Crockford's base 32: no I, L, O, U
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 6
BATCH = 2000
_AS_READ = str.maketrans("oOiIlL", "001111", " -")


def referral_code(customer: str) -> str:
	"""The customer's code, made and kept at the first asking. Raises NotFound for an unknown customer."""
	row = site.current().get("Customer", customer, ["referral_code"])
	if not row:
		raise NotFound(f"There is no Customer {customer}.")
	return row["referral_code"] or _keep_a_free_code(customer)


def give_codes() -> None:
	"""The hourly job: give a code to customers who have none, so that their next invoice can show it."""
	current = site.current()
	without = current.get_all("Customer", {"referral_code": ["is", "not set"]}, ["name"], limit=BATCH)
	for customer in without:
		with current.atomic():
			referral_code(customer["name"])


def customer_of(code: str) -> str:
	"""The customer whose code it is.

	Raises InvalidInput for what cannot be a code, NotFound for an unknown one.
	"""
	read = code.translate(_AS_READ).upper()
	if len(read) != LENGTH or not set(read) <= set(ALPHABET):
		raise InvalidInput("A referral code has six letters and digits.")
	customer = site.current().exists("Customer", {"referral_code": read})
	if not customer:
		raise NotFound("There is no such referral code.")
	return customer


def derive(key: bytes, customer: str, attempt: int) -> str:
	"""The code of a customer at an attempt, counted from 0: the first 30 bits of an HMAC-SHA256."""
	message = customer if attempt == 0 else f"{customer}\x00{attempt}"
	bits = int.from_bytes(hmac.digest(key, message.encode(), hashlib.sha256)[:4], "big") >> 2
	return "".join(ALPHABET[bits >> shift & 31] for shift in range(25, -1, -5))


def _keep_a_free_code(customer: str) -> str:
	key = derived_key(config.pay_secret(), "referral code")
	for attempt in count():
		code = derive(key, customer, attempt)
		if site.current().exists("Customer", {"referral_code": code}):
			continue
		try:
			with site.current().savepoint():
				site.current().set_value("Customer", customer, {"referral_code": code})
			return code
		except DuplicateDocument:
			continue  # somebody else took it a moment ago
	raise AssertionError("unreachable")
