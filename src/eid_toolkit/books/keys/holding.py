"""What somebody who holds keys can do with them: sign, and unwrap what was wrapped for them. Never: give them out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from eid_toolkit.ground.errors import IntegrityBroken
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.key_wrapping import WrappedKey, unwrap

DIGEST = "sha256"
"""Of the signatures of operators and of the staff key (ECDSA on P-256)."""


class HeldKeys(Protocol):
    """The two keys of an operator, wherever they are: in this process, in an agent, on a card."""

    @property
    def public_key(self) -> bytes:
        """The public half of the signing key: SubjectPublicKeyInfo in DER."""

    @property
    def wrapping_key(self) -> bytes:
        """The public half of the unwrapping key: SubjectPublicKeyInfo in DER."""

    def sign(self, statement: bytes, /) -> bytes:
        """ECDSA with SHA-256 over ``statement``, in DER."""

    def unwrap(self, wrapped: WrappedKey, context: bytes, /) -> Secret:
        """The key; raises :class:`SealBroken` if it is for somebody else, or for another context."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Both keys in this process."""

    signing: EcPrivateKey
    unwrapping: EcPrivateKey

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo of the signing key in DER."""
        return self.signing.public_key.spki()

    @property
    def wrapping_key(self) -> bytes:
        """SubjectPublicKeyInfo of the unwrapping key in DER."""
        return self.unwrapping.public_key.spki()

    def require(self, public_key: bytes, wrapping_key: bytes, name: str) -> None:
        """Raises :class:`IntegrityBroken` unless these are the public halves."""
        if (self.public_key, self.wrapping_key) != (public_key, wrapping_key):
            raise IntegrityBroken("operator-keys-exchanged", name=name)

    def sign(self, statement: bytes, /) -> bytes:
        """ECDSA with SHA-256 over ``statement``, in DER."""
        return self.signing.sign(statement, DIGEST)

    def unwrap(self, wrapped: WrappedKey, context: bytes, /) -> Secret:
        """The key; raises :class:`SealBroken` if it is for somebody else, or for another context."""
        return unwrap(wrapped, self.unwrapping, context)
