"""EF.DG4: irises, in the biometric information templates of CBEFF (ICAO Doc 9303-10 4.7.4).

Written with records of ISO/IEC 19794-6, which issuers may use until the end of 2029; read with blocks of
ISO/IEC 39794-6 too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from eid_toolkit.standards.lds import encoded_image
from eid_toolkit.standards.lds.biometric_templates import IRIS, AdditionalFeature, BiometricTemplate, header_of
from eid_toolkit.standards.lds.encoded_image import EncodedImage
from eid_toolkit.standards.lds.iris_block import IrisBlock
from eid_toolkit.standards.lds.iris_record import Eye, EyeImages, IrisFormat, IrisImage, IrisRecord

_RECTILINEAR_IRIS_FORMAT = 0x0009
_FORMATS = {
    encoded_image.JPEG: IrisFormat.MONO_JPEG,
    encoded_image.JPEG_2000: IrisFormat.MONO_JPEG_2000,
    encoded_image.JPEG_2000_CODESTREAM: IrisFormat.MONO_JPEG_2000,
}


@dataclass(frozen=True, slots=True)
class Dg4(AdditionalFeature[IrisRecord | IrisBlock]):
    """The eyes' templates, one for each eye; there may be none."""

    TAG: ClassVar[int] = 0x76
    COUNTS: ClassVar[range] = range(10)  # 9303-10 table 55
    KINDS: ClassVar[tuple[type[Any], ...]] = (IrisRecord, IrisBlock)

    @classmethod
    def of_irises(cls, *irises: tuple[Eye, bytes], width: int, height: int) -> Dg4:
        """A file with one template for each grey image; those in no known encoding are taken to be raw."""
        return cls(tuple(_template(eye, image, width, height) for eye, image in irises))


def _template(eye: Eye, image: bytes, width: int, height: int) -> BiometricTemplate[IrisRecord]:
    image_format = _FORMATS.get(EncodedImage(image).media_type, IrisFormat.MONO_RAW)
    record = IrisRecord((EyeImages(eye, (IrisImage(image),)),), width, height, image_format)
    return BiometricTemplate(header_of(IRIS, eye, _RECTILINEAR_IRIS_FORMAT), record)  # subtype: 9303-10 table 56
