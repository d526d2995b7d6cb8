"""EF.DG3: fingerprints, in the biometric information templates of CBEFF (ICAO Doc 9303-10 4.7.3).

Written with records of ISO/IEC 19794-4, which issuers may use until the end of 2029; read with blocks of
ISO/IEC 39794-4 too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from eid_toolkit.standards.lds import encoded_image
from eid_toolkit.standards.lds.biometric_templates import FINGER, AdditionalFeature, BiometricTemplate, header_of
from eid_toolkit.standards.lds.encoded_image import EncodedImage
from eid_toolkit.standards.lds.finger_block import FingerBlock
from eid_toolkit.standards.lds.finger_record import Finger, FingerCompression, FingerRecord, FingerView

_FINGER_IMAGE_FORMAT = 0x0007
_COMPRESSIONS = {
    encoded_image.WSQ: FingerCompression.WSQ,
    encoded_image.JPEG: FingerCompression.JPEG,
    encoded_image.JPEG_2000: FingerCompression.JPEG_2000,
    encoded_image.JPEG_2000_CODESTREAM: FingerCompression.JPEG_2000,
    encoded_image.PNG: FingerCompression.PNG,
}
_RIGHT, _LEFT = 0b01, 0b10


@dataclass(frozen=True, slots=True)
class Dg3(AdditionalFeature[FingerRecord | FingerBlock]):
    """The fingers' templates, one for each finger; there may be none."""

    TAG: ClassVar[int] = 0x63
    # 9303-10 4.7.3.1 sets no limit: ten fingers, each in the old and in the new format.
    COUNTS: ClassVar[range] = range(21)
    KINDS: ClassVar[tuple[type[Any], ...]] = (FingerRecord, FingerBlock)

    @classmethod
    def of_fingers(cls, *views: FingerView) -> Dg3:
        """A file with one template for each view; images in no known encoding are taken to be uncompressed."""
        return cls(tuple(map(_template, views)))


def _template(view: FingerView) -> BiometricTemplate[FingerRecord]:
    compression = _COMPRESSIONS.get(EncodedImage(view.image).media_type, FingerCompression.UNCOMPRESSED)
    header = header_of(FINGER, _subtype(view.position), _FINGER_IMAGE_FORMAT)
    return BiometricTemplate(header, FingerRecord((view,), compression))


def _subtype(position: int) -> int:
    """9303-10 table 49: the hand in two bits, above them the finger from 1 (thumb) to 5 (little)."""
    if Finger.RIGHT_THUMB <= position <= Finger.RIGHT_LITTLE:
        return position << 2 | _RIGHT
    if Finger.LEFT_THUMB <= position <= Finger.LEFT_LITTLE:
        return (position - Finger.RIGHT_LITTLE) << 2 | _LEFT
    return 0
