"""PKCS-10: requests for certificates (RFC 2986 appendix A)."""

from __future__ import annotations

from asn1crypto import core

from eid_toolkit.standards.asn1.modules.cms import Attribute
from eid_toolkit.standards.asn1.modules.pkix import AlgorithmIdentifier, RDNSequence, SubjectPublicKeyInfo


class Attributes(core.SetOf):
    """What the requester asks for beside the name."""

    _child_spec = Attribute


class CertificationRequestInfo(core.Sequence):
    """What is signed in a request; there are requests without the attributes, which may be empty but not absent."""

    _fields = [
        ("version", core.Integer),
        ("subject", RDNSequence),
        ("subjectPKInfo", SubjectPublicKeyInfo),
        ("attributes", Attributes, {"implicit": 0, "optional": True}),
    ]


class CertificationRequest(core.Sequence):
    """A request, signed with the key that it is for."""

    _fields = [
        ("certificationRequestInfo", CertificationRequestInfo),
        ("signatureAlgorithm", AlgorithmIdentifier),
        ("signature", core.OctetBitString),
    ]
