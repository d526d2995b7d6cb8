"""Diffie-Hellman public keys in SubjectPublicKeyInfo: PKCS #3 and, as met in the field, X9.42 (9303-11 9.6, 8.5)."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.codec.tlv import Tlv
from eid_toolkit.standards.crypto.domain_parameters import DhDomain, domain_by_id
from eid_toolkit.standards.crypto.standard_groups import DH

PKCS3 = "1.2.840.113549.1.3.1"
X942 = "1.2.840.10046.2.1"
_MAX_NUMBER = 513


@dataclass(frozen=True, slots=True)
class DhPublicKey:
    """An element of the subgroup, other than the neutral one."""

    domain: DhDomain
    number: int

    def __post_init__(self) -> None:
        p, q = self.domain.p, self.domain.q
        if not 1 < self.number < p - 1 or pow(self.number, q, p) != 1:  # RFC 2631 2.1.5
            raise BadInput("dh-public-key-invalid", group=self.domain.name)

    @property
    def element(self) -> bytes:
        """The unsigned integer in the fewest bytes (9303-11 9.4.1)."""
        return self.number.to_bytes((self.number.bit_length() + 7) // 8, "big")

    def spki(self) -> bytes:
        """SubjectPublicKeyInfo in DER, by PKCS #3."""
        parameters = der.sequence(der.integer(self.domain.p), der.integer(self.domain.g))
        algorithm = der.sequence(der.object_identifier(PKCS3), parameters)
        return der.sequence(algorithm, der.bit_string(der.integer(self.number)))

    @classmethod
    def from_spki(cls, spki: bytes) -> DhPublicKey:
        """Reads SubjectPublicKeyInfo; raises :class:`BadInput` for anything but a key in a standardized group."""
        parts = tlv.parse(spki, der.SEQUENCE).children()
        algorithm = der.read_sequence(parts[0]) if len(parts) == 2 else ()
        if len(algorithm) != 2 or der.read_object_identifier(algorithm[0]) not in (PKCS3, X942):
            raise BadInput("public-key-not-dh")
        number = der.read_integer(tlv.parse(der.read_bit_string(parts[1])))
        return cls(dh_domain_from_parameters(algorithm[1]), number)


def dh_domain_from_parameters(parameters: Tlv) -> DhDomain:
    """The group that DHParameter or DomainParameters mean: prime and generator of a standardized one.

    Raises :class:`BadInput` for any other.
    """
    numbers = der.read_sequence(parameters)
    if len(numbers) < 2 or any(len(item.value) > _MAX_NUMBER for item in numbers):
        raise BadInput("public-key-malformed")
    p, g = (der.read_integer(item) for item in numbers[:2])
    for parameter_id in DH:
        domain = domain_by_id(parameter_id)
        if isinstance(domain, DhDomain) and (domain.p, domain.g) == (p, g):
            return domain
    raise BadInput("domain-parameters-unknown", parameters="Diffie-Hellman, not standardized")
