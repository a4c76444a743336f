"""HTTP: the addresses and answers of Frappe, served by waitress."""

import html
import json
import logging
import re
import secrets
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import waitress
from jinja2 import Environment, FileSystemLoader
from waitress.server import BaseWSGIServer
from werkzeug.exceptions import BadRequest as WerkzeugBadRequest
from werkzeug.exceptions import HTTPException
from werkzeug.security import check_password_hash
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from gigafibre_utils import api, pay_page
from gigafibre_utils.embedded import site as embedded_site
from gigafibre_utils.embedded.site import STAFF_ROLES, EmbeddedSite
from gigafibre_utils.errors import (
	GigafibreError,
	InvalidInput,
	MethodNotAllowed,
	NotSignedIn,
	ServiceUnavailable,
	TooManyRequests,
)
from gigafibre_utils.site.endpoint import ENDPOINTS

if TYPE_CHECKING:
	from gigafibre_utils.embedded.host import Host

THREADS = 8
MAX_BODY = 1024 * 1024
SESSION_LIFETIME = timedelta(hours=24)
PREFIX = "/api/method/"
MODULE = f"{api.__name__}."
LOGIN_LIMIT = (10, 60)
# The password check of a user that does not exist takes as long as that of one who does.
NO_PASSWORD = "scrypt:32768:8:1$dm9pZA$" + "0" * 128

log = logging.getLogger("gigafibre")
# A queue of a few requests is what threads are for, not news.
logging.getLogger("waitress.queue").setLevel(logging.ERROR)
templates = Environment(
	loader=FileSystemLoader(__file__.rpartition("/")[0] + "/pages"), autoescape=True, auto_reload=False
)


class Server:
	"""A WSGI application on a loopback port; `port` 0 takes a free one."""

	def __init__(self, application: Callable, port: int = 0):
		try:
			self._server: BaseWSGIServer = waitress.create_server(
				application,
				host="127.0.0.1",
				port=port,
				threads=THREADS,
				max_request_body_size=MAX_BODY,
				ident=None,
				clear_untrusted_proxy_headers=True,
			)
		except OSError as error:
			raise ServiceUnavailable(
				f"127.0.0.1:{port} cannot be served: {error.strerror or error}."
			) from error
		self.url = f"http://127.0.0.1:{self._server.effective_port}"
		self._is_closing = False
		self._thread = threading.Thread(target=self._run, daemon=True, name=f"http {self.url}")

	def __enter__(self) -> "Server":
		self._thread.start()
		return self

	def __exit__(self, *error: Any) -> None:
		self._is_closing = True
		self._server.close()
		self._server.task_dispatcher.shutdown()

	def _run(self) -> None:
		try:
			self._server.run()
		except OSError:
			# Waitress has no other way to end than to have its socket closed under it.
			if not self._is_closing:
				raise


