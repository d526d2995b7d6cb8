"""EF.DG2: the encoded face, in the biometric information templates of CBEFF (ICAO Doc 9303-10 4.7.2).

Written with records of ISO/IEC 19794-5, which issuers may use until the end of 2029; read with those of
ISO/IEC 39794-5 too, which readers must know since 2026 (9303-10 4.5.6).
"""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.lds import encoded_image
from eid_toolkit.standards.lds.biometric_templates import FACE, BiometricTemplate, encode_group, header_of, read_group
from eid_toolkit.standards.lds.encoded_image import EncodedImage
from eid_toolkit.standards.lds.face_block import FaceBlock
from eid_toolkit.standards.lds.face_record import JPEG, JPEG_2000, SEX_CODES, FaceImage, FaceRecord

_TAG = 0x75
_COUNTS = range(1, 10)
_FACE_IMAGE_FORMAT = 0x0008


@dataclass(frozen=True, slots=True)
class Dg2:
    """The face's templates: most cards have one, the standard allows nine."""

    templates: tuple[BiometricTemplate[FaceRecord | FaceBlock], ...]

    @classmethod
    def of_portrait(cls, image: bytes, width: int, height: int, *, sex: str = "X") -> Dg2:
        """A file with one full frontal image (JPEG or JPEG 2000) of ``width`` by ``height`` pixels."""
        data_type = JPEG if EncodedImage(image).media_type == encoded_image.JPEG else JPEG_2000
        face = FaceImage(image, width, height, data_type, sex=SEX_CODES[sex])
        return cls((BiometricTemplate(header_of(FACE, 0, _FACE_IMAGE_FORMAT), FaceRecord((face,))),))

    @classmethod
    def parse(cls, data: bytes) -> Dg2:
        """The whole file; raises :class:`BadInput` if a template in it is malformed or the number is wrong."""
        return cls(read_group(tlv.parse(tlv.parse(data, _TAG).value), _COUNTS, (FaceRecord, FaceBlock)))

    def encode(self) -> bytes:
        """The whole file."""
        return tlv.encode(_TAG, encode_group(self.templates))

    @property
    def images(self) -> tuple[EncodedImage, ...]:
        """Every image of the face, in order; the first is the portrait."""
        images: list[bytes] = []
        for template in self.templates:
            if isinstance(template.data, FaceRecord):
                images += [face.image for face in template.data.images]
            else:
                images += template.data.images
        return tuple(map(EncodedImage, images))

    @property
    def portrait(self) -> EncodedImage:
        """The image to show and to compare."""
        return self.images[0]
