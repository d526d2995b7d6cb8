"""References in data objects 84: the numbers by which a card names its keys and groups (9303-11 4.4.4 and 6.2.4)."""

from __future__ import annotations

REFERENCES = range(1 << 16)
"""What a reference can be; a card that gives a key another number gives none that can be sent."""


def encode_reference(number: int) -> bytes:
    """The number in the fewest bytes, unsigned."""
    return number.to_bytes((number.bit_length() + 7) // 8 or 1, "big")
