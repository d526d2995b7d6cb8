"""PKCS #10 certification requests (RFC 2986): how a document signer's key comes to a CSCA that is off line."""

from __future__ import annotations

from dataclasses import dataclass

from eid_toolkit.ground.errors import BadInput
from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.signatures import algorithm_to_der
from eid_toolkit.standards.pki.certificate import is_signed_by
from eid_toolkit.standards.pki.names import DistinguishedName

MAX_SIZE = 1 << 16
"""The largest request in bytes that is read."""
_VERSION_1 = der.integer(0)
_NO_ATTRIBUTES = tlv.encode(0xA0)


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """A name and a public key, signed with the private one."""

    der: bytes
    subject: DistinguishedName
    spki: bytes

    @classmethod
    def build(cls, subject: DistinguishedName, signer: Signer) -> CertificateRequest:
        """A request for the key of ``signer``."""
        info = der.sequence(_VERSION_1, subject.der, signer.public_key, _NO_ATTRIBUTES)
        signature = der.bit_string(signer.sign(info))
        return cls(der.sequence(info, algorithm_to_der(signer.algorithm), signature), subject, signer.public_key)

    @classmethod
    def parse(cls, data: bytes) -> CertificateRequest:
        """A request in DER whose signature proves the private key.

        Raises :class:`BadInput` for anything else. What the requester may have is for the CSCA to decide: attributes
        are not looked at.
        """
        if len(data) > MAX_SIZE:
            raise BadInput("request-too-large", limit=MAX_SIZE)
        from eid_toolkit.standards.asn1.declared import FAULTS, load
        from eid_toolkit.standards.asn1.modules.pkcs10 import CertificationRequest

        try:
            read = load(CertificationRequest, data)
            info = read["certificationRequestInfo"]
            version, subject = info["version"].native, DistinguishedName.read(tlv.parse(info["subject"].dump()))
            key, algorithm = info["subjectPKInfo"].dump(), read["signatureAlgorithm"].dump()
            signature = read["signature"].native
        except FAULTS:
            raise BadInput("request-malformed") from None
        if version != 0:
            raise BadInput("request-malformed")
        if not is_signed_by(key, algorithm, signature, info.dump()):
            raise BadInput("request-signature-wrong")
        return cls(data, subject, key)
