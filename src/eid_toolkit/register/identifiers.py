"""Identifiers of persons, applications, documents and jobs: a letter and twelve random characters."""

from __future__ import annotations

from eid_toolkit.ports import Entropy

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that looks like another
_LENGTH = 12


def new_identifier(kind: str, entropy: Entropy) -> str:
    """``P-4T7K9QM2XW3V``: 60 random bits, so that no two meet among millions."""
    return f"{kind}-" + "".join(_ALPHABET[byte & 31] for byte in entropy.take(_LENGTH))
