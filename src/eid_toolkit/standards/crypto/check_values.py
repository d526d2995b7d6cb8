"""Check values of keys, by which people and machines tell that a key arrived as it was sent.

GlobalPlatform Card Specification 2.3 B.6; the older forms over zeros; and the CMAC form of ANSI X9.24-1:2017 Annex A.
"""

from __future__ import annotations

from enum import StrEnum

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto import symmetric

KEY_SIZES = (16, 24, 32)
"""Bytes of AES keys."""
SHORTEST = 3
"""Bytes of the shortest check value that proves anything."""
_BLOCK = 16


class CheckValue(StrEnum):
    """What a check value is computed over; a vendor who uses another than GlobalPlatform's has to say so."""

    GLOBALPLATFORM = "globalplatform"
    """3 bytes of the encryption of a block of 01."""
    ZEROS = "zeros"
    """3 bytes of the encryption of a block of zeros."""
    CMAC = "cmac"
    """5 bytes of the CMAC over a block of zeros."""
    TRIPLE_DES = "3des"
    """3 bytes of the encryption of zeros by triple DES: what tools for older cards tell of a key of 16 bytes."""


_LONGEST = {CheckValue.GLOBALPLATFORM: 3, CheckValue.ZEROS: 3, CheckValue.CMAC: 5, CheckValue.TRIPLE_DES: 3}
_DES_KEY = 16


def check_value(key: Secret, method: CheckValue = CheckValue.GLOBALPLATFORM) -> bytes:
    """The whole check value of a key, 3 or 5 bytes; raises :class:`BadInput` for a length that the method lacks."""
    sizes = (_DES_KEY,) if method is CheckValue.TRIPLE_DES else KEY_SIZES
    if len(key) not in sizes:
        raise BadInput("key-check-value-length", method=str(method), bits=8 * len(key))
    match method:
        case CheckValue.GLOBALPLATFORM:
            value = symmetric.aes_block(key.reveal(), b"\x01" * _BLOCK)
        case CheckValue.ZEROS:
            value = symmetric.aes_block(key.reveal(), bytes(_BLOCK))
        case CheckValue.CMAC:
            value = symmetric.aes_cmac(key.reveal(), bytes(_BLOCK))
        case CheckValue.TRIPLE_DES:
            value = symmetric.des3_cbc_encrypt(key.reveal(), bytes(8), bytes(8))
    return value[: _LONGEST[method]]


def parse_check_value(text: str, method: CheckValue = CheckValue.GLOBALPLATFORM) -> bytes:
    """A check value as people write it, in hexadecimal; raises :class:`BadInput` for what is none of that method."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if not SHORTEST <= len(value) <= _LONGEST[method]:
        raise BadInput("key-check-value-malformed", shortest=2 * SHORTEST, longest=2 * _LONGEST[method])
    return value


def has_check_value(key: Secret, told: bytes, method: CheckValue = CheckValue.GLOBALPLATFORM) -> bool:
    """Whether ``told`` is the key's check value, or the first 3 or 4 bytes of a longer one."""
    return len(told) >= SHORTEST and Secret(check_value(key, method)[: len(told)]).matches(told)
