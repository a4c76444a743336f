"""Gigafibre Settings: what the site's configuration leaves open, with its secrets kept secret."""

import json
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from gigafibre_utils import config
from gigafibre_utils.errors import ConfigurationError

ACCOUNTANT, CUSTOMER = "comptes@targo.ca", "marie-eve@example.com"
DOCTYPE = "Gigafibre Settings"
GOOD = {
	"gigafibre_pay_secret": "ab" * 32,
	"gigafibre_pay_host": "https://pay.example.ca",
	"gigafibre_stripe_secret_key": "sk_test_of_the_settings",
	"gigafibre_stripe_webhook_secret": "whsec_of_the_settings",
	"twilio_account_sid": "AC" + "1" * 32,
	"twilio_auth_token": "token-of-the-settings",
	"twilio_from_number": "+15145550199",
}
SECRETS = {key: value for key, value in GOOD.items() if "secret" in key or "token" in key}


@pytest.fixture
def site_config(frappe: ModuleType) -> Iterator[dict[str, Any]]:
	"""The site's configuration without any key of the app, for a test to change."""
	before = dict(frappe.local.conf)
	for field in frappe.get_meta(DOCTYPE).fields:
		frappe.local.conf.pop(field.fieldname, None)
	frappe.local.conf.pop("gigafibre_stripe_api_base", None)
	yield frappe.local.conf
	frappe.local.conf.clear()
	frappe.local.conf.update(before)


@pytest.fixture
def save(frappe: ModuleType, site_config: dict[str, Any]) -> Callable[..., Any]:
	"""Write settings as the form does; gives the document."""

	def save(**values: Any) -> Any:
		settings = frappe.get_doc(DOCTYPE)
		settings.update(values)
		return settings.save()

	return save


def test_the_app_reads_its_settings(save: Callable[..., Any]):
	save(**GOOD, gigafibre_staff_domains="example.ca\nexample.com")
	assert config.pay_secret() == b"\xab" * 32
	assert config.pay_host() == "https://pay.example.ca"
	assert config.stripe_secret_key() == "sk_test_of_the_settings"
	assert list(config.stripe_webhook_secrets()) == ["whsec_of_the_settings"]
	assert config.required("twilio_auth_token") == "token-of-the-settings"
	assert list(config.staff_domains()) == ["example.ca", "example.com"]
	assert config.previous_pay_secret() is None


def test_the_sites_configuration_wins(save: Callable[..., Any], site_config: dict[str, Any]):
	save(**GOOD)
	site_config["gigafibre_pay_secret"] = "cd" * 32
	site_config["gigafibre_stripe_webhook_secret"] = ["whsec_a", "whsec_b"]
	assert config.pay_secret() == b"\xcd" * 32
	assert list(config.stripe_webhook_secrets()) == ["whsec_a", "whsec_b"]
	assert config.pay_host() == "https://pay.example.ca"


def test_what_is_set_nowhere_is_missing(save: Callable[..., Any]):
	save()
	with pytest.raises(ConfigurationError, match="gigafibre_pay_secret"):
		config.pay_secret()
	assert config.optional("chromium_path") is None


def test_a_second_signing_secret_is_good_besides(save: Callable[..., Any]):
	save(**GOOD, gigafibre_stripe_webhook_secret_previous="whsec_before")
	assert list(config.stripe_webhook_secrets()) == ["whsec_of_the_settings", "whsec_before"]


def test_what_is_emptied_is_gone(save: Callable[..., Any]):
	save(**GOOD)
	save(twilio_auth_token="")
	assert config.optional("twilio_auth_token") is None
	save(gigafibre_pay_host="https://other.example.ca")
	assert config.pay_secret() == b"\xab" * 32


def test_no_secret_stands_anywhere_in_the_clear(frappe: ModuleType, save: Callable[..., Any]):
	save(**GOOD)
	save(**{key: value.replace("settings", "second") for key, value in SECRETS.items()})
	kept = frappe.db.sql("SELECT password FROM `__Auth` WHERE doctype = %s", DOCTYPE)
	assert len(kept) == len(SECRETS)
	written = [
		*kept,
		*frappe.db.sql("SELECT value FROM `tabSingles` WHERE doctype = %s", DOCTYPE),
		*frappe.db.sql("SELECT data FROM `tabVersion` WHERE ref_doctype = %s", DOCTYPE),
	]
	for value in SECRETS.values():
		assert value not in str(written)


