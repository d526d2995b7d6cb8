"""Ephemeral key agreement over a standardized group, and the mappings of PACE (ICAO Doc 9303-11 4.4.3.3 and 9.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Entropy
from eid_toolkit.ground.secret import Secret
from eid_toolkit.standards.crypto import points
from eid_toolkit.standards.crypto.domain_parameters import DhDomain, EcDomain
from eid_toolkit.standards.crypto.ec import EcPrivateKey, EcPublicKey


@dataclass(frozen=True, slots=True, eq=False)
class KeyPair:
    """A private number and the group element that belongs to it, encoded for the line."""

    private: Secret
    public: bytes


class Group(Protocol):
    """A cyclic group with a generator, which the mapping of PACE replaces by an ephemeral one.

    Elements are bytes as they stand on the line. Every method raises :class:`BadInput` for bytes that are no element
    of the group, or only the neutral one.
    """

    def key_pair(self, entropy: Entropy) -> KeyPair:
        """A fresh key pair over the present generator."""
        ...

    def agree(self, private: Secret, public: bytes) -> bytes:
        """The shared element."""
        ...

    def shared_secret(self, private: Secret, public: bytes) -> bytes:
        """K of the key agreement, from which keys are derived (9303-11 9.7.1)."""
        ...

    def mapped(self, nonce: bytes, shared: bytes) -> Group:
        """The group with the generator of the generic mapping, from the nonce s and the shared element H."""
        ...

    def mapped_to(self, number: int) -> Group:
        """The group with the generator of the integrated mapping, from the number R_p(s, t)."""
        ...

    @property
    def modulus(self) -> int:
        """The prime of the field."""
        ...


def group_of(domain: EcDomain | DhDomain) -> Group:
    """The group of the domain parameters with their own generator."""
    if isinstance(domain, EcDomain):
        return EcGroup(domain, (domain.gx, domain.gy))
    return DhGroup(domain, domain.g)


@dataclass(frozen=True, slots=True)
class EcGroup:
    """A curve; elements are uncompressed points."""

    domain: EcDomain
    generator: points.Affine

    @property
    def modulus(self) -> int:
        return self.domain.p

    def key_pair(self, entropy: Entropy) -> KeyPair:
        key = EcPrivateKey.generate(self.domain, entropy)
        return KeyPair(key.scalar, self._encode(self._multiply(self.generator, key.scalar)))

    def agree(self, private: Secret, public: bytes) -> bytes:
        return self._encode(self._multiply(self._decode(public), private))

    def shared_secret(self, private: Secret, public: bytes) -> bytes:
        """The x-coordinate of the shared point."""
        return self.agree(private, public)[1 : 1 + self.domain.size]

    def mapped(self, nonce: bytes, shared: bytes) -> EcGroup:
        """The generator s·G + H (9303-11 4.4.3.3.1)."""
        scalar = int.from_bytes(nonce, "big") % self.domain.n
        return EcGroup(self.domain, points.multiply_base_add(self.domain, scalar, self._decode(shared)))

    def mapped_to(self, number: int) -> EcGroup:
        """The point that ``number`` is encoded to (9303-11 appendix B.2; the cofactor is 1)."""
        return EcGroup(self.domain, _encode_to_point(self.domain, number))

    def _multiply(self, point: points.Affine, scalar: Secret) -> points.Affine:
        return points.multiply(self.domain, point, int.from_bytes(scalar.reveal(), "big"))

    def _decode(self, encoded: bytes) -> points.Affine:
        public = EcPublicKey.from_point(self.domain, encoded)
        return public.x, public.y

    def _encode(self, point: points.Affine) -> bytes:
        size = self.domain.size
        return b"\x04" + point[0].to_bytes(size, "big") + point[1].to_bytes(size, "big")


def _encode_to_point(domain: EcDomain, t: int) -> points.Affine:
    """The simplified Shallue-van de Woestijne-Ulas encoding as 9303-11 B.2 gives it, for primes p = 3 mod 4."""
    p, a, b = domain.p, domain.a, domain.b
    if p % 4 != 3:
        raise BadInput("key-agreement-unsupported", group=domain.name)
    alpha = -t * t % p
    denominator = (alpha + alpha * alpha) % p
    if denominator == 0:
        raise BadInput("ec-point-at-infinity", curve=domain.name)
    x2 = -b * pow(a, -1, p) * (1 + pow(denominator, -1, p)) % p
    x3 = alpha * x2 % p
    h2 = (x2 * x2 * x2 + a * x2 + b) % p
    power = pow(h2, p - 1 - (p + 1) // 4, p)
    if power * power * h2 % p == 1:
        return x2, power * h2 % p
    return x3, power * (pow(t, 3, p) * h2) % p


@dataclass(frozen=True, slots=True)
class DhGroup:
    """A prime-order subgroup modulo a prime; elements are unsigned integers in the fewest bytes (9303-11 9.4.1)."""

    domain: DhDomain
    generator: int

    @property
    def modulus(self) -> int:
        return self.domain.p

    def key_pair(self, entropy: Entropy) -> KeyPair:
        q = self.domain.q
        size = (q.bit_length() + 7) // 8
        while True:
            candidate = entropy.take(size)
            if 0 < int.from_bytes(candidate, "big") < q:
                return KeyPair(Secret(candidate), self._encode(self._power(self.generator, Secret(candidate))))

    def agree(self, private: Secret, public: bytes) -> bytes:
        return self._encode(self._power(self._decode(public), private))

    def shared_secret(self, private: Secret, public: bytes) -> bytes:
        """The shared number in the prime's length (PKCS #3 8.3)."""
        return self._power(self._decode(public), private).to_bytes(self.domain.size, "big")

    def mapped(self, nonce: bytes, shared: bytes) -> DhGroup:
        """The generator g^s · h (9303-11 4.4.3.3.1)."""
        p = self.domain.p
        generator = pow(self.domain.g, int.from_bytes(nonce, "big"), p) * self._decode(shared) % p
        return DhGroup(self.domain, self._checked(generator))

    def mapped_to(self, number: int) -> DhGroup:
        """The generator number^((p-1)/q) (9303-11 4.4.3.3.2)."""
        p, q = self.domain.p, self.domain.q
        return DhGroup(self.domain, self._checked(pow(number, (p - 1) // q, p)))

    def _power(self, base: int, exponent: Secret) -> int:
        return self._checked(pow(base, int.from_bytes(exponent.reveal(), "big"), self.domain.p))

    def _decode(self, encoded: bytes) -> int:
        """Validates as RFC 2631 2.1.5 asks: in range, and in the subgroup."""
        p, q = self.domain.p, self.domain.q
        number = int.from_bytes(encoded, "big")
        if len(encoded) > self.domain.size + 1 or not 1 < number < p - 1 or pow(number, q, p) != 1:
            raise BadInput("dh-public-key-invalid", group=self.domain.name)
        return number

    def _checked(self, number: int) -> int:
        if number <= 1:
            raise BadInput("dh-public-key-invalid", group=self.domain.name)
        return number

    def _encode(self, number: int) -> bytes:
        return number.to_bytes((number.bit_length() + 7) // 8, "big")
