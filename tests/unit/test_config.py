"""A missing or malformed key is named, and its value is told to nobody."""

from collections.abc import Callable
from typing import Any

import pytest

from gigafibre_utils import config, printing, site
from gigafibre_utils.errors import BadRequest, ConfigurationError
from gigafibre_utils.paylink import sms
from gigafibre_utils.payments import inbox
from tests.unit.site_double import ConfiguredSite

GOOD = {
	"gigafibre_pay_secret": "ab" * 32,
	"gigafibre_pay_host": "https://pay.example.ca/",
	"gigafibre_stripe_secret_key": "sk_test_abc",
	"gigafibre_stripe_webhook_secret": "whsec_abc",
	"twilio_account_sid": "AC" + "0" * 32,
	"twilio_auth_token": "token",
	"twilio_from_number": "+15145550100",
}

NEEDS: list[tuple[str, Callable[[], Any], list[Any]]] = [
	("gigafibre_pay_secret", config.pay_secret, [None, "", "secret-value", "ab" * 31, "zz" * 32, 7]),
	("gigafibre_pay_secret_previous", config.previous_pay_secret, ["secret-value", "ab" * 33]),
	(
		"gigafibre_pay_host",
		config.pay_host,
		[None, "pay.example.ca", "ftp://x", "https://", "https://x/?a=secret-value"],
	),
	(
		"gigafibre_stripe_secret_key",
		config.stripe_secret_key,
		[None, "pk_test_secret-value", "sk_secret-value"],
	),
	(
		"gigafibre_stripe_webhook_secret",
		config.stripe_webhook_secrets,
		[None, "", [], "secret-value", ["whsec_a", ""], ["whsec_a", None]],
	),
	("twilio_account_sid", lambda: sms.send("+15145550101", "text"), [None, "secret-value"]),
	("twilio_auth_token", lambda: sms.send("+15145550101", "text"), [None]),
	("twilio_from_number", lambda: sms.send("+15145550101", "text"), [None]),
	("gigafibre_pdf_engine", printing.printer, ["secret-value"]),
	("chromium_path", printing.printer, ["/no/such/chromium"]),
]
CASES = [(key, use, value) for key, use, values in NEEDS for value in values]


@pytest.mark.parametrize(("key", "use", "value"), CASES, ids=[f"{key}={value!r}" for key, _, value in CASES])
def test_a_bad_key_is_named_when_it_is_needed(key: str, use: Callable[[], Any], value: Any):
	with site.bound(ConfiguredSite(**GOOD | {key: value})), pytest.raises(Exception, match=key) as raised:
		use()
	assert isinstance(raised.value, ConfigurationError) or key == "chromium_path"
	assert "secret-value" not in str(raised.value)


def test_good_keys_are_read():
	with site.bound(ConfiguredSite(**GOOD)):
		assert config.pay_secret() == b"\xab" * 32
		assert config.pay_host() == "https://pay.example.ca"
		assert config.stripe_webhook_secrets() == ["whsec_abc"]
		assert not config.stripe_is_live()


def test_several_webhook_secrets_are_good_at_once():
	with site.bound(ConfiguredSite(gigafibre_stripe_webhook_secret=["whsec_a", "whsec_b"])):
		assert list(config.stripe_webhook_secrets()) == ["whsec_a", "whsec_b"]


def test_a_live_key_speaks_to_stripe_alone():
	keys = {"gigafibre_stripe_secret_key": "sk_live_abc", "gigafibre_stripe_api_base": "http://127.0.0.1:1"}
	with (
		site.bound(ConfiguredSite(**keys)),
		pytest.raises(ConfigurationError, match="gigafibre_stripe_api_base"),
	):
		config.stripe_api_base()


def test_without_a_webhook_secret_every_event_is_refused_and_staff_are_told_why():
	bare = ConfiguredSite()
	with site.bound(bare), pytest.raises(BadRequest):
		inbox.receive(b"{}", "t=1,v1=0")
	assert "gigafibre_stripe_webhook_secret" in bare.logged[0][1]


def test_staff_domains_have_a_default_and_can_be_set():
	with site.bound(ConfiguredSite()):
		assert "targo.ca" in config.staff_domains()
	with site.bound(ConfiguredSite(gigafibre_staff_domains=["example.ca"])):
		assert config.staff_domains() == ["example.ca"]
