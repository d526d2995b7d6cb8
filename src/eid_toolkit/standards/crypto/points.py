"""Point arithmetic on the standardized curves, by the ``ecdsa`` package (TR-03111 4.2).

PACE's generic mapping needs whole points, which ``cryptography`` does not give. ``ecdsa`` multiplies four times as fast
where ``gmpy2`` is installed, and in Python's own numbers where it is not. The arithmetic is not constant in
time, so it serves one-time values; long-term keys use it only on curves that nothing else here offers.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.crypto.domain_parameters import EcDomain

Affine = tuple[int, int]


@cache
def _curve(domain: EcDomain) -> Any:
    """The curve with its base point, whose multiples the package computes once."""
    from ecdsa.curves import find_curve

    return find_curve(tuple(map(int, domain.oid.split("."))))


def _jacobi(domain: EcDomain, point: Affine) -> Any:
    from ecdsa.ellipticcurve import PointJacobi

    return PointJacobi(_curve(domain).curve, point[0], point[1], 1, domain.n)


def _affine(domain: EcDomain, point: Any) -> Affine:
    from ecdsa.ellipticcurve import Point

    plain = point if isinstance(point, Point) else point.to_affine()
    if plain.x() is None:
        raise BadInput("ec-point-at-infinity", curve=domain.name)
    return int(plain.x()), int(plain.y())


def multiply(domain: EcDomain, point: Affine, scalar: int) -> Affine:
    """``scalar`` times ``point``; raises :class:`BadInput` if that is infinity."""
    return _affine(domain, _jacobi(domain, point) * scalar)


def multiply_base(domain: EcDomain, scalar: int) -> Affine:
    """``scalar`` times the base point."""
    return _affine(domain, _curve(domain).generator * scalar)


def multiply_base_add(domain: EcDomain, scalar: int, point: Affine) -> Affine:
    """``scalar`` times the base point plus ``point``: the generic mapping (9303-11 4.4.3.3.1)."""
    return _affine(domain, _curve(domain).generator * scalar + _jacobi(domain, point))


def ecdsa_sign(domain: EcDomain, scalar: int, digest: bytes) -> bytes:
    """An ECDSA signature (DER) over a digest, with the nonce of RFC 6979."""
    import hashlib

    from ecdsa import SigningKey
    from ecdsa.util import sigencode_der

    key = SigningKey.from_secret_exponent(scalar, _curve(domain))
    signature: bytes = key.sign_digest_deterministic(
        digest, hashfunc=hashlib.sha256, sigencode=sigencode_der, allow_truncate=True
    )
    return signature


def ecdsa_verify(domain: EcDomain, point: Affine, signature: tuple[int, int], digest: bytes) -> bool:
    """Whether ``signature`` (r, s) is one over ``digest`` by the key ``point``."""
    from ecdsa import BadSignatureError, VerifyingKey

    size = domain.size
    encoded = point[0].to_bytes(size, "big") + point[1].to_bytes(size, "big")
    key = VerifyingKey.from_string(encoded, _curve(domain))
    try:
        return bool(key.verify_digest(signature, digest, sigdecode=lambda pair, _: pair, allow_truncate=True))
    except BadSignatureError:
        return False
