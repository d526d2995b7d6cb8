"""Domain parameters in an AlgorithmIdentifier: standardized by number, named, or in full (9303-11 9.2.2 and 9.5)."""

from __future__ import annotations

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.dh import PKCS3, X942, dh_domain_from_parameters
from eid_toolkit.standards.crypto.domain_parameters import DhDomain, EcDomain, domain_by_id, ec_domain_from_parameters
from eid_toolkit.standards.crypto.ec import EC_PUBLIC_KEY, STANDARDIZED


def domain_from_algorithm(algorithm: bytes) -> EcDomain | DhDomain:
    """The standardized group that an AlgorithmIdentifier in DER means.

    Raises :class:`BadInput` for any other: a group that the card made up proves nothing.
    """
    parts = tlv.parse(algorithm, der.SEQUENCE).children()
    if len(parts) != 2:
        raise BadInput("domain-parameters-malformed", reason="not an algorithm and its parameters")
    match der.read_object_identifier(parts[0]):
        case oid if oid == STANDARDIZED:
            return domain_by_id(der.read_integer(parts[1]))
        case oid if oid == EC_PUBLIC_KEY:
            return ec_domain_from_parameters(parts[1].encode())
        case oid if oid in (PKCS3, X942):
            return dh_domain_from_parameters(parts[1])
        case oid:
            raise BadInput("domain-parameters-unknown", parameters=oid)
