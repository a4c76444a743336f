"""What there is to try on a host that is being served."""

from collections.abc import Iterator

from gigafibre_utils.embedded.running import RunningHost
from gigafibre_utils.embedded.site import EmbeddedSite
from gigafibre_utils.paylink import links
from gigafibre_utils.paylink.token import Purpose
from gigafibre_utils.sample import PORTAL_USER, STAFF

PAGES = {
	"Pay page, French": "unpaid",
	"Pay page, English": "unpaid-english",
	"Pay page, three places": "unpaid-business",
	"Pay page, partly paid": "partly-paid",
	"Pay page, hostile names": "hostile",
}


def addresses(running: RunningHost) -> Iterator[tuple[str, str]]:
	"""Titles and addresses, then who may sign in."""
	with EmbeddedSite(running.host) as site:
		for title, key in PAGES.items():
			yield title, _link(site, key).url
		for title, key in (("PDF, French", "unpaid"), ("PDF, 120 lines", "long")):
			link = _link(site, key)
			name = site.exists("Sales Invoice", {"remarks": f"Sample: {key}"})
			yield title, f"{running.api}.invoice_pdf?name={name}&t={link.token}"
	for title, user in (("Staff login", STAFF[0]), ("Customer login", PORTAL_USER)):
		yield title, f"{running.url}/login   {user}   {running.host.passwords[user]}"


def _link(site: EmbeddedSite, key: str) -> links.PayLink:
	name = site.exists("Sales Invoice", {"remarks": f"Sample: {key}"})
	return links.make(name, Purpose.QR, links.QR_SECONDS)
