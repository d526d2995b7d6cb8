"""Numbers in the image of a card."""

from __future__ import annotations


def natural(value: object) -> int:
    """A number that is not negative; ValueError for anything else, such as a JSON string."""
    if not isinstance(value, int) or value < 0:
        raise ValueError("no number")
    return value
