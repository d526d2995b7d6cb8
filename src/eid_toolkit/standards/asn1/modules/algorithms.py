"""Parameters and public keys of algorithms: PKCS-1 (RFC 8017 A.1 and A.2.3), PKCS-3, X9.42 and X9.62 (RFC 3279 2.3)."""

from __future__ import annotations

from asn1crypto import core

from eid_toolkit.standards.asn1.modules.pkix import AlgorithmIdentifier


class RSAPublicKey(core.Sequence):
    """The bits of a public key of RSA."""

    _fields = [("modulus", core.Integer), ("publicExponent", core.Integer)]


class RSASSAPSSParams(core.Sequence):
    """RSASSA-PSS-params; what is absent is SHA-1 (RFC 8017 A.2.3)."""

    _fields = [
        ("hashAlgorithm", AlgorithmIdentifier, {"explicit": 0, "optional": True}),
        ("maskGenAlgorithm", AlgorithmIdentifier, {"explicit": 1, "optional": True}),
        ("saltLength", core.Integer, {"explicit": 2, "optional": True}),
        ("trailerField", core.Integer, {"explicit": 3, "optional": True}),
    ]


class DHParameter(core.Sequence):
    """A group of PKCS #3."""

    _fields = [
        ("prime", core.Integer),
        ("base", core.Integer),
        ("privateValueLength", core.Integer, {"optional": True}),
    ]


class ValidationParms(core.Sequence):
    """How a group was found."""

    _fields = [("seed", core.OctetBitString), ("pgenCounter", core.Integer)]


class DomainParameters(core.Sequence):
    """A group of X9.42."""

    _fields = [
        ("p", core.Integer),
        ("g", core.Integer),
        ("q", core.Integer),
        ("j", core.Integer, {"optional": True}),
        ("validationParms", ValidationParms, {"optional": True}),
    ]


class FieldID(core.Sequence):
    """The field over which a curve is."""

    _fields = [("fieldType", core.ObjectIdentifier), ("parameters", core.Any)]


class Curve(core.Sequence):
    """The coefficients of a curve."""

    _fields = [
        ("a", core.OctetString),
        ("b", core.OctetString),
        ("seed", core.OctetBitString, {"optional": True}),
    ]


class SpecifiedECDomain(core.Sequence):
    """A curve with its base point, written out."""

    _fields = [
        ("version", core.Integer),
        ("fieldID", FieldID),
        ("curve", Curve),
        ("base", core.OctetString),
        ("order", core.Integer),
        ("cofactor", core.Integer, {"optional": True}),
    ]


class ECParameters(core.Choice):
    """A curve by its name, written out, or that of the issuer."""

    _alternatives = [
        ("namedCurve", core.ObjectIdentifier),
        ("specifiedCurve", SpecifiedECDomain),
        ("implicitCurve", core.Null),
    ]


_RSA, _RSA_PSS = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"
PARAMETERS: dict[str, type[core.Asn1Value]] = {
    _RSA_PSS: RSASSAPSSParams,
    "1.2.840.113549.1.1.8": AlgorithmIdentifier,  # MGF1: the digest
    "1.2.840.113549.1.3.1": DHParameter,
    "1.2.840.10046.2.1": DomainParameters,
    "1.2.840.10045.2.1": ECParameters,
}
"""The type of an algorithm's parameters by its identifier."""
PUBLIC_KEYS: dict[str, type[core.Asn1Value]] = {
    _RSA: RSAPublicKey,
    _RSA_PSS: RSAPublicKey,
    "1.2.840.113549.1.3.1": core.Integer,
    "1.2.840.10046.2.1": core.Integer,
}
"""The type of what a public key's bits hold; a point on a curve is no object of its own."""
