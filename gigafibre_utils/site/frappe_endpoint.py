"""`@endpoint` on Frappe: a whitelisted method, and what it refuses with."""

import html
import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import frappe

from gigafibre_utils.errors import GigafibreError, TooManyRequests


def whitelist(call: Callable[..., Any], methods: tuple[str, ...]) -> Callable[..., Any]:
	"""The method as Frappe serves it on `/api/method` and `/api/v2/method`, with errors as Frappe tells them.

	The function that Frappe is given has no annotations, so that its reading of arguments leaves ours alone.
	Guests get through to it: who must sign in is told so by `call` (401), not that there is no method (403).
	"""
	parameters = list(inspect.signature(call).parameters)

	def bridge(*args, **given):
		try:
			return call(*args, **{name: given[name] for name in parameters if name in given})
		except GigafibreError as error:
			refusal = error
		_refuse(refusal)

	for name in ("__module__", "__name__", "__qualname__", "__doc__"):
		setattr(bridge, name, getattr(call, name))
	return frappe.whitelist(allow_guest=True, xss_safe=True, methods=list(methods))(bridge)


def _refuse(error: GigafibreError) -> None:
	"""Raise Frappe's exception for it; outside of `except`, so that no log shows the frames further down."""
	if isinstance(error, TooManyRequests):
		frappe.local.response_headers["Retry-After"] = str(error.retry_after)
	# A browser gets JSON too: Frappe's own page for 429 is no page at all.
	frappe.local.is_ajax = True
	sentence = html.escape(str(error), quote=False)
	# Not `frappe.throw`: it numbers each refusal, and those of bad links must not differ by one letter.
	frappe.clear_messages()
	frappe.msgprint(sentence, indicator="red")
	raise _frappe_exception(type(error))(sentence)


@cache
def _frappe_exception(error: type[GigafibreError]) -> type[Exception]:
	"""Frappe's exception of that name, or one like it where Frappe has none of this name and status."""
	known = getattr(frappe, error.exc_type, Exception)
	if getattr(known, "http_status_code", None) == error.http_status_code:
		return known
	return type(error.exc_type, (known,), {"http_status_code": error.http_status_code})
