"""What can be measured of a portrait is measured: size, form, exposure, contrast, background, sharpness, colour.

What a portrait has to be say ISO/IEC 19794-5:2005 clauses 7 and 8, ISO/IEC 39794-5:2019 annex D and ICAO's Technical
Report "Portrait Quality"; how much of it can be told by the pixels alone, without finding the face, the limits here
say. They are wide: what is *refused* is no picture in which anybody could be recognised, what is *odd* is asked back.
No limit is one of the colour of skin.

A picture is measured as it goes onto the chip, cut to the profile's form, at one size for all (:data:`_SIZE`). Where
the face is, is taken from the position that the profile's crop and 19794-5 8.3 give it: the middle.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

_SIZE = (240, 309)
"""Pixels at which pictures are measured: a head of 180 pixels, the least of 19794-5 8.4, has a picture of 240 about."""
_FACE = (0.30, 0.28, 0.70, 0.68)
"""Left, top, right, bottom: within the head at any size and place that 19794-5 8.3 allows it."""
_CORNERS = ((0.0, 0.0, 0.14, 0.18), (0.86, 0.0, 1.0, 0.18))
"""Where hair and shoulders hardly come, above left and right."""

MIN_TONES = 16
"""Grey levels from the 5th to the 995th of a thousand pixels of the face. Below, it is one tone: 19794-5 7.4.2 asks for
128; a picture of twelve bits that is taken for one of sixteen has fifteen in all."""
FEW_TONES = 40
"""Below, a face is a shadow or a fog: less than a third of what 19794-5 7.4.2 asks for."""
MOST_CLIPPED = 0.85
"""Above this part of the face in pure white, or pure black, too little is left to recognise anybody by."""
CLIPPED = 0.20
"""Above this part, light or shadow has taken details of the face, which 19794-5 7.2 does not allow; hair over the
forehead, brows and the rims of glasses are less."""
DARK, BRIGHT = 40, 225
"""The mean grey of a face: the darkest skin in even light lies above the one, the fairest below the other."""
BLURRED = 8.0
"""The variance of the Laplacian over the face, which 19794-5 7.3 wants in focus from nose to ears: of the drawn
specimens 600 and more, below the limit with any Gaussian blur from a fiftieth of the width on. Noise counts as
sharpness."""
UNEVEN = 32
"""Grey levels: the standard deviation within a corner, or the difference between the two. A wall with a soft shadow
stays below; shelves, trees and other people do not (ICAO, Portrait Quality: plain, without texture)."""
MOST_CUT = 0.45
"""Above this part of the pixels cut away for the profile's form, the head may be cut, too."""
COLOURLESS = 3.0
"""The mean difference of the colour channels up to which a picture is grey, in levels; JPEG leaves about one."""

_BLACK, _WHITE = 4, 251
"""Up to the one and from the other a pixel is clipped: JPEG moves pure tones by a few levels."""
_LOW, _HIGH = 0.005, 0.995


