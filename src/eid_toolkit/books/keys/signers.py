"""Private keys of files as signers: ECDSA with the digest that fits, RSA by PSS or PKCS #1 v1.5."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import SignatureAlgorithm, Signer
from eid_toolkit.standards.crypto.digests import hash_algorithm
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.rsa import RsaPublicKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

RsaScheme = Literal["rsa-pss", "rsa-pkcs1"]
RSA_SIZES = (2048, 3072, 4096, 6144)
"""Bits of an RSA key that is made here."""
DIGEST_SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}
"""Bytes of the digests that RSA keys sign with."""


def fitting_digest(bits: int) -> str:
    """The SHA-2 digest for a curve whose order has this many bits (9303-12 4.1.6: no longer than the key)."""
    return f"sha{max((size for size in (224, 256, 384, 512) if size <= bits), default=224)}"


@dataclass(frozen=True, slots=True)
class CountingSigner:
    """A signer whose every signature is counted before it is made, so that none is missing from the count."""

    inner: Signer
    count: Callable[[], None]
    sync: Callable[[], None]
    """Has the count outlast a power cut; to be called before what was signed leaves this process."""

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """That of the inner one."""
        return self.inner.algorithm

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""
        return self.inner.public_key

    def sign(self, message: bytes) -> bytes:
        """The inner one's signature."""
        self.count()
        return self.inner.sign(message)


@dataclass(frozen=True, slots=True)
class EcSigner:
    """An elliptic curve key that signs by ECDSA, with the digest that fits its size or another."""

    key: EcPrivateKey
    digest: str | None = None
    deterministic: bool = False
    """Without randomness of its own (RFC 6979)."""

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """ECDSA with the digest."""
        return SignatureAlgorithm("ecdsa", self.digest or fitting_digest(self.key.public_key.domain.n.bit_length()))

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo in DER with explicit parameters."""
        return self.key.public_key.spki(explicit=True)

    def sign(self, message: bytes, /) -> bytes:
        """The DER encoded signature over ``message``."""
        return self.key.sign(message, self.algorithm.digest, deterministic=self.deterministic)


class RsaSigner:
    """An RSA key that signs by PSS (the salt as long as the digest) or PKCS #1 v1.5."""

    def __init__(self, key: RSAPrivateKey, digest: str = "sha256", scheme: RsaScheme = "rsa-pss") -> None:
        if digest not in DIGEST_SIZES:
            raise BadInput("signature-algorithm-unknown", oid=f"{scheme}, {digest}")
        self._key = key
        self.algorithm = SignatureAlgorithm(scheme, digest, DIGEST_SIZES[digest] if scheme == "rsa-pss" else None)

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo in DER with the identifier rsaEncryption."""
        numbers = self._key.public_key().public_numbers()
        return RsaPublicKey(numbers.n, numbers.e).spki()

    def sign(self, message: bytes, /) -> bytes:
        """The signature over ``message``."""
        from cryptography.hazmat.primitives.asymmetric import padding

        hashed = hash_algorithm(self.algorithm.digest)
        scheme: padding.AsymmetricPadding = padding.PKCS1v15()
        if self.algorithm.family == "rsa-pss":
            scheme = padding.PSS(padding.MGF1(hashed), self.algorithm.salt_length or 0)
        return self._key.sign(message, scheme, hashed)
