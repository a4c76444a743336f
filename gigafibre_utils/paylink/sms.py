"""Text messages through Twilio's own SDK."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from requests import RequestException
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from gigafibre_utils import config
from gigafibre_utils.errors import ServiceUnavailable

TIMEOUT_SECONDS = 10


def send(number: str, text: str) -> None:
	"""Send a message to an E.164 number.

	Raises ServiceUnavailable, with Twilio's code alone, where it is not sent; ConfigurationError where the
	account is not configured.
	"""
	account, auth_token = config.twilio_account_sid(), config.required("twilio_auth_token")
	client = Client(account, auth_token, http_client=_HttpClient())
	try:
		client.messages.create(to=number, from_=config.required("twilio_from_number"), body=text)
	except TwilioRestException as error:
		reason = f"Twilio error {error.code}, HTTP status {error.status}."
		raise ServiceUnavailable(reason) from error
	except (TwilioException, RequestException) as error:
		raise ServiceUnavailable(f"Twilio did not answer as expected ({type(error).__name__}).") from error


class _HttpClient(TwilioHttpClient):
	"""Twilio's client with a time limit, and another address where `twilio_api_base` names one."""

	def __init__(self) -> None:
		super().__init__(timeout=TIMEOUT_SECONDS, max_retries=1)
		self._base = config.optional("twilio_api_base")

	def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
		if self._base:
			base, asked = urlsplit(self._base), urlsplit(url)
			url = urlunsplit(asked._replace(scheme=base.scheme, netloc=base.netloc))
		return super().request(method, url, *args, **kwargs)
