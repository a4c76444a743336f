"""Referral codes, as people say them over the phone."""

import re

import pytest

from tests.acceptance.site import Site, message


@pytest.fixture(scope="module")
def known(site: Site) -> tuple[str, str]:
	"""A customer and its code."""
	customer = site.invoice("unpaid")["customer"]
	return customer, message(site.accountant.call("referral_code", customer=customer))


def test_a_code_is_six_crockford_characters_and_stays(site: Site, known: tuple[str, str]):
	customer, code = known
	assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{6}", code)
	assert message(site.accountant.call("referral_code", customer=customer)) == code
	assert (
		site.sql('SELECT referral_code FROM "tabCustomer" WHERE name = %s', customer)[0]["referral_code"]
		== code
	)


def test_a_code_is_read_in_any_spelling(site: Site, known: tuple[str, str]):
	customer, code = known
	spoken = code.lower().replace("0", "o").replace("1", "l")
	for spelling in (
		code,
		spoken,
		f"{code[:3]}-{code[3:]}",
		f" {code[:2]} {code[2:]} ",
		code.replace("1", "I"),
	):
		assert message(site.accountant.call("customer_from_referral_code", code=spelling)) == customer


def test_a_code_that_is_taken_is_derived_again(site: Site):
	first, second = site.invoice("unpaid-english")["customer"], site.invoice("unpaid-business")["customer"]
	wanted = message(site.accountant.call("referral_code", customer=first))
	site.sql('UPDATE "tabCustomer" SET referral_code = NULL WHERE name IN (%s, %s)', first, second)
	site.sql('UPDATE "tabCustomer" SET referral_code = %s WHERE name = %s', wanted, second)
	other = message(site.accountant.call("referral_code", customer=first))
	assert other != wanted
	assert message(site.accountant.call("customer_from_referral_code", code=other)) == first
	site.sql('UPDATE "tabCustomer" SET referral_code = NULL WHERE name IN (%s, %s)', first, second)


@pytest.mark.parametrize(
	("code", "status"), [("ABC", 417), ("ABCDEFG", 417), ("ABCDE!", 417), ("UUUUUU", 417), ("000000", 404)]
)
def test_what_is_no_code_is_refused(site: Site, code: str, status: int):
	assert site.accountant.call("customer_from_referral_code", code=code).status_code == status


def test_an_unknown_customer_has_no_code(site: Site):
	assert site.accountant.call("referral_code", customer="Nobody").status_code == 404


def test_codes_are_for_staff(site: Site, known: tuple[str, str]):
	assert site.guest().call("referral_code", customer=known[0]).status_code in (401, 403)
	assert site.subscriber.call("customer_from_referral_code", code=known[1]).status_code == 403
