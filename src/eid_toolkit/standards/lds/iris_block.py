"""Iris image data blocks of ISO/IEC 39794-6: the images are found, the rest is kept as it is (9303-10 4.5.6)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.lds.biometric_templates import BLOCK_39794
from eid_toolkit.standards.lds.extensible_block import code, descend, number, representations

_IRIS_IMAGE_DATA_BLOCK = 0x66
_EYE, _DEPTH, _FORMAT = 0x80, 0x82, 0xA3
# Field 8, followed by the range as field 9 (7.3.10, 7.3.11). Some software writes the range first, and so the image as
# field 9. What either order has in the place of the other's image is constructed, so the tag tells them apart.
_IMAGES = (0x88, 0x89)


class IrisBlockFormat(IntEnum):
    """How an image is encoded."""

    PGM = 0
    PPM = 1
    PNG = 2
    JPEG_2000_LOSSLESS = 3
    JPEG_2000_LOSSY = 4


@dataclass(frozen=True, slots=True)
class IrisBlockImage:
    """One image and what is said about it, None where nothing is; eyes have the codes of ``Eye``."""

    image: bytes = field(repr=False)
    eye: int | None
    image_format: int | None
    depth: int | None

    @classmethod
    def read(cls, fields: tuple[Tlv, ...]) -> IrisBlockImage | None:
        """What a representation holds, None if there is no image in it."""
        for tag in _IMAGES:
            if (image := descend(fields, tag)) is not None:
                return cls(image.value, number(fields, _EYE), code(fields, _FORMAT), number(fields, _DEPTH))
        return None


@dataclass(frozen=True, slots=True)
class IrisBlock:
    """A data block: all of its bytes, and the images in it."""

    content: bytes = field(repr=False)
    images: tuple[IrisBlockImage, ...]

    TAG: ClassVar[int] = BLOCK_39794

    @classmethod
    def parse(cls, content: bytes, /) -> IrisBlock:
        """The value of data object 7F2E; raises :class:`BadInput` if no image is in it."""
        candidates = map(IrisBlockImage.read, representations(content, _IRIS_IMAGE_DATA_BLOCK) or ())
        images = tuple(image for image in candidates if image is not None)
        if not images:
            raise BadInput("iris-block-without-image")
        return cls(content, images)

    def encode(self) -> bytes:
        """The value of data object 7F2E."""
        return self.content
