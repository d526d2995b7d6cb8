"""Blocks of ISO/IEC 39794: the way to their representations, which parts 4, 5 and 6 share (ICAO Doc 9303-10 4.5.6).

Nothing else of a block is interpreted: the standard lets later versions add fields anywhere.
"""

from __future__ import annotations

from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv

_REPRESENTATION_BLOCKS = 0xA1
_STANDARDIZED_FORMAT = 0xA1
_CODE = 0x80
_EXTENSION = 0xA1
_MAX_CODE = 4


def representations(content: bytes, block_tag: int) -> tuple[tuple[Tlv, ...], ...] | None:
    """The fields of each representation in the value of DO 7F2E; None if the block has no list of them."""
    # 9303-10 4.5.6 nests the block in A1; the block's own tag is found with and without that.
    fields = tlv.parse_all(content)
    for wrapper in (_STANDARDIZED_FORMAT, block_tag):
        if len(fields) == 1 and fields[0].tag == wrapper:
            fields = fields[0].children()
    block = descend(fields, _REPRESENTATION_BLOCKS)
    return None if block is None else tuple(map(der.read_sequence, block.children()))


def descend(fields: tuple[Tlv, ...], *tags: int) -> Tlv | None:
    """The field that is reached through ``tags``, one for each level; None if one of them is not there."""
    field = None
    for tag in tags:
        fields = fields if field is None else field.children()
        field = next((item for item in fields if item.tag == tag), None)
        if field is None:
            return None
    return field


def number(fields: tuple[Tlv, ...], *tags: int) -> int | None:
    """The number in the field reached through ``tags``; None if it is not there, or no number of 1 to 4 bytes."""
    field = descend(fields, *tags)
    if field is None or not 1 <= len(field.value) <= _MAX_CODE:
        return None
    return int.from_bytes(field.value, "big", signed=True)


def code(fields: tuple[Tlv, ...], tag: int) -> int | None:
    """The code of a choice between a code of this version and an extension, which names the code to fall back to."""
    value = number(fields, tag, _CODE)
    return number(fields, tag, _EXTENSION, _CODE) if value is None else value
