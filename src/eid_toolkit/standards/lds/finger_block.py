"""Finger image data blocks of ISO/IEC 39794-4: the images are found, the rest is kept as it is (9303-10 4.5.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.lds.biometric_templates import BLOCK_39794
from eid_toolkit.standards.lds.extensible_block import code, descend, number, representations

_FINGER_IMAGE_DATA_BLOCK = 0x64
_POSITION, _FORMAT, _IMAGE, _SAMPLING_RATE = 0xA0, 0xA2, 0x83, 0xA7
_FIRST, _SECOND = 0x80, 0x81


class FingerBlockFormat(IntEnum):
    """How an image is encoded."""

    PGM = 0
    WSQ = 1
    JPEG_2000_LOSSY = 2
    JPEG_2000_LOSSLESS = 3
    PNG = 4


class SamplingUnit(IntEnum):
    """The length that samples are counted on."""

    INCH = 0
    CENTIMETRE = 1


@dataclass(frozen=True, slots=True)
class FingerBlockImage:
    """One image and what is said about it, None where nothing is; fingers have the codes of ``Finger``."""

    image: bytes = field(repr=False)
    position: int | None
    image_format: int | None
    samples: int | None
    sampling_unit: int | None

    @classmethod
    def read(cls, fields: tuple[Tlv, ...]) -> FingerBlockImage | None:
        """What a representation holds, None if there is no image in it."""
        image = descend(fields, _IMAGE)
        if image is None:
            return None
        samples, unit = number(fields, _SAMPLING_RATE, _FIRST), number(fields, _SAMPLING_RATE, _SECOND)
        return cls(image.value, code(fields, _POSITION), code(fields, _FORMAT), samples, unit)


@dataclass(frozen=True, slots=True)
class FingerBlock:
    """A data block: all of its bytes, and the images in it."""

    content: bytes = field(repr=False)
    images: tuple[FingerBlockImage, ...]

    TAG: ClassVar[int] = BLOCK_39794

    @classmethod
    def parse(cls, content: bytes, /) -> FingerBlock:
        """The value of data object 7F2E; raises :class:`BadInput` if no image is in it."""
        candidates = map(FingerBlockImage.read, representations(content, _FINGER_IMAGE_DATA_BLOCK) or ())
        images = tuple(image for image in candidates if image is not None)
        if not images:
            raise BadInput("finger-block-without-image")
        return cls(content, images)

    def encode(self) -> bytes:
        """The value of data object 7F2E."""
        return self.content
