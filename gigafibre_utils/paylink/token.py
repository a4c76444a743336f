"""The signed part of a pay link.

25 bytes, 34 characters in base64url: version and purpose, when it was made, when it ends, and a 128-bit MAC
over those and the invoice's name. The key is derived from the site's secret for each purpose, so a token of
one purpose cannot be turned into another. The times ride along so that a revoked link can be told from a good
one without asking the database before the signature is known to be right.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

VERSION = 1
_HEADER = struct.Struct(">BII")
_MAC_BYTES = 16


class Purpose(IntEnum):
	"""What a link was made for."""

	QR = 1
	MAGIC = 2
	PORTAL = 3
	RETURN = 4


@dataclass(frozen=True)
class Token:
	"""A token whose signature is right. Times are in seconds since 1970, UTC."""

	purpose: Purpose
	issued_at: int
	expires_at: int


def sign(secret: bytes, invoice: str, token: Token) -> str:
	"""The token's text for this invoice."""
	header = _HEADER.pack(VERSION << 4 | token.purpose, token.issued_at, token.expires_at)
	return _encode(header + _mac(secret, invoice, header))


def verify(secrets: Iterable[bytes], invoice: str, text: str) -> Token | None:
	"""The token, where one of the secrets signed it for this invoice; else None.

	Says nothing of its expiry.
	"""
	raw = _decode(text)
	header, mac = raw[: _HEADER.size], raw[_HEADER.size :]
	expected = [_mac(secret, invoice, header) for secret in secrets]
	matches = [hmac.compare_digest(mac, candidate) for candidate in expected]
	if not any(matches) or len(header) != _HEADER.size:
		return None
	kind, issued_at, expires_at = _HEADER.unpack(header)
	if kind >> 4 != VERSION or kind & 15 not in set(Purpose):
		return None
	return Token(Purpose(kind & 15), issued_at, expires_at)


def derived_key(secret: bytes, use: str) -> bytes:
	"""A key for one use only, so that what is signed for one is worth nothing for another."""
	return hmac.digest(secret, f"gigafibre {use}".encode(), hashlib.sha256)


def _mac(secret: bytes, invoice: str, header: bytes) -> bytes:
	purpose = header[0] & 15 if header else 0
	key = derived_key(secret, f"pay link {purpose}")
	return hmac.digest(key, header + invoice.encode("utf-8", "surrogatepass"), hashlib.sha256)[:_MAC_BYTES]


def _encode(raw: bytes) -> str:
	return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
	"""The bytes of a canonical token; none for any other spelling of it."""
	try:
		raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
	except (UnicodeEncodeError, binascii.Error):
		return b""
	return raw if _encode(raw) == text else b""
