"""Biometric data outside an EF: records of ISO/IEC 19794 and blocks of ISO/IEC 39794, by their first bytes.

A record names its format itself; a block has one tag for each kind of feature (ISO/IEC 39794-4, -5 and -6). Either may
stand in the data object of its template, 5F2E or 7F2E (9303-10 4.5.6).
"""

from __future__ import annotations

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.lds.biometric_templates import BLOCK_39794, RECORD_19794
from eid_toolkit.standards.lds.face_block import FaceBlock
from eid_toolkit.standards.lds.face_record import FaceRecord
from eid_toolkit.standards.lds.finger_block import FingerBlock
from eid_toolkit.standards.lds.finger_record import FingerRecord
from eid_toolkit.standards.lds.iris_block import IrisBlock
from eid_toolkit.standards.lds.iris_record import IrisRecord

BiometricObject = FaceRecord | FaceBlock | FingerRecord | FingerBlock | IrisRecord | IrisBlock
_RECORDS: dict[bytes, tuple[str, type[FaceRecord | FingerRecord | IrisRecord]]] = {
    b"FAC\0": ("face record, ISO/IEC 19794-5", FaceRecord),
    b"FIR\0": ("finger record, ISO/IEC 19794-4", FingerRecord),
    b"IIR\0": ("iris record, ISO/IEC 19794-6", IrisRecord),
}
_BLOCKS: dict[int, tuple[str, type[FaceBlock | FingerBlock | IrisBlock]]] = {
    0x64: ("finger block, ISO/IEC 39794-4", FingerBlock),
    0x65: ("face block, ISO/IEC 39794-5", FaceBlock),
    0x66: ("iris block, ISO/IEC 39794-6", IrisBlock),
}
_VERSIONED = 0xA0
"""Every block begins with its version; the data groups with the tags 65 and 66 with a number of templates."""
_WRAPPED = 0xA1


def read_block(data: bytes) -> tuple[str, BiometricObject] | None:
    """What the bytes are and what they hold; None if they are no such record or block.

    Raises :class:`BadInput` if they are one, but malformed.
    """
    if (block := _read_bare(data)) is not None or not data:
        return block
    tag = tlv.read_header(data)[0]
    if tag not in (RECORD_19794, BLOCK_39794):
        return None
    value = tlv.parse(data).value
    block = _read_bare(_inner(value) if tag == BLOCK_39794 else value)
    if block is None:
        raise BadInput("biometric-block-unknown")
    return block


def _read_bare(data: bytes) -> tuple[str, BiometricObject] | None:
    if data[:4] in _RECORDS:
        name, record = _RECORDS[data[:4]]
        return name, record.parse(data)
    if data[:1] and data[0] in _BLOCKS and tlv.read_header(tlv.parse(data).value or b"\0\0")[0] == _VERSIONED:
        name, block = _BLOCKS[data[0]]
        return name, block.parse(tlv.encode(_WRAPPED, data))
    return None


def _inner(value: bytes) -> bytes:
    """A block, in the A1 that some have around it."""
    return tlv.parse(value).value if value[:1] == bytes((_WRAPPED,)) else value
