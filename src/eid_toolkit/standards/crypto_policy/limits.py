"""The limits of a crypto policy as types: a value that no key or digest could have is refused where it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated

from eid_toolkit.ground.plain_values import Form
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS
from eid_toolkit.standards.crypto.standard_groups import EC

CURVES = frozenset(name for name, _ in EC.values())
"""The names of all curves that this software knows."""
_RSA_BITS, _EC_BITS = range(1024, 16385), range(160, 522)
_DAYS, _SIGNATURES = range(1, 36525), range(1, 10**9 + 1)
_LONGEST_SOURCE = 300


def _one_of(known: frozenset[str]) -> Callable[[object], frozenset[str]]:
    def read(value: object) -> frozenset[str]:
        # A list with the name of something that is not known would be stricter, or laxer, than whoever wrote it thinks.
        if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
            raise ValueError(value)
        if len(set(value)) < len(value) or not set(value) <= known:
            raise ValueError(value)
        return frozenset(value)

    return read


def _within(numbers: range) -> Callable[[object], int]:
    def read(value: object) -> int:
        if type(value) is not int or value not in numbers:
            raise ValueError(value)
        return value

    return read


def _sources(value: object) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ValueError(value)
    if not all(text.isprintable() and 0 < len(text) <= _LONGEST_SOURCE for text in value.values()):
        raise ValueError(value)
    return value


def _same(value: int) -> int:
    return value


Curves = Annotated[frozenset[str], Form(_one_of(CURVES), sorted)]
"""Names of curves; one at least."""
Hashes = Annotated[frozenset[str], Form(_one_of(frozenset(DIGEST_OIDS)), sorted)]
"""Names of digests; one at least."""
RsaBits = Annotated[int, Form(_within(_RSA_BITS), _same)]
"""Bits of a modulus."""
EcBits = Annotated[int, Form(_within(_EC_BITS), _same)]
"""Bits of the order of a base point."""
Days = Annotated[int, Form(_within(_DAYS), _same)]
"""A length of time, a century at most."""
Signatures = Annotated[int, Form(_within(_SIGNATURES), _same)]
"""How often a key signs."""
Sources = Annotated[Mapping[str, str], Form(_sources, dict)]
"""Where each limit comes from."""
