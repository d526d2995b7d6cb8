"""A portrait from any common image file: turned upright, cropped, compressed to a budget, in this process.

What that costs is for the caller to know: :mod:`eid_toolkit.ground.images.portrait` decides by the file.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.images.eight_bits import in_eight_bits
from eid_toolkit.ground.images.fingerprint import fingerprint_of
from eid_toolkit.ground.images.quality import Measures, measure

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_PIXELS = 50_000_000
"""The largest image in pixels that is decoded."""
JPEG_MAGIC = b"\xff\xd8\xff"

_FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "JPEG2000")
_QUALITIES = range(10, 96)
_SHOWN_QUALITY = 90
_SHOWN_SIDE = 1000
"""Pixels of the longer side of a picture for a screen, at most."""
_ORIENTATION, _UPRIGHT, _TURNS = 0x0112, 1, range(3, 9)
"""The tag of the EXIF orientation, and its values for a picture that is turned (TIFF 6.0, section 8)."""
_RATE_STEP = 1.1
_RATE_TRIES = 20
_CROP_CENTRE = (0.5, 0.4)
"""Of a picture that is too high more is cut below: above is the head."""


@dataclass(frozen=True, slots=True)
class PortraitFormat:
    """What a profile asks of a portrait: pixels, the least pixels of a picture handed in, and bytes at most."""

    width: int
    """Pixels of the finished portrait."""
    height: int
    """Pixels of the finished portrait."""
    budget: int
    """Bytes at most, up to 60000; the picture is compressed until it fits."""
    coding: Literal["jpeg", "jpeg2000"] = "jpeg"
    """The coding of the picture."""
    min_width: int = 240
    """The least width in pixels of a picture that is handed in."""
    min_height: int = 320
    """The least height in pixels of a picture that is handed in."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """A finished portrait: the image file and its size in pixels."""

    image: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Examined:
    """A finished portrait, what was measured of it, and its fingerprint."""

    portrait: Portrait
    measures: Measures
    fingerprint: int


def portrait_here(data: bytes, wanted: PortraitFormat) -> Portrait:
    """The portrait that ``wanted`` describes, whatever it costs."""
    return _finished(_cropped(_opened(data), wanted), wanted)


def examined_here(data: bytes, wanted: PortraitFormat) -> Examined:
    """The portrait that ``wanted`` describes, and what there is to say of it, whatever it costs."""
    whole = _opened(data)
    picture = _cropped(whole, wanted)
    measures = measure(picture, whole.width, whole.height, turned=_is_turned(data))
    return Examined(_finished(picture, wanted), measures, fingerprint_of(picture))


def looked_at_here(data: bytes) -> tuple[bytes, Measures, int]:
    """A finished portrait as a JPEG file, measured as it is, and its fingerprint, whatever it costs."""
    picture = _opened(data)
    measures = measure(picture, picture.width, picture.height)
    return _as_jpeg(data, picture), measures, fingerprint_of(picture)


def jpeg_here(data: bytes) -> bytes:
    """The image as a JPEG file, whatever it costs."""
    return _as_jpeg(data, _opened(data))


def shown_here(data: bytes) -> bytes:
    """The picture anew as a JPEG file for a screen, and nothing else of its file, whatever it costs."""
    picture = _opened(data)
    picture.thumbnail((_SHOWN_SIDE, _SHOWN_SIDE))
    return _coded(picture)


def _finished(picture: Image, wanted: PortraitFormat) -> Portrait:
    compress = _jpeg if wanted.coding == "jpeg" else _jpeg_2000
    return Portrait(compress(picture, wanted.budget), picture.width, picture.height)


def _as_jpeg(data: bytes, picture: Image) -> bytes:
    if data.startswith(JPEG_MAGIC):
        return data
    return _coded(picture)


def _coded(picture: Image) -> bytes:
    coded = io.BytesIO()
    picture.save(coded, "JPEG", quality=_SHOWN_QUALITY)
    return coded.getvalue()


def _opened(data: bytes) -> Image:
    """The picture in ``data``, within the limits, upright and without what else the file holds."""
    with warnings.catch_warnings():
        # Damaged metadata and sizes near the limit make Pillow warn; both are judged here.
        warnings.simplefilter("ignore")
        return _upright(data)


def _upright(data: bytes) -> Image:
    """The picture in RGB, turned as its EXIF orientation says, transparency on white."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                raise BadInput("portrait-too-many-pixels", limit=MAX_PIXELS)
            opened.load()
            picture = in_eight_bits(ImageOps.exif_transpose(opened))
            if picture.has_transparency_data:
                layer = picture.convert("RGBA")
                picture = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
            upright = picture.convert("RGB")
            upright.info = {}  # comments and profiles would go into the new file
            return upright
    except UnidentifiedImageError:
        raise BadInput("portrait-no-image") from None
    except Image.DecompressionBombError:
        raise BadInput("portrait-too-many-pixels", limit=MAX_PIXELS) from None
    except BadInput:
        raise
    except Exception as error:
        # The decoders raise nearly every kind of exception on damaged files.
        raise BadInput("portrait-damaged", cause=type(error).__name__) from error


def _is_turned(data: bytes) -> bool:
    """Whether the EXIF orientation of a picture that was opened before says that it is not upright."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
                return opened.getexif().get(_ORIENTATION, _UPRIGHT) in _TURNS
    except Exception:  # damaged metadata, which turned nothing
        return False


def _cropped(picture: Image, wanted: PortraitFormat) -> Image:
    from PIL import Image, ImageOps

    if picture.width < wanted.min_width or picture.height < wanted.min_height:
        size = {"width": picture.width, "height": picture.height}
        raise BadInput("portrait-too-small", **size, min_width=wanted.min_width, min_height=wanted.min_height)
    scale = min(1.0, picture.width / wanted.width, picture.height / wanted.height)
    size_wanted = (round(wanted.width * scale), round(wanted.height * scale))
    return ImageOps.fit(picture, size_wanted, Image.Resampling.LANCZOS, centering=_CROP_CENTRE)


def _jpeg(picture: Image, budget: int) -> bytes:
    """The best quality that keeps to ``budget`` bytes."""
    best = b""
    low, high = _QUALITIES.start, _QUALITIES.stop - 1
    while low <= high:
        quality = (low + high) // 2
        coded = io.BytesIO()
        picture.save(coded, "JPEG", quality=quality, optimize=True)
        if coded.tell() <= budget:
            best, low = coded.getvalue(), quality + 1
        else:
            high = quality - 1
    if not best:
        raise BadInput("portrait-over-budget", budget=budget)
    return best


def _jpeg_2000(picture: Image, budget: int) -> bytes:
    """The first compression rate that keeps to ``budget`` bytes; the coder aims at the rate but may miss it."""
    rate = picture.width * picture.height * 3 / budget
    for _ in range(_RATE_TRIES):
        coded = io.BytesIO()
        picture.save(coded, "JPEG2000", quality_mode="rates", quality_layers=[max(rate, 1.0)], irreversible=True)
        if coded.tell() <= budget:
            return coded.getvalue()
        rate *= _RATE_STEP
    raise BadInput("portrait-over-budget", budget=budget)