@pytest.mark.parametrize(
	("key", "value", "told"),
	[
		("gigafibre_pay_secret", "short-secret-value", "64 hexadecimal digits"),
		("gigafibre_pay_secret_previous", "zz" * 32, "64 hexadecimal digits"),
		("gigafibre_pay_host", "elsewhere.example.ca", "must be a URL"),
		("gigafibre_stripe_secret_key", "pk_live_secret-value", "sk_test_"),
		("gigafibre_stripe_webhook_secret", "secret-value", "whsec_"),
		("gigafibre_stripe_webhook_secret_previous", "secret-value", "whsec_"),
		("twilio_account_sid", "secret-value", "AC"),
	],
)
def test_what_could_not_be_used_is_refused_in_a_sentence(
	frappe: ModuleType, save: Callable[..., Any], key: str, value: str, told: str
):
	with pytest.raises(frappe.ValidationError, match=told) as refused:
		save(**{key: value})
	assert value not in str(refused.value)


def test_blanks_around_what_was_pasted_are_taken_off(save: Callable[..., Any]):
	save(gigafibre_stripe_secret_key=" sk_test_pasted\n")
	assert config.stripe_secret_key() == "sk_test_pasted"


def test_a_new_pay_secret_leaves_the_one_before_good(frappe: ModuleType, save: Callable[..., Any]):
	from gigafibre_utils.gigafibre_utils.doctype.gigafibre_settings.gigafibre_settings import new_pay_secret

	save(**GOOD)
	new_pay_secret()
	first = config.pay_secret()
	assert first != b"\xab" * 32
	assert config.previous_pay_secret() == b"\xab" * 32
	new_pay_secret()
	assert config.previous_pay_secret() == first
	assert len({first, config.pay_secret(), b"\xab" * 32}) == 3


def test_a_first_pay_secret_has_none_before_it(save: Callable[..., Any]):
	from gigafibre_utils.gigafibre_utils.doctype.gigafibre_settings.gigafibre_settings import new_pay_secret

	save()
	new_pay_secret()
	assert len(config.pay_secret()) == 32
	assert config.previous_pay_secret() is None


@pytest.mark.parametrize("key", ["gigafibre_pay_secret", "gigafibre_pay_secret_previous"])
def test_a_pay_secret_in_the_sites_configuration_is_changed_there_alone(
	frappe: ModuleType, save: Callable[..., Any], site_config: dict[str, Any], key: str
):
	from gigafibre_utils.gigafibre_utils.doctype.gigafibre_settings.gigafibre_settings import new_pay_secret

	site_config[key] = "cd" * 32
	with pytest.raises(frappe.ValidationError, match="site's configuration"):
		new_pay_secret()


def test_the_form_names_the_keys_of_the_sites_configuration_and_tells_none_of_their_values(
	frappe: ModuleType, save: Callable[..., Any], site_config: dict[str, Any]
):
	save()
	site_config.update(GOOD, gigafibre_pay_secret_previous="cd" * 32)
	settings = frappe.get_doc(DOCTYPE)
	settings.run_method("onload")
	told = settings.get("__onload")
	assert set(told.in_site_config) == {*GOOD, "gigafibre_pay_secret_previous"}
	public = GOOD["gigafibre_pay_host"]
	everything = json.dumps(settings.as_dict(), default=str)
	for value in {*GOOD.values(), "cd" * 32} - {public}:
		assert value not in everything
	assert told.webhook["url"] == f"{public}/api/method/gigafibre_utils.api.stripe_webhook"


def colours(frappe: ModuleType) -> list[str]:
	settings = frappe.get_doc(DOCTYPE)
	settings.run_method("onload")
	return [row["colour"] for row in settings.get("__onload").setup]


