"""PKIX1Explicit88 and PKIX1Implicit88: certificates, revocation lists and their extensions (RFC 5280 appendix A)."""

from __future__ import annotations

from asn1crypto import core


class AlgorithmIdentifier(core.Sequence):
    """An algorithm and its parameters, which may be absent."""

    _fields = [("algorithm", core.ObjectIdentifier), ("parameters", core.Any, {"optional": True})]


class AttributeTypeAndValue(core.Sequence):
    """One attribute of a name."""

    _fields = [("type", core.ObjectIdentifier), ("value", core.Any)]


class RelativeDistinguishedName(core.SetOf):
    """The attributes of one step, nearly always one."""

    _child_spec = AttributeTypeAndValue


class RDNSequence(core.SequenceOf):
    """A distinguished name: Name has no other choice."""

    _child_spec = RelativeDistinguishedName


class SubjectPublicKeyInfo(core.Sequence):
    """A public key under its algorithm; what the bits are depends on that."""

    _fields = [("algorithm", AlgorithmIdentifier), ("subjectPublicKey", core.OctetBitString)]


class Time(core.Choice):
    """UTCTime to 2049, GeneralizedTime from then on."""

    _alternatives = [("utcTime", core.UTCTime), ("generalTime", core.GeneralizedTime)]


class Validity(core.Sequence):
    """From when to when, both ends included."""

    _fields = [("notBefore", Time), ("notAfter", Time)]


class Extension(core.Sequence):
    """One extension; its value in DER lies within the octets."""

    _fields = [
        ("extnID", core.ObjectIdentifier),
        ("critical", core.Boolean, {"default": False}),
        ("extnValue", core.ParsableOctetString),
    ]


class Extensions(core.SequenceOf):
    """At least one extension."""

    _child_spec = Extension


class TBSCertificate(core.Sequence):
    """What is signed in a certificate."""

    _fields = [
        ("version", core.Integer, {"explicit": 0, "default": 0}),
        ("serialNumber", core.Integer),
        ("signature", AlgorithmIdentifier),
        ("issuer", RDNSequence),
        ("validity", Validity),
        ("subject", RDNSequence),
        ("subjectPublicKeyInfo", SubjectPublicKeyInfo),
        ("issuerUniqueID", core.BitString, {"implicit": 1, "optional": True}),
        ("subjectUniqueID", core.BitString, {"implicit": 2, "optional": True}),
        ("extensions", Extensions, {"explicit": 3, "optional": True}),
    ]


class Certificate(core.Sequence):
    """A public key certificate."""

    _fields = [
        ("tbsCertificate", TBSCertificate),
        ("signatureAlgorithm", AlgorithmIdentifier),
        ("signatureValue", core.OctetBitString),
    ]


class RevokedCertificate(core.Sequence):
    """One entry of a revocation list."""

    _fields = [
        ("userCertificate", core.Integer),
        ("revocationDate", Time),
        ("crlEntryExtensions", Extensions, {"optional": True}),
    ]


class RevokedCertificates(core.SequenceOf):
    """Every entry."""

    _child_spec = RevokedCertificate


class TBSCertList(core.Sequence):
    """What is signed in a revocation list."""

    _fields = [
        ("version", core.Integer, {"optional": True}),
        ("signature", AlgorithmIdentifier),
        ("issuer", RDNSequence),
        ("thisUpdate", Time),
        ("nextUpdate", Time, {"optional": True}),
        ("revokedCertificates", RevokedCertificates, {"optional": True}),
        ("crlExtensions", Extensions, {"explicit": 0, "optional": True}),
    ]


class CertificateList(core.Sequence):
    """A revocation list."""

    _fields = [
        ("tbsCertList", TBSCertList),
        ("signatureAlgorithm", AlgorithmIdentifier),
        ("signatureValue", core.OctetBitString),
    ]


class OtherName(core.Sequence):
    """A name of a kind that its identifier tells."""

    _fields = [("type-id", core.ObjectIdentifier), ("value", core.Any, {"explicit": 0})]


