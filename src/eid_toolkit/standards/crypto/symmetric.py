"""Block ciphers, MACs and padding (FIPS 197, SP 800-38A/B, ISO/IEC 9797-1, ICAO Doc 9303-11 9.8)."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from eid_toolkit.ground.errors import BadInput, SealBroken
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret

_GCM_NONCE = 12


def pad(data: bytes, block: int) -> bytes:
    """Padding method 2 of ISO/IEC 9797-1: ``80`` and zeros up to a multiple of ``block`` bytes."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def unpad(data: bytes) -> bytes:
    """Takes padding method 2 off; raises :class:`BadInput` if it is not there."""
    stripped = data.rstrip(b"\x00")
    if not stripped.endswith(b"\x80") or len(data) - len(stripped) >= 16:
        raise BadInput("padding-wrong")
    return stripped[:-1]


def aes_cbc_encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """AES in CBC mode over whole blocks."""
    encryptor = Cipher(AES(key), modes.CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def aes_cbc_decrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """The reverse; raises :class:`BadInput` if ``data`` is not whole blocks."""
    _whole_blocks(data, 16)
    decryptor = Cipher(AES(key), modes.CBC(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def aes_block(key: bytes, block: bytes) -> bytes:
    """One block of 16 bytes encrypted by itself."""
    encryptor = Cipher(AES(key), modes.ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()


def des3_cbc_encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """Two-key triple DES (16-byte key) in CBC mode over whole blocks."""
    encryptor = Cipher(TripleDES(key + key[:8]), modes.CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def des3_cbc_decrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """The reverse; raises :class:`BadInput` if ``data`` is not whole blocks."""
    _whole_blocks(data, 8)
    decryptor = Cipher(TripleDES(key + key[:8]), modes.CBC(iv)).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def _whole_blocks(data: bytes, block: int) -> None:
    if len(data) % block:
        raise BadInput("cipher-partial-block", length=len(data), block=block)


def aes_cmac(key: bytes, data: bytes) -> bytes:
    """AES-CMAC, 16 bytes (SP 800-38B)."""
    mac = CMAC(AES(key))
    mac.update(data)
    return mac.finalize()


def retail_mac(key: bytes, padded: bytes) -> bytes:
    """MAC algorithm 3 of ISO/IEC 9797-1 with DES, 8 bytes, over data that is padded already."""
    first, second = key[:8], key[8:16]
    single = Cipher(TripleDES(first * 3), modes.CBC(bytes(8))).encryptor()
    last = (single.update(padded) + single.finalize())[-8:]
    decryptor = Cipher(TripleDES(second * 3), modes.ECB()).decryptor()
    middle = decryptor.update(last) + decryptor.finalize()
    encryptor = Cipher(TripleDES(first * 3), modes.ECB()).encryptor()
    return encryptor.update(middle) + encryptor.finalize()


def aes_gcm_seal(key: Secret, plaintext: bytes, context: bytes, entropy: Entropy) -> bytes:
    """AES-GCM bound to ``context``: nonce (12 bytes), ciphertext, tag (16 bytes)."""
    nonce = entropy.take(_GCM_NONCE)
    return nonce + AESGCM(key.reveal()).encrypt(nonce, plaintext, context)


def aes_gcm_open(key: Secret, sealed: bytes, context: bytes) -> bytes:
    """The plaintext; raises :class:`IntegrityBroken` for another key or context, or changed bytes."""
    try:
        return AESGCM(key.reveal()).decrypt(sealed[:_GCM_NONCE], sealed[_GCM_NONCE:], context)
    except (InvalidTag, ValueError):
        raise SealBroken("sealed-data-broken") from None