def test_the_form_shows_what_is_missing(frappe: ModuleType, save: Callable[..., Any]):
	save()
	bare = colours(frappe)
	assert bare[:4] == ["red"] * 4
	assert bare[5] == "gray"
	save(**GOOD)
	assert colours(frappe)[:4] == ["green", "green", "orange", "green"]
	save(gigafibre_stripe_secret_key="sk_live_of_the_settings", gigafibre_pay_host="http://pay.example.ca")
	assert colours(frappe)[:4] == ["green", "orange", "green", "green"]
	assert colours(frappe)[5] == "green"


def test_what_is_set_and_cannot_be_used_is_not_called_missing(
	frappe: ModuleType, save: Callable[..., Any], site_config: dict[str, Any]
):
	save()
	site_config["gigafibre_pay_secret"] = "no-such-secret"
	settings = frappe.get_doc(DOCTYPE)
	settings.run_method("onload")
	row = settings.get("__onload").setup[0]
	assert (row["colour"], row["detail"]) == ("red", "It is set, but cannot be used.")


def test_a_secret_that_cannot_be_decrypted_is_named_and_shown(
	frappe: ModuleType, save: Callable[..., Any], site_config: dict[str, Any]
):
	save(**GOOD)
	site_config["encryption_key"] = "x" * 43 + "="
	with pytest.raises(ConfigurationError, match="gigafibre_pay_secret cannot be decrypted"):
		config.pay_secret()
	assert frappe.local.message_log == []
	assert colours(frappe)[:4] == ["red", "green", "red", "red"]


@pytest.mark.parametrize("encryption_key", ["x" * 43 + "=", "half-of-a-key"])
def test_a_new_pay_secret_says_that_the_old_one_cannot_be_decrypted(
	frappe: ModuleType, save: Callable[..., Any], site_config: dict[str, Any], encryption_key: str
):
	from gigafibre_utils.gigafibre_utils.doctype.gigafibre_settings.gigafibre_settings import new_pay_secret

	save(**GOOD)
	site_config["encryption_key"] = encryption_key
	with pytest.raises(ConfigurationError, match="gigafibre_pay_secret cannot be decrypted"):
		config.pay_secret()
	assert colours(frappe)[0] == "red"
	with pytest.raises(frappe.ValidationError, match=r"cannot be decrypted.*empty the field"):
		new_pay_secret()
	assert len(frappe.local.message_log) == 1


def test_who_lost_the_pay_secret_empties_its_field_and_makes_a_new_one(
	save: Callable[..., Any], site_config: dict[str, Any]
):
	from gigafibre_utils.gigafibre_utils.doctype.gigafibre_settings.gigafibre_settings import new_pay_secret

	save(**GOOD)
	site_config["encryption_key"] = "x" * 43 + "="
	save(gigafibre_pay_secret="")
	new_pay_secret()
	assert len(config.pay_secret()) == 32
	assert config.previous_pay_secret() is None


def test_an_accountant_reads_the_settings_without_their_secrets(frappe: ModuleType, save: Callable[..., Any]):
	save(**GOOD)
	frappe.set_user(ACCOUNTANT)
	settings = frappe.get_doc(DOCTYPE)
	settings.check_permission("read")
	settings.apply_fieldlevel_read_permissions()
	assert settings.gigafibre_pay_host == GOOD["gigafibre_pay_host"]
	assert not any(settings.get(key) for key in SECRETS)
	settings.gigafibre_pay_host = "https://elsewhere.example.ca"
	with pytest.raises(frappe.PermissionError):
		settings.save()


def test_an_accountant_makes_no_pay_secret(frappe: ModuleType, save: Callable[..., Any]):
	from gigafibre_utils.gigafibre_utils.doctype.gigafibre_settings.gigafibre_settings import new_pay_secret

	frappe.set_user(ACCOUNTANT)
	with pytest.raises(frappe.PermissionError):
		new_pay_secret()


@pytest.mark.parametrize("user", [CUSTOMER, "Guest"])
def test_nobody_else_sees_the_settings(frappe: ModuleType, user: str):
	frappe.set_user(user)
	assert not frappe.has_permission(DOCTYPE, "read")
