"""The TARGO logo: vector for the invoice and the web, PNG for e-mail."""

from functools import cache
from pathlib import Path

import cairosvg

from gigafibre_utils.errors import InvalidInput

MIN_HEIGHT = 16
MAX_HEIGHT = 512
_LOGO = Path(__file__).with_name("logo.svg")


@cache
def logo_svg() -> str:
	"""The logo as an SVG element, without a prolog, fit to stand inside HTML."""
	return _LOGO.read_text(encoding="utf-8").strip()


def logo_png(height: int) -> bytes:
	"""The logo as a transparent PNG of this height in pixels; `InvalidInput` outside 16 to 512."""
	if not isinstance(height, int) or not MIN_HEIGHT <= height <= MAX_HEIGHT:
		raise InvalidInput(
			f"The logo's height must be a whole number of pixels from {MIN_HEIGHT} to {MAX_HEIGHT}."
		)
	return _rasterised(height)


@cache
def _rasterised(height: int) -> bytes:
	return cairosvg.svg2png(bytestring=logo_svg().encode(), output_height=height)
