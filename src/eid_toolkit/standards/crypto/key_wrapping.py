"""Keys wrapped for a public key: one-pass ECDH on P-256, X9.63 KDF with SHA-256, AES-256 key wrap.

It is the key agreement of RFC 5753 3.1 (dhSinglePass-stdDH-sha256kdf with id-aes256-wrap, RFC 3394): whoever has the
static private key, a card included, computes the one shared point, and any tool for CMS computes the rest. The bytes
that a wrap is for are its user keying material (``entityUInfo``): in another place it opens nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from eid_toolkit.ground.errors import BadInput, SealBroken
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.domain_parameters import ec_domain_by_name
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey

CURVE = "secp256r1"
POINT_SIZE = 65
"""Bytes of an ephemeral public key: an uncompressed point."""
_AES_256_WRAP = "2.16.840.1.101.3.4.1.45"
_ENTITY_U_INFO, _SUPP_PUB_INFO = 0xA0, 0xA2
_KEY_SIZE = 32
_MOST_CANDIDATES = 256
_OVERHEAD = 8  # RFC 3394 2.2.1: the integrity check value
_SIZES = range(16, 65, 8)


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key of 16 to 64 bytes (a multiple of 8) under a public key.

    ``ephemeral`` is the sender's point (65 bytes), ``wrapped`` the AES key wrap (8 bytes longer than the key).
    """

    ephemeral: bytes
    wrapped: bytes

    def __post_init__(self) -> None:
        if len(self.ephemeral) != POINT_SIZE or len(self.wrapped) - _OVERHEAD not in _SIZES:
            raise BadInput("wrapped-key-malformed")


def wrap(key: Secret, to: EcPublicKey, context: bytes, entropy: Entropy) -> WrappedKey:
    """``key`` for the holder of ``to``, bound to ``context``; the ephemeral key is drawn from ``entropy``."""
    from cryptography.hazmat.primitives.keywrap import aes_key_wrap

    if len(key) not in _SIZES:
        raise BadInput("wrapped-key-malformed")
    ephemeral = EcPrivateKey.generate(ec_domain_by_name(CURVE), entropy)
    wrapping = _derive(ephemeral.ecdh_x(to), context)
    return WrappedKey(ephemeral.public_key.point, aes_key_wrap(wrapping, key.reveal()))


def unwrap(wrapped: WrappedKey, by: EcPrivateKey, context: bytes) -> Secret:
    """The key; raises :class:`SealBroken` if it was wrapped for another key or context, or was changed."""
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

    try:
        ephemeral = EcPublicKey.from_point(by.domain, wrapped.ephemeral)
        return Secret(aes_key_unwrap(_derive(by.ecdh_x(ephemeral), context), wrapped.wrapped))
    except (BadInput, InvalidUnwrap, ValueError):
        raise SealBroken("sealed-data-broken") from None


def derived_key(candidate: Callable[[int], bytes]) -> EcPrivateKey:
    """A key pair that follows from a secret: the first of its candidates, of 32 bytes each, that is in range."""
    domain = ec_domain_by_name(CURVE)
    for attempt in range(1, _MOST_CANDIDATES):
        scalar = candidate(attempt)
        if 0 < int.from_bytes(scalar, "big") < domain.n:
            return EcPrivateKey(domain, Secret(scalar))
    raise AssertionError("one of 2^32 candidates is out of range")


def shared_info(context: bytes) -> bytes:
    """ECC-CMS-SharedInfo in DER (RFC 5753 7.2) for a key of 256 bits; ``entityUInfo`` is left out where it is empty."""
    parts = [der.sequence(der.object_identifier(_AES_256_WRAP))]
    parts += [tlv.encode(_ENTITY_U_INFO, der.octet_string(context))] if context else []
    parts += [tlv.encode(_SUPP_PUB_INFO, der.octet_string((8 * _KEY_SIZE).to_bytes(4, "big")))]
    return der.sequence(*parts)


def _derive(shared: Secret, context: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

    return X963KDF(SHA256(), _KEY_SIZE, shared_info(context)).derive(shared.reveal())
