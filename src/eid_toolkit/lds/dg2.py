"""EF.DG2: the encoded face, in the biometric information templates of CBEFF (ICAO Doc 9303-10 4.7.2).

Written with records of ISO/IEC 19794-5, which issuers may use until the end of 2029; read with those of
ISO/IEC 39794-5 too, which readers must know since 2026 (9303-10 4.5.6).
"""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.codec import der, tlv
from eid_toolkit.codec.tlv import Tlv
from eid_toolkit.errors import BadInput
from eid_toolkit.lds.face_block import FaceBlock
from eid_toolkit.lds.face_record import JPEG, JPEG_2000, SEX_CODES, FaceImage, FaceRecord

_TAG = 0x75
_GROUP_TEMPLATE = 0x7F61
_INFORMATION_TEMPLATE = 0x7F60
_HEADER_TEMPLATE = 0xA1
_RECORD_19794 = 0x5F2E
_BLOCK_39794 = 0x7F2E
_MAX_TEMPLATES = 9

# 9303-10 4.7.2: facial features; no subtype; owner ISO/IEC JTC 1/SC 37; face image.
_FACE_HEADER = (
    Tlv(0x81, b"\x02"),
    Tlv(0x82, b"\x00"),
    Tlv(0x87, b"\x01\x01"),
    Tlv(0x88, b"\x00\x08"),
)
_MEDIA_TYPES = {b"\xff\xd8\xff": "image/jpeg", b"\x00\x00\x00\x0cjP": "image/jp2", b"\xff\x4f\xff\x51": "image/j2c"}


@dataclass(frozen=True, slots=True)
class EncodedImage:
    """An image file and its media type, told from its first bytes (``application/octet-stream`` if unknown)."""

    data: bytes

    @property
    def media_type(self) -> str:
        """``image/jpeg``, ``image/jp2`` or ``image/j2c`` (a bare codestream)."""
        for magic, media_type in _MEDIA_TYPES.items():
            if self.data.startswith(magic):
                return media_type
        return "application/octet-stream"


@dataclass(frozen=True, slots=True)
class BiometricTemplate:
    """One biometric information template: the objects of its header, and the face."""

    header: tuple[Tlv, ...]
    face: FaceRecord | FaceBlock

    @classmethod
    def read(cls, item: Tlv) -> BiometricTemplate:
        """The template in ``item``; raises :class:`BadInput` if it is no face of a known format."""
        match tlv.parse_all(der.expect(item, _INFORMATION_TEMPLATE)):
            case (Tlv(tag=0xA1) as header, Tlv(tag=0x5F2E, value=value)):
                return cls(header.children(), FaceRecord.parse(value))
            case (Tlv(tag=0xA1) as header, Tlv(tag=0x7F2E, value=value)):
                return cls(header.children(), FaceBlock.parse(value))
        raise BadInput("biometric-template-malformed")

    def encode(self) -> bytes:
        """The template as data object 7F60."""
        header = tlv.encode(_HEADER_TEMPLATE, *(item.encode() for item in self.header))
        tag = _RECORD_19794 if isinstance(self.face, FaceRecord) else _BLOCK_39794
        return tlv.encode(_INFORMATION_TEMPLATE, header, tlv.encode(tag, self.face.encode()))


@dataclass(frozen=True, slots=True)
class Dg2:
    """The face's templates: most cards have one, the standard allows nine."""

    templates: tuple[BiometricTemplate, ...]

    @classmethod
    def of_portrait(cls, image: bytes, width: int, height: int, *, sex: str = "X") -> Dg2:
        """A file with one full frontal image (JPEG or JPEG 2000) of ``width`` by ``height`` pixels."""
        data_type = JPEG if EncodedImage(image).media_type == "image/jpeg" else JPEG_2000
        face = FaceImage(image, width, height, data_type, sex=SEX_CODES[sex])
        return cls((BiometricTemplate(_FACE_HEADER, FaceRecord((face,))),))

    @classmethod
    def parse(cls, data: bytes) -> Dg2:
        """The whole file; raises :class:`BadInput` if a template in it is malformed or the number is wrong."""
        count, *templates = tlv.parse(tlv.parse(data, _TAG).value, _GROUP_TEMPLATE).children() or (Tlv(0, b""),)
        if der.read_integer(count) != len(templates) or not 1 <= len(templates) <= _MAX_TEMPLATES:
            raise BadInput("biometric-template-count")
        return cls(tuple(map(BiometricTemplate.read, templates)))

    def encode(self) -> bytes:
        """The whole file."""
        templates = (template.encode() for template in self.templates)
        return tlv.encode(_TAG, tlv.encode(_GROUP_TEMPLATE, der.integer(len(self.templates)), *templates))

    @property
    def images(self) -> tuple[EncodedImage, ...]:
        """Every image of the face, in order; the first is the portrait."""
        found: list[bytes] = []
        for template in self.templates:
            if isinstance(template.face, FaceRecord):
                found += [face.image for face in template.face.images]
            else:
                found += template.face.images
        return tuple(map(EncodedImage, found))

    @property
    def portrait(self) -> EncodedImage:
        """The image to show and to compare."""
        return self.images[0]
