"""The QR code of a pay link: error correction M, quiet zone of four modules."""

import io

import qrcode
from qrcode.constants import ERROR_CORRECT_M

QUIET_ZONE = 4


def qr_png(url: str) -> bytes:
	"""A PNG, ten pixels a module."""
	image = _code(url).make_image()
	buffer = io.BytesIO()
	image.save(buffer)
	return buffer.getvalue()


def qr_svg(url: str) -> str:
	"""An SVG element of one path, sized by whoever places it."""
	matrix = _code(url).get_matrix()
	runs = "".join(
		f"M{x} {y}h{length}v1h-{length}z" for y, row in enumerate(matrix) for x, length in _runs(row)
	)
	side = len(matrix)
	return (
		f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges" '
		f'role="img" aria-label="QR"><path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{runs}"/></svg>'
	)


def _code(url: str) -> qrcode.QRCode:
	code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=QUIET_ZONE, box_size=10)
	code.add_data(url)
	code.make(fit=True)
	return code


def _runs(row: list[bool]) -> list[tuple[int, int]]:
	"""Start and length of each run of dark modules."""
	edges = [x for x in range(len(row) + 1) if (x < len(row) and row[x]) != (x > 0 and row[x - 1])]
	return [(start, end - start) for start, end in zip(edges[::2], edges[1::2], strict=True)]
