"""Key pairs for whose public half others wrap a card key; the private half is kept sealed, and never signs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey
from eid_toolkit.standards.crypto.key_wrapping import CURVE

PairKind = Literal["rsa-3072", "p-256"]
_BITS, _EXPONENT = 3072, 65537


@dataclass(frozen=True, slots=True, eq=False)
class TransportPair:
    """A private key (PrivateKeyInfo in DER, RFC 5958) and its public half (SubjectPublicKeyInfo in DER)."""

    private: Secret
    public: bytes


def generate_pair(kind: PairKind, entropy: Entropy) -> TransportPair:
    """A fresh pair; RSA primes are drawn by ``cryptography`` itself."""
    if kind == "p-256":
        held = EcPrivateKey.generate(ec_domain_by_name(CURVE), entropy)
        return TransportPair(Secret(held.pkcs8(None)), held.public_key.spki(explicit=False))
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

    key = rsa.generate_private_key(_EXPONENT, _BITS)
    return TransportPair(
        Secret(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())),
        key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    )
