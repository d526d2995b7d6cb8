"""Finger image records of ISO/IEC 19794-4:2005: the numbers and the images, byte for byte (sections 7.1 and 7.2).

The sizes: record header 32 bytes; for each view a header of 14 and the image.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.biometric_templates import RECORD_19794

_HEADER = struct.Struct(">4s4s6sHHBBHHHHBB2s")
_VIEW = struct.Struct(">IBBBBBHHB")
_FORMAT = b"FIR\0"
_VERSION = b"010\0"
_COUNTS = range(1, 17)
"""Views in a record; a template on a chip should hold one (9303-10 4.7.3.2.3)."""

PER_INCH, PER_CENTIMETRE = 1, 2
LEVEL_31 = 31
"""The image acquisition level that travel documents use: 500 pixels per inch, 8 bits."""
QUALITY_UNKNOWN = 254


class Finger(IntEnum):
    """Which finger, or which fingers at once, an image shows; the record knows palms too."""

    UNKNOWN = 0
    RIGHT_THUMB = 1
    RIGHT_INDEX = 2
    RIGHT_MIDDLE = 3
    RIGHT_RING = 4
    RIGHT_LITTLE = 5
    LEFT_THUMB = 6
    LEFT_INDEX = 7
    LEFT_MIDDLE = 8
    LEFT_RING = 9
    LEFT_LITTLE = 10
    RIGHT_FOUR = 13
    LEFT_FOUR = 14
    BOTH_THUMBS = 15


class FingerCompression(IntEnum):
    """How the images of a record are encoded."""

    UNCOMPRESSED = 0
    UNCOMPRESSED_PACKED = 1
    WSQ = 2
    JPEG = 3
    JPEG_2000 = 4
    PNG = 5


@dataclass(frozen=True, slots=True)
class FingerView:
    """One image with what the record says about it; ``position`` is a :class:`Finger` or a palm's code."""

    image: bytes = field(repr=False)
    width: int
    height: int
    position: int
    view_count: int = 1
    view_number: int = 1
    quality: int = QUALITY_UNKNOWN
    impression: int = 0
    reserved: int = 0

    def encode(self) -> bytes:
        """The finger view with its header."""
        header = _VIEW.pack(
            _VIEW.size + len(self.image),
            self.position,
            self.view_count,
            self.view_number,
            self.quality,
            self.impression,
            self.width,
            self.height,
            self.reserved,
        )
        return header + self.image


@dataclass(frozen=True, slots=True)
class FingerRecord:
    """A finger image record: its views, and how they were scanned; resolutions are horizontal and vertical."""

    views: tuple[FingerView, ...]
    compression: int
    device: int = 0
    acquisition_level: int = LEVEL_31
    scale_units: int = PER_INCH
    scan_resolution: tuple[int, int] = (500, 500)
    image_resolution: tuple[int, int] = (500, 500)
    depth: int = 8
    reserved: bytes = bytes(2)

    TAG: ClassVar[int] = RECORD_19794

    def __post_init__(self) -> None:
        if len(self.views) not in _COUNTS:
            raise BadInput("finger-record-malformed")

    @classmethod
    def parse(cls, data: bytes, /) -> FingerRecord:
        """The whole record; raises :class:`BadInput` if a length in it does not agree with the bytes."""
        if len(data) < _HEADER.size:
            raise BadInput("finger-record-truncated")
        form, version, length, device, level, count, units, *resolutions, depth, compression, reserved = (
            _HEADER.unpack_from(data)
        )
        if form != _FORMAT or version != _VERSION:
            raise BadInput("finger-record-unknown-format")
        if int.from_bytes(length, "big") != len(data) or count not in _COUNTS:
            raise BadInput("finger-record-malformed")
        views = []
        at = _HEADER.size
        for _ in range(count):
            view, at = _read_view(data, at)
            views.append(view)
        if at != len(data):
            raise BadInput("finger-record-malformed")
        scan, image = (resolutions[0], resolutions[1]), (resolutions[2], resolutions[3])
        return cls(tuple(views), compression, device, level, units, scan, image, depth, reserved)

    def encode(self) -> bytes:
        """The whole record."""
        body = b"".join(view.encode() for view in self.views)
        header = _HEADER.pack(
            _FORMAT,
            _VERSION,
            (_HEADER.size + len(body)).to_bytes(6, "big"),
            self.device,
            self.acquisition_level,
            len(self.views),
            self.scale_units,
            *self.scan_resolution,
            *self.image_resolution,
            self.depth,
            self.compression,
            self.reserved,
        )
        return header + body


def _read_view(data: bytes, at: int) -> tuple[FingerView, int]:
    try:
        size, position, count, number, quality, impression, width, height, reserved = _VIEW.unpack_from(data, at)
    except struct.error:
        raise BadInput("finger-record-truncated") from None
    image_at, end = at + _VIEW.size, at + size
    if not image_at <= end <= len(data):
        raise BadInput("finger-record-malformed")
    image = data[image_at:end]
    return FingerView(image, width, height, position, count, number, quality, impression, reserved), end
