"""Elliptic-curve keys: SubjectPublicKeyInfo, PKCS#8, ECDH and ECDSA (TR-03111, RFC 5480, 9303-12 7.1).

``cryptography`` does the work on the curves that it knows; on the Brainpool curves of 192, 224 and 320 bits, which
it does not, the ``ecdsa`` package stands in (without its promise of constant time).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from eid_toolkit.ground.errors import AccessDenied, BadInput
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto import points
from eid_toolkit.standards.crypto.digests import digest as compute_digest
from eid_toolkit.standards.crypto.digests import hash_algorithm
from eid_toolkit.standards.crypto.domain_parameters import (
    EcDomain,
    domain_by_id,
    ec_domain_from_parameters,
    explicit_ec_parameters,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec as native_ec

EC_PUBLIC_KEY = "1.2.840.10045.2.1"
STANDARDIZED = "0.4.0.127.0.7.1.2"
"""standardizedDomainParameters (9303-11 9.5.1, TR-03110-3 A.2.1.1), with the number of the group as its parameter."""
_NATIVE = {
    "secp192r1": "SECP192R1",
    "secp224r1": "SECP224R1",
    "secp256r1": "SECP256R1",
    "secp384r1": "SECP384R1",
    "secp521r1": "SECP521R1",
    "brainpoolP256r1": "BrainpoolP256R1",
    "brainpoolP384r1": "BrainpoolP384R1",
    "brainpoolP512r1": "BrainpoolP512R1",
}


@cache
def _ecdsa(digest: str) -> native_ec.ECDSA:
    from cryptography.hazmat.primitives.asymmetric import ec as native_ec

    return native_ec.ECDSA(hash_algorithm(digest))


@cache
def _native_curve(domain: EcDomain) -> native_ec.EllipticCurve | None:
    from cryptography.hazmat.primitives.asymmetric import ec as native_ec

    name = _NATIVE.get(domain.name)
    curve: native_ec.EllipticCurve | None = getattr(native_ec, name)() if name else None
    return curve


@dataclass(frozen=True)
class EcPublicKey:
    """A point of the curve, other than infinity."""

    domain: EcDomain
    x: int
    y: int

    def __post_init__(self) -> None:
        d = self.domain
        if not (0 <= self.x < d.p and 0 <= self.y < d.p):
            raise BadInput("ec-point-not-on-curve", curve=d.name)
        if (self.y * self.y - self.x * self.x * self.x - d.a * self.x - d.b) % d.p:
            raise BadInput("ec-point-not-on-curve", curve=d.name)

    @property
    def point(self) -> bytes:
        """The uncompressed encoding: 04, x, y."""
        size = self.domain.size
        return b"\x04" + self.x.to_bytes(size, "big") + self.y.to_bytes(size, "big")

    @classmethod
    def from_point(cls, domain: EcDomain, data: bytes) -> EcPublicKey:
        """Reads an uncompressed point; raises :class:`BadInput` if it is not on the curve."""
        size = domain.size
        if len(data) != 1 + 2 * size or data[0] != 4:
            raise BadInput("ec-point-malformed", curve=domain.name, length=len(data))
        return cls(domain, int.from_bytes(data[1 : 1 + size], "big"), int.from_bytes(data[1 + size :], "big"))

    def spki(self, explicit: bool = True) -> bytes:
        """SubjectPublicKeyInfo in DER, with explicit parameters as 9303-12 7.1 asks, or with the curve's name."""
        parameters = explicit_ec_parameters(self.domain) if explicit else der.object_identifier(self.domain.oid)
        algorithm = der.sequence(der.object_identifier(EC_PUBLIC_KEY), parameters)
        return der.sequence(algorithm, der.bit_string(self.point))

    @property
    def numbered_spki(self) -> bytes:
        """SubjectPublicKeyInfo in DER with the number of the standardized group (9303-11 9.5.1)."""
        algorithm = der.sequence(der.object_identifier(STANDARDIZED), der.integer(self.domain.parameter_id))
        return der.sequence(algorithm, der.bit_string(self.point))

    @classmethod
    def from_spki(cls, spki: bytes) -> EcPublicKey:
        """Reads SubjectPublicKeyInfo, its group written out, named or numbered.

        Raises :class:`BadInput` for anything but a key on a standardized curve.
        """
        parts = tlv.parse(spki, der.SEQUENCE).children()
        if len(parts) != 2:
            raise BadInput("public-key-malformed")
        algorithm = der.read_sequence(parts[0])
        name = der.read_object_identifier(algorithm[0]) if len(algorithm) == 2 else None
        if name not in (EC_PUBLIC_KEY, STANDARDIZED):
            raise BadInput("public-key-not-ec")
        if name == STANDARDIZED:
            domain = domain_by_id(der.read_integer(algorithm[1]))
        else:
            domain = ec_domain_from_parameters(algorithm[1].encode())
        if not isinstance(domain, EcDomain):
            raise BadInput("public-key-not-ec")
        return cls.from_point(domain, der.read_bit_string(parts[1]))

    @cached_property
    def _native(self) -> native_ec.EllipticCurvePublicKey | None:
        from cryptography.hazmat.primitives.asymmetric import ec as native_ec

        curve = _native_curve(self.domain)
        return native_ec.EllipticCurvePublicNumbers(self.x, self.y, curve).public_key() if curve else None

    def verify(self, signature: bytes, message: bytes, digest: str) -> bool:
        """Whether ``signature`` (DER) is an ECDSA signature over ``message``."""
        if self._native is None:
            pair = _read_signature(signature)
            hashed = compute_digest(digest, message)
            return pair is not None and points.ecdsa_verify(self.domain, (self.x, self.y), pair, hashed)
        from cryptography.exceptions import InvalidSignature

        try:
            self._native.verify(signature, message, _ecdsa(digest))
        except InvalidSignature:
            return False
        return True


