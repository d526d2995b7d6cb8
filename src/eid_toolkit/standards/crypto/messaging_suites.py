"""Cipher suites of secure messaging: 3DES and AES (ICAO Doc 9303-11 9.8.6 and 9.8.7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto import kdf, symmetric
from eid_toolkit.standards.crypto.kdf import KeyUse

MAC_SIZE = 8
"""Bytes of the cryptographic checksum in DO'8E', whatever the cipher."""


class MessagingSuite(Protocol):
    """Two session keys and what is done with them; the send sequence counter comes from outside."""

    @property
    def block(self) -> int:
        """Block length in bytes, which is also the width of the counter."""
        ...

    def encrypt(self, counter: bytes, padded: bytes) -> bytes:
        """Encrypts whole blocks."""
        ...

    def decrypt(self, counter: bytes, data: bytes) -> bytes:
        """Decrypts whole blocks; raises :class:`BadInput` if they are not whole."""
        ...

    def mac(self, padded: bytes) -> bytes:
        """The checksum, 8 bytes, over padded data that begins with the counter."""
        ...


@dataclass(frozen=True, slots=True)
class Des3Suite:
    """Two-key triple DES in CBC mode with zero IV, and the retail MAC (9.8.6.1)."""

    encryption: Secret
    authentication: Secret
    block: int = 8

    def encrypt(self, counter: bytes, padded: bytes) -> bytes:
        return symmetric.des3_cbc_encrypt(self.encryption.reveal(), bytes(8), padded)

    def decrypt(self, counter: bytes, data: bytes) -> bytes:
        return symmetric.des3_cbc_decrypt(self.encryption.reveal(), bytes(8), data)

    def mac(self, padded: bytes) -> bytes:
        return symmetric.retail_mac(self.authentication.reveal(), padded)


@dataclass(frozen=True, slots=True)
class AesSuite:
    """AES in CBC mode with the encrypted counter as IV, and CMAC cut to 8 bytes (9.8.6.2)."""

    encryption: Secret
    authentication: Secret
    block: int = 16

    def encrypt(self, counter: bytes, padded: bytes) -> bytes:
        key = self.encryption.reveal()
        return symmetric.aes_cbc_encrypt(key, symmetric.aes_block(key, counter), padded)

    def decrypt(self, counter: bytes, data: bytes) -> bytes:
        key = self.encryption.reveal()
        return symmetric.aes_cbc_decrypt(key, symmetric.aes_block(key, counter), data)

    def mac(self, padded: bytes) -> bytes:
        return symmetric.aes_cmac(self.authentication.reveal(), padded)[:MAC_SIZE]


def suite_from_keys(cipher: str, encryption: Secret, authentication: Secret) -> MessagingSuite:
    """The suite of ``cipher`` (``3des``, ``aes-128`` …) over given session keys."""
    return (Des3Suite if cipher == "3des" else AesSuite)(encryption, authentication)


def derive_suite(cipher: str, shared: bytes) -> MessagingSuite:
    """The suite whose keys follow from a shared secret (9.7.1)."""
    return suite_from_keys(
        cipher, kdf.derive(shared, KeyUse.ENCRYPTION, cipher), kdf.derive(shared, KeyUse.MAC, cipher)
    )
