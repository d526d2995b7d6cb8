"""Identifiers of persons, applications, documents and jobs: a letter and twelve random characters."""

from __future__ import annotations

from eid_toolkit.ground.ports import Entropy

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that looks like another
_TABLE = bytes(ord(_ALPHABET[byte & 31]) for byte in range(256))
_LENGTH = 12
_SHARED = 2


def new_identifiers(kind: str, count: int, entropy: Entropy) -> list[str]:
    """Identifiers of what is written together: their first two characters are the same, so an index takes them fast."""
    shared = new_identifier(kind, entropy)[: len(kind) + 1 + _SHARED]
    own = _LENGTH - _SHARED
    characters = entropy.take(own * count).translate(_TABLE).decode("ascii")
    return [shared + characters[at : at + own] for at in range(0, own * count, own)]


def new_identifier(kind: str, entropy: Entropy) -> str:
    """``P-4T7K9QM2XW3V``: 60 random bits, so that no two meet among millions."""
    return f"{kind}-" + "".join(_ALPHABET[byte & 31] for byte in entropy.take(_LENGTH))