class Severity(StrEnum):
    """What is to be done about a finding."""

    REFUSED = "refused"
    ODD = "odd"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be: a code of the messages, what was measured, and the limit it went over."""

    code: str
    severity: Severity
    value: float
    limit: float

    def facts(self) -> Mapping[str, object]:
        """For the sentence."""
        return {"value": _shown(self.value), "limit": _shown(self.limit)}


@dataclass(frozen=True, slots=True)
class Measures:
    """What was measured of a portrait."""

    width: int
    """Pixels of the picture handed in, upright."""
    height: int
    """Pixels of the picture handed in, upright."""
    turned: bool
    """Whether its EXIF orientation turned it upright."""
    cut: float
    """The part of its pixels that the profile's form cut away, 0 to 1."""
    grey: bool
    """Whether it has no colour."""
    brightness: float
    """The mean grey of the face, 0 to 255."""
    tones: int
    """Grey levels between the 5th and 995th of a thousand pixels of the face."""
    black: float
    """The part of the face in pure black, 0 to 1."""
    white: float
    """The part of the face in pure white, 0 to 1."""
    background: float
    """Unevenness of the upper corners, in grey levels."""
    sharpness: float
    """The variance of the Laplacian over the face."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is refused, else what is odd, in the order of the fields."""
        return tuple(self._refused()) or tuple(self._odd())

    def _refused(self) -> Iterator[Finding]:
        refused = Severity.REFUSED
        if self.width > self.height:
            yield Finding("portrait-lying", refused, self.width, self.height)
        if self.white > MOST_CLIPPED:
            yield Finding("portrait-white", refused, self.white, MOST_CLIPPED)
        elif self.black > MOST_CLIPPED:
            yield Finding("portrait-black", refused, self.black, MOST_CLIPPED)
        elif self.tones < MIN_TONES:
            yield Finding("portrait-empty", refused, self.tones, MIN_TONES)

    def _odd(self) -> Iterator[Finding]:
        checks: tuple[tuple[str, float, float, bool], ...] = (
            ("portrait-cut", self.cut, MOST_CUT, self.cut > MOST_CUT),
            ("portrait-dark", self.brightness, DARK, self.brightness < DARK),
            ("portrait-bright", self.brightness, BRIGHT, self.brightness > BRIGHT),
            ("portrait-flat", self.tones, FEW_TONES, self.tones < FEW_TONES),
            ("portrait-clipped-black", self.black, CLIPPED, self.black > CLIPPED),
            ("portrait-clipped-white", self.white, CLIPPED, self.white > CLIPPED),
            ("portrait-background", self.background, UNEVEN, self.background > UNEVEN),
            ("portrait-blurred", self.sharpness, BLURRED, self.sharpness < BLURRED),
        )
        for code, value, limit, odd in checks:
            if odd:
                yield Finding(code, Severity.ODD, value, limit)


def measure(picture: Image, width: int, height: int, *, turned: bool = False) -> Measures:
    """Measure a ``picture`` in RGB, cut to the profile's form, of one handed in with ``width`` by ``height`` pixels."""
    from PIL import Image, ImageFilter, ImageStat

    small = picture.resize(_SIZE, Image.Resampling.LANCZOS)
    grey = small.convert("L")
    face = grey.crop(_box(_FACE))
    counts = face.histogram()
    total = sum(counts)
    edges = grey.filter(ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128))
    corners = [ImageStat.Stat(grey.crop(_box(corner))) for corner in _CORNERS]
    means = [corner.mean[0] for corner in corners]
    return Measures(
        width=width,
        height=height,
        turned=turned,
        cut=round(_cut(width / height, picture.width / picture.height), 3),
        grey=_colour(small) <= COLOURLESS,
        brightness=round(ImageStat.Stat(face).mean[0], 1),
        tones=_at(counts, total * _HIGH) - _at(counts, total * _LOW),
        black=round(sum(counts[: _BLACK + 1]) / total, 3),
        white=round(sum(counts[_WHITE:]) / total, 3),
        background=round(max(abs(means[0] - means[1]), *(corner.stddev[0] for corner in corners)), 1),
        sharpness=round(ImageStat.Stat(edges.crop(_box(_FACE))).var[0], 1),
    )


def _box(parts: Sequence[float]) -> tuple[int, int, int, int]:
    left, top, right, bottom = parts
    width, height = _SIZE
    return round(left * width), round(top * height), round(right * width), round(bottom * height)


def _at(counts: Sequence[int], wanted: float) -> int:
    """The grey level up to which ``wanted`` pixels lie."""
    seen = 0
    for level, count in enumerate(counts):
        seen += count
        if seen >= wanted:
            return level
    return len(counts) - 1


def _cut(form: float, wanted: float) -> float:
    """Which part of a picture of one form, width by height, is cut away for another."""
    return 1 - min(form, wanted) / max(form, wanted)


def _colour(picture: Image) -> float:
    """The mean difference between the channels."""
    from PIL import ImageChops, ImageStat

    red, green, blue = picture.split()
    pairs = ((red, green), (green, blue))
    return float(max(ImageStat.Stat(ImageChops.difference(*pair)).mean[0] for pair in pairs))


def _shown(value: float) -> str:
    return f"{value:g}"
