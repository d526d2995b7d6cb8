"""The least that the same work costs: the raw calls of ``cryptography`` for the same signatures, hashes and ciphers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from benchmarks.office import Exchange

P256, P384 = ec.BrainpoolP256R1(), ec.BrainpoolP384R1()
_ECDSA = ec.ECDSA(hashes.SHA256())
_KEY, _IV, _BLOCK = bytes(range(16)), bytes(16), 16
_MESSAGE = bytes(200)
"""About what is signed in a SOD (its signed attributes), and no more than that in any other signature here."""


@cache
def _key(curve: ec.EllipticCurve) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve)


@cache
def _signature(curve: ec.EllipticCurve) -> bytes:
    return _key(curve).sign(_MESSAGE, _ECDSA)


def generate(count: int) -> None:
    for _ in range(count):
        ec.generate_private_key(P256)


def agree(count: int) -> None:
    for _ in range(count):
        _key(P256).exchange(ec.ECDH(), _key(P256).public_key())


def sign(count: int) -> None:
    sign_by(P256, count)


def sign_by(curve: ec.EllipticCurve, count: int) -> None:
    for _ in range(count):
        _key(curve).sign(_MESSAGE, _ECDSA)


def verify(curve: ec.EllipticCurve, count: int) -> None:
    for _ in range(count):
        _key(curve).public_key().verify(_signature(curve), _MESSAGE, _ECDSA)


def digest(contents: Iterable[bytes]) -> None:
    for content in contents:
        hashlib.sha256(content).digest()


def secure_channel(exchanges: Iterable[Exchange]) -> None:
    """Both ends of a secure channel: each message encrypted, decrypted, and its MAC made and compared."""
    for exchange in exchanges:
        for message in exchange:
            blocks = message[: len(message) // _BLOCK * _BLOCK]
            for _ in range(2):
                encryptor = Cipher(AES(_KEY), modes.CBC(_IV)).encryptor()
                encryptor.update(blocks)
                encryptor.finalize()
                mac = CMAC(AES(_KEY))
                mac.update(message)
                mac.finalize()


def records(data_groups: Iterable[bytes]) -> None:
    """Two key pairs for the chip, one signature of the document signer, the digests of the data groups."""
    generate(2)
    digest(data_groups)
    sign(1)


def judgement(data_groups: Iterable[bytes]) -> None:
    """Signatures of the SOD and of Active Authentication, of the signer's certificate and of the CRL; digests."""
    verify(P256, 2)
    verify(P384, 2)
    digest(data_groups)


def pace() -> None:
    """Both ends: two key pairs each, and three products (mapping, s·G, shared secret)."""
    generate(4)
    agree(6)


def pace_end() -> None:
    """One end with the generic mapping: two key pairs, and three products."""
    generate(2)
    agree(3)


def pace_integrated_end() -> None:
    """One end with the integrated mapping: a key pair and the shared secret; the encoding to a point is left out."""
    generate(1)
    agree(1)


def chip_authentication_terminal() -> None:
    """The terminal's end; the card only agrees."""
    generate(1)
    agree(1)


def terminal_authentication_card() -> None:
    """The card's end: the verifier's certificate, the terminal's, and its signature; the terminal only signs."""
    verify(P256, 3)


def bac() -> None:
    """One end: a message of 32 bytes made and one opened with 3DES, the MAC as two more, and three more blocks."""
    for size in (32, 32, 40, 40, 8, 8, 8):
        encryptor = Cipher(TripleDES(_KEY + _KEY[:8]), modes.CBC(bytes(8))).encryptor()
        encryptor.update(bytes(size))
        encryptor.finalize()


def scp03() -> None:
    """One end: three keys derived, two cryptograms, the MAC of EXTERNAL AUTHENTICATE."""
    for _ in range(6):
        mac = CMAC(AES(_KEY))
        mac.update(_KEY)
        mac.finalize()


def inspection(exchanges: Iterable[Exchange], data_groups: Iterable[bytes]) -> None:
    """PACE, Chip Authentication (a key pair, a product at each end), Active Authentication, channel and judgement."""
    pace()
    generate(1)
    agree(2)
    sign(1)
    secure_channel(exchanges)
    judgement(data_groups)


def writing(exchanges: Iterable[Exchange], files: Iterable[bytes]) -> None:
    """The traffic under SCP03, and the digest of every file at both ends."""
    secure_channel(exchanges)
    contents = list(files)
    digest(contents)
    digest(contents)


def read_back(exchanges: Iterable[Exchange], data_groups: Iterable[bytes]) -> None:
    """One inspection, and PACE once more with the MRZ."""
    inspection(exchanges, data_groups)
    pace()
