"""What the pure layers ask of the outside: randomness, time and signatures."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Protocol


class Entropy(Protocol):
    """A source of random bytes."""

    def take(self, length: int, /) -> bytes:
        """``length`` fresh random bytes."""
        ...


class Clock(Protocol):
    """A source of the present time."""

    def now(self) -> datetime:
        """The present time, timezone-aware, in UTC."""
        ...


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """A signature scheme with its digest (``sha1`` to ``sha512``) and, for PSS, the salt length in bytes.

    ``mask_digest`` is the one of MGF1 where it is another (RFC 8017 A.2.3 recommends the same; only read, never made).
    """

    family: Literal["ecdsa", "rsa-pkcs1", "rsa-pss"]
    digest: str
    salt_length: int | None = None
    mask_digest: str | None = None


class Signer(Protocol):
    """A private key that signs, wherever it lives (file, token)."""

    @property
    def algorithm(self) -> SignatureAlgorithm:
        """The scheme of :meth:`sign`."""
        ...

    @property
    def public_key(self) -> bytes:
        """SubjectPublicKeyInfo in DER; EC parameters explicit as 9303-12 asks."""
        ...

    def sign(self, message: bytes, /) -> bytes:
        """The signature over ``message`` in X.509 form (ECDSA: DER SEQUENCE of r and s)."""
        ...


class SystemEntropy:
    """The operating system's random generator."""

    def take(self, length: int, /) -> bytes:
        return os.urandom(length)


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)
