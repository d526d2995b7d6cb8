"""Data grouping identifiers (EMV Card Personalization Specification 2.2, GlobalPlatform Card Specification 11.11).

A DGI is two bytes of identifier, a length of one byte (or ``FF`` and two bytes) and the data. Identifiers from
8000 to 8FFF carry data that is encrypted under the data encryption key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eid_toolkit.ground.errors import BadInput


@dataclass(frozen=True, slots=True)
class Dgi:
    """One data grouping: identifier (16 bits) and data (up to 65535 bytes)."""

    identifier: int
    data: bytes

    @property
    def is_secret(self) -> bool:
        """Whether the data travels encrypted under the data encryption key."""
        return self.identifier >> 12 == 0x8

    def encode(self) -> bytes:
        """Identifier, length and data."""
        size = len(self.data)
        length = bytes((size,)) if size < 0xFF else b"\xff" + size.to_bytes(2, "big")
        return self.identifier.to_bytes(2, "big") + length + self.data


def parse_all(data: bytes) -> tuple[Dgi, ...]:
    """All groupings that fill ``data``; raises :class:`BadInput` if the last is cut off."""
    return tuple(_iterate(data))


def _iterate(data: bytes) -> Iterator[Dgi]:
    offset = 0
    while offset < len(data):
        head = data[offset : offset + 3]
        if len(head) < 3:
            raise BadInput("dgi-truncated", offset=offset)
        start, size = offset + 3, head[2]
        if size == 0xFF:
            start, size = offset + 5, int.from_bytes(data[offset + 3 : offset + 5], "big")
        if start + size > len(data):
            raise BadInput("dgi-truncated", offset=offset)
        yield Dgi(int.from_bytes(head[:2], "big"), data[start : start + size])
        offset = start + size
