"""RSA keys and signatures that no profile makes but states have made: small exponents, odd salts, bare identifiers."""

from __future__ import annotations

import secrets
from functools import cache
from math import lcm

import gmpy2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from eid_toolkit.ground.ports import SignatureAlgorithm
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.rsa import RSA_PSS, RsaPublicKey

_HASHES = {"sha1": hashes.SHA1(), "sha256": hashes.SHA256()}
_PKCS1 = {"sha1": "1.2.840.113549.1.1.5", "sha256": "1.2.840.113549.1.1.11"}


class OddRsa:
    """An RSA key with a free choice of exponent, digest and salt; no salt is PKCS #1 v1.5."""

    def __init__(self, key: rsa.RSAPrivateKey, digest: str = "sha256", salt: int | None = None) -> None:
        self._key, self._hash, self._salt = key, _HASHES[digest], salt
        self.algorithm = SignatureAlgorithm("rsa-pss" if salt is not None else "rsa-pkcs1", digest, salt)

    @property
    def public_key(self) -> bytes:
        numbers = self._key.public_key().public_numbers()
        return RsaPublicKey(numbers.n, numbers.e).spki()

    def sign(self, message: bytes, /) -> bytes:
        if self._salt is None:
            return self._key.sign(message, padding.PKCS1v15(), self._hash)
        return self._key.sign(message, padding.PSS(padding.MGF1(self._hash), self._salt), self._hash)


@cache
def key_with_exponent(exponent: int, bits: int = 2048) -> rsa.RSAPrivateKey:
    """A key of two random primes to which the exponent has an inverse."""
    while True:
        p, q = (int(gmpy2.next_prime(secrets.randbits(bits // 2) | 3 << (bits // 2 - 2))) for _ in range(2))
        try:
            d = pow(exponent, -1, lcm(p - 1, q - 1))
        except ValueError:
            continue
        numbers = rsa.RSAPublicNumbers(exponent, p * q)
        parts = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
        return rsa.RSAPrivateNumbers(p, q, d, *parts, numbers).private_key()


def without_parameters(digest: str = "sha256") -> bytes:
    """The identifier of PKCS #1 v1.5 without its NULL."""
    return der.sequence(der.object_identifier(_PKCS1[digest]))


def pss_identifier(*, salt: int = 32) -> bytes:
    """RSASSA-PSS with SHA-256, the hash identifiers without their NULL."""
    sha256 = der.sequence(der.object_identifier("2.16.840.1.101.3.4.2.1"))
    mask = der.sequence(der.object_identifier("1.2.840.113549.1.1.8"), sha256)
    parameters = (tlv.encode(0xA0, sha256), tlv.encode(0xA1, mask), tlv.encode(0xA2, der.integer(salt)))
    return der.sequence(der.object_identifier(RSA_PSS), der.sequence(*parameters))


def pss_defaults() -> bytes:
    """RSASSA-PSS with everything left out: SHA-1 and a salt of 20 bytes."""
    return der.sequence(der.object_identifier(RSA_PSS), der.sequence())
