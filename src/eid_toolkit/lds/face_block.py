"""Face image data blocks of ISO/IEC 39794-5: the images are found, the rest is kept as it is (9303-10 4.5.6)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.codec import der, tlv
from eid_toolkit.codec.tlv import Tlv
from eid_toolkit.errors import BadInput

_FACE_IMAGE_DATA_BLOCK = 0x65
_FIRST = 0xA0
_SECOND = 0xA1
_IMAGE_DATA = 0x80


@dataclass(frozen=True, slots=True)
class FaceBlock:
    """A data block: all of its bytes, and the images in it."""

    content: bytes
    images: tuple[bytes, ...]

    @classmethod
    def parse(cls, content: bytes) -> FaceBlock:
        """The value of data object 7F2E; raises :class:`BadInput` if no two-dimensional image is in it."""
        # The standard nests the block in A1; the block's own tag 65 is found with and without that.
        fields = tlv.parse_all(content)
        for wrapper in (_SECOND, _FACE_IMAGE_DATA_BLOCK):
            if len(fields) == 1 and fields[0].tag == wrapper:
                fields = fields[0].children()
        images = tuple(
            image
            for representation in _child(fields, _SECOND).children()
            if (image := _image(der.read_sequence(representation))) is not None
        )
        if not images:
            raise BadInput("face-block-without-image")
        return cls(content, images)

    def encode(self) -> bytes:
        """The value of data object 7F2E."""
        return self.content


def _image(representation: tuple[Tlv, ...]) -> bytes | None:
    """imageRepresentation [1], base [0], imageRepresentation2DBlock [0], representationData2D [0]."""
    fields = representation
    for tag in (_SECOND, _FIRST, _FIRST):
        found = next((item for item in fields if item.tag == tag), None)
        if found is None:
            return None
        fields = found.children()
    return _child(fields, _IMAGE_DATA).value


def _child(fields: tuple[Tlv, ...], tag: int) -> Tlv:
    for item in fields:
        if item.tag == tag:
            return item
    raise BadInput("face-block-malformed")
