"""EF.SOD put together part by part, as no builder of the toolkit would: any attributes, any signers, any order."""

from __future__ import annotations

from collections.abc import Iterable

from eid_toolkit.ground.ports import Signer
from eid_toolkit.standards.asn1.oids import LDS_SECURITY_OBJECT
from eid_toolkit.standards.codec import der, tlv
from eid_toolkit.standards.crypto.digests import DIGEST_OIDS
from eid_toolkit.standards.crypto.digests import digest as hashed
from eid_toolkit.standards.crypto.signatures import algorithm_to_der
from eid_toolkit.standards.lds.security_object import LdsSecurityObject
from eid_toolkit.standards.pki.certificate import Certificate
from eid_toolkit.standards.pki.cms import ID_SIGNED_DATA
from support.documents import IssuedDocument

CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME = (f"1.2.840.113549.1.9.{number}" for number in (3, 4, 5))
SHA256 = der.sequence(der.object_identifier(DIGEST_OIDS["sha256"]))


def content_of(document: IssuedDocument) -> bytes:
    """The LDSSecurityObject that the document's genuine EF.SOD has."""
    return LdsSecurityObject("sha256", {n: hashed("sha256", file) for n, file in document.data_groups.items()}).encode()


def attribute(oid: str, *values: bytes) -> bytes:
    return der.sequence(der.object_identifier(oid), tlv.encode(der.SET, *values))


def usual_attributes(content: bytes) -> tuple[bytes, bytes]:
    """Content type and message digest."""
    return (
        attribute(CONTENT_TYPE, der.object_identifier(LDS_SECURITY_OBJECT)),
        attribute(MESSAGE_DIGEST, der.octet_string(hashed("sha256", content))),
    )


def named_by(certificate: Certificate) -> bytes:
    """SignerIdentifier by issuer and serial number."""
    return der.sequence(certificate.issuer.der, der.integer(certificate.serial))


def signature(key: Signer, identifier: bytes, attributes: Iterable[bytes], algorithm: bytes | None = None) -> bytes:
    """A SignerInfo over these attributes, in their order."""
    signed = tlv.encode(der.SET, *attributes)
    return der.sequence(
        der.integer(1),
        identifier,
        SHA256,
        tlv.encode(0xA0, tlv.parse(signed).value),
        algorithm or algorithm_to_der(key.algorithm),
        der.octet_string(key.sign(signed)),
    )


def of_unknown_kind(identifier: bytes, digest: str = "2.16.840.1.101.3.4.2.12") -> bytes:
    """A SignerInfo by ML-DSA over SHAKE256, as a state may have beside the usual one."""
    algorithm = der.sequence(der.object_identifier("2.16.840.1.101.3.4.3.18"))
    digest_identifier = der.sequence(der.object_identifier(digest))
    return der.sequence(der.integer(1), identifier, digest_identifier, algorithm, der.octet_string(bytes(64)))


def security_object(content: bytes, signatures: Iterable[bytes], certificates: Iterable[bytes]) -> bytes:
    """The whole file; certificates and signatures stand in the order given."""
    signed_data = der.sequence(
        der.integer(3),
        tlv.encode(der.SET, SHA256),
        der.sequence(der.object_identifier(LDS_SECURITY_OBJECT), tlv.encode(0xA0, der.octet_string(content))),
        tlv.encode(0xA0, *certificates),
        tlv.encode(der.SET, *signatures),
    )
    return tlv.encode(0x77, der.sequence(der.object_identifier(ID_SIGNED_DATA), tlv.encode(0xA0, signed_data)))
