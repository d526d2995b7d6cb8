"""Face image data blocks of ISO/IEC 39794-5: the images are found, the rest is kept as it is (9303-10 4.5.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.lds.biometric_templates import BLOCK_39794
from eid_toolkit.standards.lds.extensible_block import descend, representations

_FACE_IMAGE_DATA_BLOCK = 0x65
_TWO_DIMENSIONAL = (0xA1, 0xA0, 0xA0)
_IMAGE_DATA = 0x80


@dataclass(frozen=True, slots=True)
class FaceBlock:
    """A data block: all of its bytes, and the images in it."""

    content: bytes
    images: tuple[bytes, ...]

    TAG: ClassVar[int] = BLOCK_39794

    @classmethod
    def parse(cls, content: bytes, /) -> FaceBlock:
        """The value of data object 7F2E; raises :class:`BadInput` if no two-dimensional image is in it."""
        representation_fields = representations(content, _FACE_IMAGE_DATA_BLOCK)
        if representation_fields is None:
            raise BadInput("face-block-malformed")
        images = tuple(image for fields in representation_fields if (image := _image(fields)) is not None)
        if not images:
            raise BadInput("face-block-without-image")
        return cls(content, images)

    def encode(self) -> bytes:
        """The value of data object 7F2E."""
        return self.content


def _image(fields: tuple[Tlv, ...]) -> bytes | None:
    """imageRepresentation [1], base [0], imageRepresentation2DBlock [0], representationData2D [0]."""
    block = descend(fields, *_TWO_DIMENSIONAL)
    if block is None:
        return None
    data = descend(block.children(), _IMAGE_DATA)
    if data is None:
        raise BadInput("face-block-malformed")
    return data.value
