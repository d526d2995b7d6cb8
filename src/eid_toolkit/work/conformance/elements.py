"""Wrong public keys for key agreement: what a chip has to refuse (TR-03111 4.3.3, RFC 2631 2.1.5, 9303-11 9.6)."""

from __future__ import annotations

from eid_toolkit.ground.ports import Entropy
from eid_toolkit.standards.crypto.domain_parameters import DhDomain, EcDomain, domain_by_id
from eid_toolkit.standards.protocols.key_agreement import group_of

_OTHERS = (12, 13)
"""Two curves whose points are of one length, so that either serves as the other group of most."""


def outside(domain: EcDomain | DhDomain, element: bytes) -> bytes:
    """``element`` altered so that it is none any more: a point beside the curve, a number outside the subgroup."""
    if isinstance(domain, EcDomain):
        return element[:-1] + bytes((element[-1] ^ 1,))
    return (domain.p - 1).to_bytes(domain.size, "big")


def neutral(domain: EcDomain | DhDomain) -> bytes:
    """The neutral element: the point at infinity, or the number one."""
    return b"\x00" if isinstance(domain, EcDomain) else b"\x01"


def of_other_group(domain: EcDomain | DhDomain, entropy: Entropy) -> bytes:
    """A sound public key, but of another group."""
    other = next(number for number in _OTHERS if number != domain.parameter_id)
    return group_of(domain_by_id(other)).key_pair(entropy).public
