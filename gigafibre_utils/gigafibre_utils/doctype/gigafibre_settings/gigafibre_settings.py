"""The site's settings, in the desk. A key of the site's configuration wins over the field of its name."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from gigafibre_utils import config, site
from gigafibre_utils.errors import ConfigurationError

PAY_SECRETS = ("gigafibre_pay_secret", "gigafibre_pay_secret_previous")


@dataclass(frozen=True)
class OneKey:
	"""A site of one key, for its reader to judge what was typed."""

	key: str
	value: str

	def conf(self, key: str) -> str | None:
		"""See `Site.conf`."""
		return self.value if key == self.key else None


class GigafibreSettings(Document):
	"""The fields are named as the keys of the site's configuration are, so that each has one name.

	What a key could do harm with has no field: `chromium_path` names a program that the server runs, and
	`gigafibre_stripe_api_base` and `twilio_api_base` where secrets are sent to.
	"""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		gigafibre_pay_host: DF.Data | None
		gigafibre_pay_secret: DF.Password | None
		gigafibre_pay_secret_previous: DF.Password | None
		gigafibre_pdf_engine: DF.Literal["", "warm", "oneshot"]
		gigafibre_staff_domains: DF.SmallText | None
		gigafibre_stripe_secret_key: DF.Password | None
		gigafibre_stripe_webhook_secret: DF.Password | None
		gigafibre_stripe_webhook_secret_previous: DF.Password | None
		twilio_account_sid: DF.Data | None
		twilio_auth_token: DF.Password | None
		twilio_from_number: DF.Data | None
	# end: auto-generated types

	def configured(self, key: str) -> str | None:
		"""A field's value, or None. A secret is decrypted here, when it is asked for.

		Raises ConfigurationError where it cannot be, as on a copy of a site without its encryption key, or
		with half of it.
		"""
		field = self.meta.get_field(key)
		if not field or not self.get(key):
			return None
		if field.fieldtype != "Password":
			return self.get(key)
		try:
			return self.get_password(key)
		except frappe.ValidationError as error:
			frappe.clear_last_message()
			sentence = f"{key} cannot be decrypted; enter it in Gigafibre Settings again."
			raise ConfigurationError(sentence) from error
		except ValueError as error:
			raise ConfigurationError(f"{key} cannot be decrypted; encryption_key is malformed.") from error

	def onload(self) -> None:
		"""What the form shows besides its fields. Of the site's configuration only which keys it has."""
		# It looks at everything; whoever wants one value has no use for that.
		from gigafibre_utils.gigafibre_utils.doctype.gigafibre_settings import setup

		self.set_onload("in_site_config", [field.fieldname for field in self._fields_in_site_config()])
		self.set_onload("setup", setup.rows())
		self.set_onload("webhook", setup.webhook())

	def validate(self) -> None:
		"""Refuse, with one sentence, what would be refused when it is needed."""
		for field in self.meta.get("fields", {"fieldtype": ["in", ("Data", "Password", "Small Text")]}):
			self.set(field.fieldname, (self.get(field.fieldname) or "").strip())
		for key, (read, sentence) in _rules().items():
			value = self.get(key)
			if not value or self.is_dummy_password(value):
				continue
			try:
				with site.bound(OneKey(key, value)):
					read()
			except ConfigurationError:
				frappe.throw(sentence)

	def _fields_in_site_config(self) -> list[Document]:
		return [field for field in self.meta.fields if frappe.conf.get(field.fieldname) is not None]


def _rules() -> Mapping[str, tuple[Callable[[], Any], str]]:
	"""Each field's reader, which judges it when it is needed, and what that wants, as a person is told."""
	return {
		"gigafibre_pay_secret": (config.pay_secret, _("The pay secret must be 64 hexadecimal digits.")),
		"gigafibre_pay_secret_previous": (
			config.previous_pay_secret,
			_("The previous pay secret must be 64 hexadecimal digits."),
		),
		"gigafibre_pay_host": (
			config.pay_host,
			_("The address of the pay page must be a URL such as https://pay.example.ca."),
		),
		"gigafibre_stripe_secret_key": (
			config.stripe_secret_key,
			_("Stripe's secret key must start with sk_test_, sk_live_, rk_test_ or rk_live_."),
		),
		"gigafibre_stripe_webhook_secret": (
			config.stripe_webhook_secrets,
			_("The signing secret of the webhook must start with whsec_."),
		),
		"gigafibre_stripe_webhook_secret_previous": (
			config.stripe_webhook_secrets,
			_("The previous signing secret must start with whsec_."),
		),
		"twilio_account_sid": (config.twilio_account_sid, _("Twilio's account SID must start with AC.")),
	}


@frappe.whitelist(methods=["POST"])
def new_pay_secret() -> None:
	"""Make a pay secret; the one there was stays good as the previous one, and the one before it ends."""
	frappe.only_for("System Manager")
	if any(frappe.conf.get(key) is not None for key in PAY_SECRETS):
		frappe.throw(_("The pay secret stands in the site's configuration, and can be changed only there."))
	settings = frappe.get_doc("Gigafibre Settings")
	try:
		settings.gigafibre_pay_secret_previous = settings.configured("gigafibre_pay_secret")
	except ConfigurationError:
		frappe.throw(
			_(
				"The present pay secret cannot be decrypted, so no link signed with it can stay good. Restore"
				" the site's encryption_key, or empty the field, save, and make a new pay secret then."
			)
		)
	settings.gigafibre_pay_secret = secrets.token_hex(32)
	settings.save()
