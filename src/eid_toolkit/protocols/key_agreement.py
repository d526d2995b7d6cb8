"""Ephemeral key agreement over a standardized group, and the generic mapping (ICAO Doc 9303-11 4.4.3.3 and 9.6)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.crypto import points
from eid_toolkit.crypto.domain_parameters import DhDomain, EcDomain
from eid_toolkit.crypto.ec import EcPrivateKey, EcPublicKey
from eid_toolkit.errors import BadInput
from eid_toolkit.ports import Entropy
from eid_toolkit.secret import Secret


@dataclass(frozen=True, slots=True, eq=False)
class KeyPair:
    """A private number and the group element that belongs to it, encoded for the line."""

    private: Secret
    public: bytes


@dataclass(frozen=True, slots=True)
class EcGroup:
    """A curve with a generator, which the mapping of PACE replaces by an ephemeral one."""

    domain: EcDomain
    generator: points.Affine

    @classmethod
    def of(cls, domain: EcDomain | DhDomain) -> EcGroup:
        """The group of the domain parameters with their own base point."""
        if not isinstance(domain, EcDomain):
            raise BadInput("key-agreement-unsupported", group=domain.name)
        return cls(domain, (domain.gx, domain.gy))

    def key_pair(self, entropy: Entropy) -> KeyPair:
        """A fresh key pair over the present generator."""
        key = EcPrivateKey.generate(self.domain, entropy)
        return KeyPair(key.scalar, self._encode(self._multiply(self.generator, key.scalar)))

    def agree(self, private: Secret, public: bytes) -> bytes:
        """The shared element, encoded as a point; raises :class:`BadInput` for a point not on the curve."""
        return self._encode(self._multiply(self._decode(public), private))

    def shared_secret(self, private: Secret, public: bytes) -> bytes:
        """K of the key agreement: the x-coordinate of the shared point (9303-11 9.7.1)."""
        return self.agree(private, public)[1 : 1 + self.domain.size]

    def mapped(self, nonce: bytes, shared: bytes) -> EcGroup:
        """The group with the generator s·G + H (generic mapping, 9303-11 4.4.3.3.1)."""
        scalar = int.from_bytes(nonce, "big") % self.domain.n
        return EcGroup(self.domain, points.multiply_base_add(self.domain, scalar, self._decode(shared)))

    def _multiply(self, point: points.Affine, scalar: Secret) -> points.Affine:
        return points.multiply(self.domain, point, int.from_bytes(scalar.reveal(), "big"))

    def _decode(self, encoded: bytes) -> points.Affine:
        public = EcPublicKey.from_point(self.domain, encoded)
        return public.x, public.y

    def _encode(self, point: points.Affine) -> bytes:
        size = self.domain.size
        return b"\x04" + point[0].to_bytes(size, "big") + point[1].to_bytes(size, "big")
