"""BER-TLV data objects (ISO/IEC 7816-4 5.2.2, X.690 8.1): strict reading with limits, minimal writing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from eid_toolkit.ground.errors import BadInput

MAX_OBJECT = 1 << 24
"""The largest value in bytes that is accepted: a master list has a megabyte, an EF far less."""
MAX_OBJECTS = 4096
"""The largest number of objects that one value may hold, where no other limit is named."""


@dataclass(frozen=True, slots=True)
class Tlv:
    """One data object: the tag with its class and form bits as written (``0x7F61``), and the value."""

    tag: int
    value: bytes

    @property
    def constructed(self) -> bool:
        """Whether the value is itself a series of data objects."""
        return is_constructed(self.tag)

    def encode(self) -> bytes:
        """Tag, minimal length and value."""
        return encode(self.tag, self.value)

    def children(self) -> tuple[Tlv, ...]:
        """The objects within the value; raises :class:`BadInput` if it is no series of objects."""
        return parse_all(self.value)


def _tag_size(tag: int) -> int:
    return (tag.bit_length() + 7) // 8 or 1


def is_constructed(tag: int) -> bool:
    """Whether the value under a tag is itself a series of data objects."""
    return bool(tag >> (8 * (_tag_size(tag) - 1)) & 0x20)


def encode_length(length: int) -> bytes:
    """The minimal definite length (1 to 5 bytes)."""
    if length < 0x80:
        return bytes((length,))
    body = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((0x80 | len(body),)) + body


def encode(tag: int, *parts: bytes) -> bytes:
    """A data object of the concatenated ``parts``."""
    value = b"".join(parts)
    return tag.to_bytes(_tag_size(tag), "big") + encode_length(len(value)) + value


def read_header(data: bytes, offset: int = 0) -> tuple[int, int, int]:
    """Tag, offset of the value and its length, without looking whether the value is all there.

    Lengths may be longer than minimal (cards in the field do that) but never indefinite.
    Raises :class:`BadInput` on a header that is cut off or breaks the limits.
    """
    tag, value_at, length = read_any_header(data, offset)
    if length is None:
        raise BadInput("tlv-indefinite-length", offset=offset)
    return tag, value_at, length


def read_any_header(data: bytes, offset: int = 0) -> tuple[int, int, int | None]:
    """The same, where a length may also be indefinite (None); see :mod:`eid_toolkit.standards.codec.ber`."""
    start = offset
    try:
        tag = data[offset]
        offset += 1
        if tag & 0x1F == 0x1F:
            while True:
                byte = data[offset]
                tag = tag << 8 | byte
                offset += 1
                if not byte & 0x80:
                    break
                if offset - start > 3:
                    raise BadInput("tlv-tag-too-long", offset=start)
        length = data[offset]
        offset += 1
        if length & 0x80:
            count = length & 0x7F
            if count == 0:
                return tag, offset, None
            if count > 4:
                raise BadInput("tlv-length-too-long", offset=start)
            if offset + count > len(data):
                raise BadInput("tlv-truncated", offset=start)
            length = int.from_bytes(data[offset : offset + count], "big")
            offset += count
    except IndexError:
        raise BadInput("tlv-truncated", offset=start) from None
    if length > MAX_OBJECT:
        raise BadInput("tlv-value-too-large", offset=start, length=length, limit=MAX_OBJECT)
    return tag, offset, length


def _read(data: bytes, offset: int) -> tuple[Tlv, int]:
    tag, value_at, length = read_header(data, offset)
    end = value_at + length
    if end > len(data):
        raise BadInput("tlv-truncated", offset=offset, missing=end - len(data))
    return Tlv(tag, data[value_at:end]), end


def parse(data: bytes, expected_tag: int | None = None) -> Tlv:
    """The one object that ``data`` is; bytes behind it, or another tag than expected, are an error."""
    tlv, end = _read(data, 0)
    if end != len(data):
        raise BadInput("tlv-trailing-bytes", count=len(data) - end)
    if expected_tag is not None and tlv.tag != expected_tag:
        raise BadInput("tlv-unexpected-tag", tag=f"{tlv.tag:X}", expected=f"{expected_tag:X}")
    return tlv


def iterate(data: bytes, limit: int = MAX_OBJECTS) -> Iterator[Tlv]:
    """The objects of a series, one after another, ``limit`` at most."""
    offset = count = 0
    while offset < len(data):
        count += 1
        if count > limit:
            raise BadInput("tlv-too-many-objects", limit=limit)
        tlv, offset = _read(data, offset)
        yield tlv


def parse_all(data: bytes) -> tuple[Tlv, ...]:
    """All objects of a series that fills ``data``."""
    return tuple(iterate(data))


def as_mapping(objects: Iterable[Tlv]) -> dict[int, bytes]:
    """Values by tag; a tag that stands twice is an error."""
    values: dict[int, bytes] = {}
    for tlv in objects:
        if tlv.tag in values:
            raise BadInput("tlv-repeated-tag", tag=f"{tlv.tag:X}")
        values[tlv.tag] = tlv.value
    return values
