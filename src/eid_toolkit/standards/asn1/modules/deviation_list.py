"""DeviationList: what a state tells of documents of its own that are not as they should be (ICAO Doc 9303-12 10.2)."""

from __future__ import annotations

from asn1crypto import core

from eid_toolkit.standards.asn1.modules.cms import IssuerAndSerialNumber
from eid_toolkit.standards.asn1.modules.pkix import AlgorithmIdentifier


class Text(core.Choice):
    """The standard has PrintableString; lists also come with the others."""

    _alternatives = [
        ("printableString", core.PrintableString),
        ("utf8String", core.UTF8String),
        ("ia5String", core.IA5String),
        ("visibleString", core.VisibleString),
        ("numericString", core.NumericString),
        ("teletexString", core.TeletexString),
        ("videotexString", core.VideotexString),
        ("generalString", core.GeneralString),
        ("universalString", core.UniversalString),
        ("bmpString", core.BMPString),
    ]


class DocumentSignerIdentifier(core.Choice):
    """The signer of the documents, named in one of three ways."""

    _alternatives = [
        ("issuerAndSerialNumber", IssuerAndSerialNumber, {"implicit": 1}),
        ("subjectKeyIdentifier", core.OctetString, {"implicit": 2}),
        ("certificateDigest", core.OctetString, {"implicit": 3}),
    ]


class IssuancePeriod(core.Sequence):
    """When the documents were issued."""

    _fields = [("firstIssued", core.GeneralizedTime), ("lastIssued", core.GeneralizedTime)]


class DocumentNumbers(core.SetOf):
    """The numbers of single documents."""

    _child_spec = Text


class DeviationDocuments(core.Sequence):
    """Which documents are meant; what is absent does not narrow it."""

    _fields = [
        ("documentType", core.PrintableString, {"implicit": 0, "optional": True}),
        ("dscIdentifier", DocumentSignerIdentifier, {"optional": True}),
        ("issuingDate", IssuancePeriod, {"implicit": 4, "optional": True}),
        ("documentNumbers", DocumentNumbers, {"implicit": 5, "optional": True}),
    ]


class OpenType(core.Sequence):
    """What ANY is under a tag, which is explicit whatever the module says (X.680 31.2.7)."""

    _fields = [("value", core.Any)]


class DeviationDescription(core.Sequence):
    """One defect."""

    _fields = [
        ("description", Text, {"optional": True}),
        ("deviationType", core.ObjectIdentifier),
        ("parameters", OpenType, {"implicit": 0, "optional": True}),
        ("nationalUse", OpenType, {"implicit": 1, "optional": True}),
    ]


class DeviationDescriptions(core.SetOf):
    """The defects of the same documents."""

    _child_spec = DeviationDescription


class Deviation(core.Sequence):
    """Documents with their defects."""

    _fields = [("documents", DeviationDocuments), ("descriptions", DeviationDescriptions)]


class Deviations(core.SetOf):
    """Every deviation."""

    _child_spec = Deviation


class DeviationList(core.Sequence):
    """What a deviation list signs."""

    _fields = [
        ("version", core.Integer),
        ("digestAlgorithm", AlgorithmIdentifier, {"optional": True}),
        ("deviations", Deviations),
    ]
