"""The fingerprint of a portrait: 64 bits by which the same picture is found again though it was saved anew.

Which one it is: the grey picture at 32 by 32 pixels, its discrete cosine transform, of that the 8 by 8 coefficients of
the lowest frequencies without those that are constant in a row or column, and of each whether it lies above
:data:`_ABOVE` of their mean size. What JPEG, another size, more light or the loss of colour change is small or scales
all coefficients alike; what a coefficient near zero says is noise, and does not become a bit.

What it is not: it does not compare faces. Another photograph of the same person, a mirrored picture, one that was
cut differently by more than about a fiftieth or turned by more than about a degree has another fingerprint; and two
pictures may have nearly the same one by accident, drawn ones above all. Whoever is told of a near-equal portrait looks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

BITS = 64
NEAR = 3
"""In how many bits two fingerprints differ at the most that are near-equal."""
BANDS = NEAR + 1
"""Into this many parts a fingerprint is cut: of two that are near-equal, one part at least is the same (pigeonhole)."""

_SIDE, _KEPT = 32, 8
_ABOVE = 0.25
"""Of the mean size of the coefficients: what lies below is noise in a symmetric picture, and faces are."""


def fingerprint_of(picture: Image) -> int:
    """The fingerprint of a picture of any mode and size, 0 to 2**64 - 1."""
    from PIL import Image

    grey = picture.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS).tobytes()
    rows = [grey[start : start + _SIDE] for start in range(0, _SIDE * _SIDE, _SIDE)]
    waves = _waves()
    across = [[sum(map(float.__mul__, wave, map(float, row))) for wave in waves] for row in rows]
    columns = list(zip(*across, strict=True))
    coefficients = [sum(map(float.__mul__, wave, column)) for wave in waves for column in columns]
    limit = _ABOVE * sum(map(abs, coefficients)) / len(coefficients)
    return sum(1 << place for place, value in enumerate(coefficients) if value > limit)


def bands_of(fingerprint: int) -> tuple[int, ...]:
    """The :data:`BANDS` parts of a fingerprint, 0 to 65535 each.

    Each has bits of every frequency: in a symmetric picture whole columns of coefficients are zero, and a part of
    these alone would be the same in too many pictures.
    """
    return tuple(sum((fingerprint >> place & 1) << at for at, place in enumerate(places)) for places in _places())


def of_bands(bands: Iterable[int]) -> int:
    """The fingerprint of which these are the parts."""
    return sum(
        (part >> at & 1) << place
        for part, places in zip(bands, _places(), strict=True)
        for at, place in enumerate(places)
    )


def distance(one: int, other: int) -> int:
    """In how many bits two fingerprints differ."""
    return (one ^ other).bit_count()


@cache
def _waves() -> tuple[tuple[float, ...], ...]:
    """The cosines of the DCT-II for the frequencies 1 to 8."""
    return tuple(
        tuple(math.cos(math.pi * frequency * (2 * place + 1) / (2 * _SIDE)) for place in range(_SIDE))
        for frequency in range(1, _KEPT + 1)
    )


@cache
def _places() -> tuple[tuple[int, ...], ...]:
    """Which bits each part has: diagonals of the coefficients."""
    cells = [(row, column) for row in range(_KEPT) for column in range(_KEPT)]
    return tuple(
        tuple(row * _KEPT + column for row, column in cells if (row + column) % BANDS == band) for band in range(BANDS)
    )
