"""The seam: the site that the current thread works on, and how a method becomes reachable over HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from gigafibre_utils.site.protocol import Document, IncomingPayment, Ledger, Site

__all__ = ["Document", "IncomingPayment", "Ledger", "Site", "bound", "current"]

_bound: ContextVar[Site] = ContextVar("gigafibre_site")


def current() -> Site:
	"""The site of this request or job: the one bound to this context, else the Frappe site."""
	site = _bound.get(None)
	if site is None:
		from gigafibre_utils.site.frappe_site import FrappeSite

		return FrappeSite()
	return site


@contextmanager
def bound(site: Site) -> Iterator[Site]:
	"""Make `site` the current one for what runs inside."""
	token = _bound.set(site)
	try:
		yield site
	finally:
		_bound.reset(token)
