"""Mapbox's forward geocoding over HTTP, as its documentation has it: knows the addresses that it is given."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from werkzeug.wrappers import Request, Response

from gigafibre_utils.embedded.server import Server

TOKEN = "pk.a-token-of-this-double"
PATH = "/search/geocode/v6/forward"
PARTS = ("address_line1", "place", "region", "postcode")


@dataclass(frozen=True)
class Known:
	"""An address that the double knows."""

	latitude: float
	longitude: float
	confidence: str | None = "exact"
	accuracy: str = "rooftop"

	def feature(self) -> dict:
		"""As one of the collection that is answered."""
		coordinates = {"latitude": self.latitude, "longitude": self.longitude, "accuracy": self.accuracy}
		properties = {"feature_type": "address", "coordinates": coordinates}
		if self.confidence:
			properties["match_code"] = {"address_number": "matched", "confidence": self.confidence}
		point = {"type": "Point", "coordinates": [self.longitude, self.latitude]}
		return {"type": "Feature", "geometry": point, "properties": properties}


class MapboxDouble:
	"""`known` maps a street to what is known of it, `asked` holds the questions that were answered.

	`refusals` are statuses and headers that are answered first, one after the other; `broken` is a body that
	is answered in place of any other.
	"""

	def __init__(self):
		self.known: dict[str, Known] = {}
		self.asked: list[dict[str, str]] = []
		self.refusals: list[tuple[int, dict[str, str]]] = []
		self.broken: str | None = None
		self.requests = 0
		self.url = ""

	def __call__(self, environ, start_response):
		request = Request(environ)
		self.requests += 1
		status, headers, body = self._answer(request)
		return Response(body, status, headers, mimetype="application/json")(environ, start_response)

	def _answer(self, request: Request) -> tuple[int, dict[str, str], str]:
		question = request.args.to_dict()
		if self.refusals:
			status, headers = self.refusals.pop(0)
			return status, headers, json.dumps({"message": "refused"})
		if question.get("access_token") != TOKEN:
			return 401, {}, json.dumps({"message": "Not Authorized - Invalid Token"})
		if request.path != PATH or not any(question.get(part) for part in PARTS):
			return 404, {}, json.dumps({"message": "Not Found"})
		if len(" ".join(question.get(part, "") for part in PARTS).split()) > 20:
			return 422, {}, json.dumps({"message": "Query too long - 21/20 tokens"})
		self.asked.append(question)
		if self.broken is not None:
			return 200, {}, self.broken
		found = self.known.get(question.get("address_line1", ""))
		features = [found.feature()] if found else []
		return 200, {}, json.dumps({"type": "FeatureCollection", "features": features})


@contextmanager
def served(port: int = 0) -> Iterator[MapboxDouble]:
	"""The double on a loopback port."""
	double = MapboxDouble()
	with Server(double, port) as server:
		double.url = server.url
		yield double
