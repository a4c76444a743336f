"""`@endpoint`: one declaration that both hosts serve alike.

Arguments arrive as text or JSON. They are read here by the function's own annotations, not by each host's
rules, so that a wrong one gets the same sentence everywhere.
"""

import functools
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gigafibre_utils import site
from gigafibre_utils.errors import InvalidInput, NotPermitted, NotSignedIn


@dataclass(frozen=True)
class Endpoint:
	"""A method as declared: what to call, by which HTTP methods, with which arguments."""

	call: Callable[..., Any]
	methods: tuple[str, ...]
	parameters: tuple[str, ...]


ENDPOINTS: dict[str, Endpoint] = {}


def endpoint(
	*,
	guest: bool = False,
	methods: tuple[str, ...] = ("GET", "POST"),
	limit: tuple[int, int] | None = None,
	roles: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
	"""Declare a method of the HTTP surface.

	`limit` is (calls, seconds) for one client address; `roles` are those of which the user needs one.
	"""

	def declare(function: Callable[..., Any]) -> Callable[..., Any]:
		signature = inspect.signature(function)

		@functools.wraps(function)
		def call(*args: Any, **given: Any) -> Any:
			current = site.current()
			if not guest and current.user() == "Guest":
				raise NotSignedIn("Please sign in.")
			if roles and not current.roles().intersection(roles):
				raise NotPermitted(f"This needs one of the roles {', '.join(roles)}.")
			if limit:
				current.rate_limit(f"{function.__name__}:{current.request.client_ip}", *limit)
			return function(**_read_arguments(signature, args, given))

		ENDPOINTS[function.__name__] = Endpoint(call, methods, tuple(signature.parameters))
		if "frappe" in sys.modules:
			from gigafibre_utils.site.frappe_endpoint import whitelist

			return whitelist(call, methods)
		return call

	return declare


def _read_arguments(
	signature: inspect.Signature, args: tuple[Any, ...], given: dict[str, Any]
) -> dict[str, Any]:
	values = dict(zip(signature.parameters, args, strict=False)) | given
	read = {}
	for name, parameter in signature.parameters.items():
		value = values.get(name)
		if value is None or value == "":
			if parameter.default is inspect.Parameter.empty:
				raise InvalidInput(f"Argument {name} is missing.")
			continue
		read[name] = _read(name, parameter.annotation, value)
	return read


def _read(name: str, annotation: Any, value: Any) -> str | int:
	if annotation is int:
		try:
			return int(str(value))
		except ValueError:
			raise InvalidInput(f"Argument {name} must be a whole number.") from None
	if not isinstance(value, str) or "\x00" in value or not _is_unicode(value):
		raise InvalidInput(f"Argument {name} must be text.")
	return value


def _is_unicode(value: str) -> bool:
	"""JSON can carry halves of a character, which no database takes."""
	return not any("\ud800" <= character <= "\udfff" for character in value)
