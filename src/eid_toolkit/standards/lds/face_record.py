"""Face image records of ISO/IEC 19794-5:2005: the numbers and the image, byte for byte (sections 5.4 to 5.8).

The sizes: record header 14 bytes; for each image a facial information block of 20, feature points of 8 each, an
image information block of 12, and the image.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import ClassVar

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.lds.biometric_templates import RECORD_19794

_HEADER = struct.Struct(">4s4sIH")
_FACIAL_INFORMATION = struct.Struct(">IHBBB3s2s3s3s")
_IMAGE_INFORMATION = struct.Struct(">BBHHBBHH")
_FEATURE_POINT = 8
_FORMAT = b"FAC\0"
_VERSION = b"010\0"
_MAX_IMAGES = 16

FULL_FRONTAL = 1
JPEG, JPEG_2000 = 0, 1
RGB_24_BIT = 1
SEX_CODES = {"X": 0, "M": 1, "F": 2}


@dataclass(frozen=True, slots=True)
class FaceImage:
    """One image with what the record says about it; the codes are those of the standard's tables 6 to 18."""

    image: bytes
    width: int
    height: int
    data_type: int
    sex: int = 0
    eye_colour: int = 0
    hair_colour: int = 0
    properties: bytes = bytes(3)
    expression: bytes = bytes(2)
    pose_angle: bytes = bytes(3)
    pose_uncertainty: bytes = bytes(3)
    feature_points: bytes = b""
    face_image_type: int = FULL_FRONTAL
    colour_space: int = RGB_24_BIT
    source_type: int = 0
    device_type: int = 0
    quality: int = 0

    def encode(self) -> bytes:
        """The facial record data of this image."""
        size = _FACIAL_INFORMATION.size + len(self.feature_points) + _IMAGE_INFORMATION.size + len(self.image)
        return b"".join(
            (
                _FACIAL_INFORMATION.pack(
                    size,
                    len(self.feature_points) // _FEATURE_POINT,
                    self.sex,
                    self.eye_colour,
                    self.hair_colour,
                    self.properties,
                    self.expression,
                    self.pose_angle,
                    self.pose_uncertainty,
                ),
                self.feature_points,
                _IMAGE_INFORMATION.pack(
                    self.face_image_type,
                    self.data_type,
                    self.width,
                    self.height,
                    self.colour_space,
                    self.source_type,
                    self.device_type,
                    self.quality,
                ),
                self.image,
            )
        )


@dataclass(frozen=True, slots=True)
class FaceRecord:
    """A facial record: the images of one biometric template."""

    images: tuple[FaceImage, ...]

    TAG: ClassVar[int] = RECORD_19794

    @classmethod
    def parse(cls, data: bytes, /) -> FaceRecord:
        """The whole record; raises :class:`BadInput` if a length in it does not agree with the bytes."""
        if len(data) < _HEADER.size:
            raise BadInput("face-record-truncated")
        form, version, length, count = _HEADER.unpack_from(data)
        if form != _FORMAT or version != _VERSION:
            raise BadInput("face-record-unknown-format")
        if length != len(data) or not 1 <= count <= _MAX_IMAGES:
            raise BadInput("face-record-malformed")
        images = []
        at = _HEADER.size
        for _ in range(count):
            image, at = _read_image(data, at)
            images.append(image)
        if at != len(data):
            raise BadInput("face-record-malformed")
        return cls(tuple(images))

    def encode(self) -> bytes:
        """The whole record."""
        body = b"".join(image.encode() for image in self.images)
        return _HEADER.pack(_FORMAT, _VERSION, _HEADER.size + len(body), len(self.images)) + body


def _read_image(data: bytes, at: int) -> tuple[FaceImage, int]:
    try:
        size, points, *personal = _FACIAL_INFORMATION.unpack_from(data, at)
        points_at = at + _FACIAL_INFORMATION.size
        information_at = points_at + points * _FEATURE_POINT
        face_image_type, data_type, width, height, *source = _IMAGE_INFORMATION.unpack_from(data, information_at)
    except struct.error:
        raise BadInput("face-record-truncated") from None
    image_at, end = information_at + _IMAGE_INFORMATION.size, at + size
    if not image_at <= end <= len(data):
        raise BadInput("face-record-malformed")
    sex, eye_colour, hair_colour, properties, expression, pose_angle, pose_uncertainty = personal
    colour_space, source_type, device_type, quality = source
    face_image = FaceImage(
        image=data[image_at:end],
        width=width,
        height=height,
        data_type=data_type,
        sex=sex,
        eye_colour=eye_colour,
        hair_colour=hair_colour,
        properties=properties,
        expression=expression,
        pose_angle=pose_angle,
        pose_uncertainty=pose_uncertainty,
        feature_points=data[points_at:information_at],
        face_image_type=face_image_type,
        colour_space=colour_space,
        source_type=source_type,
        device_type=device_type,
        quality=quality,
    )
    return face_image, end
