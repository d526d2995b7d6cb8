"""A portrait for DG2 from any common image file: checked, turned upright, cropped, compressed to a budget.

What an image costs to decode its file may hide: one that could cost much is decoded in a child process with limits.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import asdict

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.images.child import Limits, run_in_child
from eid_toolkit.ground.images.converting import (
    Examined,
    Portrait,
    PortraitFormat,
    examined_here,
    jpeg_here,
    looked_at_here,
    portrait_here,
    shown_here,
)
from eid_toolkit.ground.images.quality import Measures

__all__ = [
    "MAX_FILE", "Examined", "Portrait", "PortraitFormat", "as_jpeg", "examine_portrait", "look_at_portrait",
    "make_portrait",
    "shown_on_screen",
]  # fmt: skip

MAX_FILE = 20 << 20
"""The largest image file in bytes that is looked at."""

_CHEAP_FORMATS = ("JPEG", "PNG", "BMP", "WEBP")
_FEW_PIXELS = 4_000_000
_JPEG_SCAN, _MOST_SCANS = b"\xff\xda", 16
_OF_A_CLERK = Limits(memory=3 << 30, seconds=30)
_OF_A_CARD = Limits(memory=768 << 20, seconds=5)
"""A portrait in DG2 has a few hundred thousand pixels (9303-10 4.7.2)."""


def make_portrait(data: bytes, wanted: PortraitFormat) -> Portrait:
    """The portrait that ``wanted`` describes, from the bytes of an image file.

    The picture is never enlarged: a smaller one (down to the least size) keeps its pixels. Nothing but the pixels
    comes along: no metadata, no thumbnail. Raises :class:`BadInput` for what is no image, too large, too small, or
    costs more than its pixels can explain.
    """
    if _is_cheap(data):
        return portrait_here(data, wanted)
    image, facts = run_in_child("portrait", data, asdict(wanted), _OF_A_CLERK)
    return Portrait(image, facts["width"], facts["height"])


def examine_portrait(data: bytes, wanted: PortraitFormat) -> Examined:
    """As :func:`make_portrait`, with what was measured of the portrait, and its fingerprint.

    Nothing is refused for what was measured: :attr:`Measures.findings` says what should be.
    """
    if _is_cheap(data):
        return examined_here(data, wanted)
    image, facts = run_in_child("examine", data, asdict(wanted), _OF_A_CLERK)
    portrait = Portrait(image, facts["width"], facts["height"])
    return Examined(portrait, Measures(**facts["measures"]), facts["fingerprint"])


def look_at_portrait(data: bytes) -> tuple[bytes, Measures, int]:
    """A finished portrait again: as a JPEG file as :func:`as_jpeg` makes it, its measures, and its fingerprint."""
    if _is_cheap(data):
        return looked_at_here(data)
    image, facts = run_in_child("look", data, {}, _OF_A_CARD)
    return image, Measures(**facts["measures"]), facts["fingerprint"]


def as_jpeg(data: bytes) -> bytes:
    """A card's image as a JPEG file, which every program shows: JPEG 2000 is converted, JPEG stays as it is.

    Raises :class:`BadInput` for what is no image, too large, or too costly, as :func:`make_portrait` does.
    """
    return jpeg_here(data) if _is_cheap(data) else run_in_child("jpeg", data, {}, _OF_A_CARD)[0]


def shown_on_screen(data: bytes) -> bytes:
    """A card's image anew, as a JPEG file of nothing but its pixels, no longer than 1,000 of them.

    Raises :class:`BadInput` as :func:`as_jpeg` does.
    """
    return shown_here(data) if _is_cheap(data) else run_in_child("anew", data, {}, _OF_A_CARD)[0]


def _is_cheap(data: bytes) -> bool:
    """Whether decoding costs no more than its few pixels explain, so that no child is needed.

    The decoders of these formats work through the pixels once; a progressive JPEG as often as it has scans. Raises
    :class:`BadInput` for a file that is too large.
    """
    from PIL import Image

    if len(data) > MAX_FILE:
        raise BadInput("portrait-file-too-large", size=len(data), limit=MAX_FILE)
    if data.count(_JPEG_SCAN) > _MOST_SCANS:
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=_CHEAP_FORMATS) as opened:
                return opened.width * opened.height <= _FEW_PIXELS
    except Exception:  # whatever it is, the child finds out
        return False
