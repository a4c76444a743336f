"""The site's configuration, read and checked when it is needed. A message names a key, never its value.

On Frappe a key is one of the site's configuration, or else a field of Gigafibre Settings.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from gigafibre_utils import site
from gigafibre_utils.errors import ConfigurationError

DEFAULT_STAFF_DOMAINS = ("targo.ca", "gigafibre.ca")
WEBHOOK_SECRETS = ("gigafibre_stripe_webhook_secret", "gigafibre_stripe_webhook_secret_previous")


def pay_secret() -> bytes:
	"""`gigafibre_pay_secret`, 32 bytes."""
	return _hex_key("gigafibre_pay_secret", required("gigafibre_pay_secret"))


def previous_pay_secret() -> bytes | None:
	"""`gigafibre_pay_secret_previous`, still good for links that were signed before a rotation."""
	value = site.current().conf("gigafibre_pay_secret_previous")
	return _hex_key("gigafibre_pay_secret_previous", value) if value else None


def pay_host() -> str:
	"""`gigafibre_pay_host`: where customers reach the pay page, such as `https://pay.example.ca`."""
	url = required("gigafibre_pay_host").rstrip("/")
	parts = urlsplit(url)
	if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
		raise ConfigurationError("gigafibre_pay_host must be a URL such as https://pay.example.ca.")
	return url


def stripe_secret_key() -> str:
	"""`gigafibre_stripe_secret_key`: `sk_…` or a restricted `rk_…`."""
	key = required("gigafibre_stripe_secret_key")
	if not re.fullmatch(r"(sk|rk)_(test|live)_\w+", key):
		raise ConfigurationError(
			"gigafibre_stripe_secret_key must start with sk_test_, sk_live_, rk_test_ or rk_live_."
		)
	return key


def stripe_is_live() -> bool:
	"""Whether the site takes real money."""
	return "_live_" in stripe_secret_key()


def stripe_webhook_secrets() -> Sequence[str]:
	"""`gigafibre_stripe_webhook_secret`, one or a list, and `…_previous` during a rotation. Never empty."""
	secrets = [secret for key in WEBHOOK_SECRETS for secret in _signing_secrets(key)]
	if not secrets:
		raise ConfigurationError("gigafibre_stripe_webhook_secret is not set.")
	return secrets


def stripe_api_base() -> str | None:
	"""`gigafibre_stripe_api_base`: another address for Stripe's API, obeyed with a test key only."""
	base = site.current().conf("gigafibre_stripe_api_base")
	if base and stripe_is_live():
		raise ConfigurationError(
			"gigafibre_stripe_api_base is for test keys; a live key speaks to Stripe alone."
		)
	return base


def twilio_account_sid() -> str:
	"""`twilio_account_sid`: `AC…`."""
	account = required("twilio_account_sid")
	if not account.startswith("AC"):
		raise ConfigurationError("twilio_account_sid must start with AC.")
	return account


def staff_domains() -> Sequence[str]:
	"""`gigafibre_staff_domains`, a list or one on a line: e-mail domains whose users are staff."""
	value = site.current().conf("gigafibre_staff_domains")
	return (value.split() if isinstance(value, str) else value) or DEFAULT_STAFF_DOMAINS


def required(key: str) -> str:
	"""A key's text. Raises ConfigurationError where it is missing or not text."""
	value = site.current().conf(key)
	if not value or not isinstance(value, str):
		raise ConfigurationError(f"{key} is not set.")
	return value


def optional(key: str) -> str | None:
	"""A key's text, or None."""
	return site.current().conf(key) or None


def _signing_secrets(key: str) -> Sequence[str]:
	value = site.current().conf(key)
	secrets = [value] if isinstance(value, str) else list(value or [])
	if not all(isinstance(secret, str) and secret.startswith("whsec_") for secret in secrets):
		raise ConfigurationError(f"{key} must be whsec_… or a list of them.")
	return secrets


def _hex_key(name: str, value: str) -> bytes:
	if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
		raise ConfigurationError(f"{name} must be 64 hexadecimal digits.")
	return bytes.fromhex(value)
