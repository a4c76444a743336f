"""Twilio's Messages resource over HTTP: keeps what it is asked to send, or refuses it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.wrappers import Request, Response

from gigafibre_utils.embedded.server import Server


class TwilioDouble:
	"""`messages` holds the forms that were posted; `refusal` is an HTTP status and Twilio's code."""

	def __init__(self):
		self.messages: list[dict[str, str]] = []
		self.refusal: tuple[int, int] | None = None
		self.url = ""

	def __call__(self, environ, start_response):
		request = Request(environ)
		if self.refusal:
			status, code = self.refusal
			body = {"code": code, "message": "refused", "status": status}
			return Response(json.dumps(body), status, mimetype="application/json")(environ, start_response)
		self.messages.append(request.form.to_dict() | {"path": request.path})
		body = {"sid": f"SM{len(self.messages):032d}", "status": "queued"}
		return Response(json.dumps(body), 201, mimetype="application/json")(environ, start_response)


@contextmanager
def served(port: int = 0) -> Iterator[TwilioDouble]:
	"""The double on a loopback port."""
	double = TwilioDouble()
	with Server(double, port) as server:
		double.url = server.url
		yield double
