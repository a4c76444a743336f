"""What a caller may be told went wrong, with Frappe's names and HTTP statuses.

Every error that leaves the app on purpose is a `GigafibreError`. `exc_type` is the name that Frappe's JSON
carries (`frappe/exceptions.py`), so that a client sees the same answer from both hosts.
"""


class GigafibreError(Exception):
	"""One clear sentence for the person who asked; never a secret, never a stack trace."""

	exc_type = "ValidationError"
	http_status_code = 417


class InvalidInput(GigafibreError):
	"""An argument is missing, malformed or out of range, or the document does not allow what was asked."""


class NotFound(GigafibreError):
	"""There is no such thing, or none that the caller may know of."""

	exc_type = "DoesNotExistError"
	http_status_code = 404


class NotSignedIn(GigafibreError):
	"""The method needs a signed-in user."""

	exc_type = "AuthenticationError"
	http_status_code = 401


class NotPermitted(GigafibreError):
	"""The user is known and may not do this."""

	exc_type = "PermissionError"
	http_status_code = 403


class MethodNotAllowed(GigafibreError):
	"""The HTTP method is not one that the endpoint declares."""

	exc_type = "PermissionError"
	http_status_code = 403


class TooManyRequests(GigafibreError):
	"""The caller's share of requests is used up; `retry_after` is in seconds."""

	exc_type = "TooManyRequestsError"
	http_status_code = 429

	def __init__(self, message: str, retry_after: int):
		super().__init__(message)
		self.retry_after = retry_after


class BadRequest(GigafibreError):
	"""A request that cannot be believed, such as an unsigned webhook."""

	exc_type = "ValidationError"
	http_status_code = 400


class ConfigurationError(GigafibreError):
	"""A key of the site's configuration is missing or malformed; its message names the key only."""

	exc_type = "ConfigurationError"
	http_status_code = 500


class ServiceUnavailable(GigafibreError):
	"""Something that the site leans on (database, Stripe, the printer) does not answer right now."""

	exc_type = "ServiceUnavailableError"
	http_status_code = 503


class DuplicateDocument(GigafibreError):
	"""A document of this name, or with this unique value, exists already."""

	exc_type = "DuplicateEntryError"
	http_status_code = 409