class Application:
	"""The host's WSGI application."""

	def __init__(self, host: "Host"):
		self._host = host

	def __call__(self, environ: dict, start_response: Callable) -> Any:
		request = Request(environ)
		with EmbeddedSite(self._host) as site:
			response = self._answer(site, request)
		response.headers.setdefault("X-Content-Type-Options", "nosniff")
		response.headers.setdefault("Cache-Control", "no-store")
		return response(environ, start_response)

	def _answer(self, site: EmbeddedSite, request: Request) -> Response:
		try:
			site.request = embedded_site.Request(
				request.remote_addr or "", request.get_data(), request.headers
			)
			self._identify(site, request)
			response = self._route(site, request)
			if request.method not in ("GET", "HEAD"):
				site.connection.commit()
			return response
		except GigafibreError as error:
			return _error(error)
		except HTTPException as error:
			return error.get_response(request.environ)
		except Exception:
			log.exception("%s %s failed", request.method, request.path)
			return _error(ServiceUnavailable("Something went wrong here. It was noted."), status=500)

	def _route(self, site: EmbeddedSite, request: Request) -> Response:
		path = request.path
		if path.startswith(PREFIX):
			return self._method(site, request, path.removeprefix(PREFIX))
		if path == "/pay-public" and request.method in ("GET", "HEAD"):
			return _pay_page(request)
		if path == "/login":
			return self._login_page(site, request)
		if path == "/staff":
			return self._staff_page(site)
		if path == "/":
			return redirect("/staff", 303)
		return Response("Not found\n", 404, mimetype="text/plain")

	def _method(self, site: EmbeddedSite, request: Request, name: str) -> Response:
		if name == "login":
			return self._login(site, _arguments(request))
		if name == "logout":
			return self._logout(site, request)
		if name == "ping":
			return _json({"message": "pong"})
		endpoint = ENDPOINTS.get(name.removeprefix(MODULE)) if name.startswith(MODULE) else None
		if not endpoint:
			raise InvalidInput(f"Failed to get method for command {name}.")
		if request.method not in endpoint.methods:
			raise MethodNotAllowed(f"{name} takes {' and '.join(endpoint.methods)}.")
		given = _arguments(request) if endpoint.parameters else {}
		answer = endpoint.call(**{key: value for key, value in given.items() if key in endpoint.parameters})
		return answer if isinstance(answer, Response) else _json({"message": answer})

	def _identify(self, site: EmbeddedSite, request: Request) -> None:
		sid = request.cookies.get("sid", "")
		if not re.fullmatch("[0-9a-f]{56}", sid):
			return
		found = site.connection.run(
			'SELECT "user" FROM "tabSessions" WHERE sid = %s AND lastupdate > %s',
			[sid, site.now() - SESSION_LIFETIME],
		)
		if found:
			site.sign_in(found[0]["user"])

	def _login(self, site: EmbeddedSite, given: dict[str, Any]) -> Response:
		user = self._checked_user(site, str(given.get("usr", "")), str(given.get("pwd", "")))
		response = _json({"message": "Logged In", "home_page": "/staff", "full_name": user})
		self._open_session(site, user, response)
		return response

	def _checked_user(self, site: EmbeddedSite, user: str, password: str) -> str:
		site.rate_limit(f"login:{site.request.client_ip}", *LOGIN_LIMIT)
		if not user.isprintable() or not user.isascii():
			raise NotSignedIn("Invalid login credentials")
		found = site.connection.run(
			'SELECT auth.password FROM "__Auth" auth '
			'JOIN "tabUser" u ON u.name = auth.name AND u.enabled = 1 '
			"WHERE auth.doctype = 'User' AND auth.fieldname = 'password' AND auth.name = %s",
			[user.strip().lower()],
		)
		if not check_password_hash(found[0]["password"] if found else NO_PASSWORD, password):
			raise NotSignedIn("Invalid login credentials")
		return user.strip().lower()

	def _open_session(self, site: EmbeddedSite, user: str, response: Response) -> None:
		sid = secrets.token_hex(28)
		site.connection.run(
			'INSERT INTO "tabSessions" ("user", sid, lastupdate) VALUES (%s, %s, %s)', [user, sid, site.now()]
		)
		response.set_cookie("sid", sid, httponly=True, samesite="Lax")

	def _logout(self, site: EmbeddedSite, request: Request) -> Response:
		site.connection.run('DELETE FROM "tabSessions" WHERE sid = %s', [request.cookies.get("sid")])
		site.connection.commit()
		response = _json({})
		response.delete_cookie("sid")
		return response

	def _login_page(self, site: EmbeddedSite, request: Request) -> Response:
		if request.method != "POST":
			return _html("login.html", 200, problem="")
		try:
			user = self._checked_user(site, request.form.get("usr", ""), request.form.get("pwd", ""))
		except NotSignedIn as error:
			return _html("login.html", 401, problem=str(error))
		response = redirect("/staff", 303)
		self._open_session(site, user, response)
		return response

	def _staff_page(self, site: EmbeddedSite) -> Response:
		if site.user() == "Guest":
			return redirect("/login", 303)
		filters: dict[str, Any] = {"docstatus": ["!=", 9]}
		if not site.roles() & STAFF_ROLES:
			filters["customer"] = ["in", list(site.customers_of_user())]
		fields = [
			"name",
			"customer_name",
			"posting_date",
			"due_date",
			"status",
			"grand_total",
			"outstanding_amount",
		]
		invoices = site.get_all(
			"Sales Invoice", filters, fields, order_by="posting_date desc, name desc", limit=200
		)
		return _html("staff.html", 200, user=site.user(), invoices=invoices, api=pay_page.API)


def _pay_page(request: Request) -> Response:
	page = pay_page.page(request.args.to_dict())
	return Response(pay_page.render_page(page.context), page.status, page.headers, mimetype="text/html")


def _arguments(request: Request) -> dict[str, Any]:
	"""As Frappe's `make_form_dict`: a JSON body alone, else the query's and the form's."""
	if request.get_data() and request.is_json:
		try:
			given = request.get_json()
		except (WerkzeugBadRequest, RecursionError) as error:
			raise InvalidInput("Invalid request body") from error
		if not isinstance(given, dict):
			raise InvalidInput("Invalid request arguments")
		return given
	return {**request.args.to_dict(), **request.form.to_dict()}


def _json(answer: dict[str, Any], status: int = 200) -> Response:
	return Response(json.dumps(answer, ensure_ascii=False), status, mimetype="application/json")


def _html(template: str, status: int, **values: Any) -> Response:
	response = Response(templates.get_template(template).render(values), status, mimetype="text/html")
	response.headers["Content-Security-Policy"] = (
		"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
		"base-uri 'none'; frame-ancestors 'none'"
	)
	return response


def _error(error: GigafibreError, status: int | None = None) -> Response:
	"""As Frappe's `report_error`: the exception's name, and the message, which is HTML, as JSON in JSON."""
	sentence = html.escape(str(error), quote=False)
	message = json.dumps({"message": sentence, "title": "Message", "indicator": "red", "raise_exception": 1})
	answer = {"exc_type": error.exc_type, "_server_messages": json.dumps([message])}
	response = _json(answer, status or error.http_status_code)
	if isinstance(error, TooManyRequests):
		response.headers["Retry-After"] = str(error.retry_after)
	return response
