"""Iris image records of ISO/IEC 19794-6:2005: the numbers and the images, byte for byte (section 6.5).

The sizes: record header 45 bytes; for each eye a header of 3; for each of its images a header of 11 and the image.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.biometric_templates import RECORD_19794

_HEADER = struct.Struct(">4s4sIHBHHHHHHBB16s")
_EYE = struct.Struct(">BH")
_IMAGE = struct.Struct(">HBHHI")
_FORMAT = b"IIR\0"
_VERSION = b"010\0"
_EYES = range(1, 3)
_IMAGES = range(1, 17)
"""Images of one eye; the field could count to 65535."""

QUALITY_UNKNOWN = 254
ANGLE_UNKNOWN = 0xFFFF


class Eye(IntEnum):
    """Which eye an image shows, seen from its owner."""

    UNKNOWN = 0
    RIGHT = 1
    LEFT = 2


class IrisFormat(IntEnum):
    """How the images of a record are encoded."""

    MONO_RAW = 0x02
    RGB_RAW = 0x04
    MONO_JPEG = 0x06
    RGB_JPEG = 0x08
    MONO_JPEG_LS = 0x0A
    RGB_JPEG_LS = 0x0C
    MONO_JPEG_2000 = 0x0E
    RGB_JPEG_2000 = 0x10


@dataclass(frozen=True, slots=True)
class IrisImage:
    """One image with what the record says about it; angles are parts of 65536 of a full and of a half circle."""

    image: bytes = field(repr=False)
    number: int = 1
    quality: int = QUALITY_UNKNOWN
    rotation_angle: int = ANGLE_UNKNOWN
    rotation_uncertainty: int = ANGLE_UNKNOWN

    def encode(self) -> bytes:
        """The image with its header."""
        fields = (self.number, self.quality, self.rotation_angle, self.rotation_uncertainty)
        return _IMAGE.pack(*fields, len(self.image)) + self.image


@dataclass(frozen=True, slots=True)
class EyeImages:
    """The images of one eye; ``eye`` is an :class:`Eye`."""

    eye: int
    images: tuple[IrisImage, ...]

    def __post_init__(self) -> None:
        if len(self.images) not in _IMAGES:
            raise BadInput("iris-record-malformed")

    def encode(self) -> bytes:
        """The images with the header that names the eye."""
        return _EYE.pack(self.eye, len(self.images)) + b"".join(image.encode() for image in self.images)


@dataclass(frozen=True, slots=True)
class IrisRecord:
    """An iris image record: one or both eyes; width, height and diameter of the iris in pixels."""

    eyes: tuple[EyeImages, ...]
    width: int
    height: int
    image_format: int
    device: int = 0
    properties: int = 0
    iris_diameter: int = 0
    depth: int = 8
    transformation: int = 0
    device_id: bytes = bytes(16)

    TAG: ClassVar[int] = RECORD_19794

    def __post_init__(self) -> None:
        if len(self.eyes) not in _EYES:
            raise BadInput("iris-record-malformed")

    @classmethod
    def parse(cls, data: bytes, /) -> IrisRecord:
        """The whole record; raises :class:`BadInput` if a length in it does not agree with the bytes."""
        if len(data) < _HEADER.size:
            raise BadInput("iris-record-truncated")
        form, version, length, device, count, header_length, properties, *sizes, device_id = _HEADER.unpack_from(data)
        if form != _FORMAT or version != _VERSION:
            raise BadInput("iris-record-unknown-format")
        if length != len(data) or header_length != _HEADER.size or count not in _EYES:
            raise BadInput("iris-record-malformed")
        eyes = []
        at = _HEADER.size
        for _ in range(count):
            eye, at = _read_eye(data, at)
            eyes.append(eye)
        if at != len(data):
            raise BadInput("iris-record-malformed")
        diameter, image_format, width, height, depth, transformation = sizes
        return cls(
            eyes=tuple(eyes),
            width=width,
            height=height,
            image_format=image_format,
            device=device,
            properties=properties,
            iris_diameter=diameter,
            depth=depth,
            transformation=transformation,
            device_id=device_id,
        )

    def encode(self) -> bytes:
        """The whole record."""
        body = b"".join(eye.encode() for eye in self.eyes)
        header = _HEADER.pack(
            _FORMAT,
            _VERSION,
            _HEADER.size + len(body),
            self.device,
            len(self.eyes),
            _HEADER.size,
            self.properties,
            self.iris_diameter,
            self.image_format,
            self.width,
            self.height,
            self.depth,
            self.transformation,
            self.device_id,
        )
        return header + body


def _read_eye(data: bytes, at: int) -> tuple[EyeImages, int]:
    try:
        eye, count = _EYE.unpack_from(data, at)
        if count not in _IMAGES:
            raise BadInput("iris-record-malformed")
        at += _EYE.size
        images = []
        for _ in range(count):
            number, quality, angle, uncertainty, size = _IMAGE.unpack_from(data, at)
            at += _IMAGE.size
            if at + size > len(data):
                raise BadInput("iris-record-malformed")
            images.append(IrisImage(data[at : at + size], number, quality, angle, uncertainty))
            at += size
    except struct.error:
        raise BadInput("iris-record-truncated") from None
    return EyeImages(eye, tuple(images)), at
