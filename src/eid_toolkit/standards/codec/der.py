"""DER building blocks (X.690): the few types that keys, protocol messages and the chip's structures are made of."""

from __future__ import annotations

from collections.abc import Iterable

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv
from eid_toolkit.standards.codec.tlv import Tlv

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
UTF8_STRING = 0x0C
PRINTABLE_STRING = 0x13
SEQUENCE = 0x30
SET = 0x31

MAX_INTEGER = 1700
"""The largest INTEGER in bytes: beyond any key in use, and still a number that can be shown in decimal digits."""
_MAX_OID = 64


def sequence(*parts: bytes) -> bytes:
    """A SEQUENCE of already encoded parts."""
    return tlv.encode(SEQUENCE, *parts)


def set_of(parts: Iterable[bytes]) -> bytes:
    """A SET OF already encoded parts, in the order of their encodings (X.690 11.6)."""
    return tlv.encode(SET, *sorted(parts))


def integer(number: int) -> bytes:
    """An INTEGER in the fewest bytes."""
    size = (number if number >= 0 else ~number).bit_length() // 8 + 1
    return tlv.encode(INTEGER, number.to_bytes(size, "big", signed=True))


def octet_string(value: bytes) -> bytes:
    """An OCTET STRING."""
    return tlv.encode(OCTET_STRING, value)


def object_identifier(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER from its dotted form."""
    return tlv.encode(OBJECT_IDENTIFIER, encode_oid_value(dotted))


def expect(item: Tlv, tag: int) -> bytes:
    """The value of ``item``, which must carry ``tag``."""
    if item.tag != tag:
        raise BadInput("tlv-unexpected-tag", tag=f"{item.tag:X}", expected=f"{tag:X}")
    return item.value


def read_sequence(item: Tlv) -> tuple[Tlv, ...]:
    """The parts of a SEQUENCE."""
    return tlv.parse_all(expect(item, SEQUENCE))


def read_integer(item: Tlv) -> int:
    """The number in an INTEGER, which may be padded (found on cards, although no DER).

    Raises :class:`BadInput` for one of no bytes, or of more than :data:`MAX_INTEGER`.
    """
    value = expect(item, INTEGER)
    if not value:
        raise BadInput("der-empty-integer")
    if len(value) > MAX_INTEGER:
        raise BadInput("der-integer-too-large", length=len(value), limit=MAX_INTEGER)
    return int.from_bytes(value, "big", signed=True)


def read_object_identifier(item: Tlv) -> str:
    """The dotted form of an OBJECT IDENTIFIER."""
    return decode_oid_value(expect(item, OBJECT_IDENTIFIER))


def null() -> bytes:
    """NULL."""
    return tlv.encode(NULL)


def bit_string(value: bytes) -> bytes:
    """A BIT STRING of whole bytes."""
    return tlv.encode(BIT_STRING, b"\x00", value)


def read_bit_string(item: Tlv) -> bytes:
    """The whole bytes in a BIT STRING."""
    value = expect(item, BIT_STRING)
    if not value or value[0] != 0:
        raise BadInput("der-bad-bit-string")
    return value[1:]


def encode_oid_value(dotted: str) -> bytes:
    """The content bytes of an identifier, as they also stand alone in MSE data objects (X.690 8.19)."""
    arcs = [int(arc) for arc in dotted.split(".")]
    out = bytearray()
    for arc in (arcs[0] * 40 + arcs[1], *arcs[2:]):
        value = arc
        chunk = [value & 0x7F]
        while value := value >> 7:
            chunk.append(0x80 | value & 0x7F)
        out += bytes(reversed(chunk))
    return bytes(out)


def decode_oid_value(data: bytes) -> str:
    """The dotted text of content bytes; raises :class:`BadInput` on bytes that are no identifier."""
    if not data or data[-1] & 0x80 or len(data) > _MAX_OID:
        raise BadInput("oid-malformed")
    values, value = [], 0
    for byte in data:
        if value == 0 and byte == 0x80:
            raise BadInput("oid-malformed")
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            values.append(value)
            value = 0
    first = min(values[0] // 40, 2)
    return ".".join(map(str, (first, values[0] - 40 * first, *values[1:])))
