"""Key derivation: ICAO Doc 9303-11 9.7.1, GlobalPlatform SCP03 4.1.5 and SP 800-108 (counter mode, CMAC)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from enum import IntEnum

from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFCMAC, CounterLocation, Mode

from eid_toolkit.ground.secret import Secret

KEY_SIZES = {"3des": 16, "aes-128": 16, "aes-192": 24, "aes-256": 32}
"""Session key length in bytes by cipher."""


class KeyUse(IntEnum):
    """The counter c of 9303-11 9.7.1: what a derived key is for."""

    ENCRYPTION = 1
    MAC = 2
    PASSWORD = 3


def derive(shared: bytes, use: KeyUse, cipher: str) -> Secret:
    """KDF(K, c) of 9303-11 9.7.1: SHA-1 for 3DES and AES-128, SHA-256 for AES-192 and AES-256."""
    hashed = hashlib.new(
        "sha1" if cipher in ("3des", "aes-128") else "sha256", shared + int(use).to_bytes(4, "big")
    ).digest()
    key = hashed[: KEY_SIZES[cipher]]
    return Secret(_odd_parity(key) if cipher == "3des" else key)


def _odd_parity(key: bytes) -> bytes:
    return bytes(byte & 0xFE | ((byte >> 1).bit_count() + 1) & 1 for byte in key)


def counter_cmac(key: Secret, constant: int, length: int, context: bytes) -> bytes:
    """The derivation of SCP03 4.1.5: ``length`` bytes for the one-byte ``constant`` and the ``context``.

    Input of each block: 11 zero bytes, the constant, a zero byte, the length in bits (2 bytes), the counter
    (1 byte), the context.
    """
    label = _scp03_label(constant, length)
    kdf = KBKDFCMAC(
        algorithm=AES,
        mode=Mode.CounterMode,
        length=length,
        rlen=1,
        llen=None,
        location=CounterLocation.MiddleFixed,
        label=None,
        context=None,
        fixed=label + context,
        break_location=len(label),
    )
    return kdf.derive(key.reveal())


def counter_cmac_by(cmac: Callable[[bytes], bytes], constant: int, length: int, context: bytes) -> bytes:
    """The same derivation where the key is known by its AES-CMAC only, as in a token."""
    label = _scp03_label(constant, length)
    blocks = range(1, -(-length // 16) + 1)
    return b"".join(cmac(label + bytes((counter,)) + context) for counter in blocks)[:length]


def _scp03_label(constant: int, length: int) -> bytes:
    return bytes(11) + bytes((constant, 0)) + (8 * length).to_bytes(2, "big")
