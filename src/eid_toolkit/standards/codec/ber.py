"""BER as signed objects come in it (X.690 8.1.3.6, 8.7.3): indefinite lengths, and strings in pieces.

CMS is BER (RFC 5652 section 2), and there are states whose EF.SOD has all the freedom of it. Everything else here reads
definite lengths and whole strings, so an object that is written otherwise is put into that form first. What is of
that form already stays as it came, byte for byte: certificates in it keep their fingerprints and their signatures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import tlv

_T = TypeVar("_T")
MAX_DEPTH = 32
"""How deep objects may lie in one another; a certificate in a signed object has some 12 levels."""
MAX_OBJECTS = 200_000
"""How many objects there may be in all: a thousand certificates have some hundred each."""
MAX_SIZE = 1 << 22
"""The largest object in bytes that is put into another form; the largest master list has one megabyte."""

_END = b"\x00\x00"
_CONSTRUCTED = 0x20
_SET = 0x31
_BIT_STRING = 0x03
# The universal types that may come in pieces: BIT and OCTET STRING, UTF8String, and the other character strings.
_STRINGS = frozenset({_BIT_STRING, 0x04, 0x0C, *range(0x12, 0x17), *range(0x19, 0x1D), 0x1E})


def in_any_form(parse: Callable[[bytes], _T], data: bytes) -> _T:
    """``parse(data)``, or, where that raises :class:`BadInput`, the same of ``data`` in definite form."""
    try:
        return parse(data)
    except BadInput:
        definite = to_definite(data)
        if definite == data:
            raise
        return parse(definite)


def to_definite(data: bytes) -> bytes:
    """The one object that ``data`` is, with definite lengths and every string in one piece.

    Raises :class:`BadInput` for what is no BER, and for more than :data:`MAX_DEPTH` levels.
    """
    return _whole(data, canonical=False)


def to_canonical(data: bytes) -> bytes:
    """The same with the shortest lengths, and each SET in the order of X.690 11.6: as signed attributes are hashed."""
    return _whole(data, canonical=True)


def _whole(data: bytes, *, canonical: bool) -> bytes:
    if len(data) > MAX_SIZE:
        raise BadInput("tlv-value-too-large", offset=0, length=len(data), limit=MAX_SIZE)
    encoded, end = _Rewriting(data, canonical).object_at(0, 0)
    if end != len(data):
        raise BadInput("tlv-trailing-bytes", count=len(data) - end)
    return encoded


class _Rewriting:
    """One object being put into its other form."""

    def __init__(self, data: bytes, canonical: bool) -> None:
        self._data, self._canonical, self._count = data, canonical, 0

    def object_at(self, offset: int, depth: int) -> tuple[bytes, int]:
        """The object at ``offset`` in its new form, and the offset behind it."""
        self._count += 1
        if depth > MAX_DEPTH:
            raise BadInput("ber-too-deep", limit=MAX_DEPTH)
        if self._count > MAX_OBJECTS:
            raise BadInput("tlv-too-many-objects", limit=MAX_OBJECTS)
        data = self._data
        tag, start, length = tlv.read_any_header(data, offset)
        if length is not None and start + length > len(data):
            raise BadInput("tlv-truncated", offset=offset, missing=start + length - len(data))
        if tlv.is_constructed(tag):
            parts, end = self._parts(start, length, depth)
            return self._constructed(tag, parts, data[offset:end]), end
        if length is None:
            raise BadInput("tlv-indefinite-length", offset=offset)
        end = start + length
        return (tlv.encode(tag, data[start:end]) if self._canonical else data[offset:end]), end

    def _parts(self, start: int, length: int | None, depth: int) -> tuple[list[bytes], int]:
        """What a constructed object holds, and the offset behind it and its end mark."""
        parts: list[bytes] = []
        at, limit = start, None if length is None else start + length
        while at != limit:
            if limit is None and self._data[at : at + len(_END)] == _END:
                return parts, at + len(_END)
            part, at = self.object_at(at, depth + 1)
            if limit is not None and at > limit:
                raise BadInput("tlv-truncated", offset=at)
            parts.append(part)
        return parts, at

    def _constructed(self, tag: int, parts: list[bytes], as_it_came: bytes) -> bytes:
        if tag < 0x40 and tag & ~_CONSTRUCTED in _STRINGS:
            return _joined(tag & ~_CONSTRUCTED, parts)
        if self._canonical:
            return tlv.encode(tag, *(sorted(parts) if tag == _SET else parts))
        _, start, length = tlv.read_any_header(as_it_came)
        value = b"".join(parts)
        return as_it_came if length is not None and value == as_it_came[start:] else tlv.encode(tag, value)


def _joined(tag: int, parts: list[bytes]) -> bytes:
    """One primitive string of its pieces, which are of the same type and primitive by now."""
    values = [tlv.parse(part, tag).value for part in parts]
    if tag != _BIT_STRING:
        return tlv.encode(tag, *values)
    # Each piece begins with its number of unused bits, of which only the last may have any.
    if not all(values) or any(value[0] for value in values[:-1]):
        raise BadInput("der-bad-bit-string")
    return tlv.encode(tag, values[-1][:1] if values else b"\x00", *(value[1:] for value in values))
