"""Which key an authority makes: the usual one of its kind, or the next longer one that the crypto policy allows."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from eid_toolkit.books.keys.keys import KeyStore
from eid_toolkit.books.keys.signers import RSA_SIZES, fitting_digest
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.crypto_policy import Breach, CryptoPolicy, Use

KeyKind = Literal["ec", "ec-nist", "rsa-pss"]
"""What a key is: on a brainpool or a NIST curve, or RSA that signs by PSS."""
_CURVES = {
    "ec": {256: "brainpoolP256r1", 384: "brainpoolP384r1", 512: "brainpoolP512r1"},
    "ec-nist": {256: "secp256r1", 384: "secp384r1", 521: "secp521r1"},
}
_USUAL_CURVE = {Use.CSCA: 384}
_USUAL_RSA = {Use.CSCA: 4096, Use.LIST_SIGNER: 3072, Use.BUNDLE_SIGNER: 3072}
_CURVE_BITS, _RSA_BITS = 256, 2048
"""Of all others."""
_RSA_DIGEST = "sha256"


def new_key(keys: KeyStore, policy: CryptoPolicy, use: Use, name: str, kind: KeyKind) -> Signer:
    """A new key; what the policy refuses is not made at all, for a token keeps what was made in it.

    Raises :class:`NotPermitted` if the policy allows no key of that kind that is as long as the usual one.
    """
    if kind == "rsa-pss":
        bits = _rsa_bits(policy, use)
        policy.require((*policy.of_rsa(use, bits), *policy.of_hash(use, _RSA_DIGEST)))
        return keys.generate_rsa(name, bits, _RSA_DIGEST)
    usual = _USUAL_CURVE.get(use, _CURVE_BITS)
    choices = [(curve, _breaches(policy, use, curve, bits)) for bits, curve in _CURVES[kind].items() if bits >= usual]
    curve, breaches = next((choice for choice in choices if not choice[1]), choices[0])
    policy.require(breaches)
    return keys.generate_ec(name, curve)


def _breaches(policy: CryptoPolicy, use: Use, curve: str, bits: int) -> tuple[Breach, ...]:
    return (*policy.of_curve(use, curve), *policy.of_hash(use, fitting_digest(bits)))


def _rsa_bits(policy: CryptoPolicy, use: Use) -> int:
    """The usual size of an RSA key, or the next that is long enough; the usual one if none is."""
    usual, least = _USUAL_RSA.get(use, _RSA_BITS), policy.uses[use].least_rsa_bits
    return next((bits for bits in RSA_SIZES if bits >= max(usual, least or 0)), usual)


def at_most(usual: timedelta, days: int | None) -> timedelta:
    """The usual time, or less where the policy wants less."""
    return usual if days is None else min(usual, timedelta(days=days))
