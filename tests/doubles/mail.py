"""A real SMTP server that keeps what it is given."""

import email
import email.policy
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from aiosmtpd.controller import Controller


class MailServer:
	"""`messages` holds every message that came; `refusal` is what is answered to those that are not taken."""

	def __init__(self):
		self.messages: list[EmailMessage] = []
		self.refusal: str | None = None
		self.port = 0

	async def handle_DATA(self, server, session, envelope) -> str:
		if self.refusal:
			return self.refusal
		self.messages.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
		return "250 OK"


class _FreePort(Controller):
	def _trigger_server(self):
		self.port = self.server.sockets[0].getsockname()[1]
		super()._trigger_server()


@contextmanager
def served(port: int = 0) -> Iterator[MailServer]:
	"""The server on a loopback port."""
	keeper = MailServer()
	controller = _FreePort(keeper, hostname="127.0.0.1", port=port)
	controller.start()
	keeper.port = controller.port
	try:
		yield keeper
	finally:
		controller.stop()
