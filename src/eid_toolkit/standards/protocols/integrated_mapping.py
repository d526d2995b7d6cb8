"""The pseudo-random function of PACE's integrated mapping (ICAO Doc 9303-11 4.4.3.3.2)."""

from __future__ import annotations

from eid_toolkit.standards.crypto import symmetric
from eid_toolkit.standards.crypto.kdf import KEY_SIZES

_CONSTANTS_128 = (
    bytes.fromhex("a668892a7c41e3ca739f40b057d85904"),
    bytes.fromhex("a4e136ac725f738b01c1f60217c188ad"),
)
_CONSTANTS_256 = (
    bytes.fromhex("d463d65234124ef7897054986dca0a174e28df758cbaa03f240616414d5a1676"),
    bytes.fromhex("54bd7255f0aaf831bec3423fcf39d69b6cbf066677d0faae5aadd99df8e53517"),
)


def pseudo_random(s: bytes, t: bytes, modulus: int, cipher: str) -> int:
    """R_p(s, t): a number below ``modulus`` that neither side can have chosen.

    ``s`` is the nonce of the card, in whole blocks at least as long as a key; ``t`` that of the terminal, as long as a
    key of ``cipher``.
    """
    key_size = KEY_SIZES[cipher]
    c0, c1 = _CONSTANTS_128 if key_size == 16 else _CONSTANTS_256
    bits = modulus.bit_length() + 64
    output = b""
    key = _encrypt(cipher, t, s)
    while 8 * len(output) < bits:
        output += _encrypt(cipher, key[:key_size], c1)
        key = _encrypt(cipher, key[:key_size], c0)
    return int.from_bytes(output, "big") % modulus


def _encrypt(cipher: str, key: bytes, data: bytes) -> bytes:
    if cipher == "3des":
        return symmetric.des3_cbc_encrypt(key, bytes(8), data)
    return symmetric.aes_cbc_encrypt(key, bytes(16), data)