class EcPrivateKey:
    """A private scalar and its public key. No repr of the scalar, no equality, no pickle."""

    def __init__(self, domain: EcDomain, scalar: Secret) -> None:
        value = int.from_bytes(scalar.reveal(), "big")
        if len(scalar) != domain.scalar_size or not 0 < value < domain.n:
            raise BadInput("private-key-out-of-range", curve=domain.name)
        self.domain = domain
        self.scalar = scalar
        """The scalar, big-endian, in ``domain.scalar_size`` bytes."""

    @classmethod
    def generate(cls, domain: EcDomain, entropy: Entropy) -> EcPrivateKey:
        """A fresh key: candidates of the order's length are drawn until one is in range (TR-03111 4.1.1)."""
        excess = 8 * domain.scalar_size - domain.n.bit_length()
        while True:
            candidate = entropy.take(domain.scalar_size)
            candidate = bytes((candidate[0] & 0xFF >> excess,)) + candidate[1:]
            if 0 < int.from_bytes(candidate, "big") < domain.n:
                return cls(domain, Secret(candidate))

    @cached_property
    def public_key(self) -> EcPublicKey:
        """The scalar times the base point."""
        native = self._native
        if native is None:
            x, y = points.multiply_base(self.domain, int.from_bytes(self.scalar.reveal(), "big"))
        else:
            numbers = native.public_key().public_numbers()
            x, y = numbers.x, numbers.y
        return EcPublicKey(self.domain, x, y)

    @cached_property
    def _native(self) -> native_ec.EllipticCurvePrivateKey | None:
        from cryptography.hazmat.primitives.asymmetric import ec as native_ec

        curve = _native_curve(self.domain)
        if curve is None:
            return None
        return native_ec.derive_private_key(int.from_bytes(self.scalar.reveal(), "big"), curve)

    def ecdh_x(self, public: EcPublicKey) -> Secret:
        """The x-coordinate of the shared point, in ``domain.size`` bytes (TR-03111 4.3.1)."""
        if public.domain != self.domain:
            raise BadInput("ec-domain-mismatch", ours=self.domain.name, theirs=public.domain.name)
        if self._native is None or public._native is None:
            scalar = int.from_bytes(self.scalar.reveal(), "big")
            x, _ = points.multiply(self.domain, (public.x, public.y), scalar)
            return Secret(x.to_bytes(self.domain.size, "big"))
        from cryptography.hazmat.primitives.asymmetric import ec as native_ec

        return Secret(self._native.exchange(native_ec.ECDH(), public._native))

    def sign(self, message: bytes, digest: str, *, deterministic: bool = False) -> bytes:
        """ECDSA in X.509 form: a DER SEQUENCE of r and s; ``deterministic`` with the nonce of RFC 6979."""
        if self._native is None:
            scalar = int.from_bytes(self.scalar.reveal(), "big")
            return points.ecdsa_sign(self.domain, scalar, compute_digest(digest, message))
        from cryptography.hazmat.primitives.asymmetric import ec as native_ec

        return self._native.sign(message, native_ec.ECDSA(hash_algorithm(digest), deterministic))

    def sign_plain(self, message: bytes, digest: str, *, deterministic: bool = False) -> bytes:
        """ECDSA in plain form: r and s, each of ``domain.scalar_size`` bytes (TR-03111 5.2.1)."""
        return der_to_plain(self.sign(message, digest, deterministic=deterministic), self.domain.scalar_size)

    def pkcs8(self, passphrase: bytes | None) -> bytes:
        """PKCS#8 in DER, encrypted under ``passphrase`` unless that is None (RFC 5958)."""
        from cryptography.hazmat.primitives import serialization

        if self._native is None:
            raise BadInput("key-storage-unsupported", curve=self.domain.name)
        encryption: serialization.KeySerializationEncryption = (
            serialization.NoEncryption() if passphrase is None else serialization.BestAvailableEncryption(passphrase)
        )
        return self._native.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, encryption)

    @classmethod
    def from_pkcs8(cls, data: bytes, passphrase: bytes | None) -> EcPrivateKey:
        """Reads PKCS#8; raises :class:`AccessDenied` for a wrong passphrase, :class:`BadInput` for no EC key."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec as native_ec

        try:
            native = serialization.load_der_private_key(data, passphrase)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise AccessDenied("key-passphrase-wrong") from None
        if not isinstance(native, native_ec.EllipticCurvePrivateKey):
            raise BadInput("private-key-not-ec")
        parameters = native.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        domain = EcPublicKey.from_spki(parameters).domain
        scalar = native.private_numbers().private_value
        return cls(domain, Secret(scalar.to_bytes(domain.scalar_size, "big")))


def _read_signature(signature: bytes) -> tuple[int, int] | None:
    """r and s of a signature in strict DER (RFC 3279 2.2.3, X.690 10 and 11), or None if it is no such thing.

    Other encodings of the same numbers are refused, as OpenSSL does: one signature has one form on every curve.
    """
    try:
        numbers = [der.read_integer(part) for part in tlv.parse(signature, der.SEQUENCE).children()]
    except BadInput:
        return None
    if len(numbers) != 2 or min(numbers) <= 0 or der.sequence(*map(der.integer, numbers)) != signature:
        return None
    return numbers[0], numbers[1]


def der_to_plain(signature: bytes, size: int) -> bytes:
    """An ECDSA signature from DER to plain form with halves of ``size`` bytes."""
    pair = _read_signature(signature)
    if pair is None or max(pair).bit_length() > 8 * size:
        raise BadInput("signature-malformed")
    return b"".join(number.to_bytes(size, "big") for number in pair)


def plain_to_der(signature: bytes) -> bytes:
    """An ECDSA signature from plain form to DER; raises :class:`BadInput` if it cannot be halved."""
    half, odd = divmod(len(signature), 2)
    if odd or not half:
        raise BadInput("signature-malformed")
    return der.sequence(
        der.integer(int.from_bytes(signature[:half], "big")), der.integer(int.from_bytes(signature[half:], "big"))
    )
