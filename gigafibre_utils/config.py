"""The site's configuration, read and checked when it is needed. A message names a key, never its value."""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from gigafibre_utils import site
from gigafibre_utils.errors import ConfigurationError

DEFAULT_STAFF_DOMAINS = ("targo.ca", "gigafibre.ca")


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
	"""`gigafibre_stripe_webhook_secret`: one or, during a rotation, several. Never empty."""
	value = site.current().conf("gigafibre_stripe_webhook_secret")
	secrets = [value] if isinstance(value, str) else list(value or [])
	if not secrets or not all(isinstance(secret, str) and secret.startswith("whsec_") for secret in secrets):
		raise ConfigurationError("gigafibre_stripe_webhook_secret must be set, as whsec_… or a list of them.")
	return secrets


def stripe_api_base() -> str | None:
	"""`gigafibre_stripe_api_base`: another address for Stripe's API, obeyed with a test key only."""
	base = site.current().conf("gigafibre_stripe_api_base")
	if base and stripe_is_live():
		raise ConfigurationError(
			"gigafibre_stripe_api_base is for test keys; a live key speaks to Stripe alone."
		)
	return base


def staff_domains() -> Sequence[str]:
	"""`gigafibre_staff_domains`: e-mail domains whose users are staff."""
	return site.current().conf("gigafibre_staff_domains") or DEFAULT_STAFF_DOMAINS


def required(key: str) -> str:
	"""A key's text. Raises ConfigurationError where it is missing or not text."""
	value = site.current().conf(key)
	if not value or not isinstance(value, str):
		raise ConfigurationError(f"{key} is not set in the site's configuration.")
	return value


def optional(key: str) -> str | None:
	"""A key's text, or None."""
	return site.current().conf(key) or None


def _hex_key(name: str, value: str) -> bytes:
	if not re.fullmatch(r"[0-9a-fA-F]{64}", value):
		raise ConfigurationError(f"{name} must be 64 hexadecimal digits.")
	return bytes.fromhex(value)
