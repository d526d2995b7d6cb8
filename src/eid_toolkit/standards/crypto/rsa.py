"""RSA keys and the bare operations with them (RFC 8017 3, 5 and A.1), for schemes that ``cryptography`` lacks."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from math import gcd, lcm
from typing import TYPE_CHECKING

from eid_toolkit.ground.errors import BadInput, NotRsaKey
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS
from eid_toolkit.standards.crypto.digests import digest as compute_digest
from eid_toolkit.standards.crypto.primes import is_prime

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey as NativePublicKey

RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
RSA_PSS = "1.2.840.113549.1.1.10"
_MAX_BITS = 8192
_MAX_EXPONENT_BITS = 64
_EXPONENT = 65537
_SIZES = range(1024, 4097, 256)
_MIN_PADDING = 8
"""Bytes of padding in EMSA-PKCS1-v1_5 (RFC 8017 9.2)."""


@dataclass(frozen=True, slots=True)
class RsaPublicKey:
    """Modulus and public exponent."""

    n: int
    e: int

    def __post_init__(self) -> None:
        if self.n.bit_length() > _MAX_BITS or self.e.bit_length() > _MAX_EXPONENT_BITS:
            raise BadInput("public-key-too-large", bits=self.n.bit_length(), limit=_MAX_BITS)
        if not (2 < self.e < self.n and self.e & 1 and self.n & 1):
            raise BadInput("public-key-malformed")

    @property
    def size(self) -> int:
        """Bytes of the modulus, and of every signature."""
        return (self.n.bit_length() + 7) // 8

    def apply(self, number: int) -> int:
        """RSAVP1: ``number`` to the public exponent."""
        return pow(number, self.e, self.n)

    def is_signed_without_null(self, signature: bytes, digest: str, message: bytes) -> bool:
        """Whether this is an RSASSA-PKCS1-v1_5 signature whose DigestInfo leaves out the NULL of its digest identifier.

        RFC 8017 9.2 writes the NULL; its note 1 leaves it to the verifier to take other encodings of DigestInfo, which
        PKCS #1 v1.5 allowed. Just this one is taken: the whole block is made and compared, so that padding and
        digest stand where they must and nothing may stand behind them.
        """
        if len(signature) != self.size or int.from_bytes(signature, "big") >= self.n:
            return False
        info = der.sequence(
            der.sequence(der.object_identifier(DIGEST_OIDS[digest])), der.octet_string(compute_digest(digest, message))
        )
        padding = self.size - len(info) - 3
        if padding < _MIN_PADDING:
            return False
        expected = b"\x00\x01" + b"\xff" * padding + b"\x00" + info
        recovered = self.apply(int.from_bytes(signature, "big")).to_bytes(self.size, "big")
        return hmac.compare_digest(recovered, expected)

    def spki(self) -> bytes:
        """SubjectPublicKeyInfo in DER with the identifier rsaEncryption (RFC 3279 2.3.1)."""
        numbers = der.sequence(der.integer(self.n), der.integer(self.e))
        algorithm = der.sequence(der.object_identifier(RSA_ENCRYPTION), der.null())
        return der.sequence(algorithm, der.bit_string(numbers))

    @classmethod
    def from_spki(cls, spki: bytes) -> RsaPublicKey:
        """Reads SubjectPublicKeyInfo; raises :class:`BadInput` for anything but an RSA key of a usable size."""
        parts = tlv.parse(spki, der.SEQUENCE).children()
        algorithm = der.read_sequence(parts[0]) if len(parts) == 2 else ()
        if not algorithm or der.read_object_identifier(algorithm[0]) not in (RSA_ENCRYPTION, RSA_PSS):
            raise NotRsaKey("public-key-not-rsa")
        numbers = tlv.parse(der.read_bit_string(parts[1]), der.SEQUENCE).children()
        if len(numbers) != 2:
            raise BadInput("public-key-malformed")
        return cls(*(der.read_integer(number) for number in numbers))

    @property
    def native(self) -> NativePublicKey:
        """The key as ``cryptography`` has it; raises :class:`BadInput` if that refuses it."""
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

        try:
            return RSAPublicNumbers(self.e, self.n).public_key()
        except ValueError:
            raise BadInput("public-key-malformed") from None


class RsaPrivateKey:
    """A private key of two primes. No repr of it, no equality, no pickle.

    The arithmetic is Python's own and not constant in time: it serves the emulated card, never a key of an issuer.
    """

    def __init__(self, pkcs1: Secret) -> None:
        """Reads RSAPrivateKey (RFC 8017 A.1.2); raises :class:`BadInput` for another structure or unfitting numbers."""
        parts = tlv.parse(pkcs1.reveal(), der.SEQUENCE).children()
        numbers = [der.read_integer(part) for part in parts]
        if len(numbers) != 9 or numbers[0] != 0 or min(numbers[1:]) < 2:
            raise BadInput("private-key-not-rsa")
        _, n, e, d, p, q = numbers[:6]
        if p * q != n or gcd(p, q) != 1 or (e * d - 1) % (p - 1) or (e * d - 1) % (q - 1):
            raise BadInput("private-key-not-rsa")
        self.public_key = RsaPublicKey(n, e)
        self.pkcs1 = pkcs1
        """The key as RSAPrivateKey in DER."""
        self._d, self._p, self._q = d, p, q

    @classmethod
    def generate(cls, bits: int, entropy: Entropy) -> RsaPrivateKey:
        """A fresh key of random primes, with the exponent 65537 (FIPS 186-5 A.1.3).

        Raises :class:`BadInput` for a size other than 1024 to 4096 in steps of 256.
        """
        if bits not in _SIZES:
            raise BadInput("rsa-size-unsupported", bits=bits)
        p, q = sorted((_prime(bits // 2, entropy), _prime(bits // 2, entropy)), reverse=True)
        d = pow(_EXPONENT, -1, lcm(p - 1, q - 1))
        numbers = (0, p * q, _EXPONENT, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p))
        return cls(Secret(der.sequence(*map(der.integer, numbers))))

    def apply(self, number: int) -> int:
        """RSASP1 by the Chinese remainder theorem; the result is checked, for a faulty one would betray the primes."""
        d, p, q = self._d, self._p, self._q
        at_q = pow(number, d % (q - 1), q)
        signature = at_q + q * (pow(q, -1, p) * (pow(number, d % (p - 1), p) - at_q) % p)
        if self.public_key.apply(signature) != number % self.public_key.n:
            raise BadInput("private-key-not-rsa")
        return signature


def _prime(bits: int, entropy: Entropy) -> int:
    """A random prime whose two highest bits are set, so that the product of two has twice as many bits."""
    high, size = 0b11 << (bits - 2), bits // 8
    while True:
        candidate = int.from_bytes(entropy.take(size), "big") | high | 1
        if is_prime(candidate) and gcd(candidate - 1, _EXPONENT) == 1:
            return candidate
