"""Pay tokens written a second time, from their description alone, so that tests can make any kind of them."""

import base64
import hashlib
import hmac
import struct
import time

QR, MAGIC, PORTAL, RETURN = 1, 2, 3, 4
DAY = 24 * 60 * 60


def token(
	secret_hex: str, invoice: str, purpose: int = QR, issued: int | None = None, lives: int = DAY
) -> str:
	"""A token that was issued then (now, if not told) and lives for so many seconds."""
	issued = int(time.time()) if issued is None else issued
	header = struct.pack(">BII", 1 << 4 | purpose, issued, issued + lives)
	key = hmac.digest(bytes.fromhex(secret_hex), b"gigafibre pay link %d" % purpose, hashlib.sha256)
	mac = hmac.digest(key, header + invoice.encode(), hashlib.sha256)[:16]
	return base64.urlsafe_b64encode(header + mac).rstrip(b"=").decode()


def lifetime(text: str) -> int:
	"""Seconds from a token's making to its end."""
	_, issued, expires = struct.unpack(">BII", base64.urlsafe_b64decode(text + "==")[:9])
	return expires - issued


def expired(secret_hex: str, invoice: str, purpose: int = QR) -> str:
	"""One that ended an hour ago."""
	return token(secret_hex, invoice, purpose, issued=int(time.time()) - 2 * 60 * 60, lives=60 * 60)