class GeneralName(core.Choice):
    """A name of one of nine kinds."""

    _alternatives = [
        ("otherName", OtherName, {"implicit": 0}),
        ("rfc822Name", core.IA5String, {"implicit": 1}),
        ("dNSName", core.IA5String, {"implicit": 2}),
        ("x400Address", core.Sequence, {"implicit": 3}),
        ("directoryName", RDNSequence, {"explicit": 4}),
        ("ediPartyName", core.Sequence, {"implicit": 5}),
        ("uniformResourceIdentifier", core.IA5String, {"implicit": 6}),
        ("iPAddress", core.OctetString, {"implicit": 7}),
        ("registeredID", core.ObjectIdentifier, {"implicit": 8}),
    ]


class GeneralNames(core.SequenceOf):
    """Names of any kinds."""

    _child_spec = GeneralName


class AuthorityKeyIdentifier(core.Sequence):
    """Which key of the issuer signed."""

    _fields = [
        ("keyIdentifier", core.OctetString, {"implicit": 0, "optional": True}),
        ("authorityCertIssuer", GeneralNames, {"implicit": 1, "optional": True}),
        ("authorityCertSerialNumber", core.Integer, {"implicit": 2, "optional": True}),
    ]


class KeyUsage(core.BitString):
    """What a key is for, bit by bit from the first."""

    _map = {
        0: "digitalSignature",
        1: "nonRepudiation",
        2: "keyEncipherment",
        3: "dataEncipherment",
        4: "keyAgreement",
        5: "keyCertSign",
        6: "cRLSign",
        7: "encipherOnly",
        8: "decipherOnly",
    }


class PrivateKeyUsagePeriod(core.Sequence):
    """When a private key may sign."""

    _fields = [
        ("notBefore", core.GeneralizedTime, {"implicit": 0, "optional": True}),
        ("notAfter", core.GeneralizedTime, {"implicit": 1, "optional": True}),
    ]


class BasicConstraints(core.Sequence):
    """Whether the key may sign certificates, and how long a chain may be below it."""

    _fields = [
        ("cA", core.Boolean, {"default": False}),
        ("pathLenConstraint", core.Integer, {"optional": True}),
    ]


class DistributionPointName(core.Choice):
    """Where a list is, in full or below its issuer's name."""

    _alternatives = [
        ("fullName", GeneralNames, {"implicit": 0}),
        ("nameRelativeToCRLIssuer", RelativeDistinguishedName, {"implicit": 1}),
    ]


class DistributionPoint(core.Sequence):
    """One place where a revocation list is found."""

    _fields = [
        ("distributionPoint", DistributionPointName, {"explicit": 0, "optional": True}),
        ("reasons", core.BitString, {"implicit": 1, "optional": True}),
        ("cRLIssuer", GeneralNames, {"implicit": 2, "optional": True}),
    ]


class CRLDistributionPoints(core.SequenceOf):
    """At least one place."""

    _child_spec = DistributionPoint


class ExtKeyUsageSyntax(core.SequenceOf):
    """Purposes of a key."""

    _child_spec = core.ObjectIdentifier


class PolicyInformation(core.Sequence):
    """One policy under which a certificate was issued."""

    _fields = [
        ("policyIdentifier", core.ObjectIdentifier),
        ("policyQualifiers", core.SequenceOf, {"optional": True, "spec": core.Any}),
    ]


class CertificatePolicies(core.SequenceOf):
    """Every policy."""

    _child_spec = PolicyInformation


EXTENSIONS: dict[str, type[core.Asn1Value]] = {
    "2.5.29.14": core.OctetString,
    "2.5.29.15": KeyUsage,
    "2.5.29.16": PrivateKeyUsagePeriod,
    "2.5.29.17": GeneralNames,
    "2.5.29.18": GeneralNames,
    "2.5.29.19": BasicConstraints,
    "2.5.29.20": core.Integer,
    "2.5.29.31": CRLDistributionPoints,
    "2.5.29.32": CertificatePolicies,
    "2.5.29.35": AuthorityKeyIdentifier,
    "2.5.29.37": ExtKeyUsageSyntax,
}
"""The type of an extension's value by its identifier."""
