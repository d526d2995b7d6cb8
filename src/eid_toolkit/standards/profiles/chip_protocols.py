"""What a profile says of the chip's protocols: access, and the two that prove that it is no copy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eid_toolkit.standards.asn1.oids import Cipher
from eid_toolkit.standards.asn1.oids import Mapping as PaceMapping

Digest = Literal["sha256", "sha384", "sha512"]


@dataclass(frozen=True, slots=True)
class PaceChoice:
    """One way to run PACE, with the number of its standardized domain parameters (9303-11 9.5.1)."""

    mapping: PaceMapping
    """How the nonce is mapped."""
    cipher: Cipher
    """Of the secure channel."""
    parameter_id: int
    """The standardized domain parameters, 8 to 18 (13 is brainpoolP256r1)."""


@dataclass(frozen=True, slots=True)
class AccessProfile:
    """How the chip is opened: with PACE in any of these ways, and perhaps with BAC."""

    pace: tuple[PaceChoice, ...]
    """Ways to run PACE, in the order of EF.CardAccess; ``cam`` needs another beside it, and a chip key in its group."""
    bac: bool
    """Whether Basic Access Control opens it too. No such document may be issued from 2028 on (9303-11 4.1)."""


@dataclass(frozen=True, slots=True)
class ChipAuthenticationProfile:
    """The chip's key for Chip Authentication and the cipher of the channel that follows."""

    parameter_id: int
    """The group of the key."""
    cipher: Cipher
    """Of the secure channel that follows."""


@dataclass(frozen=True, slots=True)
class ActiveAuthenticationProfile:
    """The chip's key for Active Authentication and its digest: ECDSA in a group, or RSA of a given size."""

    digest: Digest
    """What is hashed with."""
    parameter_id: int | None = None
    """The group of a key for ECDSA."""
    rsa_bits: int | None = None
    """The size of a key of RSA, 1024 to 3072 in steps of 256."""
