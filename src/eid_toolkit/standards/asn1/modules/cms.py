"""CryptographicMessageSyntax2010: content with its signatures, as EF.SOD and lists are wrapped (RFC 5652 section 12.1).

Certificates and revocation lists are left as they came, in their order: their fingerprints and signatures hang on it.
"""

from __future__ import annotations

from asn1crypto import core

from eid_toolkit.standards.asn1.modules.pkix import AlgorithmIdentifier, RDNSequence, Time

ID_SIGNED_DATA = "1.2.840.113549.1.7.2"


class ContentTypes(core.SetOf):
    """The values of an attribute that names the content's type."""

    _child_spec = core.ObjectIdentifier


class MessageDigests(core.SetOf):
    """The values of an attribute that holds the content's hash."""

    _child_spec = core.OctetString


class SigningTimes(core.SetOf):
    """The values of an attribute that says when the signature was made."""

    _child_spec = Time


class AttributeValues(core.SetOf):
    """The values of any other attribute."""

    _child_spec = core.Any


_VALUES: dict[str, type[core.Asn1Value]] = {
    "1.2.840.113549.1.9.3": ContentTypes,
    "1.2.840.113549.1.9.4": MessageDigests,
    "1.2.840.113549.1.9.5": SigningTimes,
}


class Attribute(core.Sequence):
    """A type with its values."""

    _fields = [("attrType", core.ObjectIdentifier), ("attrValues", core.Any)]
    _spec_callbacks = {"attrValues": lambda self: _VALUES.get(self["attrType"].native, AttributeValues)}


class SignedAttributes(core.SetOf):
    """What a signature is over, the content's hash among it."""

    _child_spec = Attribute


class UnsignedAttributes(core.SetOf):
    """What was added behind the signature."""

    _child_spec = Attribute


class IssuerAndSerialNumber(core.Sequence):
    """A certificate by its issuer's name and its number."""

    _fields = [("issuer", RDNSequence), ("serialNumber", core.Integer)]


class SignerIdentifier(core.Choice):
    """Whose signature it is."""

    _alternatives = [
        ("issuerAndSerialNumber", IssuerAndSerialNumber),
        ("subjectKeyIdentifier", core.OctetString, {"implicit": 0}),
    ]


class SignerInfo(core.Sequence):
    """One signature."""

    _fields = [
        ("version", core.Integer),
        ("sid", SignerIdentifier),
        ("digestAlgorithm", AlgorithmIdentifier),
        ("signedAttrs", SignedAttributes, {"implicit": 0, "optional": True}),
        ("signatureAlgorithm", AlgorithmIdentifier),
        ("signature", core.OctetString),
        ("unsignedAttrs", UnsignedAttributes, {"implicit": 1, "optional": True}),
    ]


class SignerInfos(core.SetOf):
    """Every signature; none in a CMS that only hands out certificates."""

    _child_spec = SignerInfo


class DigestAlgorithmIdentifiers(core.SetOf):
    """The digests of all signatures."""

    _child_spec = AlgorithmIdentifier


class EncapsulatedContentInfo(core.Sequence):
    """What is signed, or nothing if it comes by another way."""

    _fields = [
        ("eContentType", core.ObjectIdentifier),
        ("eContent", core.ParsableOctetString, {"explicit": 0, "optional": True}),
    ]


class CertificateSet(core.SequenceOf):
    """A SET OF certificates, kept in the order in which they came."""

    _child_spec = core.Any


class RevocationInfoChoices(core.SequenceOf):
    """A SET OF revocation lists, kept in the order in which they came."""

    _child_spec = core.Any


class SignedData(core.Sequence):
    """Content, certificates, revocation lists and signatures."""

    _fields = [
        ("version", core.Integer),
        ("digestAlgorithms", DigestAlgorithmIdentifiers),
        ("encapContentInfo", EncapsulatedContentInfo),
        ("certificates", CertificateSet, {"implicit": 0, "optional": True}),
        ("crls", RevocationInfoChoices, {"implicit": 1, "optional": True}),
        ("signerInfos", SignerInfos),
    ]


class ContentInfo(core.Sequence):
    """The outermost object."""

    _fields = [
        ("contentType", core.ObjectIdentifier),
        ("content", core.Any, {"explicit": 0, "optional": True}),
    ]
    _oid_pair = ("contentType", "content")
    _oid_specs = {ID_SIGNED_DATA: SignedData}
