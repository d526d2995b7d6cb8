"""Greys of more than eight bits, and of real numbers, brought to the eight bits that everything else works with.

Pillow's own conversion cuts off what lies above 255, which makes a white page of a picture of sixteen bits. What white
is, such a file need not say: a scanner or a camera of ten, twelve or fourteen bits often leaves its values as they are.
White is taken to be the largest value of the fewest bits, of those that devices have, which hold the brightest pixel.
So a picture of sixteen bits without any pixel above a quarter of white is taken for one of fewer bits, and brightened.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

from eid_toolkit.ground.errors import BadInput

if TYPE_CHECKING:
    from PIL.Image import Image

DEPTHS = (8, 10, 12, 14, 16, 24, 31)
"""Bits of a grey pixel: of scanners, cameras and formats."""

_WHITE = 255
_REAL_WHITE, _REAL_MOST = 1.0, 2.0
"""White of a picture of real numbers, which sharpening may go beyond; with larger ones they are levels as of whole
numbers."""


def in_eight_bits(picture: Image) -> Image:
    """The ``picture`` with a mode of eight bits; any other than grey of many bits stays as it is.

    Raises :class:`BadInput` where a real number is none.
    """
    if picture.mode.startswith("I"):
        return _scaled(picture.convert("I"))
    if picture.mode == "F":
        return _scaled(picture)
    return picture


def _scaled(picture: Image) -> Image:
    _, brightest = cast("tuple[float, float]", picture.getextrema())
    if not math.isfinite(brightest):
        raise BadInput("portrait-damaged", cause="not a number")
    factor = _WHITE / _white(brightest, real=picture.mode == "F")
    # Half a level more: what is not whole is cut off, not rounded, on the way to eight bits.
    levels = picture.point(lambda value: value * factor + 0.5).convert("L")
    levels.info = {}  # transparency is told there in the values of before
    return levels


def _white(brightest: float, *, real: bool) -> float:
    if real and brightest <= _REAL_MOST:
        return _REAL_WHITE
    return float(next(((1 << bits) - 1 for bits in DEPTHS if brightest < 1 << bits), brightest))
