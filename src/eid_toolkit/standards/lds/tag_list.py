"""Tag lists (data object 5C): the objects or data groups that a file announces (ICAO Doc 9303-10 4.6.1)."""

from __future__ import annotations

from collections.abc import Iterable

from eid_toolkit.ground.errors import BadInput

TAG_LIST = 0x5C


def read_tag_list(value: bytes) -> tuple[int, ...]:
    """The tags that stand one behind another in ``value``; raises :class:`BadInput` if the last is cut off."""
    tags = []
    tag = 0
    for byte in value:
        opened = tag != 0
        tag = tag << 8 | byte
        if (byte & 0x80) if opened else (byte & 0x1F == 0x1F):
            continue
        tags.append(tag)
        tag = 0
    if tag:
        raise BadInput("tag-list-truncated")
    return tuple(tags)


def write_tag_list(tags: Iterable[int]) -> bytes:
    """The value of a tag list."""
    return b"".join(tag.to_bytes(max(1, (tag.bit_length() + 7) // 8), "big") for tag in tags)
