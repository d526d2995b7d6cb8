"""Keys in a PKCS #11 token as signers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from eid_toolkit.books.keys.signers import DIGEST_SIZES, RsaScheme
from eid_toolkit.ground.ports import SignatureAlgorithm
from eid_toolkit.standards.crypto.digests import digest as hashed
from eid_toolkit.standards.crypto.ec import EcPublicKey, plain_to_der
from eid_toolkit.standards.crypto.rsa import RsaPublicKey


class SigningToken(Protocol):
    """What a signer needs of its token."""

    def sign_ecdsa(self, name: str, digest: bytes) -> bytes:
        """r ‖ s over a digest."""
        ...

    def sign_rsa(self, name: str, message: bytes, digest: str, scheme: RsaScheme) -> bytes:
        """A signature over a message."""
        ...


@dataclass(frozen=True, slots=True)
class TokenEcSigner:
    """An EC key in a token."""

    token: SigningToken
    name: str
    key: EcPublicKey
    digest: str

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """ECDSA with the digest."""
        return SignatureAlgorithm("ecdsa", self.digest)

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo in DER with explicit parameters."""
        return self.key.spki(explicit=True)

    def sign(self, message: bytes, /) -> bytes:
        """The DER encoded signature over ``message``."""
        digest = hashed(self.digest, message)[: self.key.domain.scalar_size]
        return plain_to_der(self.token.sign_ecdsa(self.name, digest))


@dataclass(frozen=True, slots=True)
class TokenRsaSigner:
    """An RSA key in a token."""

    token: SigningToken
    name: str
    key: RsaPublicKey
    digest: str
    scheme: RsaScheme

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """The scheme; PSS with a salt as long as the digest."""
        salt = DIGEST_SIZES[self.digest] if self.scheme == "rsa-pss" else None
        return SignatureAlgorithm(self.scheme, self.digest, salt)

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo in DER."""
        return self.key.spki()

    def sign(self, message: bytes, /) -> bytes:
        """The signature over ``message``."""
        return self.token.sign_rsa(self.name, message, self.digest, self.scheme)
